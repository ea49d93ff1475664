from __future__ import annotations

import pytest

from models.tasks import LOSSES
from models.types import ControlKind, Medium, Region
from models.values import Choices, Rating, Segment, Text, Value
from tests.unit.models.tasks.marks import box, control, region

READ = control("textarea", Medium.IMAGE)


def _line(x: float, text: str, group: str, label: str = "a") -> tuple[Region, ...]:
    place = Region(control="place", value=box(x, 0, 10, 10, label), group=group)
    return (place, region(Text(texts=(text,)), group=group))


def test_texts_are_compared_where_they_stand() -> None:
    ours = _line(0, "one", "x") + _line(50, "two", "y")
    theirs = _line(51, "two", "x") + _line(0, "onx", "y")
    assert LOSSES["textarea"](ours, theirs, READ) == pytest.approx((1 / 3 + 0) / 2)


def test_a_missed_and_a_made_up_line_count_in_full() -> None:
    ours = _line(0, "one", "x") + _line(80, "made up", "y")
    theirs = _line(0, "one", "x") + _line(50, "two", "z")
    assert LOSSES["textarea"](ours, theirs, READ) == pytest.approx(2 / 3)


def test_the_marks_labels_have_a_loss_of_their_own() -> None:
    assert LOSSES["textarea"](_line(0, "one", "x", "a"), _line(0, "one", "x", "b"), READ) == 0.0


def test_without_a_mark_the_same_group_is_the_same_thing() -> None:
    spec = control("textarea", Medium.IMAGE, per_region=True)
    one, two = region(Text(texts=("one",)), group="x"), region(Text(texts=("two",)), group="y")
    assert LOSSES["textarea"]((one, two), (two, one), spec) == 0.0
    moved = region(Text(texts=("one",)), group="z")
    assert LOSSES["textarea"]((one,), (moved,), spec) == 1.0


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [("choices", Choices(labels=("a",)), Choices(labels=("b",))), ("rating", Rating(stars=5), Rating(stars=1))],
)
def test_answers_of_any_kind_follow_stretches_of_audio(kind: ControlKind, right: Value, wrong: Value) -> None:
    def answer(start: float, value: Value) -> tuple[Region, ...]:
        mark = Region(control="voice", value=Segment(start=start, end=start + 10), group=str(start))
        return (mark, region(value, group=str(start)))

    spec = control(kind, Medium.AUDIO, per_region=True)
    theirs = answer(0, right) + answer(20, right)
    assert LOSSES[kind](answer(1, right) + answer(21, right), theirs, spec) == 0.0
    assert LOSSES[kind](answer(1, right) + answer(21, wrong), theirs, spec) == pytest.approx(0.5)


def test_without_marks_it_is_the_loss_of_the_whole_item() -> None:
    assert LOSSES["textarea"]((region(Text(texts=("kitten",))),), (region(Text(texts=("mitten",))),), READ) == (
        pytest.approx(1 / 6)
    )
