"""Fetched content on disk: named by its sha256, bounded, shared by threads and processes.

::

    incoming/<random>          being written
    content/ab/<sha256>        complete and checked; never changes
    names/cd/<sha256 of URL>   holds the sha256 of the URL's content, and its size

The modification time of a file is the time of its last use.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

_BLOCK = 4096
"""Bytes that even the smallest file takes on disk."""


class Incoming:
    """A file that is being written, and its digest so far."""

    def __init__(self, folder: Path) -> None:
        handle, name = tempfile.mkstemp(dir=folder)
        self._file = os.fdopen(handle, "wb")
        self._sha256 = hashlib.sha256()
        self.path = Path(name)

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._sha256.update(data)

    def close(self) -> str:
        """End writing; the content's sha256, hex."""
        self._file.close()
        return self._sha256.hexdigest()


class MediaCache:
    """Least recently used content goes first. Thread-safe; several processes may share the folder.

    The folder holds about ``max_bytes`` when one process writes, a tenth more for each further one, and whatever
    was used within ``grace`` seconds, so that nothing vanishes between a fetch and its use.
    """

    def __init__(self, folder: Path, *, max_bytes: int, grace: float) -> None:
        self._incoming, self._content, self._names = (folder / part for part in ("incoming", "content", "names"))
        for part in (self._incoming, self._content, self._names):
            part.mkdir(parents=True, exist_ok=True)
        self._max_bytes = max_bytes
        self._grace = grace
        self._lock = threading.Lock()
        self._using = threading.Lock()
        """Held while a file is marked as used, put in its place, or looked at for the last time and deleted."""
        self._room = 0
        """Bytes that may be written before the folder is looked through again."""

    def find(self, name: str) -> Path | None:
        """Content that was remembered under the name, if it is still there."""
        entry = self._entry(name)
        try:
            digest, size = entry.read_text().split()
            path = self._blob(digest)
            with self._using:
                for used in (path, entry):
                    os.utime(used)
            return path if path.stat().st_size == int(size) else None  # a power cut may leave a file empty
        except (FileNotFoundError, ValueError):
            return None

    def remember(self, name: str, path: Path) -> None:
        """Find ``path``, which ``keep`` gave, under the name from now on, if it is still there."""
        with suppress(FileNotFoundError):
            known = f"{path.name} {path.stat().st_size}"
            with self.incoming() as entry:
                entry.write(known.encode("ascii"))
                entry.close()
                self._place(entry.path, self._entry(name))

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A file to write to; gone afterwards unless it was kept."""
        new = Incoming(self._incoming)
        try:
            yield new
        finally:
            new.close()
            new.path.unlink(missing_ok=True)

    def keep(self, new: Incoming) -> Path:
        """Take the file in under its digest."""
        path = self._blob(new.close())
        self._place(new.path, path)
        return path

    def _place(self, source: Path, target: Path) -> None:
        target.parent.mkdir(exist_ok=True)
        size = _disk_size(source.stat())
        with self._using:
            source.replace(target)
        with self._lock:
            self._room -= size
            if self._room < 0:
                self._evict()

    def _evict(self) -> None:
        """Bring the folder down to nine tenths of its limit, if the grace allows, and measure the room again."""
        files = sorted(_files(self._content, self._names, self._incoming), key=lambda found: found[0])
        total = sum(size for _, size, _ in files)
        expired = time.time() - self._grace
        for used, size, path in files:
            if total <= self._max_bytes * 9 // 10 or used > expired:
                break
            with suppress(FileNotFoundError), self._using:
                if path.stat().st_mtime == used:
                    path.unlink()
                    total -= size
        self._room = max(min(self._max_bytes - total, self._max_bytes // 10), self._max_bytes // 100)

    def _blob(self, digest: str) -> Path:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise ValueError("not a sha256")
        return self._content / digest[:2] / digest

    def _entry(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()
        return self._names / digest[:2] / digest


def _files(*folders: Path) -> Iterator[tuple[float, int, Path]]:
    """Last use, size on disk and path of every file below the folders."""
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(FileNotFoundError):
                stat = path.stat()
                if S_ISREG(stat.st_mode):
                    yield stat.st_mtime, _disk_size(stat), path


def _disk_size(stat: os.stat_result) -> int:
    return -(-stat.st_size // _BLOCK) * _BLOCK
