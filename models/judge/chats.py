"""Who can ask a language model: nobody, until the program that composes everything provides a way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from models.errors import ConfigurationError
from models.specs import JudgeSpec

Message = Mapping[str, str]
"""``role`` (``system`` or ``user``) and ``content``."""
Tokens = Sequence[tuple[bytes, float]]
"""Of an answer, in order: UTF-8 bytes of each token, and the natural logarithm of its probability."""
Reply = tuple[str, Tokens | None]
"""An answer, and its tokens where the endpoint gives them."""


class Chat(Protocol):
    """One model behind one endpoint. Thread-safe."""

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], *, n: int, logprobs: bool) -> Sequence[Reply]:
        """``n`` answers to the same messages, drawn independently where ``n`` is above 1, else the likeliest.

        Args:
            messages: the conversation so far.
            schema: JSON schema that the answer is to follow; an endpoint may disregard it.
            n: how many.
            logprobs: whether tokens are wanted.

        Raises:
            JudgeRefused: the endpoint refuses just this; others may be answered.
            PlatformUnavailable: it does not answer now: nothing is known of any item.
            ConfigurationError: address or key is wrong.
        """
        ...


Factory = Callable[[JudgeSpec], Chat]

_factories: list[Factory] = []


def provide(factory: Factory | None) -> None:
    """Set how endpoints are reached from now on, in this process; None: not at all."""
    _factories[:] = [] if factory is None else [factory]


def chat(spec: JudgeSpec) -> Chat:
    """The endpoint that a spec names.

    Raises:
        ConfigurationError: nobody provided a way, or the address is not allowed.
    """
    if not _factories:
        raise ConfigurationError(
            f"A judge at {spec.url!r} is reached by the service only: this process has no way to the network."
        )
    return _factories[0](spec)
