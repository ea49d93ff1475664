"""Against a real HTTP server on loopback that speaks the protocol, as far as these tests need it. No model answers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.chat import ATTEMPTS, HttpChat
from models.errors import ConfigurationError, JudgeRefused, PlatformUnavailable, PrelabelError

KEY = "sk-very-secret"
SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
MESSAGES = [{"role": "user", "content": "Why? 为什么"}]


class Endpoint(ThreadingHTTPServer):
    """Answers with what is scripted, the last of it for ever; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.delay = 0.0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: clients that give up are meant."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def then(self, status: int, body: object, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.script.append((status, {name.replace("_", "-"): value for name, value in headers.items()}, raw))


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers["Authorization"])
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        time.sleep(self.server.delay)
        script = self.server.script
        status, headers, body = script.pop(0) if len(script) > 1 else script[0]
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with endpoint() as found:
        yield found


def chat(server: Endpoint, waits: list[float] | None = None, **more: Any) -> HttpChat:
    settings: dict[str, Any] = {"key": KEY, "key_variable": "JUDGE_KEY", "allowed_hosts": {server.host}} | more
    sleep = (lambda seconds: None) if waits is None else waits.append
    return HttpChat(f"http://{server.host}/v1/", "judge-1", sleep=sleep, **settings)


def ask(found: HttpChat, n: int = 1, *, logprobs: bool = True) -> list[Any]:
    return found.ask(MESSAGES, SCHEMA, n=n, logprobs=logprobs)


def completion(*texts: Any, logprobs: Any = None) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": one}, "logprobs": logprobs} for one in texts]}


def test_what_is_sent(server: Endpoint) -> None:
    server.then(200, completion("{}"))
    assert ask(chat(server)) == [("{}", None)]
    assert server.paths == ["/v1/chat/completions"]
    assert server.keys == [f"Bearer {KEY}"]
    (sent,) = server.asked
    assert sent["model"] == "judge-1"
    assert sent["messages"] == MESSAGES
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert sent["response_format"]["json_schema"]["strict"] is True
    assert (sent["n"], sent["temperature"], sent["logprobs"]) == (1, 0.0, True)


def test_no_key_is_sent_where_there_is_none(server: Endpoint) -> None:
    server.then(200, completion("{}"))
    ask(chat(server, key=None))
    assert server.keys == [None]


def test_tokens_come_as_bytes(server: Endpoint) -> None:
    rows = [
        {"token": '{"a":"', "logprob": -0.1},
        {"token": "\\xe5\\xa5", "logprob": -0.2, "bytes": [0xE5, 0xA5]},
        {"token": "\\xbd", "logprob": -0.3, "bytes": [0xBD]},
        {"token": '"}', "logprob": 0, "bytes": None},
    ]
    server.then(200, completion('{"a":"好"}', logprobs={"content": rows}))
    ((text, tokens),) = ask(chat(server))
    assert b"".join(token for token, _ in tokens).decode() == text
    assert [logprob for _, logprob in tokens] == [-0.1, -0.2, -0.3, 0.0]


def test_fewer_answers_than_asked_for_are_asked_for_again(server: Endpoint) -> None:
    server.then(200, completion("1", "2"))
    server.then(200, completion("3", "4"))
    found = ask(chat(server), 3, logprobs=False)
    assert [text for text, _ in found] == ["1", "2", "3"]
    assert [sent["n"] for sent in server.asked] == [3, 1]
    assert all(sent["temperature"] == 1.0 and "logprobs" not in sent for sent in server.asked)


def test_busy_is_asked_again_as_late_as_it_wishes(server: Endpoint) -> None:
    server.then(429, {}, Retry_After="7")
    server.then(503, {})
    server.then(429, {}, Retry_After="86400")
    server.then(200, completion("{}"))
    waits: list[float] = []
    assert ask(chat(server, waits)) == [("{}", None)]
    assert waits == [7.0, 2.0, 30.0]


def test_busy_for_ever_is_a_model_that_does_not_answer(server: Endpoint) -> None:
    server.then(429, {"error": {"message": "slow down"}})
    with pytest.raises(PlatformUnavailable, match="slow down"):
        ask(chat(server))
    assert len(server.asked) == ATTEMPTS


def test_a_slow_endpoint_is_given_up(server: Endpoint) -> None:
    server.delay = 30.0
    server.then(200, completion("{}"))
    started = time.monotonic()
    with pytest.raises(PlatformUnavailable, match="ReadTimeout"):
        ask(chat(server, timeout=0.5))
    assert time.monotonic() - started < server.delay


def test_nobody_there() -> None:
    with endpoint() as gone:
        host = gone.host
    with pytest.raises(PlatformUnavailable, match="is it up"):
        HttpChat(f"http://{host}", "m", allowed_hosts={host}, sleep=lambda _: None).ask([], {}, n=1, logprobs=True)


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (400, JudgeRefused, "too long"),
        (413, JudgeRefused, "shorten"),
        (401, ConfigurationError, "JUDGE_KEY"),
        (404, ConfigurationError, "check url and model"),
        (302, ConfigurationError, "302"),
        (500, PlatformUnavailable, "try again later"),
    ],
)
def test_every_answer_says_what_to_do_and_never_the_key(
    server: Endpoint, status: int, error: type[PrelabelError], words: str
) -> None:
    server.then(status, {"error": {"message": f"too long, {KEY}"}}, Location="http://example.org/")
    with pytest.raises(error, match=words) as caught:
        ask(chat(server))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b"null", b"{}", b'{"choices":[]}', b'{"choices":[{}]}', b'{"choices":[1]}', b"[" * 100_000],
)
def test_what_is_no_completion_is_refused(server: Endpoint, body: bytes) -> None:
    server.then(200, body)
    with pytest.raises(PlatformUnavailable):
        ask(chat(server))


@pytest.mark.parametrize("content", [None, 7, ["text"]])
def test_no_text_is_an_empty_answer(server: Endpoint, content: Any) -> None:
    server.then(200, completion(content))
    assert ask(chat(server)) == [("", None)]


def test_an_endless_answer_is_cut_off(server: Endpoint) -> None:
    server.then(200, b" " * (9 * 1024 * 1024))
    with pytest.raises(JudgeRefused, match="bytes"):
        ask(chat(server))


def test_a_private_address_must_be_allowed(server: Endpoint) -> None:
    server.then(200, completion("{}"))
    with pytest.raises(ConfigurationError, match="private address"):
        ask(chat(server, allowed_hosts=()))
    with pytest.raises(ConfigurationError, match="private address"):
        ask(chat(server, allowed_hosts=("127.0.0.1:1",)))
    assert server.asked == []
    ask(chat(server, allowed_hosts=("127.0.0.1",)))


def test_a_name_that_leads_to_a_private_address_is_refused() -> None:
    found = HttpChat("http://example.org/v1", "m", resolver=lambda host, port: ["93.184.216.34", "169.254.169.254"])
    with pytest.raises(ConfigurationError, match="private address"):
        ask(found)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org", "example.org/v1", "http://", "http://u:p@example.org", "http://e.org?x=1", ""],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        HttpChat(url, "m")


@pytest.mark.parametrize("key", ["", " x", "a\nb", "ключ"])
def test_a_key_that_is_no_header_is_refused_unsaid(key: str) -> None:
    with pytest.raises(ConfigurationError, match="JUDGE_KEY") as caught:
        HttpChat("http://example.org", "m", key=key, key_variable="JUDGE_KEY")
    assert key.strip() == "" or key not in str(caught.value)
