from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serving.pipeline.pace import LEAST, ChunkPace, Pace


def test_halves_on_failure_and_grows_back_for_each_project_alone() -> None:
    pace = Pace(500)
    pace.slower(1)
    pace.slower(1)
    assert (pace.size(1), pace.size(2)) == (125, 500)
    pace.faster(1)
    assert pace.size(1) == 250


@given(st.integers(1, 5000), st.lists(st.booleans()))
def test_stays_between_least_and_most(most: int, answers: list[bool]) -> None:
    pace = Pace(most)
    for good in answers:
        (pace.faster if good else pace.slower)(1)
        assert min(LEAST, most) <= pace.size(1) <= most


def test_a_chunk_takes_a_quarter_of_what_a_call_may_take() -> None:
    pace = ChunkPace()
    assert pace.size("a", 64) == 8, "the first call loads the model"
    pace.took("a", 8, seconds=0.001, timeout_s=40.0)
    assert pace.size("a", 64) == 32, "four times as many at most"
    pace.took("a", 32, seconds=0.004, timeout_s=40.0)
    assert pace.size("a", 64) == 64
    pace.took("a", 64, seconds=64.0, timeout_s=40.0)
    assert pace.size("a", 64) == 10
    assert pace.size("b", 4) == 4, "each model for itself"


def test_an_answer_that_never_came_halves_the_chunk_down_to_one_item() -> None:
    pace = ChunkPace()
    sizes = []
    for _ in range(5):
        sizes.append(pace.size("a", 64))
        pace.late("a", sizes[-1])
    assert sizes == [8, 4, 2, 1, 1]
    assert not pace.proven("a"), "it may be loading yet"
    pace.took("a", 1, seconds=9.0, timeout_s=10.0)
    assert pace.proven("a")
    assert pace.size("a", 64) == 1


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1e6))), st.integers(1, 1024))
def test_a_chunk_is_never_empty_and_never_above_the_most(calls: list[tuple[bool, float]], most: int) -> None:
    pace = ChunkPace()
    for good, seconds in calls:
        n = pace.size("a", most)
        assert 1 <= n <= most
        if good:
            pace.took("a", n, seconds, timeout_s=55.0)
        else:
            pace.late("a", n)
