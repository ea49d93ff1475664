from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.batching import MicroBatcher, plan, restore
from models.errors import ModelError
from tests.support.patience import PATIENCE_S

LENGTHS = st.lists(st.integers(0, 400), max_size=80)
LIMIT = st.integers(1, 600)


@given(LENGTHS, LIMIT, st.integers(1, 40))
def test_a_plan_holds_every_item_once_within_both_limits(lengths: list[int], budget: int, max_items: int) -> None:
    batches = plan(lengths, budget, max_items)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= max_items
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= budget


@given(LENGTHS, LIMIT, st.integers(1, 40))
@example([0, 0], 1, 2)
def test_batches_are_as_full_as_the_limits_allow(lengths: list[int], budget: int, max_items: int) -> None:
    batches = plan(lengths, budget, max_items)
    for batch in batches[:-1]:
        longest = max(lengths[i] for i in batch)
        assert len(batch) == max_items or longest * (len(batch) + 1) > budget


@given(LENGTHS, LIMIT)
def test_neighbours_in_a_batch_are_alike(lengths: list[int], budget: int) -> None:
    planned = [lengths[i] for batch in plan(lengths, budget, 16) for i in batch]
    assert planned == sorted(lengths, reverse=True)


@given(LENGTHS, LIMIT)
def test_restore_undoes_the_plan(lengths: list[int], budget: int) -> None:
    batches = plan(lengths, budget, 16)
    assert restore(batches, [[lengths[i] for i in batch] for batch in batches]) == lengths


@pytest.mark.parametrize(("budget", "max_items"), [(0, 1), (1, 0)])
def test_limits_below_one_are_refused(budget: int, max_items: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        plan([1], budget, max_items)


class Recorder:
    """A slow function over texts that remembers its batches; it holds until ``go`` is set."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go = threading.Event()
        self.started = threading.Event()

    def __call__(self, texts: list[str]) -> Sequence[str]:
        self.batches.append(texts)
        self.started.set()
        assert self.go.wait(PATIENCE_S)
        if "poison" in texts:
            raise ValueError("poison")
        return [text.upper() for text in texts]


def test_what_waits_while_the_worker_is_busy_goes_next_together() -> None:
    work = Recorder()
    with MicroBatcher(work, max_items=8, budget=100, length_of=len) as batcher:
        first = batcher.submit("a")
        assert work.started.wait(PATIENCE_S)
        others = [batcher.submit(text) for text in "bcde"]
        work.go.set()
        assert [future.result(10) for future in [first, *others]] == list("ABCDE")
    assert work.batches == [["a"], ["b", "c", "d", "e"]]


def test_batches_keep_both_limits_and_the_order_of_arrival() -> None:
    work = Recorder()
    with MicroBatcher(work, max_items=3, budget=8, length_of=len) as batcher:
        batcher.submit("x")
        assert work.started.wait(PATIENCE_S)
        futures = [batcher.submit(text) for text in ["aa", "bb", "cc", "dd", "e" * 20, "ff", "gggg", "hhhh"]]
        work.go.set()
        assert futures[-1].result(10) == "HHHH"
    assert work.batches[1:] == [["aa", "bb", "cc"], ["dd"], ["e" * 20], ["ff", "gggg"], ["hhhh"]]


def test_one_poisoned_request_fails_alone() -> None:
    work = Recorder()
    with MicroBatcher(work, max_items=8, budget=100, length_of=len) as batcher:
        batcher.submit("a")
        assert work.started.wait(PATIENCE_S)
        good, bad, fine = (batcher.submit(text) for text in ["b", "poison", "c"])
        work.go.set()
        assert (good.result(10), fine.result(10)) == ("B", "C")
        with pytest.raises(ValueError, match="poison"):
            bad.result(10)
        assert batcher.submit("later").result(10) == "LATER"


def test_a_wrong_number_of_answers_is_an_error_not_a_mix_up() -> None:
    def short(texts: list[str]) -> list[str]:
        return []

    with (
        MicroBatcher(short, max_items=8, budget=100, length_of=len) as batcher,
        pytest.raises(ModelError, match="0 answers"),
    ):
        batcher.submit("a").result(10)


def test_a_request_that_was_given_up_is_not_run() -> None:
    work = Recorder()
    with MicroBatcher(work, max_items=8, budget=100, length_of=len) as batcher:
        batcher.submit("a")
        assert work.started.wait(PATIENCE_S)
        dropped, kept = batcher.submit("dropped"), batcher.submit("kept")
        assert dropped.cancel()
        work.go.set()
        assert kept.result(10) == "KEPT"
    assert work.batches[1:] == [["kept"]]


def test_closing_answers_what_is_queued_and_refuses_what_comes_after() -> None:
    work = Recorder()
    batcher = MicroBatcher(work, max_items=1, budget=100, length_of=len)
    futures = [batcher.submit(text) for text in "abc"]
    work.go.set()
    batcher.close()
    assert [future.result(0) for future in futures] == list("ABC")
    with pytest.raises(ModelError, match="shutting down"):
        batcher.submit("d")


def test_many_callers_each_get_their_own_answer() -> None:
    def slow(numbers: list[int]) -> list[int]:
        time.sleep(0.001)
        return [number * number for number in numbers]

    with MicroBatcher(slow, max_items=16, budget=64, length_of=lambda number: number % 7) as batcher:
        wrong: list[int] = []

        def caller(start: int) -> None:
            wrong.extend(n for n in range(start, start + 50) if batcher.submit(n).result(10) != n * n)

        threads = [threading.Thread(target=caller, args=(start,)) for start in range(0, 400, 50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
