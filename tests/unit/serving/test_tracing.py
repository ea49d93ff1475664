"""Traces: what the real exporter sends to a real receiver, and that nothing is done where nobody wants any."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from connectors.label_studio.client import LabelStudio
from connectors.label_studio.webhooks import SECRET_HEADER
from models.errors import ConfigurationError, PlatformError, PlatformUnavailable
from serving import tracing
from serving.api.application import create_app
from serving.settings import Settings
from tests.support.http_server import Reply
from tests.support.local_world import SECRET, LocalWorld, easy
from tests.support.traces import CLIENT, SERVER, Receiver, Sent

OPERATOR = {"Authorization": "Bearer operator-token"}
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Everything is traced in this process until the test ends."""
    with Receiver() as opened:
        tracing.start(tracing.Target(opened.endpoint, 1.0), "ingress")
        yield opened
        tracing.stop()


def sent(receiver: Receiver) -> dict[str, Sent]:
    """By name, once all is sent."""
    tracing.stop()
    return {span.name: span for span in receiver.spans()}


def test_off_by_default_and_then_there_is_nothing() -> None:
    assert tracing.target_of(Settings()) is None
    tracing.start(None, "ingress")
    with tracing.span("a", items=1) as one, tracing.round_of("b") as other:
        one.note(items=2)
        one.fail("code")
        assert one is other
        assert tracing.traceparent() is None


def test_spans_nest_and_carry_their_attributes(receiver: Receiver) -> None:
    with tracing.span("outer", "server", project="moods") as outer:
        outer.note(items=3)
        with tracing.span("inner", "client"):
            header = tracing.traceparent()
            assert header is not None
    found = sent(receiver)
    root, inner = found["outer"], found["inner"]
    assert (inner.parent, root.parent, inner.trace) == (root.id, "", root.trace)
    assert header.startswith(f"00-{inner.trace}-{inner.id}-")
    assert (root.kind, inner.kind, root.service) == (SERVER, CLIENT, "prelabel-ingress")
    assert root.attributes == {"prelabel.project": "moods", "prelabel.items": 3}


def test_an_error_is_told_by_its_code_and_not_in_words(receiver: Receiver) -> None:
    with pytest.raises(PlatformUnavailable), tracing.span("call"):
        raise PlatformUnavailable("the-text-of-a-task")
    call = sent(receiver)["call"]
    assert call.failed
    assert call.attributes == {"error.type": PlatformUnavailable.code}
    assert b"the-text-of-a-task" not in receiver.raw()


def test_a_round_leaves_a_span_only_where_something_was_done(receiver: Receiver) -> None:
    for name, items, calls in (("idle", 0, 0), ("busy", 5, 0), ("asked", 0, 1)):
        with tracing.round_of(name) as turn:
            for _ in range(calls):
                with tracing.span(f"call of {name}"):
                    pass
            turn.note(items=items)
    with pytest.raises(ValueError, match="x"), tracing.round_of("failed"):
        raise ValueError("x")
    found = sent(receiver)
    assert found.keys() == {"busy", "asked", "call of asked", "failed"}
    assert found["call of asked"].parent == found["asked"].id
    assert found["failed"].failed


def test_the_ratio_is_of_traces() -> None:
    with Receiver() as receiver:
        tracing.start(tracing.Target(receiver.endpoint, 0.0), "ingress")
        with tracing.span("none of these"), tracing.round_of("nor these") as turn:
            turn.note(items=1)
        with tracing.span("decided elsewhere", parent=f"00-{TRACE}-{PARENT}-01"):
            pass
        assert sent(receiver).keys() == {"decided elsewhere"}


def test_a_request_goes_on_with_the_trace_that_it_comes_with(world: LocalWorld, receiver: Receiver) -> None:
    headers = OPERATOR | {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    with TestClient(create_app(world.runtime), follow_redirects=False) as client:
        answer = client.get("/api/v1/projects/moods/report?token=not-to-be-told", headers=headers)
        own = client.get("/api/v1/projects", headers=OPERATOR)
        missing = client.get("/projects/nobody", headers=OPERATOR | {"x-request-id": "mine-1"})
        for path in ("/healthz", "/metrics", "/static/style.css"):
            client.get(path, headers=OPERATOR)
    found = sent(receiver)
    request = found["GET /api/v1/projects/{slug}/report"]
    assert (request.trace, request.parent, request.kind) == (TRACE, PARENT, SERVER)
    assert request.attributes["http.response.status_code"] == answer.status_code == 200
    assert answer.headers["x-request-id"] == TRACE, "a log line leads to its trace"
    assert own.headers["x-request-id"] == found["GET /api/v1/projects"].trace
    assert missing.headers["x-request-id"] == "mine-1"
    assert {span.attributes.get("prelabel.request") for span in found.values()} == {
        TRACE,
        "mine-1",
        own.headers["x-request-id"],
    }
    assert len(receiver.spans()) == 3, "probes and files are left out"
    assert b"not-to-be-told" not in receiver.raw()
    assert b"operator-token" not in receiver.raw()


def test_a_broken_traceparent_begins_a_trace_of_its_own(world: LocalWorld, receiver: Receiver) -> None:
    with TestClient(create_app(world.runtime)) as client:
        client.get("/api/v1/projects", headers=OPERATOR | {"traceparent": "00-zz-\x7f-01"})
    assert sent(receiver)["GET /api/v1/projects"].parent == ""


def test_a_webhook_and_the_chunk_of_its_items_name_the_same_tasks(world: LocalWorld, receiver: Receiver) -> None:
    world.open(easy(120))
    event: dict[str, Any] = {
        "action": "TASKS_CREATED",
        "project": {"id": world.project.platform_project, "label_config": world.project.label_config_xml},
        "tasks": [
            {"id": 900 + n, "data": {"text": f"a lovely happy secret {n}"}, "updated_at": "2026-01-01T00:00:00Z"}
            for n in range(3)
        ],
    }
    with TestClient(create_app(world.runtime)) as client:
        answer = client.post("/hooks/label-studio/moods", json=event, headers={SECRET_HEADER: SECRET})
    assert answer.status_code == 202, answer.text
    world.later()
    assert world.worker._one("score-0", world.worker.score, world.project) == 3
    tracing.stop()
    spans = receiver.spans()
    ingest = next(span for span in spans if span.name == "ingest")
    chunk = next(span for span in spans if span.attributes.get("prelabel.first_task") == 900 and span.name == "chunk")
    stage = receiver.by_id()[chunk.parent]
    tasks = ("prelabel.first_task", "prelabel.last_task")
    assert [ingest.attributes[key] for key in tasks] == [chunk.attributes[key] for key in tasks] == [900, 902]
    assert receiver.by_id()[ingest.parent].name == "POST /hooks/label-studio/{slug}"
    assert (stage.name, stage.attributes) == ("pipeline score", {"prelabel.project": "moods", "prelabel.items": 3})
    for never in (b"lovely", SECRET.encode(), b"token-of-the-tests", b"operator-token"):
        assert never not in receiver.raw()


def test_calls_of_label_studio_carry_the_trace(receiver: Receiver) -> None:
    receiver.routes["/api/projects/17/"] = Reply(b"{}", headers={"Content-Type": "application/json"})
    studio = LabelStudio(receiver.url, "0" * 40, 17)
    with tracing.span("around"), pytest.raises(PlatformError):
        studio.project()
    found = sent(receiver)
    call = found["GET /api/projects/{n}/"]
    assert (call.parent, call.kind) == (found["around"].id, CLIENT)
    assert call.attributes["http.response.status_code"] == 200
    asked = next(one for one in receiver.seen if one.path.startswith("/api/projects/17/"))
    assert asked.headers["traceparent"].startswith(f"00-{call.trace}-{call.id}-")
    assert b"0" * 40 not in receiver.raw()
    receiver.seen.clear()
    with pytest.raises(PlatformError):
        studio.project()
    assert "traceparent" not in receiver.seen[0].headers, "off again"
    studio.close()


def test_a_label_studio_that_is_away_fails_as_ever(receiver: Receiver) -> None:
    studio = LabelStudio("http://127.0.0.1:9", "0" * 40, 17)
    with pytest.raises(PlatformUnavailable):
        studio.project()
    studio.close()
    assert sent(receiver)["GET /api/projects/{n}/"].failed


def test_a_receiver_on_loopback_is_asked_past_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Receiver() as receiver:
        tracing.start(tracing.Target(receiver.endpoint, 1.0), "ingress")
        with tracing.span("a"):
            pass
        assert sent(receiver).keys() == {"a"}


def test_a_receiver_that_is_away_stops_nobody() -> None:
    tracing.start(tracing.Target("http://127.0.0.1:9/v1/traces", 1.0), "ingress")
    with tracing.span("lost"):
        pass
    tracing.stop()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigurationError, match=r"prelabel\[tracing\]"):
        tracing.start(tracing.Target("http://127.0.0.1:9/v1/traces", 1.0), "ingress")
    assert tracing.traceparent() is None


@pytest.mark.parametrize("wrong", ["127.0.0.1:4318", "http://user:word@host/v1/traces", "http://host"])
def test_the_endpoint_is_a_whole_address_without_credentials(wrong: str) -> None:
    with pytest.raises(ValueError, match="whole address"):
        Settings(tracing_endpoint=wrong)
