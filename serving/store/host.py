"""Which machine this is. A SQLite file belongs to one: its locks do not reach across a network."""

from __future__ import annotations

import socket
from pathlib import Path

MACHINE_ID = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def this_host() -> str:
    """Host name and machine id; the same after a restart, different on any other machine."""
    return f"{socket.gethostname()} {_machine_id()}".strip()


def _machine_id() -> str:
    for path in MACHINE_ID:
        try:
            found = path.read_text().strip()
        except OSError:
            continue
        if found:
            return found
    return ""
