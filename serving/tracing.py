"""Traces by OpenTelemetry, sent by OTLP over HTTP; off unless ``tracing_endpoint`` is set.

::

    request ─┬─ scorer call ── Scorer.score ── predict        (W3C trace context goes along with each arrow)
             └─ GET /api/tasks/{n}/ ── Label Studio
    pipeline score ── scorer call ── ...

The only file that imports ``opentelemetry``, and only once a process is told to trace. Attributes are names, ids of our
own, task numbers and counts: never a task's data, a label, a header, a query string or the text of an error.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from connectors.label_studio.transport import Outgoing, observe
from models.errors import MissingDependencyError, PrelabelError
from serving.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, SpanKind, Tracer

Value = str | int | float | bool
"""What an attribute may be."""
TRACEPARENT: Final = "traceparent"
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
"""Hosts that are never asked through a proxy."""
_NUMBER: Final = re.compile(r"(?<=/)\d+(?=/|$)")


class Target(NamedTuple):
    """Where spans go, and which share of the traces."""

    endpoint: str
    ratio: float


def target_of(settings: Settings) -> Target | None:
    """What a process has to be told to trace; None: it is not to."""
    return Target(settings.tracing_endpoint, settings.tracing_ratio) if settings.tracing_endpoint else None


class Handle:
    """A span that is open, or nothing at all where nothing is traced."""

    def __init__(self, span: Span | None = None) -> None:
        self._span = span

    def note(self, **attributes: Value) -> None:
        """Add attributes, under ``prelabel.``."""
        if self._span is not None:
            self._span.set_attributes({f"prelabel.{key}": value for key, value in attributes.items()})

    def standard(self, attributes: Mapping[str, Value]) -> None:
        """Add attributes under names of OpenTelemetry's own conventions."""
        if self._span is not None:
            self._span.set_attributes(dict(attributes))

    def rename(self, name: str) -> None:
        if self._span is not None:
            self._span.update_name(name)

    def fail(self, what: str) -> None:
        """Mark it as failed; ``what`` is a code, never the text of an error."""
        if self._span is not None:
            self._span.set_status(_state.error, what)
            self._span.set_attribute("error.type", what)


class _Off(AbstractContextManager[Handle]):
    """Costs nothing but the call."""

    _handle: Final = Handle()

    def __enter__(self) -> Handle:
        return self._handle

    def __exit__(self, *about: object) -> None:
        return None


class _State:
    """What ``start`` has set up in this process."""

    tracer: Tracer | None = None
    provider: TracerProvider | None = None
    error: Any = None
    kinds: Mapping[str, SpanKind]


_OFF: Final = _Off()
_state: Final = _State()
_round: ContextVar[list[bool] | None] = ContextVar("round", default=None)
"""Of the round that goes on in this thread: whether anything in it has left a span."""


def start(target: Target | None, name: str, *, exporter: SpanExporter | None = None) -> None:
    """Trace in this process from now on, as the service ``prelabel-<name>``; once a process, and not at all for None.

    Args:
        target: see ``target_of``.
        name: ``ingress``, ``pipeline`` or ``scorer``.
        exporter: instead of one that sends to the target.

    Raises:
        MissingDependencyError: the extra ``tracing`` is not installed.
    """
    if target is None or _state.tracer is not None:
        return
    try:
        import requests
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
        from opentelemetry.trace import SpanKind, StatusCode
    except ImportError as error:
        raise MissingDependencyError("opentelemetry-exporter-otlp-proto-http", "tracing") from error
    own = version("prelabel")
    resource = Resource.create(
        {
            "service.name": f"prelabel-{name}",
            "service.namespace": "prelabel",
            "service.version": own,
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
    )
    _state.provider = TracerProvider(resource=resource, sampler=ParentBased(TraceIdRatioBased(target.ratio)))
    session = requests.Session()
    session.trust_env = urlsplit(target.endpoint).hostname not in LOOPBACK
    sender = exporter or OTLPSpanExporter(endpoint=target.endpoint, session=session)
    _state.provider.add_span_processor(BatchSpanProcessor(sender))
    _state.error = StatusCode.ERROR
    _state.kinds = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}
    _state.tracer = _state.provider.get_tracer("prelabel", own)
    observe(_outgoing)


def stop() -> None:
    """Send what is waiting, and trace no more."""
    provider, _state.provider, _state.tracer = _state.provider, None, None
    observe(None)
    if provider is not None:
        provider.shutdown()


def span(
    name: str, kind: str = "internal", *, parent: str | None = None, **attributes: Value
) -> AbstractContextManager[Handle]:
    """A context manager with the ``Handle`` of a new span.

    Args:
        name: one of few: what it is of stands in the attributes.
        kind: ``internal``, ``client`` (something is asked of another process) or ``server`` (and answered there).
        parent: a W3C ``traceparent`` that came from another process; None, or one that is none: what goes on here.
        attributes: names, ids, counts; shown as ``prelabel.<key>``.
    """
    return _OFF if _state.tracer is None else _open(_state.tracer, name, kind, parent, attributes)


def round_of(name: str, **attributes: Value) -> AbstractContextManager[Handle]:
    """The same for a turn that mostly finds nothing to do: then it leaves no span, unless something in it has left one.

    The body says what it has done by ``note(items=n)``; ``items=0`` is nothing.
    """
    return _OFF if _state.tracer is None else _turn(_state.tracer, name, attributes)


def traceparent() -> str | None:
    """The W3C header of the span that is open; None where nothing is traced."""
    if _state.tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(TRACEPARENT)


def trace_id() -> str | None:
    """The open trace in 32 hexadecimal digits; None where nothing is traced."""
    header = traceparent()
    return header.split("-")[1] if header else None


@contextmanager
def _open(
    tracer: Tracer, name: str, kind: str, parent: str | None, attributes: Mapping[str, Value]
) -> Iterator[Handle]:
    from opentelemetry.trace import use_span

    if (busy := _round.get()) is not None:
        busy[0] = True
    opened = tracer.start_span(name, context=_context(parent), kind=_state.kinds[kind])
    handle = Handle(opened)
    handle.note(**attributes)
    with use_span(opened, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield handle
        except Exception as error:
            handle.fail(_code(error))
            raise


@contextmanager
def _turn(tracer: Tracer, name: str, attributes: Mapping[str, Value]) -> Iterator[Handle]:
    from opentelemetry.trace import use_span

    opened = tracer.start_span(name)
    handle = Handle(opened)
    handle.note(**attributes)
    busy = [False]
    token = _round.set(busy)
    try:
        with use_span(opened, end_on_exit=False, record_exception=False, set_status_on_exception=False):
            yield handle
    except Exception as error:
        busy[0] = True
        handle.fail(_code(error))
        raise
    finally:
        _round.reset(token)
        noted = getattr(opened, "attributes", None) or {}
        if busy[0] or noted.get("prelabel.items"):
            opened.end()  # a span that is not ended is sent nowhere


def _context(parent: str | None) -> Any:
    if not parent:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({TRACEPARENT: parent})


def _code(error: Exception) -> str:
    return error.code if isinstance(error, PrelabelError) else type(error).__name__


def _outgoing(method: str, path: str, send: Callable[[Mapping[str, str]], Outgoing]) -> Outgoing:
    """One call of Label Studio, with the trace in its headers; numbers in the path are left out of the name."""
    template = _NUMBER.sub("{n}", path)
    with span(f"{method} {template}", "client") as call:
        call.standard({"http.request.method": method, "url.template": template, "url.path": path})
        header = traceparent()
        answer = send({TRACEPARENT: header} if header else {})
        call.standard({"http.response.status_code": answer.status_code})
        if answer.status_code >= 400:
            call.fail(str(answer.status_code))
        return answer
