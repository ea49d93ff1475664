"""Large bodies, request ids, and errors that say nothing they should not."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message

from serving.api.application import create_app
from tests.support.local_world import SECRET, LocalWorld
from tests.unit.serving.api.conftest import BASIC, HOOK, OPERATOR
from tests.unit.serving.conftest import MakeWorld

LIMIT = 2**20
URL = "/hooks/label-studio/moods"


@pytest.fixture
def world(make: MakeWorld) -> LocalWorld:
    return make(settings={"max_body_bytes": LIMIT})


def body(size: int) -> bytes:
    frame = b'{"action": "NOTHING", "more": ""}'
    return frame[:-2] + b"x" * (size - len(frame)) + frame[-2:]


def test_a_body_up_to_the_limit_is_read(client: TestClient) -> None:
    assert client.post(URL, content=body(LIMIT), headers=HOOK).status_code == 202


def test_a_larger_body_is_refused(client: TestClient) -> None:
    answer = client.post(URL, content=body(LIMIT + 1), headers=HOOK)
    assert answer.status_code == 413
    assert answer.json() == {
        "error": "too_large",
        "message": f"the body is larger than max_body_bytes ({LIMIT})",
    }


@pytest.mark.parametrize("path", [URL, "/ml/moods/predict"])
def test_a_body_without_a_length_is_counted(client: TestClient, path: str) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(17):
            yield b" " * 2**16

    answer = client.post(path, content=parts(), headers=HOOK | BASIC)
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413
    assert answer.json()["error"] == "too_large"


@pytest.mark.parametrize("length", ["-1", "1e3", "²", "9" * 5000, "", " 12", "2"])
def test_a_strange_length_is_no_way_in(client: TestClient, length: str) -> None:
    headers = [(b"content-length", length.encode("latin-1")), (b"authorization", OPERATOR["Authorization"].encode())]
    sent = call(client, headers, [b"{}"])
    assert sent[0]["status"] == (200 if length == "2" else 413)


def test_reading_stops_where_the_limit_is(client: TestClient) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in HOOK.items()]
    taken: list[int] = []
    sent = call(client, headers, [b"x" * 2**18] * 100, path=URL, method="POST", taken=taken)
    assert sent[0]["status"] == 413
    assert len(taken) == 5


def test_a_client_that_has_left_is_no_failed_request(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """Ray Serve says it by an error where ASGI has a message."""
    headers = [(name.lower().encode(), value.encode()) for name, value in HOOK.items()]
    with caplog.at_level(logging.INFO, "serving.api.guard"):
        call(client, headers, [], path=URL, method="POST", gone=RuntimeError("task was cancelled"))
    mine = [one for one in caplog.records if one.name == "serving.api.guard"]
    assert [(one.levelname, one.message) for one in mine] == [("INFO", "the client has left")]
    assert getattr(mine[0], "why", None) == "RuntimeError"


def call(
    client: TestClient,
    headers: list[tuple[bytes, bytes]],
    parts: list[bytes],
    *,
    path: str = "/api/v1/projects",
    method: str = "GET",
    taken: list[int] | None = None,
    gone: Exception | None = None,
) -> list[Any]:
    """One exchange, message by message; ``gone``: is raised where the next part is asked for."""
    sent: list[Any] = []
    left = iter(parts)

    async def receive() -> Message:
        if gone is not None:
            raise gone
        part = next(left, None)
        if taken is not None:
            taken.append(1)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "server": ("127.0.0.1", 1),
        "client": ("127.0.0.1", 2),
    }
    asyncio.run(client.app(scope, receive, send))  # type: ignore[arg-type]
    return sent


@pytest.mark.parametrize(("given", "kept"), [("abc-1.2_3", True), ("a b", False), ("x" * 65, False), ("", False)])
def test_every_answer_has_a_request_id(client: TestClient, given: str, kept: bool) -> None:
    answer = client.get("/healthz", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) is kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["x-request-id"])
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_nobody_expected_tells_nothing(
    world: LocalWorld, client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError(f"the secret is {SECRET}")

    monkeypatch.setattr("serving.api.v1.report", explode)
    answer = client.get("/api/v1/projects/moods/report", headers=OPERATOR | {"x-request-id": "r-1"})
    assert answer.status_code == 500
    assert answer.json() == {
        "error": "internal",
        "message": "something went wrong here; the log has it as request r-1",
    }
    assert "ZeroDivisionError" in caplog.text


BAD = [
    ("GET", "/nothing", None, 404),
    ("DELETE", "/healthz", None, 405),
    ("GET", "/api/v1/projects/nobody/report", None, 404),
    ("GET", "/api/v1/projects/moods/queue?limit=0", None, 422),
    ("GET", "/api/v1/projects/moods/queue?limit=many", None, 422),
    ("GET", "/api/v1/projects/moods/items?state=odd", None, 422),
    ("GET", f"/api/v1/projects/moods/items?after={2**64}", None, 422),
    ("GET", f"/api/v1/projects/moods/tasks/{2**80}", None, 422),
    ("GET", "/api/v1/projects/moods/tasks/12", None, 404),
    ("POST", "/api/v1/projects/moods/redrive", b'{"items": ["token-of-the-tests"]}', 422),
    ("POST", "/api/v1/projects/moods/redrive", b"{nonsense", 422),
    ("POST", "/api/v1/projects/moods/gate/close", b'{"reason": "x"}', 422),
    ("POST", "/api/v1/projects/moods/gate/reopen", b'{"reason": "why not"}', 422),
    ("POST", "/api/v1/projects/moods/gate/extend", b'{"labels": 0}', 422),
]


@pytest.mark.parametrize(("method", "path", "content", "status"), BAD)
def test_every_error_has_one_form(
    client: TestClient, method: str, path: str, content: bytes | None, status: int
) -> None:
    answer = client.request(method, path, content=content, headers=OPERATOR | {"content-type": "application/json"})
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "message"}
    assert answer.json()["message"]
    for secret in ("operator-token", SECRET, "token-of-the-tests", "Traceback"):
        assert secret not in answer.text


def test_the_api_describes_itself(world: LocalWorld) -> None:
    paths = create_app(world.runtime).openapi()["paths"]
    assert {"/healthz", "/hooks/label-studio/{slug}", "/ml/{slug}/predict", "/api/v1/projects/{slug}/report"} <= set(
        paths
    )
