"""Starts Ray and Serve on this machine, on loopback, and keeps them up until a signal comes."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from serving.settings import Settings

if TYPE_CHECKING:
    from ray.serve.config import HTTPOptions
    from ray.serve.schema import LoggingConfig

log = logging.getLogger(__name__)

STARTS = 3
"""Times that Ray and Serve are started: Ray gives up after 30 s and Serve after 60, which a machine that is busy may
need."""

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_ENABLE_HA_PROXY": "0",
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
    "RAY_AUTH_MODE": "token",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    "FORWARDED_ALLOW_IPS": "",
}
"""Set before ray is imported, unless the operator set them: no telemetry, no open port without a token, and no peer
address but that of the connection (uvicorn takes X-Forwarded-For from 127.0.0.1 else, and proxy_trusted goes by it).
Serve's proxy has as long to start as Serve waits for it: after its usual 5 s it is killed in the middle of its imports,
and the service ends."""


def serve_forever(settings: Settings, *, args: dict[str, object], ready: Callable[[str], None]) -> None:
    """Run the application until SIGTERM or SIGINT.

    Args:
        settings: where to listen.
        args: ``serving.app.AppArgs`` as a mapping.
        ready: called with the service's address once it answers.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    import ray
    from ray import serve
    from ray.serve.config import HTTPOptions
    from ray.serve.schema import LoggingConfig

    from serving.app import AppArgs, build

    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    logging_config = LoggingConfig(encoding="JSON", enable_access_log=False)
    _start(HTTPOptions(host=settings.host, port=settings.port, request_timeout_s=120), logging_config)
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    try:
        app = build(AppArgs.model_validate(args))
        serve.run(app, name="prelabel", route_prefix="/", logging_config=logging_config)
        ready(f"http://{settings.host}:{settings.port}")
        stop.wait()
    finally:
        serve.shutdown()
        ray.shutdown()


def _start(http_options: HTTPOptions, logging_config: LoggingConfig) -> None:
    """Ray, and Serve's controller and proxy on it."""
    import ray
    from ray import serve

    for left in reversed(range(STARTS)):
        try:
            ray.init(include_dashboard=False, configure_logging=True, log_to_driver=False, _node_ip_address="127.0.0.1")
            serve.start(http_options=http_options, logging_config=logging_config)
        except Exception:  # that it took too long is no class of its own
            if not left:
                raise
            log.warning("Ray did not start in time; it is started anew", exc_info=True)
            ray.shutdown()
        else:
            return
