from __future__ import annotations

import pytest
from scipy.stats import beta

from models.errors import EvidenceMissing
from models.people.reviews import NEEDS, Code, Gold, Own, Rule, check, difference, lines, overturned
from models.types import Choices, ControlSpec, InputSpec, LabelConfig, Medium, Region
from models.values import Rectangle, Taxonomy

TEXT = InputSpec(name="text", field="text", medium=Medium.TEXT)
MOOD = ControlSpec(name="mood", kind="choices", labels=("good", "bad"), input=TEXT)
WHY = ControlSpec(name="why", kind="choices", labels=("price", "taste"), required=True, input=TEXT)
CONFIG = LabelConfig(digest="0" * 64, controls=(MOOD,), by_people=(WHY,))


def said(mood: str, why: str = "price") -> tuple[Region, ...]:
    return tuple(Region(control=name, value=Choices(labels=(word,))) for name, word in (("mood", mood), ("why", why)))


@pytest.mark.parametrize("code", [code for code in Code if code not in NEEDS])
@pytest.mark.parametrize("evidence", [Rule(text="3.2"), Gold(task=5), Own()])
def test_a_reason_with_any_evidence_is_one(code: Code, evidence: Rule | Gold | Own) -> None:
    check(code, evidence)


@pytest.mark.parametrize(
    ("code", "evidence"),
    [
        (None, Rule(text="3.2")),
        (Code.WRONG_LABEL, None),
        (Code.GUIDELINE, Own()),
        (Code.GUIDELINE, Gold(task=5)),
        (Code.GOLD, Rule(text="3.2")),
    ],
)
def test_a_rejection_without_is_none(code: Code | None, evidence: Rule | Gold | Own | None) -> None:
    with pytest.raises(EvidenceMissing):
        check(code, evidence)


def test_people_are_compared_on_what_is_left_to_people_as_well() -> None:
    assert difference(said("good"), said("good"), CONFIG) == (0.0, {})
    assert difference(said("good"), said("bad"), CONFIG) == (1.0, {"mood": 1.0})
    assert difference(said("good"), said("good", "taste"), CONFIG) == (1.0, {"why": 1.0})


def test_a_line_a_region() -> None:
    box = Rectangle(x=1.234, y=2.0, width=3.0, height=4.0, labels=("car", "red"))
    tree = Taxonomy(paths=(("a", "b"), ("c",)))
    regions = (*said("good"), Region(control="box", value=box), Region(control="tree", value=tree))
    told = lines(regions)
    assert told[:2] == ["mood: good", "why: price"]
    assert told[2] == "box: car, red; x 1.23; y 2.0; width 3.0; height 4.0"
    assert told[3] == "tree: a > b, c"


def test_the_rate_of_what_was_looked_at_again() -> None:
    assert overturned(0, 0) is None
    rate = overturned(2, 6)
    assert rate is not None
    assert (rate.share, rate.n) == (0.25, 8)
    assert (rate.lower, rate.upper) == pytest.approx(beta(2.5, 6.5).interval(0.95))
