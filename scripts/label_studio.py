"""A real Label Studio on loopback: start, stop, kill, restart, and its users.

The server lives in a virtual environment of its own (``.venv-label-studio``; ``PRELABEL_LABEL_STUDIO_VENV`` names
another). Its first database migration takes 40 s, so a migrated data directory is kept under ``cache_dir`` and copied
for each new server. What runs is written to ``label-studio.json`` in the data directory: any later process can stop it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

ROOT = Path(__file__).resolve().parent.parent
CACHE_DIR = ROOT / "var" / "cache"
STATE_FILE = "label-studio.json"
LOG_FILE = "label-studio.log"
DATABASE = "label_studio.sqlite3"

# Django's development server leaves Nagle's algorithm on: every answer on a kept connection comes 40 ms late.
START = """
import socketserver, sys
socketserver.StreamRequestHandler.disable_nagle_algorithm = True
from label_studio.server import main
sys.exit(main())
"""

Progress = Callable[[str], None]


class LabelStudioError(Exception):
    """The server cannot be started or used; the message says what to do."""


def _quiet(_: str) -> None:
    """Report nothing."""


def venv() -> Path:
    """Where Label Studio is installed.

    Raises:
        LabelStudioError: it is not installed there.
    """
    path = Path(os.environ.get("PRELABEL_LABEL_STUDIO_VENV", ROOT / ".venv-label-studio")).absolute()
    if not (path / "bin" / "label-studio").exists():
        raise LabelStudioError(
            f"Label Studio is not installed in {path}: run 'make setup', or name its virtual environment in "
            "PRELABEL_LABEL_STUDIO_VENV"
        )
    return path


def version() -> str:
    """The installed version, from the package's metadata (no import: that takes seconds)."""
    for found in sorted(venv().glob("lib/python3*/site-packages/label_studio-*.dist-info")):
        return found.name.removeprefix("label_studio-").removesuffix(".dist-info")
    raise LabelStudioError(f"{venv()} holds no label-studio package: run 'make setup'")


def _environment(extra: dict[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    fixed = {
        "DJANGO_DB": "sqlite",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "FEATURE_FLAGS_OFFLINE": "true",
        # Label Studio refuses webhooks and models on private addresses otherwise.
        "USE_DEFAULT_BANNED_SUBNETS": "false",
        "USER_ADDITIONAL_BANNED_SUBNETS": "169.254.0.0/16",
        "PYTHONUNBUFFERED": "1",
    }
    return kept | fixed | extra


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def migrated(cache_dir: Path, progress: Progress = _quiet) -> Path:
    """A data directory with an empty, migrated database; made once a version, by one process at a time."""
    template = cache_dir / f"label-studio-{version()}"
    if template.exists():
        return template
    with _locked(cache_dir / f"{template.name}.lock"):
        if template.exists():
            return template
        building = Path(tempfile.mkdtemp(prefix=f"{template.name}.", dir=cache_dir))
        try:
            _migrate(building, progress)
            building.rename(template)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return template


def _migrate(data_dir: Path, progress: Progress) -> None:
    log = data_dir.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(venv() / "bin" / "label-studio"), "init", "-q", "--data-dir", str(data_dir)],
            env=_environment({}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    began = time.monotonic()
    try:
        while process.poll() is None:
            progress(f"preparing Label Studio's database (once, about 45 s): {time.monotonic() - began:.0f} s")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(3)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode or not (data_dir / DATABASE).exists():
        raise LabelStudioError(f"Label Studio could not prepare its database:\n{_tail(log)}")
    log.unlink()
    (data_dir / ".env").unlink(missing_ok=True)  # the secret key: each server makes its own
    with contextlib.closing(sqlite3.connect(data_dir / DATABASE)) as database:
        database.execute("PRAGMA journal_mode=WAL")  # readers and the one writer no longer block each other


def _copy(template: Path, data_dir: Path) -> None:
    shutil.copytree(template, data_dir, dirs_exist_ok=True, ignore=shutil.ignore_patterns(DATABASE))
    fresh = data_dir / f"{DATABASE}.new"
    shutil.copyfile(template / DATABASE, fresh)
    fresh.replace(data_dir / DATABASE)  # last and at once: its presence says that the copy is whole


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


@dataclass(slots=True)
class Server:
    """One Label Studio. ``token`` is the administrator's legacy token."""

    url: str
    token: str
    pid: int
    port: int
    data_dir: Path
    username: str
    password: str
    born: str
    """Start time of the process in clock ticks since boot: tells it from a later process with the same pid."""
    extra_env: dict[str, str] = field(default_factory=dict)
    pat: str | None = None
    """The administrator's personal access token, once asked for: Label Studio shows it only once."""

    @property
    def log_path(self) -> Path:
        """Output of the server, appended over restarts."""
        return self.data_dir / LOG_FILE

    def alive(self) -> bool:
        """Whether the process runs."""
        return _born(self.pid) == self.born

    def stop(self, timeout_s: float = 10.0) -> None:
        """End it in order; kill it when it does not follow."""
        self._signal(signal.SIGTERM)
        if not self._gone(timeout_s):
            self.kill9()

    def kill9(self) -> None:
        """``kill -9``: nothing is flushed, nothing is closed."""
        self._signal(signal.SIGKILL)
        if not self._gone(10.0):
            raise LabelStudioError(f"process {self.pid} does not end")

    def restart(self, progress: Progress = _quiet) -> None:
        """Run again on the same data and the same port; stops it first where it still runs."""
        self.stop()
        _launch(self, progress)
        _save(self)

    def _signal(self, number: signal.Signals) -> None:
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def _gone(self, timeout_s: float) -> bool:
        end = time.monotonic() + timeout_s
        while self.alive():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True


def _born(pid: int) -> str:
    """Start time of a running process; '' when there is none (a child that ended is reaped on the way)."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ended = fields[0] in "ZX" and len(list(Path(f"/proc/{pid}/task").iterdir())) <= 1  # threads may outlive main
    except OSError:
        return ""
    return "" if ended else fields[19]


def free_port() -> int:
    """A port on loopback that nobody has now.

    Not one that the system would give away: a server takes half a minute to bind it, and any outgoing connection on the
    machine could have it by then. Ray's own workers have those below 20,000.
    """
    for port in random.sample(range(20_000, 32_000), 1_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise LabelStudioError("no port between 20,000 and 32,000 is free")


def listening(pid: int) -> set[tuple[str, int]]:
    """The TCP addresses that a process listens on."""
    inodes = set()
    with contextlib.suppress(OSError):
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(os.readlink(handle))
    found = set()
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        table = Path(f"/proc/{pid}/net/{name}")
        for line in table.read_text().splitlines()[1:] if table.exists() else []:
            parts = line.split()
            if parts[3] == "0A" and f"socket:[{parts[9]}]" in inodes:
                address, _, port = parts[1].partition(":")
                words = [bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8)]
                found.add((socket.inet_ntop(family, b"".join(words)), int(port, 16)))
    return found


def _busy(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _launch(server: Server, progress: Progress, timeout_s: float = 300.0) -> None:
    if _busy(server.port):
        raise LabelStudioError(f"port {server.port} is in use: stop what listens there, or name another port")
    command = [str(venv() / "bin" / "python"), "-c", START, "start", "--no-browser", "--enable-legacy-api-token"]
    command += ["--internal-host", "127.0.0.1", "--port", str(server.port), "--data-dir", str(server.data_dir)]
    secret = {
        "LABEL_STUDIO_USERNAME": server.username,
        "LABEL_STUDIO_PASSWORD": server.password,
        "LABEL_STUDIO_USER_TOKEN": server.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    }
    with server.log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            env=_environment(secret | server.extra_env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.returncode = 0  # reaped in _born, by whoever asks; keeps Popen from complaining when it is collected
    server.pid, server.born = process.pid, _born(process.pid)
    try:
        _await(server, progress, timeout_s)
    except BaseException:
        server.kill9()
        raise


def _await(server: Server, progress: Progress, timeout_s: float) -> None:
    began = reported = time.monotonic()
    with httpx.Client(base_url=server.url, trust_env=False, timeout=5.0) as http:
        while True:
            if not server.alive():
                raise LabelStudioError(f"Label Studio ended while it started:\n{_tail(server.log_path)}")
            where = listening(server.pid)
            if where and where != {("127.0.0.1", server.port)}:
                raise LabelStudioError(f"Label Studio listens on {sorted(where)} instead of 127.0.0.1:{server.port}")
            with contextlib.suppress(httpx.HTTPError):
                if where and http.get("/health").status_code == 200:
                    break
            now = time.monotonic()
            if now - began > timeout_s:
                raise LabelStudioError(f"Label Studio did not answer in {timeout_s:.0f} s:\n{_tail(server.log_path)}")
            if now - reported >= 3:
                reported = now
                progress(f"waiting for Label Studio (about 10 s): {now - began:.0f} s")
            time.sleep(0.1)
        answer = http.get("/api/current-user/whoami", headers={"Authorization": f"Token {server.token}"})
        if answer.status_code != 200:
            raise LabelStudioError(
                f"{server.data_dir} holds a Label Studio with another administrator: use its username and token, "
                "or another data directory"
            )


def _save(server: Server) -> None:
    """Write the state file: readable by the owner only, for it holds the token (as the database beside it does)."""
    path = server.data_dir / STATE_FILE
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(asdict(server) | {"data_dir": str(server.data_dir)}, handle, indent=1)
    fresh.replace(path)


def load(data_dir: Path) -> Server | None:
    """The server last started on ``data_dir``, running or not."""
    try:
        known: dict[str, Any] = json.loads((data_dir / STATE_FILE).read_text())
    except FileNotFoundError:
        return None
    return Server(**(known | {"data_dir": data_dir.absolute()}))


def start(
    data_dir: Path,
    port: int | None = None,
    *,
    username: str = "admin@example.com",
    password: str | None = None,
    token: str | None = None,
    cache_dir: Path = CACHE_DIR,
    extra_env: dict[str, str] | None = None,
    progress: Progress = _quiet,
) -> Server:
    """Start Label Studio on 127.0.0.1 and wait until it answers; takes what already runs on ``data_dir``.

    Args:
        data_dir: created when absent. A directory that was used before keeps its users, tokens and port.
        port: a free one when None.
        username: administrator's email, for a new ``data_dir``.
        password: for a new ``data_dir``; a random one when None.
        token: administrator's legacy token, 40 hex digits, for a new ``data_dir``; a random one when None.
        cache_dir: where the migrated database is kept.
        extra_env: settings of Label Studio on top of ours.
        progress: told what happens, about every three seconds.

    Raises:
        LabelStudioError: not installed, port in use, or the server ended; with the end of its log.
    """
    data_dir = data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    with _locked(data_dir / "label-studio.lock"):
        server = load(data_dir)
        if server is not None and server.alive():
            _await(server, progress, 60.0)
            return server
        if server is None:
            if not (data_dir / DATABASE).exists():
                _copy(migrated(cache_dir, progress), data_dir)
            server = Server(
                url="",
                token=token or secrets.token_hex(20),
                pid=0,
                port=port or free_port(),
                data_dir=data_dir,
                username=username,
                password=password or secrets.token_urlsafe(12),
                born="",
            )
        server.port = port or server.port
        server.url = f"http://127.0.0.1:{server.port}"
        server.extra_env = extra_env if extra_env is not None else server.extra_env
        _launch(server, progress)
        _save(server)
        return server


def stop(data_dir: Path) -> bool:
    """End the server that runs on ``data_dir``; False when none does."""
    server = load(data_dir)
    if server is None or not server.alive():
        return False
    server.stop()
    return True


def create_user(server: Server, email: str, password: str) -> str:
    """An ordinary user (an annotator); signs in with the password when the user exists.

    Goes the way that a person goes, sign-up page and session: Label Studio has no call for it that takes a password.

    Returns:
        The user's legacy token.
    """
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30.0, follow_redirects=True) as http:
        for page in ("/user/signup/", "/user/login/"):
            found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', http.get(page).text)
            form = {"email": email, "password": password, "csrfmiddlewaretoken": found[1] if found else ""}
            http.post(page, data=form, headers={"Referer": f"{server.url}{page}"})
            answer = http.get("/api/current-user/token")
            if answer.status_code == 200:
                return str(answer.json()["token"])
    raise LabelStudioError(
        f"Label Studio made no user {email}: the password needs 8 characters that are not all digits, "
        "or the user exists with another password"
    )


def personal_access_token(server: Server) -> str:
    """The administrator's personal access token; made at the first call and remembered in the state file."""
    if server.pat is None:
        answer = httpx.post(
            f"{server.url}/api/token/",
            headers={"Authorization": f"Token {server.token}"},
            trust_env=False,
            timeout=30.0,
        )
        if answer.status_code != 201:
            raise LabelStudioError(
                f"Label Studio made no personal access token: {answer.status_code} {answer.text[:200]}"
            )
        server.pat = str(answer.json()["token"])
        _save(server)
    return server.pat


app = typer.Typer(help="A real Label Studio on loopback.", no_args_is_help=True, add_completion=False)
DataDir = Annotated[Path, typer.Option(help="Where it keeps its database, log and state.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _print(server: Server, as_json: bool) -> None:
    shown = {"url": server.url, "username": server.username, "password": server.password, "token": server.token}
    shown |= {"pid": str(server.pid), "log": str(server.log_path), "running": str(server.alive()).lower()}
    typer.echo(json.dumps(shown) if as_json else "\n".join(f"{name:9}{value}" for name, value in shown.items()))


def _stderr(message: str) -> None:
    typer.echo(message, err=True)


@app.command("start")
def start_command(
    data_dir: DataDir = ROOT / "var" / "label-studio",
    port: Annotated[int | None, typer.Option(help="A free one when not given.")] = None,
    username: str = "admin@example.com",
    password: Annotated[str | None, typer.Option(help="A random one when not given.")] = None,
    token: Annotated[str | None, typer.Option(help="40 hex digits; random when not given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Start it, or say what runs."""
    try:
        server = start(data_dir, port, username=username, password=password, token=token, progress=_stderr)
    except LabelStudioError as error:
        _stderr(str(error))
        raise typer.Exit(1) from None
    _print(server, as_json)


@app.command("stop")
def stop_command(data_dir: DataDir = ROOT / "var" / "label-studio") -> None:
    """Stop it."""
    _stderr("stopped" if stop(data_dir) else f"nothing runs on {data_dir}")


@app.command("status")
def status_command(data_dir: DataDir = ROOT / "var" / "label-studio", as_json: AsJson = False) -> None:
    """Say what runs; exit 1 when nothing does."""
    server = load(data_dir)
    if server is None:
        _stderr(f"nothing was started on {data_dir}")
        sys.exit(1)
    _print(server, as_json)
    sys.exit(0 if server.alive() else 1)


if __name__ == "__main__":
    app()
