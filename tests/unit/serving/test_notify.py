"""Notices go out as JSON that Slack takes, and an address that may be a secret is named nowhere."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from models.errors import ConfigurationError, NotificationError
from serving.notify import Notice, Webhook
from serving.settings import Settings
from tests.support.http_server import HttpServer, Reply

SECRET = "T000-B000-hush"
NOTICE = Notice("moods: the gate is closed", "gate_closed", "moods", {"reopened": 12, "error_since": 0.25, "psi": None})


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def address(server: HttpServer) -> str:
    return f"{server.url}/services/{SECRET}"


@pytest.mark.parametrize("status", [200, 202, 204])
def test_one_post_of_json(server: HttpServer, status: int) -> None:
    server.routes[f"/services/{SECRET}"] = Reply(status=status)
    Webhook(address(server), 5.0)(NOTICE)
    [seen] = server.seen
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {
        "text": "moods: the gate is closed",
        "event": "gate_closed",
        "project": "moods",
        "numbers": {"reopened": 12, "error_since": 0.25, "psi": None},
    }


@pytest.mark.parametrize("status", [301, 400, 404, 429, 500])
def test_a_refusal_is_an_error_without_the_address(
    server: HttpServer, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    server.routes[f"/services/{SECRET}"] = Reply(b"x" * 100, status, {"Location": f"{server.url}/other/{SECRET}"})
    with caplog.at_level(logging.WARNING), pytest.raises(NotificationError, match=f"answered {status}") as caught:
        Webhook(address(server), 5.0)(NOTICE)
    assert "hush" not in f"{caught.value} {caught.value.__cause__} {caplog.text}"
    assert "notify_url" in str(caught.value)
    assert len(server.seen) == 1, "nobody is sent on"


def test_nobody_there_is_an_error_without_the_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NotificationError, match="cannot be reached: ConnectError") as caught:
            Webhook(f"http://127.0.0.1:{taken.getsockname()[1]}/{SECRET}", 5.0)(NOTICE)
    assert "hush" not in str(caught.value)


def test_an_answer_that_never_comes_is_not_waited_for(server: HttpServer) -> None:
    def sleepy(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(1.0)

    server.routes[f"/services/{SECRET}"] = sleepy
    with pytest.raises(NotificationError, match="ReadTimeout"):
        Webhook(address(server), 0.1)(NOTICE)


def test_an_endless_answer_is_not_read(server: HttpServer) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(10_000):
            handler.wfile.write(b"x" * 10_000)

    server.routes[f"/services/{SECRET}"] = endless
    Webhook(address(server), 5.0)(NOTICE)


@pytest.mark.parametrize("wrong", ["hush", "ftp://hush/x", "http://", "https:// hush"])
def test_what_is_no_address_is_refused_and_not_shown(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRELABEL_NOTIFY_URL", wrong)
    with pytest.raises(ConfigurationError, match=r"notify_url .*must be an address") as caught:
        Settings.load()
    assert "hush" not in str(caught.value)


def test_the_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRELABEL_NOTIFY_URL", f"https://hooks.example/{SECRET}")
    settings = Settings.load()
    assert "hush" not in f"{settings!r} {settings}"
    assert settings.notify_url is not None
    assert settings.notify_url.get_secret_value().endswith(SECRET)
