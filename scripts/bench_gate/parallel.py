"""Pieces of a benchmark over the cores, in order."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def spread(work: Callable[[T], R], pieces: Iterable[T]) -> list[R]:
    """``work`` of every piece, over as many processes as this one may use cores; both must be picklable.

    With one core or one piece nothing is started. Processes stay for the next call and end with this one.
    """
    listed = list(pieces)
    cores = len(os.sched_getaffinity(0))
    if min(cores, len(listed)) <= 1:
        return [work(piece) for piece in listed]
    return list(_pool(cores).map(work, listed))


@cache
def _pool(workers: int) -> ProcessPoolExecutor:
    """Spawned, not forked: numerical libraries hold threads that a fork would lose."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
