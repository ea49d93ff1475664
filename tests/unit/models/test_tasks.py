"""Laws that the loss of every kind of control obeys, and the loss of a whole item."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tasks import LABELS_ON, LOSSES, TOLERANCES, control_loss, item_loss, tolerance
from models.types import ControlKind, LabelConfig, Medium, Region
from models.values import Choices, Ranking, Taxonomy, Text, Value
from tests.unit.models.tasks.marks import (
    KINDS,
    NAME,
    RECTANGLES,
    SEGMENTS,
    TRACKS,
    VALUES,
    box,
    control,
    quick,
    region,
    regions,
)

TABLE = Path(__file__).parents[3] / "docs" / "label-types.md"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_loss_a_tolerance_and_a_row_with_a_picture_in_the_table(kind: ControlKind) -> None:
    assert kind in LOSSES
    assert 0.0 <= TOLERANCES[kind] < 1.0
    rows = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    mine = [row for row in rows if kind in {tag.lower() for tag in re.findall(r"`(\w+)`", row.split("|")[1])}]
    assert mine
    assert all('<img src="images/tags/' in row for row in mine)


@pytest.mark.parametrize("kind", KINDS)
@quick
@given(st.data())
def test_laws(kind: ControlKind, data: st.DataObject) -> None:
    spec = control(kind)
    ours, theirs = data.draw(regions(kind)), data.draw(regions(kind))
    loss = control_loss(ours, theirs, spec)
    assert 0.0 <= loss <= 1.0
    assert control_loss(theirs, ours, spec) == pytest.approx(loss, abs=1e-9)
    assert control_loss(ours[::-1], theirs, spec) == pytest.approx(loss, abs=1e-9)
    assert control_loss(ours, ours, spec) == 0.0
    assert control_loss((), (), spec) == 0.0


@pytest.mark.parametrize("medium", LABELS_ON)
@quick
@given(st.data())
def test_laws_of_labels_on_every_medium(medium: Medium, data: st.DataObject) -> None:
    spec = control("labels", medium)
    values = {Medium.AUDIO: SEGMENTS, Medium.IMAGE: RECTANGLES, Medium.VIDEO: TRACKS}.get(medium)
    drawn = regions("labels") if values is None else st.lists(values.map(region), max_size=4).map(tuple)
    ours, theirs = data.draw(drawn), data.draw(drawn)
    loss = control_loss(ours, theirs, spec)
    assert 0.0 <= loss <= 1.0
    assert control_loss(theirs, ours, spec) == pytest.approx(loss, abs=1e-9)
    assert control_loss(ours, ours, spec) == 0.0


FOREIGN: dict[ControlKind, Value] = {
    "choices": Choices(labels=("c",)),
    "taxonomy": Taxonomy(paths=(("c",),)),
    "rectangle": box(95, 95, 5, 5),
    "textarea": Text(texts=("q" * 20,)),
}
"""What no region that is drawn here is like; a value that carries labels is foreign by the label ``c``."""


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind in FOREIGN or kind.endswith("labels")])
@quick
@given(st.data())
def test_one_more_that_is_wrong_never_lowers_it(kind: ControlKind, data: st.DataObject) -> None:
    ours, theirs = data.draw(regions(kind)), data.draw(regions(kind))
    extra = FOREIGN.get(kind) or data.draw(VALUES[kind]).model_copy(update={"labels": ("c",)})
    before = control_loss(ours, theirs, control(kind))
    assert control_loss((*ours, region(extra)), theirs, control(kind)) >= before - 1e-12


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "ranker"])
@quick
@given(st.data())
def test_an_answer_against_none_is_wrong_in_full(kind: ControlKind, data: st.DataObject) -> None:
    ours = data.draw(regions(kind))
    assert control_loss(ours, (), control(kind)) in ((0.0, 0.5, 1.0) if kind == "pairwise" else (0.0, 1.0))


def test_an_order_against_none_is_wrong_in_full() -> None:
    assert control_loss((region(Ranking(buckets={NAME: ("u", "v")})),), (), control("ranker")) == 1.0


def test_the_tolerance_is_the_controls_own_or_that_of_its_kind() -> None:
    assert tolerance(control("rectanglelabels")) == TOLERANCES["rectanglelabels"]
    assert tolerance(control("rectanglelabels", tolerance=0.3)) == 0.3
    assert tolerance(control("labels")) == 0.0
    assert tolerance(control("labels", Medium.IMAGE)) == TOLERANCES["rectanglelabels"]
    assert tolerance(control("labels", Medium.AUDIO)) == TOLERANCES["timeserieslabels"]


def test_within_its_tolerance_a_box_beside_its_place_is_right() -> None:
    config = LabelConfig(digest="0", controls=(control("rectanglelabels"),))
    human = (region(box(10, 10, 20, 20, "a")),)
    assert item_loss((region(box(11, 10, 20, 20, "a")),), human, config) == 0.0
    assert item_loss((region(box(15, 10, 20, 20, "a")),), human, config) == pytest.approx(0.4)
    assert item_loss((region(box(10, 10, 20, 20, "b")),), human, config) == 1.0


def test_a_required_question_about_marks_is_open_only_where_something_is_marked() -> None:
    asked = control("choices", Medium.IMAGE, per_region=True, required=True).model_copy(update={"name": "state"})
    config = LabelConfig(digest="0", controls=(control("rectanglelabels"),), by_people=(asked,))
    marked = region(box(10, 10, 20, 20, "a"), group="1")
    answer = Region(control="state", value=Choices(labels=("a",)), group="1")
    assert item_loss((), (), config) == 0.0
    assert item_loss((marked,), (marked, answer), config) == 1.0
    whole = config.model_copy(update={"by_people": (asked.model_copy(update={"per_region": False}),)})
    assert item_loss((), (), whole) == 1.0
