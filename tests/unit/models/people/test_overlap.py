import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.people.overlap import Overlap, Step, next_step, one_coin


def says(found: Overlap) -> tuple[str, str]:
    return found.step.value, found.reason


def test_each_reason() -> None:
    people = [0.9, 0.8, 0.7]
    assert says(next_step([0.97, 0.03], people, asked=1, most=3)) == ("stop", "certain")
    assert says(next_step([0.97, 0.03], people, asked=1, most=3, fewest=2)) == ("ask", "too_few")
    assert says(next_step([0.6, 0.4], people, asked=1, most=3)) == ("ask", "unsure")
    assert says(next_step([0.6, 0.4], people, asked=3, most=3)) == ("escalate", "too_many")
    assert says(next_step([0.6, 0.4], [], asked=1, most=3)) == ("escalate", "nobody_left")
    assert says(next_step([0.5, 0.5], [0.6, 0.6], asked=1, most=3)) == ("escalate", "out_of_reach")


def test_numbers_are_those_of_bayes() -> None:
    found = next_step([0.6, 0.4], [0.9], asked=1, most=2, target=0.9)
    agreeing, differing = 0.6 * 0.9 + 0.4 * 0.1, 0.6 * 0.1 + 0.4 * 0.9
    assert found.numbers["reach"] == pytest.approx(0.54 / agreeing)
    assert found.numbers["expected"] == pytest.approx(0.54 + 0.36)
    assert found.numbers["chance"] == pytest.approx(agreeing)
    assert differing == pytest.approx(1 - agreeing)


@given(
    weights=st.lists(st.floats(0.01, 1), min_size=2, max_size=8),
    accuracies=st.lists(st.floats(0, 1), max_size=6),
    asked=st.integers(0, 6),
    most=st.integers(1, 6),
    target=st.floats(0.5, 0.999),
)
def test_it_stops_only_when_certain_and_never_asks_too_many(
    weights: list[float], accuracies: list[float], asked: int, most: int, target: float
) -> None:
    posterior = np.array(weights) / sum(weights)
    found = next_step(posterior, accuracies, asked=asked, most=most, target=target)
    assert (found.step is Step.STOP) == (posterior.max() >= target and asked >= 1)
    if found.step is Step.ASK:
        assert asked < most
        assert accuracies
        assert found.numbers["expected"] >= posterior.max() - 1e-9
        assert found.numbers["reach"] >= posterior.max() - 1e-9


def test_what_it_stops_on_is_right_as_often_as_the_target_with_fewer_people() -> None:
    """Three classes, people of known accuracy; against asking everyone always."""
    rng, k, skills, target = np.random.default_rng(5), 3, [0.9, 0.8, 0.75, 0.7, 0.7], 0.95
    stopped = right = asked_in_all = 0
    for _ in range(2000):
        truth, belief, asked, left = rng.integers(k), np.full(k, 1 / k), 0, list(rng.permutation(skills))
        while (found := next_step(belief, left, asked=asked, most=5, target=target)).step is Step.ASK:
            skill = left.pop()
            said = truth if rng.random() < skill else (truth + rng.integers(1, k)) % k
            belief = belief * np.where(np.arange(k) == said, skill, (1 - skill) / (k - 1))
            belief, asked = belief / belief.sum(), asked + 1
        asked_in_all += asked
        if found.step is Step.STOP:
            stopped, right = stopped + 1, right + int(belief.argmax() == truth)
    print("stopped:", stopped / 2000, "right:", right / stopped, "people an item:", asked_in_all / 2000)
    assert right / stopped >= target
    assert stopped / 2000 > 0.7
    assert asked_in_all / 2000 < 3.5


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        next_step([0.5, 0.6], [], asked=0, most=1)
    with pytest.raises(ValueError, match="fewest"):
        next_step([0.5, 0.5], [], asked=0, most=1, fewest=2)
    with pytest.raises(ValueError, match="target"):
        next_step([0.5, 0.5], [], asked=0, most=1, target=1.0)


def test_one_coin_by_hand() -> None:
    found = one_coin([0.5, 0.5], [0, 1], [0.8, 0.6])
    assert found.tolist() == pytest.approx([0.32 / 0.44, 0.12 / 0.44])
    assert one_coin([0.9, 0.1], [], []).tolist() == [0.9, 0.1]
    assert one_coin([0.5, 0.5], [0], [0.1]).tolist() == [0.5, 0.5], "below chance counts as chance"
