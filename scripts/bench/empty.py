"""An empty Serve application, started as the service starts its own: what Ray alone weighs."""

from __future__ import annotations

import os
import signal
import sys
import threading

from scripts import label_studio
from serving.deployments.run import ENVIRONMENT


def main() -> None:
    """Print ``ready`` and wait for SIGTERM."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray
    from ray import serve
    from ray.serve.config import HTTPOptions

    class Nothing:
        def __call__(self) -> str:
            return "nothing"

    ended = threading.Event()
    ray.init(include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        serve.start(http_options=HTTPOptions(host="127.0.0.1", port=label_studio.free_port()))
        serve.run(serve.deployment(Nothing).bind(), name="empty", route_prefix="/")
        print("ready", flush=True)
        ended.wait()
    finally:
        serve.shutdown()
        ray.shutdown()
    sys.exit(0)


if __name__ == "__main__":
    main()
