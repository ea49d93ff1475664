from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serving.pipeline.pace import LEAST, Pace


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
