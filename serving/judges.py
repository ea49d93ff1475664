"""How this process reaches the language models that judge: over HTTP, with the key of the environment."""

from __future__ import annotations

import os
from collections.abc import Collection

from connectors.chat import HttpChat
from models.errors import ConfigurationError
from models.judge import chats
from models.specs import JudgeSpec


def provide(allowed_hosts: Collection[str]) -> None:
    """Let judges that are loaded from now on in this process reach their endpoints.

    Args:
        allowed_hosts: ``host`` or ``host:port`` that may have a private address.
    """
    hosts = frozenset(allowed_hosts)

    def make(spec: JudgeSpec) -> HttpChat:
        return HttpChat(
            spec.url,
            spec.model,
            key=_key(spec.key_variable),
            key_variable=spec.key_variable,
            timeout=spec.timeout_s,
            allowed_hosts=hosts,
        )

    chats.provide(make)


def _key(variable: str | None) -> str | None:
    if variable is None:
        return None
    if not variable.upper().endswith(("KEY", "TOKEN")):  # a project file must not pick any secret of this process
        raise ConfigurationError(f"key_variable is {variable!r}: give a variable whose name ends in KEY or TOKEN.")
    if variable.upper().startswith("PRELABEL_"):
        raise ConfigurationError(f"key_variable is {variable!r}: that one is Prelabel's own; give the judge another.")
    key = os.environ.get(variable)
    if not key:
        raise ConfigurationError(f"The environment variable {variable} is not set here: it is to hold the judge's key.")
    return key
