"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts import label_studio

PACKAGES = ("ray", "onnxruntime", "torch", "scikit-learn", "sqlalchemy", "label-studio-sdk")


def describe() -> dict[str, Any]:
    """Processor, cores that we may use, memory, versions."""
    return {
        "processor": _field("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(_field("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "python": platform.python_version(),
        "kernel": platform.release(),
        **{name: version(name) for name in PACKAGES},
        "label-studio": label_studio.version(),
    }


def load() -> float:
    """Load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "0"
