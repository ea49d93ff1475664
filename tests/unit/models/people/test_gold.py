"""When a gold item is given up, and what is told of an answer to it."""

from __future__ import annotations

import numpy as np
import pytest

from models.people.gold import DISPUTED, FAILED, differences, given_up, good_standing, in_words, is_right
from models.people.skill import Skill
from models.types import Choices, ControlSpec, InputSpec, LabelConfig, Medium, Region
from models.values import Number, Pair, Ranking, Rating, Rectangle, Taxonomy, Text, TextSpan


def control(name: str = "label", **more: object) -> ControlSpec:
    shown = InputSpec(name="text", field="text", medium=Medium.TEXT)
    values = {"name": name, "kind": "choices", "labels": ("a", "b"), "input": shown} | more
    return ControlSpec(**values)


CONFIG = LabelConfig(digest="0" * 64, controls=(control(),))


def said(*labels: str, name: str = "label") -> tuple[Region, ...]:
    return (Region(control=name, value=Choices(labels=labels)),)


@pytest.mark.parametrize(
    ("answers", "disputes", "good", "failed", "reason"),
    [
        (4, 4, 4, 4, None),
        (5, 2, 5, 3, None),
        (5, 3, 0, 0, "disputed"),
        (100, 25, 0, 0, None),
        (100, 30, 0, 0, "disputed"),
        (9, 0, 5, 4, "failed"),
        (60, 0, 60, 26, None),
        (60, 0, 60, 28, "failed"),
    ],
)
def test_what_chance_may_bring_gives_nothing_up(
    answers: int, disputes: int, good: int, failed: int, reason: str | None
) -> None:
    found = given_up(answers=answers, disputes=disputes, good=good, failed=failed)
    assert (found.reason if found else None) == reason
    if found:
        assert found.numbers["lower"] >= found.numbers["bound"] == (DISPUTED if reason == "disputed" else FAILED)


def test_a_right_gold_stays_and_a_wrong_one_goes() -> None:
    """Fails of good people: one in ten where the gold is right, nine in ten where it is wrong; looked at after each."""
    draw = np.random.default_rng(0)

    def gone(share: float) -> bool:
        fails = np.cumsum(draw.uniform(size=30) < share)
        looks = enumerate(fails.tolist(), 1)
        return any(given_up(answers=n, disputes=0, good=n, failed=failed) for n, failed in looks)

    assert np.mean([gone(0.1) for _ in range(500)]) < 0.02
    assert np.mean([gone(0.9) for _ in range(500)]) > 0.99


def test_standing_takes_evidence_and_a_good_result() -> None:
    assert not good_standing(Skill())
    assert not good_standing(Skill.of(4, 0))
    assert good_standing(Skill.of(5, 0))
    assert not good_standing(Skill.of(20, 10))


def test_controls_left_to_people_have_no_part() -> None:
    config = CONFIG.model_copy(update={"by_people": (control("note", required=True),)})
    assert is_right(said("a"), said("a"), config)
    assert not is_right(said("b"), said("a"), config)
    assert not is_right((), said("a"), config)


def test_only_what_differs_is_told() -> None:
    config = LabelConfig(digest="0" * 64, controls=(control(), control("tone")))
    mine, known = (*said("a"), *said("b", name="tone")), (*said("a"), *said("a", name="tone"))
    [found] = differences(mine, known, config)
    assert (found.control, found.loss, found.said, found.answer) == ("tone", 1.0, "b", "a")
    assert differences(known, known, config) == []
    assert differences((), said("a"), CONFIG)[0].said == "nothing"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Choices(labels=("a", "b")), "a, b"),
        (Taxonomy(paths=(("x", "y"),)), "x > y"),
        (TextSpan(start=0, end=3, text="Bob", labels=("person",)), "person “Bob”"),
        (Rectangle(x=1, y=1, width=2, height=2, labels=("car",)), "car"),
        (Rectangle(x=1, y=1, width=2, height=2), "1 marked"),
        (Text(texts=("one", "two")), "one, two"),
        (Rating(stars=4), "4 stars"),
        (Number(number=2.5), "2.5"),
        (Pair(selected="left"), "left"),
        (Ranking(buckets={"best": ("x", "y")}), "best: x > y"),
    ],
)
def test_answers_in_words(value: object, text: str) -> None:
    assert in_words([Region(control="c", value=value)], "c") == text
