"""An HTTP proxy in front of one server, on loopback, that can misbehave on command."""

from __future__ import annotations

import contextlib
import threading
import time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

HOP = {"connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length", "host", "date", "server"}


class Fault(StrEnum):
    """How the proxy behaves."""

    NONE = "none"
    ERROR_500 = "500"
    HANG = "hang"
    """Passes the request on, and lets the caller wait for the answer until it gives up."""
    REFUSE = "refuse"
    """Closes the connection without an answer."""


class FaultProxy:
    """Forwards everything to ``target``; only calls whose path starts with ``/api/`` are spoiled."""

    def __init__(self, target: str) -> None:
        self.fault = Fault.NONE
        self.calls = 0
        self.spoiled = 0
        proxy = self
        client = httpx.Client(base_url=target, timeout=120.0, trust_env=False)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                return

            def _go(self) -> None:
                with contextlib.suppress(ConnectionError):  # a caller that has given up
                    self._forward()

            def _forward(self) -> None:
                proxy.calls += 1
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                fault = proxy.fault
                if fault is not Fault.NONE:
                    proxy.spoiled += 1
                if fault is Fault.REFUSE:
                    self.close_connection = True
                    return
                if fault is Fault.ERROR_500:
                    self._answer(500, {"content-type": "application/json"}, b'{"detail": "made to fail"}')
                    return
                headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP}
                answer = client.request(self.command, self.path, content=body, headers=headers)
                if fault is Fault.HANG:
                    end = time.monotonic() + 60
                    while proxy.fault is Fault.HANG and time.monotonic() < end:
                        time.sleep(0.1)
                    self.close_connection = True
                    return
                kept = {k: v for k, v in answer.headers.items() if k.lower() not in HOP}
                self._answer(answer.status_code, kept, answer.content)

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _go

        self._client = client
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.fault = Fault.NONE
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
        self._client.close()
