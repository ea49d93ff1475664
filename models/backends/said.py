"""What a pipeline's output comes to, and the network's own scores that pipelines leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from models.types import Region


@dataclass(frozen=True)
class Said:
    """Of one item."""

    regions: tuple[Region, ...]
    confidence: float
    """In [0, 1]."""
    numbers: dict[str, float] = field(default_factory=dict)


class Reader(Protocol):
    """One pipeline task: a file enters, what is said of it leaves."""

    def __call__(self, path: Path) -> Said:
        """Of a file.

        Raises:
            UnreadableItem: it cannot be read.
        """
        ...

    def example(self) -> Said:
        """Of made-up input."""
        ...


@contextmanager
def watching(network: Any, note: Callable[[Any], None]) -> Iterator[None]:
    """Give every output of a torch module to ``note``, without gradients, while the context lasts."""

    def hook(module: Any, arguments: Any, output: Any) -> None:
        note(output)

    handle = network.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def unit(value: float) -> float:
    """Into [0, 1], where arithmetic of 32 bits left it by a hair."""
    return min(1.0, max(0.0, value))
