"""An OTLP/HTTP receiver on loopback: what an exporter really sent, decoded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.http_server import HttpServer, Reply
from tests.support.patience import PATIENCE_S

PATH = "/v1/traces"
SERVER, CLIENT = 2, 3
"""Kinds of spans, as OTLP counts them."""


@dataclass(frozen=True)
class Sent:
    """One span that arrived."""

    service: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    """Id of the span around it; '' for a root."""
    attributes: dict[str, Any]
    failed: bool


class Receiver(HttpServer):
    """Context manager; takes spans at ``endpoint``."""

    def __init__(self) -> None:
        super().__init__()
        self.routes[PATH] = Reply()

    @property
    def endpoint(self) -> str:
        return self.url + PATH

    def raw(self) -> bytes:
        """Every byte that was exported."""
        return b"".join(one.body for one in self.seen if one.path == PATH)

    def spans(self) -> list[Sent]:
        return [span for one in self.seen if one.path == PATH for span in decoded(one.body)]

    def soon(self, true: Callable[[Sent], bool], limit_s: float = PATIENCE_S) -> Sent:
        """The first span of which something is true; waited for."""
        end = time.monotonic() + limit_s
        while True:
            if found := next(filter(true, self.spans()), None):
                return found
            assert time.monotonic() < end, sorted({(span.service, span.name) for span in self.spans()})
            time.sleep(0.2)

    def by_id(self) -> dict[str, Sent]:
        return {span.id: span for span in self.spans()}


def decoded(body: bytes) -> list[Sent]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        Sent(
            service=_values(of.resource.attributes)["service.name"],
            name=span.name,
            kind=span.kind,
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            attributes=_values(span.attributes),
            failed=span.status.code == 2,
        )
        for of in request.resource_spans
        for scope in of.scope_spans
        for span in scope.spans
    ]


def _values(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
