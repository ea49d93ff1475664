import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.people.overlap import Overlap, Step, next_step, worth_more
from models.people.voices import Voice, Voices


def says(found: Overlap) -> tuple[str, str]:
    return found.step.value, found.reason


def leaning(certainty: float) -> Voices:
    """Two classes, of which the first is right with this probability."""
    return Voices(2, (Voice(0, certainty),), alike=0.0)


def test_each_reason() -> None:
    people = [0.9, 0.8, 0.7]
    assert says(next_step(leaning(0.97), people, asked=1, most=3)) == ("stop", "certain")
    assert says(next_step(leaning(0.97), people, asked=1, most=3, fewest=2)) == ("ask", "too_few")
    assert says(next_step(leaning(0.6), people, asked=1, most=3)) == ("ask", "unsure")
    assert says(next_step(leaning(0.6), people, asked=3, most=3)) == ("escalate", "too_many")
    assert says(next_step(leaning(0.6), [], asked=1, most=3)) == ("escalate", "nobody_left")
    assert says(next_step(leaning(0.5), [0.6, 0.6], asked=1, most=3)) == ("escalate", "out_of_reach")


def test_numbers_are_those_of_bayes() -> None:
    found = next_step(leaning(0.6), [0.9], asked=1, most=2, target=0.9)
    agreeing = 0.6 * 0.9 + 0.4 * 0.1
    assert found.numbers["reach"] == pytest.approx(0.54 / agreeing)
    assert found.numbers["expected"] == pytest.approx(0.54 + 0.36)
    assert found.numbers["chance"] == pytest.approx(agreeing)


@given(
    heard=st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), max_size=5),
    accuracies=st.lists(st.floats(0, 1), max_size=6),
    asked=st.integers(0, 6),
    most=st.integers(1, 6),
    target=st.floats(0.5, 0.999),
    alike=st.floats(0, 0.9),
)
def test_it_stops_only_when_certain_and_never_asks_too_many(
    heard: list[tuple[int, float]], accuracies: list[float], asked: int, most: int, target: float, alike: float
) -> None:
    voices = Voices(4, tuple(Voice(*one) for one in heard), alike)
    found = next_step(voices, accuracies, asked=asked, most=most, target=target)
    certainty = float(voices.posterior.max())
    assert (found.step is Step.STOP) == (certainty >= target and asked >= 1)
    if found.step is Step.ASK:
        assert asked < most
        assert accuracies
        assert found.numbers["expected"] >= certainty - 1e-9


def test_what_it_stops_on_is_right_as_often_as_the_target_with_fewer_people() -> None:
    """Three classes, people of known accuracy who err independently; against asking everyone always."""
    rng, k, skills, target = np.random.default_rng(5), 3, [0.9, 0.8, 0.75, 0.7, 0.7], 0.95
    stopped = right = asked_in_all = 0
    for _ in range(2000):
        truth, voices, asked, left = int(rng.integers(k)), Voices(k, alike=0.0), 0, list(rng.permutation(skills))
        while (found := next_step(voices, left, asked=asked, most=5, target=target)).step is Step.ASK:
            skill = float(left.pop())
            said = truth if rng.random() < skill else int((truth + rng.integers(1, k)) % k)
            voices, asked = voices.hear(said, skill), asked + 1
        asked_in_all += asked
        if found.step is Step.STOP:
            stopped, right = stopped + 1, right + int(voices.posterior.argmax() == truth)
    print("stopped:", stopped / 2000, "right:", right / stopped, "people an item:", asked_in_all / 2000)
    assert right / stopped >= target
    assert stopped / 2000 > 0.7
    assert asked_in_all / 2000 < 3.5


def test_those_above_are_worth_it_where_the_others_would_tell_little() -> None:
    doubtful, easy = Voices(4).hear(0, 0.5), Voices(4).hear(0, 0.95)
    assert worth_more(doubtful, [0.9], [0.65, 0.65])
    assert not worth_more(easy, [0.9], [0.85])
    assert not worth_more(doubtful, [0.9], []), "nobody is passed over"


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="fewest"):
        next_step(leaning(0.5), [], asked=0, most=1, fewest=2)
    with pytest.raises(ValueError, match="target"):
        next_step(leaning(0.5), [], asked=0, most=1, target=1.0)
