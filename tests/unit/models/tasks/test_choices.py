from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ConfigurationError
from models.tasks import choices, item_loss
from models.types import HumanLabel, LabelConfig
from tests.unit.models.samples import control, regions

SINGLE = control(("a", "b", "c"))
SEVERAL = control(("a", "b", "c"), multiple=True)
SUBSET = st.sets(st.sampled_from("abc"))


def test_single_takes_the_most_probable_label() -> None:
    outcome = choices.decide(("a", "b", "c"), np.array([0.2, 0.7, 0.1]), SINGLE)
    (region,) = outcome.regions
    assert (region.control, region.labels, region.score) == ("verdict", ("b",), 0.7)
    assert outcome.confidence == 0.7
    assert outcome.numbers["p1"] == 0.7
    assert outcome.numbers["p2"] == 0.2
    assert outcome.numbers["margin"] == pytest.approx(0.5)
    entropy = -(0.2 * math.log(0.2) + 0.7 * math.log(0.7) + 0.1 * math.log(0.1))
    assert outcome.numbers["entropy"] == pytest.approx(entropy)


def test_several_takes_all_from_one_half_up() -> None:
    outcome = choices.decide(("a", "b", "c"), np.array([0.5, 0.9, 0.2]), SEVERAL)
    (region,) = outcome.regions
    assert set(region.labels) == {"a", "b"}
    assert region.score == 0.5
    assert outcome.confidence == pytest.approx(0.5 * 0.9 * 0.8)


def test_several_may_find_nothing_and_be_sure_of_it() -> None:
    outcome = choices.decide(("a", "b", "c"), np.array([0.1, 0.1, 0.1]), SEVERAL)
    assert outcome.regions == ()
    assert outcome.confidence == pytest.approx(0.9**3)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.booleans())
def test_all_figures_stay_in_range(values: list[float], multiple: bool) -> None:
    labels = tuple("abcdef"[: len(values)])
    outcome = choices.decide(labels, np.array(values), control(labels, multiple=multiple))
    assert 0 <= outcome.confidence <= 1
    assert outcome.numbers["p1"] >= outcome.numbers["p2"]
    assert all(math.isfinite(number) for number in outcome.numbers.values())


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"), [("a", "a", 0.0), ("a", "b", 1.0), ("", "a", 1.0), ("a", "", 1.0), ("", "", 0.0)]
)
def test_loss_of_a_single_choice(ours: str, theirs: str, expected: float) -> None:
    assert choices.loss(regions(*ours), regions(*theirs), SINGLE) == expected


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [("ab", "ba", 0.0), ("ab", "bc", 2 / 3), ("a", "bc", 1.0), ("", "", 0.0), ("", "a", 1.0), ("abc", "a", 2 / 3)],
)
def test_loss_of_several_choices(ours: str, theirs: str, expected: float) -> None:
    assert choices.loss(regions(*ours), regions(*theirs), SEVERAL) == pytest.approx(expected)


@given(SUBSET, SUBSET)
def test_loss_is_symmetric_in_range_and_zero_for_equals_only(ours: set[str], theirs: set[str]) -> None:
    forth = choices.loss(regions(*sorted(ours)), regions(*sorted(theirs)), SEVERAL)
    back = choices.loss(regions(*sorted(theirs)), regions(*sorted(ours)), SEVERAL)
    assert forth == back
    assert 0 <= forth <= 1
    assert (forth == 0) == (ours == theirs)


def test_regions_of_other_controls_do_not_count() -> None:
    assert choices.loss(regions("a") + regions("b", control="other"), regions("a"), SINGLE) == 0.0


def test_labels_may_be_spread_over_regions() -> None:
    assert choices.loss(regions("a") + regions("b"), regions("a", "b"), SEVERAL) == 0.0


def test_an_item_is_as_wrong_as_its_worst_control() -> None:
    config = LabelConfig(digest="0", controls=(SINGLE, control(("a", "b", "c"), multiple=True, name="topics")))
    ours = regions("a") + regions("a", "b", control="topics")
    theirs = regions("a") + regions("a", control="topics")
    assert item_loss(ours, theirs, config) == pytest.approx(0.5)
    assert item_loss(ours, regions("b") + regions("a", "b", control="topics"), config) == 1.0
    assert item_loss(ours, ours, config) == 0.0


def test_an_item_without_a_comparable_control_has_no_loss() -> None:
    with pytest.raises(ConfigurationError, match="Choices"):
        item_loss((), (), LabelConfig(digest="0", controls=(), unsupported=("box (RectangleLabels)",)))


@pytest.mark.parametrize(
    ("labels", "multiple", "required", "expected"),
    [
        ("a", False, False, {"a"}),
        ("", False, False, None),
        ("ab", False, False, None),
        ("ab", True, False, {"a", "b"}),
        ("", True, False, set()),
        ("", True, True, None),
        ("ax", True, False, None),
        ("x", False, False, None),
    ],
)
def test_what_a_label_teaches(labels: str, multiple: bool, required: bool, expected: set[str] | None) -> None:
    spec = control(("a", "b", "c"), multiple=multiple, required=required)
    assert choices.target(HumanLabel(regions=regions(*labels)), spec) == expected
