import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from scripts.bench.measure import Line, Series, chunks, render, slower, turns

LINE = Line(
    "publishing",
    ours=Series("ours", (80.0, 90.0, 120.0)),
    base=Series("theirs", (100.0, 100.0, 110.0)),
    unit="items/s",
    n=500,
    goal=0.8,
)


def test_ratio_is_of_the_medians() -> None:
    assert LINE.ratio == pytest.approx(0.9)


def test_spread_is_of_pairs_measured_side_by_side() -> None:
    assert LINE.spread == pytest.approx((0.8, 120 / 110))


@pytest.mark.parametrize(("goal", "met"), [(0.9, True), (0.91, False), (None, None)])
def test_goal(goal: float | None, met: bool | None) -> None:
    assert replace(LINE, goal=goal).met is met


@pytest.mark.parametrize(("goal", "said"), [(0.9, "goal 0.9: met"), (0.95, "goal 0.95: MISSED")])
def test_a_missed_goal_is_said_aloud(goal: float, said: str) -> None:
    assert said in render(replace(LINE, goal=goal))[0]


def test_render_names_both_sides_the_size_and_the_spread() -> None:
    text = "\n".join(render(replace(LINE, others=(Series("the other neighbour", (7.0,)),), parts={"driver": 12.5})))
    for part in ("0.90 (0.80 to 1.09, 3 rounds)", "90.0", "ours", "theirs", "n = 500", "the other neighbour", "12.5"):
        assert part in text


def test_plain_is_json_with_every_measurement() -> None:
    found = json.loads(json.dumps(LINE.plain()))
    assert found["ours"]["values"] == [80.0, 90.0, 120.0]
    assert (found["ratio"], found["rounds"], found["met"]) == (pytest.approx(0.9), 3, True)


def test_turns_go_forth_and_back() -> None:
    taken: list[str] = []

    def measure(name: str) -> Callable[[], float]:
        def take() -> float:
            taken.append(name)
            return float(len(taken))

        return take

    values = turns(3, measure("a"), measure("b"), measure("c"))
    assert taken == ["a", "b", "c", "c", "b", "a", "a", "b", "c"]
    assert values == [(1.0, 6.0, 7.0), (2.0, 5.0, 8.0), (3.0, 4.0, 9.0)]


def test_the_slower_neighbour_is_the_one_with_the_smaller_median() -> None:
    uneven, steady = Series("uneven", (1.0, 50.0, 60.0)), Series("steady", (40.0, 41.0, 42.0))
    assert slower(uneven, steady) is steady


def test_chunks_lose_nothing() -> None:
    assert chunks(list(range(7)), 3) == [[0, 1, 2], [3, 4, 5], [6]]
