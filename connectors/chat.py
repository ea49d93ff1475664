"""A language model behind an OpenAI-compatible address: messages and a JSON schema enter, answers leave.

Guarded like the fetch of media: the host is resolved once, the connection goes to those very addresses, and all of
them must be public unless the operator allowed the host. Redirects are not followed. The key goes into one header and
into no message. What is busy is asked again, later and later; what is refused is not.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpcore
import httpx

from connectors.media import network
from connectors.media.addresses import Resolver, is_public, system_resolver
from connectors.media.network import Deadline
from models.errors import ConfigurationError, JudgeRefused, PlatformUnavailable, fragment, written

Reply = tuple[str, list[tuple[bytes, float]] | None]
"""An answer, and of each token its UTF-8 bytes and the logarithm of its probability; None where there are none."""

ATTEMPTS = 4
LONGEST_PAUSE = 30.0
"""Seconds, whatever ``Retry-After`` says."""
MAX_BYTES = 8 * 1024 * 1024
"""Of one response."""
_BUSY = frozenset({408, 409, 425, 429})
_REFUSED = frozenset({400, 413, 422})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpChat:
    """One model. Thread-safe: each request has a connection of its own."""

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str | None = None,
        key_variable: str | None = None,
        timeout: float = 60.0,
        allowed_hosts: Collection[str] = (),
        resolver: Resolver = system_resolver,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Check the address; nothing is sent yet.

        Args:
            url: up to and without ``/chat/completions``.
            model: its name there.
            key: what is sent as bearer; None: nothing is.
            key_variable: where the key came from, for messages.
            timeout: seconds for one request, connecting included.
            allowed_hosts: ``host`` or ``host:port`` that may have a private address.
            resolver: how names become addresses.
            sleep: how to wait before asking again.

        Raises:
            ConfigurationError: the URL is malformed, or the key is no header.
        """
        self._url = _checked(url)
        if key is not None and not (key.isascii() and key.isprintable() and key.strip() == key and key):
            raise ConfigurationError(f"The key in {key_variable} is empty or has stray characters: set it anew.")
        self._model, self._key, self._key_variable = model, key, key_variable
        self._timeout, self._resolver, self._sleep = timeout, resolver, sleep
        self._allowed = frozenset(host.lower() for host in allowed_hosts)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    def ask(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], *, n: int, logprobs: bool
    ) -> list[Reply]:
        """``n`` answers; an endpoint that gives fewer at once is asked again.

        Raises:
            JudgeRefused: 400, 413 or 422: just this is refused.
            PlatformUnavailable: busy, broken or silent, after ``ATTEMPTS``; or what came back is no chat completion.
            ConfigurationError: address, model or key is wrong.
        """
        found: list[Reply] = []
        while len(found) < n:
            found += self._completions(_body(self._model, messages, schema, n=n - len(found), logprobs=logprobs))
        return found[:n]

    def _completions(self, body: bytes) -> list[Reply]:
        for attempt in range(ATTEMPTS):
            last = attempt + 1 == ATTEMPTS
            try:
                response = self._post(body)
            except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
                if last:
                    raise PlatformUnavailable(
                        f"{self._where}: no complete answer ({type(error).__name__}) within {self._timeout:g} s, "
                        f"{ATTEMPTS} times: is it up?"
                    ) from None
                self._sleep(_pause(attempt, ""))
                continue
            if (response.status in _BUSY or response.status >= 500) and not last:
                self._sleep(_pause(attempt, response.headers.get("retry-after", "")))
                continue
            self._check(response)
            return _replies(response.body, self._where)
        raise AssertionError("the last attempt answers or raises")

    @property
    def _where(self) -> str:
        return fragment(f"The judge at {self._url.scheme}://{self._url.netloc.decode('ascii')}")

    def _post(self, body: bytes) -> _Response:
        headers = {"User-Agent": "Prelabel", "Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"Accept-Encoding": "identity", "Content-Length": str(len(body))}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        tls = self._tls if self._url.scheme == "https" else None
        deadline, addresses = Deadline(self._timeout), self._addresses()
        with network.post(self._url, headers, body, addresses=addresses, deadline=deadline, tls=tls) as response:
            parts, size = [], 0
            for chunk in response.iter_stream():
                size += len(chunk)
                if size > MAX_BYTES:
                    raise JudgeRefused(f"{self._where}: answered more than {MAX_BYTES} bytes: is it a chat endpoint?")
                parts.append(chunk)
            names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return _Response(response.status, names, b"".join(parts))

    def _addresses(self) -> Sequence[str]:
        host, port = self._url.raw_host.decode("ascii"), self._url.port or _PORTS[self._url.scheme]
        try:
            addresses = self._resolver(host, port)
        except (OSError, UnicodeError):
            raise PlatformUnavailable(f"{self._where}: the host's name cannot be resolved; check the url") from None
        if self._allowed.isdisjoint({host, f"{host}:{port}"}) and not all(map(is_public, addresses)):
            raise ConfigurationError(
                f"{self._where}: the host has a private address; if that is meant, add '{host}:{port}' to the allowed "
                "hosts"
            )
        return addresses

    def _check(self, response: _Response) -> None:
        status = response.status
        if status == 200:
            return
        words = self._said(response.body)
        reason = written(
            f"{self._where}: answered {status} ({words})" if words else f"{self._where}: answered {status}"
        )
        if status in _REFUSED:
            raise JudgeRefused(f"{reason}; shorten the task, or check what the model accepts")
        if status in (401, 403):
            raise ConfigurationError(f"{reason}; check the key in {self._key_variable or 'key_variable'}")
        if status in _BUSY or status >= 500:
            raise PlatformUnavailable(f"{reason}, {ATTEMPTS} times; try again later")
        raise ConfigurationError(f"{reason}; check url and model")

    def _said(self, body: bytes) -> str:
        """The endpoint's own words, where it has some, without the key."""
        try:
            message = json.loads(body)["error"]["message"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return ""
        words = " ".join(str(message).split()).encode("utf-8", "replace").decode("utf-8")
        if self._key is not None:
            words = words.replace(self._key, "***")
        return words[:200]


def _checked(url: str) -> httpx.URL:
    try:
        found = httpx.URL(url.rstrip("/") + "/chat/completions")
    except httpx.InvalidURL:
        raise ConfigurationError(f"The judge's url {url[:80]!r} is malformed.") from None
    if found.scheme not in _PORTS or not found.raw_host or found.userinfo or found.query:
        raise ConfigurationError(
            "The judge's url must be http(s)://host[:port][/path], without a user name and without a query."
        )
    return found


def _body(
    model: str, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], *, n: int, logprobs: bool
) -> bytes:
    asked = {
        "model": model,
        "messages": [dict(message) for message in messages],
        "n": n,
        "temperature": 0.0 if logprobs else 1.0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": schema},
        },
    } | ({"logprobs": True} if logprobs else {})
    return json.dumps(asked).encode("ascii")


def _pause(attempt: int, retry_after: str) -> float:
    """Seconds: 1, 2, 4 ..., or what the endpoint asks for."""
    wished = float(retry_after) if retry_after.strip().isdecimal() else 0.0
    return min(max(wished, 2.0**attempt), LONGEST_PAUSE)


def _replies(body: bytes, where: str) -> list[Reply]:
    try:
        choices = json.loads(body)["choices"]
        found = [(_clean(choice["message"].get("content")), _tokens(choice.get("logprobs"))) for choice in choices]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PlatformUnavailable(f"{where}: what came back is no chat completion; check the url") from None
    if not found:
        raise PlatformUnavailable(f"{where}: gave no answer at all; check the model")
    return found


def _clean(text: object) -> str:
    return text.encode("utf-8", "replace").decode("utf-8") if isinstance(text, str) else ""


def _tokens(given: Any) -> list[tuple[bytes, float]] | None:
    """Of ``logprobs``; None where a token lacks its probability."""
    rows = given.get("content") if isinstance(given, dict) else None
    if not isinstance(rows, list):
        return None
    found = []
    for row in rows:
        if not isinstance(row.get("logprob"), int | float):
            return None
        raw = row.get("bytes")
        found.append((bytes(raw) if raw is not None else _clean(row.get("token")).encode(), float(row["logprob"])))
    return found
