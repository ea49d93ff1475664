"""A real HTTP server on loopback whose answers a test writes down beforehand."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is what some tests are about."""


@dataclass(frozen=True)
class Reply:
    """One answer. ``Content-Length`` is added unless the headers hold one."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    path: str
    """With its query."""
    headers: dict[str, str]
    """Names in lower case."""
    client: str
    """Address that it came from."""
    body: bytes = b""


Raw = Callable[[BaseHTTPRequestHandler], None]
"""Writes to ``handler.wfile`` itself, for answers that are no proper HTTP."""


class HttpServer:
    """Context manager; ``routes`` maps a path (without query) to a reply, anything else is a 404."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.routes: dict[str, Reply | Raw] = {}
        self.seen: list[Seen] = []
        self._scheme = "https" if tls else "http"
        self._server = _Server(("127.0.0.1", 0), self._handler())
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self.netloc}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                server.seen.append(Seen(self.path, headers, self.client_address[0], body))
                route = server.routes.get(self.path.partition("?")[0], Reply(status=404))
                try:
                    _send(self, route) if isinstance(route, Reply) else route(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_POST = do_HEAD = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    handler.send_response(reply.status)
    for name, value in ({"Content-Length": str(len(reply.body))} | reply.headers).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(reply.body)
