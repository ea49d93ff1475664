"""What answers badly is told plainly, and never with the token in it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from connectors.label_studio.auth import check_token
from connectors.label_studio.transport import Transport
from models.errors import AuthenticationError, PlatformError, PlatformRefused, PlatformUnavailable
from tests.support.http_server import HttpServer, Raw, Reply

TOKEN = "0123456789abcdef0123456789abcdef01234567"
WHOAMI = "/api/current-user/whoami"


@pytest.fixture
def http() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


def _json(body: object, status: int = 200) -> Reply:
    return Reply(json.dumps(body).encode(), status, {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("reply", "kind", "says"),
    [
        (_json({"detail": "Invalid token."}, 401), AuthenticationError, "does not know this token"),
        (_json({"detail": "legacy token authentication has been disabled"}, 401), AuthenticationError, "Legacy Tokens"),
        (_json({"detail": "no right"}, 403), PlatformRefused, "may not do that.*no right"),
        (
            _json({"detail": "URL resolves to a reserved network address (block: 127.0.0.0/8)"}, 403),
            PlatformRefused,
            "USE_DEFAULT_BANNED_SUBNETS=false",
        ),
        (_json({"detail": "slow down"}, 429), PlatformUnavailable, "429"),
        (_json({"detail": "database is locked"}, 500), PlatformUnavailable, "database is locked"),
        (Reply(b"<html>bad gateway</html>", 502), PlatformUnavailable, "502"),
        (_json({"validation_errors": {"a": ["b"]}, "detail": "x"}, 400), PlatformRefused, "'a'"),
        (Reply(status=302, headers={"Location": "https://elsewhere/"}), PlatformRefused, "https://elsewhere/"),
        (Reply(b"<html>hello</html>"), PlatformRefused, "check the address"),
        (Reply(b"<html>no such page</html>", 404), PlatformRefused, "not a Label Studio"),
        (_json(["nothing", "known"]), PlatformRefused, "not a Label Studio"),
        (_json({"status": "UP"}), PlatformRefused, "not a Label Studio"),
        (Reply(), PlatformRefused, "not a Label Studio"),
    ],
)
def test_answers(http: HttpServer, reply: Reply, kind: type[PlatformError], says: str) -> None:
    http.routes[WHOAMI] = reply
    with pytest.raises(kind, match=says) as caught:
        check_token(http.url, TOKEN)
    assert type(caught.value) is kind or kind is PlatformRefused
    assert TOKEN not in str(caught.value)
    assert len(http.seen) == 1  # nothing is retried behind the caller's back


def test_a_token_that_comes_back_is_hidden(http: HttpServer) -> None:
    http.routes[WHOAMI] = _json({"detail": f"what is {TOKEN}?"}, 400)
    with pytest.raises(PlatformRefused, match=r"what is \*\*\*\?"):
        check_token(http.url, TOKEN)


def test_the_token_goes_out_and_the_path_prefix_is_kept(http: HttpServer) -> None:
    http.routes[f"/studio{WHOAMI}"] = _json({"id": 7, "email": "a@example.com"})
    user = check_token(f"{http.url}/studio/", TOKEN)
    assert (user.id, user.email) == (7, "a@example.com")
    assert http.seen[0].headers["authorization"] == f"Token {TOKEN}"


def _hang(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(0.6)


def _break_off(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    handler.close_connection = True


@pytest.mark.parametrize("route", [_hang, _break_off])
def test_silence_is_unavailable(http: HttpServer, route: Raw) -> None:
    http.routes[WHOAMI] = route
    transport = Transport(http.url, TOKEN, 0.2)
    with pytest.raises(PlatformUnavailable, match="cannot be reached"):
        transport.request("GET", WHOAMI)
    transport.close()


def test_loopback_needs_no_proxy(http: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    http.routes[WHOAMI] = _json({"id": 7, "email": "a@example.com"})
    assert check_token(http.url, TOKEN).id == 7
