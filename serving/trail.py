"""The audit log's side of what is changed from outside: what is kept of a request or a command, and what never is."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from serving.pipeline.runtime import Runtime
from serving.store.changes import NewChange

log = logging.getLogger(__name__)

SECRET: Final = re.compile(r"token|secret|password|key|cookie|authorization|email", re.I)
"""No parameter of such a name is kept, whatever an action says."""
LONGEST: Final = 200
"""Characters of one value that are kept."""
MOST: Final = 50
"""Entries of a list that are kept."""


@dataclass(frozen=True, slots=True)
class Action:
    """One way to change something."""

    name: str
    """Stable: programs look for it."""
    keeps: tuple[str, ...] = ()
    """Names of parameters that are kept."""
    subject: str | None = None
    """What in the project, with names of parameters in braces, such as ``user {user}``."""
    reason: bool = True
    """Whether the words are kept; False: people's own words, which stand with the thing itself and can be forgotten."""


def change_of(action: Action, params: Mapping[str, Any], **who: Any) -> NewChange:
    """What the log keeps of a change.

    Args:
        action: what was done.
        params: everything that came with it, secrets among it.
        who: ``role``, ``actor``, ``trainer_id`` and ``request`` of the row.
    """
    reason = params.get("reason") if action.reason else None
    kept = [name for name in action.keeps if params.get(name) not in (None, "", [], ()) and not SECRET.search(name)]
    return NewChange(
        action=action.name,
        project=_word(params.get("slug")),
        subject=_subject(action.subject, params),
        params={name: _plain(params[name]) for name in kept},
        reason=reason if isinstance(reason, str) and reason else None,
        **who,
    )


def keep(runtime: Runtime, new: NewChange) -> None:
    """Write a change that was made; where the store refuses, the service's own log has it."""
    try:
        with runtime.store.begin() as uow:
            uow.changes.add(new, runtime.now())
    except Exception:
        log.exception("a change is not in the audit log", extra={"change": asdict(new)})


def _subject(form: str | None, params: Mapping[str, Any]) -> str | None:
    try:
        return form.format_map(params) if form is not None else None
    except KeyError:
        return None


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON, cut; names in it that tell of a secret are left out."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < 3 and isinstance(value, Mapping):
        return {str(k)[:64]: _plain(v, depth + 1) for k, v in list(value.items())[:MOST] if not SECRET.search(str(k))}
    if depth < 3 and isinstance(value, list | tuple):
        return [_plain(one, depth + 1) for one in value[:MOST]]
    return str(value)[:LONGEST]
