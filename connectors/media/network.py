"""One GET to one pinned address within one deadline.

This works on httpcore, the transport below httpx, because httpx can do neither: its connection resolves the host again
(and a name may answer differently the second time), and its timeouts hold for single reads, so a server that sends a
header byte a second is waited for without end.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpcore
import httpx

_CONNECT_SECONDS = 5.0
"""For one of a host's addresses, so that a dead one leaves time for the next."""


class Deadline:
    """A point in time that every network operation of a fetch shares."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left.

        Raises:
            httpcore.ReadTimeout: none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline passed")
        return left


@contextmanager
def get(
    url: httpx.URL,
    headers: Mapping[str, str],
    *,
    addresses: Sequence[str],
    deadline: Deadline,
    tls: ssl.SSLContext | None,
) -> Iterator[httpcore.Response]:
    """The answer's head, with its body still to be read; the connection ends with the context.

    The certificate is checked against the URL's host, not against the address. No proxy of the environment is used.

    Raises:
        httpcore.TimeoutException: the deadline passed.
        httpcore.NetworkError: none of the addresses could be reached, or the connection broke.
        httpcore.ProtocolError: the other side does not speak HTTP, or broke off.
    """
    with _request("GET", url, headers, None, addresses, deadline, tls) as response:
        yield response


@contextmanager
def post(
    url: httpx.URL,
    headers: Mapping[str, str],
    content: bytes,
    *,
    addresses: Sequence[str],
    deadline: Deadline,
    tls: ssl.SSLContext | None,
) -> Iterator[httpcore.Response]:
    """Send content; the rest as for ``get``."""
    with _request("POST", url, headers, content, addresses, deadline, tls) as response:
        yield response


@contextmanager
def _request(
    method: str,
    url: httpx.URL,
    headers: Mapping[str, str],
    content: bytes | None,
    addresses: Sequence[str],
    deadline: Deadline,
    tls: ssl.SSLContext | None,
) -> Iterator[httpcore.Response]:
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    sent = [(b"Host", url.netloc), (b"Connection", b"close")]
    sent += [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
    backend = _PinnedBackend(addresses, deadline)
    with (
        httpcore.ConnectionPool(ssl_context=tls, max_connections=1, network_backend=backend) as pool,
        pool.stream(method, target, headers=sent, content=content) as response,
    ):
        yield response


class _PinnedBackend(httpcore.NetworkBackend):
    """Connects to given addresses, whatever the host's name says."""

    def __init__(self, addresses: Sequence[str], deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("the host has no address")
        for address in self._addresses:
            try:
                seconds = min(self._deadline.left(), _CONNECT_SECONDS)
                stream = self._backend.connect_tcp(address, port, seconds, local_address, socket_options)
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every operation ends at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
