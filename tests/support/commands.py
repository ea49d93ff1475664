"""``prelabel`` commands as processes of their own, without what each would import: that takes longer than most do.

One process imports the command line and forks for each command: what a command reads and changes is its own, its
environment, folder and exit code as if it had been started anew. That it starts anew is tested by those that do:
``prelabel serve``, and the commands of the demo.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from select import select
from typing import NoReturn


def run(arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> tuple[int, str, str]:
    """A command; its exit code, stdout and stderr. Several may run at the same time.

    Raises:
        RuntimeError: it ended without an exit code.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as line:
        line.connect(str(_server()))
        job = {"arguments": list(arguments), "env": dict(env), "cwd": str(cwd)}
        socket.send_fds(line, [b"\n"], [out.fileno(), err.fileno()])
        line.sendall(json.dumps(job).encode())
        line.shutdown(socket.SHUT_WR)
        code = b"".join(iter(lambda: line.recv(64), b""))
        out.seek(0)
        err.seek(0)
        said = (out.read().decode(), err.read().decode())
    if not code:
        raise RuntimeError(f"`prelabel {' '.join(arguments)}` broke off: {said[1]}")
    return int(code), *said


@cache
def _server() -> Path:
    """Where the process listens that forks; it ends with this one."""
    folder = Path(tempfile.mkdtemp(prefix="prelabel-commands-"))
    place = folder / "socket"
    command = [sys.executable, "-m", __name__, str(place)]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n", "the process that forks did not start"
    atexit.register(_end, process, folder)
    return place


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.terminate()
    process.communicate()
    shutil.rmtree(folder, ignore_errors=True)


def _serve(place: Path) -> None:
    from serving.cli import main

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()
        print("ready", flush=True)
        while select([listening, sys.stdin], [], [])[0] == [listening]:  # until whoever started it is gone
            line, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _answer(line, main)
            line.close()
            _reap()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return


def _answer(line: socket.socket, main: Callable[[], None]) -> NoReturn:
    """In the fork: read the job, be the command, and say how it ended."""
    _, (out, err), _, _ = socket.recv_fds(line, 1, 2)
    job = json.loads(b"".join(iter(lambda: line.recv(65536), b"")))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    sys.argv = ["prelabel", *job["arguments"]]
    sys.modules["__main__"].__package__ = None  # so that usage says prelabel
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        line.sendall(str(code).encode())
        os._exit(code)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
