from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.gate.arrays import Floats
from models.people.voices import ALIKE, SUREST, Voice, Voices

answers = st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), max_size=5)


def by_counting(voices: Voices) -> Floats:
    """The posterior, from all pairs of a true and a tempting class one by one."""
    k = voices.classes
    found: Floats = np.zeros(k)
    for true, tempting in product(range(k), repeat=2):
        if true == tempting:
            continue
        likely = 1.0
        for said, accuracy in voices.heard:
            a = min(max(accuracy, 1 / k), SUREST)
            evenly = (1 - a) * (1 - voices.alike) / (k - 1)
            likely *= a if said == true else evenly + (1 - a) * voices.alike * (said == tempting)
        found[true] += likely
    return np.asarray(found / found.sum())


@given(heard=answers, classes=st.integers(4, 7), alike=st.floats(0, 0.9))
def test_the_posterior_is_that_of_counting(heard: list[tuple[int, float]], classes: int, alike: float) -> None:
    voices = Voices(classes, tuple(Voice(*one) for one in heard), alike)
    assert voices.posterior == pytest.approx(by_counting(voices), abs=1e-9)


@given(heard=answers, accuracy=st.floats(0, 1))
def test_outcomes_add_up_and_information_is_not_negative(heard: list[tuple[int, float]], accuracy: float) -> None:
    voices = Voices(6, tuple(Voice(*one) for one in heard))
    outcomes = voices.outcomes(accuracy)
    assert sum(one.chance for one in outcomes) == pytest.approx(1.0)
    if heard:
        said = heard[0][0]
        average = sum(one.chance * one.posterior[said] for one in outcomes)
        assert average == pytest.approx(voices.posterior[said], abs=1e-9), "beliefs are not expected to move"
    assert voices.information(accuracy) >= 0.0


def test_without_alike_mistakes_it_is_one_coin() -> None:
    found = Voices(2, alike=0.0).hear(0, 0.8).hear(1, 0.6).posterior
    assert found.tolist() == pytest.approx([0.32 / 0.44, 0.12 / 0.44])
    assert Voices(2, alike=0.0).hear(0, 0.1).posterior.tolist() == pytest.approx([0.5, 0.5]), "below chance is chance"
    assert Voices(3).posterior.tolist() == pytest.approx([1 / 3] * 3)


def test_two_who_agree_are_less_sure_where_mistakes_are_alike() -> None:
    apart = Voices(4, alike=0.0).hear(1, 0.7).hear(1, 0.7).posterior[1]
    alike = Voices(4, alike=ALIKE).hear(1, 0.7).hear(1, 0.7).posterior[1]
    assert alike < apart - 0.02
    one = [Voices(4, alike=share).hear(1, 0.7).posterior[1] for share in (0.0, ALIKE)]
    assert one[0] == pytest.approx(one[1]), "a single voice is worth the same"


def test_who_is_right_more_often_tells_more() -> None:
    voices = Voices(4).hear(0, 0.6)
    told = [voices.information(accuracy) for accuracy in (0.3, 0.5, 0.7, 0.9)]
    assert sorted(told) == told
    assert told[-1] > 5 * told[0]
    assert Voices(4, alike=0.0).hear(0, 0.6).information(0.25) == pytest.approx(0.0, abs=1e-9)


def test_ten_thousand_classes_are_no_matter() -> None:
    voices = Voices(10_000).hear(7, 0.6).hear(9_999, 0.6)
    assert voices.posterior.sum() == pytest.approx(1.0)
    assert len(voices.outcomes(0.8)) == 3


@pytest.mark.parametrize(
    ("classes", "heard", "alike"), [(1, (), 0.5), (2, (Voice(2, 0.5),), 0.5), (2, (Voice(0, 1.5),), 0.5), (2, (), 1.0)]
)
def test_what_does_not_fit_is_refused(classes: int, heard: tuple[Voice, ...], alike: float) -> None:
    with pytest.raises(ValueError, match=r"must be|no answer"):
        Voices(classes, heard, alike)
