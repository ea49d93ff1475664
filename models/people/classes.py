"""Answers that are one of a list of classes, and those that are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from models.types import ControlSpec, Region
from models.values import Choices, DateTime, Number, Pair, Rating, Taxonomy, path_text

Level = Literal["nominal", "ordinal", "interval", "distance"]
"""Stevens' level of measurement of a control's answers; ``distance``: compared by ``models.tasks.control_loss``."""

SIDES = ("left", "right", "none")
MOST_STARS = 100
"""A rating with more is no list of classes."""


def level_of(control: ControlSpec) -> Level:
    """How two answers to this control are compared.

    Nominal: a single choice, one path of a taxonomy, the better one of a pair. Ordinal: stars. Interval: numbers.
    Everything else, and whatever is asked for each marked region, by distance: boxes, spans, texts, several choices.
    """
    if control.per_region:
        return "distance"
    if control.kind in ("choices", "taxonomy"):
        return "distance" if control.multiple else "nominal"
    if control.kind in ("pairwise", "datetime"):
        return "nominal"
    if control.kind == "rating":
        return "ordinal"
    return "interval" if control.kind == "number" else "distance"


def options(control: ControlSpec) -> tuple[str, ...]:
    """The classes that an answer may be, as ``class_of`` writes them; empty: the answers are no list of classes."""
    if control.per_region or control.multiple:
        return ()
    if control.kind == "pairwise":
        return SIDES
    if control.kind == "rating" and control.maximum is not None and control.maximum <= MOST_STARS:
        return tuple(map(str, range(int(control.minimum or 1), int(control.maximum) + 1)))
    return control.options if control.kind in ("choices", "taxonomy") else ()


def class_of(regions: Sequence[Region], control: ControlSpec) -> str | None:
    """The one class that an answer says; None: nothing, or several.

    Paths are written as ``models.values.path_text`` does, stars and numbers as numerals. A pair without an answer is
    ``none``: Label Studio stores nothing where neither side is better.
    """
    found = [text for region in regions if region.control == control.name for text in _texts(region)]
    if control.kind == "pairwise" and not found:
        return "none"
    return found[0] if len(found) == 1 else None


def _texts(region: Region) -> tuple[str, ...]:
    match region.value:
        case Choices(labels=labels):
            return labels
        case Taxonomy(paths=paths):
            return tuple(map(path_text, paths))
        case Pair(selected=side):
            return (side,)
        case Rating(stars=stars):
            return (str(stars),)
        case Number(number=number):
            return (repr(number),)
        case DateTime(text=text):
            return (text.strip(),)
        case _:
            return ()
