"""Starts and stops the two servers of the demo, on loopback; a second run finds them as the first left them."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from scripts import label_studio

ROOT = Path(__file__).resolve().parents[2]
Progress = Callable[[str], None]
START_LIMIT_S = 420.0
"""What takes longer to start hangs; a slow machine with much else to do took more than 180 s."""
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}
"""Services that this process started: their end has to be collected."""


@dataclass
class Service:
    """A running ``prelabel serve``."""

    url: str
    token: str
    """Operators' bearer token."""
    pid: int
    data_dir: Path

    def environment(self) -> dict[str, str]:
        """What a ``prelabel`` command needs to work on the same installation."""
        port = self.url.rsplit(":", 1)[1]
        return {
            "PRELABEL_DATA_DIR": str(self.data_dir),
            "PRELABEL_PORT": port,
            "PRELABEL_API_TOKEN": self.token,
            "RAY_USAGE_STATS_ENABLED": "0",
        }

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60.0, trust_env=False)

    def command(self, *arguments: str) -> str:
        """Run a ``prelabel`` command as an operator would; its output.

        Raises:
            RuntimeError: it failed; with what it said.
        """
        done = subprocess.run(
            [str(Path(sys.executable).with_name("prelabel")), *arguments],
            env=os.environ | self.environment(),
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        if done.returncode:
            raise RuntimeError(f"prelabel {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def alive(self) -> bool:
        return _alive(self.pid)

    def kill9(self) -> None:
        """``kill -9`` of the service's process group: the driver and everything that Ray started."""
        os.killpg(self.pid, signal.SIGKILL)
        _gone(self.pid, 20.0)


def start_service(
    data_dir: Path, *, port: int | None = None, settings: dict[str, str] | None = None, progress: Progress
) -> Service:
    """Start ``prelabel serve`` on this data directory, or take the one that runs.

    Raises:
        RuntimeError: it ended, or did not answer in time; with the end of its log.
    """
    state = data_dir / "service.json"
    if state.exists():
        known = json.loads(state.read_text())
        service = Service(**(known | {"data_dir": data_dir}))
        if service.alive() and _healthy(service.url):
            return service
        port = port or int(known["url"].rsplit(":", 1)[1])
    data_dir.mkdir(parents=True, exist_ok=True)
    token = json.loads(state.read_text())["token"] if state.exists() else secrets.token_urlsafe(24)
    service = Service(url=f"http://127.0.0.1:{port or label_studio.free_port()}", token=token, pid=0, data_dir=data_dir)
    with (data_dir / "service.log").open("ab") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("prelabel")), "serve"],
            env=os.environ | service.environment() | (settings or {}),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=ROOT,
        )
    service.pid = process.pid
    _CHILDREN[process.pid] = process
    state.write_text(json.dumps(asdict(service) | {"data_dir": str(data_dir)}))
    state.chmod(0o600)
    began = time.monotonic()
    while not _healthy(service.url):
        if process.poll() is not None or time.monotonic() - began > START_LIMIT_S:
            stop_service(data_dir)
            tail = "\n".join((data_dir / "service.log").read_text(errors="replace").splitlines()[-20:])
            raise RuntimeError(f"prelabel serve did not come up; the end of its log:\n{tail}")
        progress(f"starting Prelabel on Ray Serve ({time.monotonic() - began:.0f} s)")
        time.sleep(0.5)
    return service


def stop_service(data_dir: Path) -> bool:
    """End the service in order; its whole process group if it does not follow. False when none runs."""
    state = data_dir / "service.json"
    if not state.exists():
        return False
    pid = int(json.loads(state.read_text())["pid"])
    if not _alive(pid):
        return False
    os.kill(pid, signal.SIGTERM)
    if not _gone(pid, 60.0):
        os.killpg(pid, signal.SIGKILL)
        _gone(pid, 60.0)
    return True


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _alive(pid: int) -> bool:
    if pid in _CHILDREN and _CHILDREN[pid].poll() is not None:
        return False
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def _gone(pid: int, timeout_s: float) -> bool:
    end = time.monotonic() + timeout_s
    while _alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
