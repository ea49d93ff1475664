"""Logs on the standard library: one JSON object a line, or lines for a terminal; never a token.

``logging.getLogger(__name__)`` everywhere; ``configure`` once a process. Give ids as
``extra={"project": slug, "item": id, "request": id}`` or, for all that is logged inside a block, with
``log_context(project=slug)``.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from serving.settings import Settings

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_context: ContextVar[dict[str, object]] = ContextVar("log_context", default={})  # noqa: B039  never changed in place

_IS = r"[\"']*\s*[:=,]\s*(?:b(?=[\"']))?[\"']*"  # between a key and its value: JSON, Python, headers, query strings
_SECRETS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"(authorization{_IS}(?:(?:token|bearer|basic)\s+)?)[^\s\"',}}]+",
        r"\b(token\s+)[0-9a-f]{40}\b",
        r"\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}",
        r"\b()eyJ[\w-]+\.[\w-]+\.[\w-]*",  # JSON web tokens: Label Studio's personal access tokens
        rf"((?:token|password|secret|key){_IS})[\w.+/=-]{{16,}}",
        r"(://[^/\s:@]*:)[^/\s@]+(?=@)",
    )
)
"""The first group of each stays, the rest is taken out."""
_SECRET_KEY = re.compile(r"authorization|password|secret|api_?key|cookie|token$", re.I)
"""Keys of mappings whose value is never shown."""


def redact(text: str) -> str:
    """Replace what looks like a credential by ``***``: Authorization headers, tokens, passwords in URLs."""
    for pattern in _SECRETS:
        text = pattern.sub(r"\1***", text)
    return text


@contextmanager
def log_context(**fields: object) -> Iterator[None]:
    """Add these fields to every record that is logged inside the block, by this thread or task.

    Raises:
        KeyError: a field has the name of a record's own attribute, such as ``name``.
    """
    if taken := _STANDARD & fields.keys():
        raise KeyError(f"a log record has {', '.join(sorted(taken))} already")
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def extra_fields(record: logging.LogRecord) -> dict[str, object]:
    """What was given as ``extra`` or by ``log_context``; the former wins."""
    given = {key: value for key, value in vars(record).items() if key not in _STANDARD and not key.startswith("_")}
    return {**_context.get(), **given}


class RedactionFilter(logging.Filter):
    """Renders the record and takes credentials out of its message, its traceback and its extra fields."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(_message(record)), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        for key, value in extra_fields(record).items():
            setattr(record, key, _clean(value))
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit the text must not lose the line
        return f"{record.msg} {record.args!r}"


def _clean(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {
            str(key): "***" if item and _SECRET_KEY.search(str(key)) else _clean(item) for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    return redact(str(value))


class JsonFormatter(logging.Formatter):
    """``{"ts": ISO 8601 in UTC, "level", "logger", "message", ...extra fields[, "exception"]}``."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in extra_fields(record).items() if key not in line}
        exception = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else None)
        if exception:
            line["exception"] = exception
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """``12:00:01 INFO    serving.pipeline.score  scored 64  project=digits``, local time."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s  %(message)s", datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = "".join(f"  {key}={value}" for key, value in extra_fields(record).items())
        return super().formatMessage(record) + fields


HANDLER = "prelabel"
"""Name of our handler, so that a second ``configure`` finds it."""


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send all logs of this process to ``stream`` (standard error). May be called again."""
    _install(settings, logging.StreamHandler(stream or sys.stderr))


def configure_replica(settings: Settings, name: str) -> Path:
    """Send all logs of this replica to ``<data_dir>/logs/<name>.log``; several replicas may share it.

    Ray keeps what its workers print to itself. Every record is one short append, so lines do not mix.
    """
    path = settings.data_dir / "logs" / f"{name}.log"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _install(settings, logging.FileHandler(path, encoding="utf-8"))
    return path


def _install(settings: Settings, handler: logging.Handler) -> None:
    handler.set_name(HANDLER)
    handler.addFilter(RedactionFilter())
    handler.setFormatter(JsonFormatter() if settings.log_json else TextFormatter())
    root = logging.getLogger()
    for old in [one for one in root.handlers if one.get_name() == HANDLER]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    for chatty in ("httpx", "httpcore", "urllib3", "alembic.runtime.migration"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(settings.log_level)))
