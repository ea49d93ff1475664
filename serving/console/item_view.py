"""What the model and people say of one item, side by side, and where they differ. Nothing is fetched for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from models.people.reviews import difference, lines
from models.types import InputSpec, LabelConfig, Medium, Prediction, Region
from models.values import TextSpan
from serving.language import gettext
from serving.store.records import ItemState, LabelRole
from serving.store.rows import REGIONS

MOST_TEXT = 20_000
"""Characters of a text that a page shows."""


@dataclass(frozen=True, slots=True)
class Line:
    """One answered region."""

    text: str
    both: bool
    """The other side says the same."""


@dataclass(frozen=True, slots=True)
class Sides:
    """A prediction beside one label."""

    who: str
    version: str
    model: list[Line]
    person: list[Line]
    loss: float
    """Item loss in [0, 1]."""
    controls: dict[str, float]
    """Control -> loss, where there is any."""


@dataclass(frozen=True, slots=True)
class Content:
    """One field of an item's data."""

    name: str
    medium: Medium
    text: str
    """The text itself, or the address of what is not fetched here."""
    cut: int
    """Characters that are left out."""
    shown: bool
    """It is text to read; else an address or a structure."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and the labels of the spans that cover it."""

    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with the spans that one voice marked in it."""

    field: str
    who: str
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class View:
    """One item as its page shows it."""

    contents: list[Content]
    rest: dict[str, Any]
    """Of its data, what no control is about."""
    said: list[str] | None
    """What the model says now, a line a region; None: nothing."""
    sides: list[Sides]
    marked: list[Marked]
    blind: bool
    """Its prediction is shown to nobody by itself."""
    waits: bool
    """People are still to label it."""


def view(told: Mapping[str, Any], config: LabelConfig, people: Mapping[int, str]) -> View:
    """``told`` is that of ``ItemRepository.explain``; ``people``: Label Studio's user id -> name."""
    row = told["item"]
    said = {one["id"]: Prediction.model_validate(one["prediction"]) for one in told["predictions"]}
    given = [one for one in told["labels"] if not one["was_cancelled"] and one["role"] != LabelRole.GOLD]
    answers = [(named_user(one["completed_by"], people), REGIONS.validate_python(one["regions"]), one) for one in given]
    pairs = [(who, regions, said.get(one["prediction_id"])) for who, regions, one in answers]
    current = said.get(row["prediction_id"])
    voices = (
        [(gettext("Model {version}", version=current.model_version), current.regions)] if current is not None else []
    )
    voices += [(who, regions) for who, regions, _ in answers]
    fields = contents(row["data"], config)
    return View(
        contents=fields,
        rest={name: held for name, held in row["data"].items() if name not in {one.name for one in fields}},
        said=None if current is None else answered(current.regions),
        sides=[sides(who, one, regions, config) for who, regions, one in pairs if one is not None],
        marked=[found for one in fields for found in _marked(one, voices, config)],
        blind=row["blind"],
        waits=row["blind"] and row["state"] not in (ItemState.LABELED, ItemState.GONE),
    )


def answered(regions: Sequence[Region]) -> list[str]:
    """What was answered, a line a region; one line that says so where it is nothing."""
    return lines(regions, say=gettext) or [gettext("nothing")]


def named_user(user: int, people: Mapping[int, str]) -> str:
    """A person's name; Label Studio's number where there is none."""
    return people.get(user) or gettext("user {n}", n=user)


def current(told: Mapping[str, Any]) -> tuple[Region, ...] | None:
    """What the model says now; None: nothing."""
    said = [one for one in told["predictions"] if one["id"] == told["item"]["prediction_id"]]
    return Prediction.model_validate(said[0]["prediction"]).regions if said else None


def _marked(content: Content, voices: Sequence[tuple[str, Sequence[Region]]], config: LabelConfig) -> list[Marked]:
    found = [(who, spans(regions, content.name, config)) for who, regions in voices]
    if content.medium is not Medium.TEXT or not any(marked for _, marked in found):
        return []
    return [Marked(content.name, who, pieces(content.text, marked)) for who, marked in found]


def sides(who: str, said: Prediction, label: Sequence[Region], config: LabelConfig) -> Sides:
    """How far the prediction is from the label."""
    loss, controls = difference(said.regions, label, config)
    ours, theirs = lines(said.regions, say=gettext), lines(label, say=gettext)
    return Sides(
        who=who,
        version=said.model_version,
        model=[Line(one, one in theirs) for one in ours],
        person=[Line(one, one in ours) for one in theirs],
        loss=loss,
        controls=controls,
    )


def inputs(config: LabelConfig) -> list[InputSpec]:
    """The object tags that the controls are about, each field once."""
    found = {one.input.field: one.input for one in config.controls + config.by_people}
    return list(found.values())


def contents(data: Mapping[str, object], config: LabelConfig) -> list[Content]:
    """What an item is made of, field by field; nothing is fetched."""
    found = []
    for one in inputs(config):
        if (held := data.get(one.field)) is None:
            continue
        text = held if isinstance(held, str) else repr(held)
        cut = max(0, len(text) - MOST_TEXT)
        shown = one.medium in (Medium.TEXT, Medium.HYPERTEXT, Medium.DIALOGUE, Medium.LIST)
        found.append(Content(one.field, one.medium, text[:MOST_TEXT], cut, shown))
    return found


def spans(regions: Sequence[Region], field: str, config: LabelConfig) -> list[TextSpan]:
    """The spans that an answer marks in one field."""
    names = {one.name for one in config.controls + config.by_people if one.input.field == field}
    return [one.value for one in regions if one.control in names and isinstance(one.value, TextSpan)]


def pieces(text: str, marked: Sequence[TextSpan]) -> list[Piece]:
    """The text cut where a span begins or ends; together they are the text. Spans beyond its end are cut off."""
    edges = {0, len(text)}
    for one in marked:
        edges |= {min(one.start, len(text)), min(one.end, len(text))}
    places = sorted(edges)
    return [
        Piece(
            text[start:end],
            tuple(name for one in marked if one.start <= start and end <= one.end for name in one.labels),
        )
        for start, end in pairwise(places)
    ]
