"""Which items run together: a pure plan for chunks, and a small queue for single requests.

A batch costs its longest item times its size, because shorter ones are padded. So: sort by length, bound that product.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Generic, Self, TypeVar

from models.errors import ModelError

T = TypeVar("T")
R = TypeVar("R")


def plan(lengths: Sequence[int], budget: int, max_items: int) -> list[list[int]]:
    """Batches of indices into ``lengths``, longest first; every index once.

    Args:
        lengths: tokens of each item.
        budget: limit on longest length times batch size, in tokens; a single longer item runs alone.
        max_items: limit on batch size.
    """
    if budget < 1 or max_items < 1:
        raise ValueError("budget and max_items must be at least 1")
    batches: list[list[int]] = []
    room = 0
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if not room:  # the longest item of a batch comes first, so it alone sets the batch's size
            batches.append([])
            fit = budget // lengths[index] if lengths[index] else max_items
            room = min(max_items, max(1, fit))
        batches[-1].append(index)
        room -= 1
    return batches


def restore(batches: Sequence[Sequence[int]], results: Sequence[Iterable[R]]) -> list[R]:
    """Results of planned batches, back in the order of the items."""
    placed = {
        index: result
        for indices, outputs in zip(batches, results, strict=True)
        for index, result in zip(indices, outputs, strict=True)
    }
    return [placed[index] for index in range(len(placed))]


class MicroBatcher(Generic[T, R]):
    """Gathers single requests into batches, without a timer: what waits while the worker is busy goes next, together.

    An idle worker takes a request at once, so a lone caller never waits. Requests run in order of arrival.
    When a batch of several fails, each runs again alone, so that each caller gets its own result or exception.
    """

    def __init__(
        self, fn: Callable[[list[T]], Sequence[R]], *, max_items: int, budget: int, length_of: Callable[[T], int]
    ) -> None:
        """Start the worker thread.

        Args:
            fn: gives one result an item, in order.
            max_items: limit on batch size.
            budget: limit on longest length times batch size.
            length_of: length of one item, in the unit of ``budget``.
        """
        if budget < 1 or max_items < 1:
            raise ValueError("budget and max_items must be at least 1")
        self._fn, self._max_items, self._budget, self._length_of = fn, max_items, budget, length_of
        self._waiting: deque[tuple[T, int, Future[R]]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="micro-batcher", daemon=True)
        self._thread.start()

    def submit(self, item: T) -> Future[R]:
        """Queue one item; ``asyncio.wrap_future`` makes the answer awaitable.

        Raises:
            ModelError: the batcher is closed.
        """
        future: Future[R] = Future()
        length = self._length_of(item)
        with self._changed:
            if self._closed:
                raise ModelError("The model is shutting down: send the request again.")
            self._waiting.append((item, length, future))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Answer what is queued, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _work(self) -> None:
        while batch := self._take():
            wanted = [(item, future) for item, future in batch if future.set_running_or_notify_cancel()]
            if wanted:
                self._answer(wanted)

    def _take(self) -> list[tuple[T, Future[R]]]:
        """The next batch; empty when closed and drained."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            batch: list[tuple[T, Future[R]]] = []
            longest = 0
            while self._waiting and len(batch) < self._max_items:
                item, length, future = self._waiting[0]
                longest = max(longest, length)
                if batch and longest * (len(batch) + 1) > self._budget:
                    break
                self._waiting.popleft()
                batch.append((item, future))
            return batch

    def _answer(self, batch: list[tuple[T, Future[R]]]) -> None:
        try:
            results = self._fn([item for item, _ in batch])
            if len(results) != len(batch):
                raise ModelError(f"The model gave {len(results)} answers to {len(batch)} requests.")
        except Exception as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for single in batch:
                self._answer([single])
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
