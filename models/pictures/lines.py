"""Lines of text that were read from a picture: their order, and how they become regions.

Enters: quadrilaterals in pixels with what they say. Leaves: regions in percent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.types import ControlSpec, PictureSize, Region
from models.values import Choices, Polygon, Rectangle, Text, Value

MIN_TURN = 1.0
"""Degrees; a line that leans less is marked by an upright box."""


@dataclass(frozen=True)
class Line:
    """One line of text."""

    corners: NDArray[np.float64]
    """``(4, 2)``, x and y in percent of the picture: upper left, upper right, lower right, lower left of the text."""
    text: str
    score: float
    """Mean probability of its characters, in [0, 1]."""


@dataclass(frozen=True)
class Roles:
    """Which control says what of a line."""

    shape: ControlSpec | None = None
    labels: ControlSpec | None = None
    text: ControlSpec | None = None
    """Asked of each marked line."""
    whole: ControlSpec | None = None
    """All lines as one text."""
    label: str | None = None
    """What each line is labelled; None where nothing asks for a label."""

    @property
    def controls(self) -> tuple[ControlSpec, ...]:
        """Those that are filled, the main one first."""
        return tuple(one for one in (self.shape, self.labels, self.text, self.whole) if one is not None)


def regions(lines: Sequence[Line], size: PictureSize, roles: Roles) -> tuple[Region, ...]:
    """Everything that the controls say of these lines; the regions of one line share a group."""
    ordered = [line for row in rows(lines) for line in row]
    found: list[Region] = []
    if roles.shape is not None:
        for number, line in enumerate(ordered, 1):
            found += _of_line(line, f"line-{number}", size, roles, roles.shape)
    if roles.whole is not None and ordered:
        text = Text(texts=(joined(lines),))
        found.append(Region(control=roles.whole.name, value=text, score=min(line.score for line in ordered)))
    return tuple(found)


def joined(lines: Sequence[Line]) -> str:
    """All lines in reading order: what stands side by side with spaces between, rows with line breaks."""
    return "\n".join(" ".join(line.text for line in row) for row in rows(lines))


def rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that stand side by side, left to right, from the uppermost row down.

    A line belongs to the row above it where its middle is within half a line height of the middle of the row's last.
    """
    found: list[list[Line]] = []
    for line in sorted(lines, key=_middle):
        last = found[-1][-1] if found else None
        if last is not None and abs(_middle(line) - _middle(last)) < 0.5 * min(_height(line), _height(last)):
            found[-1].append(line)
        else:
            found.append([line])
    return [sorted(row, key=lambda line: float(line.corners[:, 0].min())) for row in found]


def rectangle(corners: NDArray[np.float64], size: PictureSize, labels: tuple[str, ...] = ()) -> Rectangle:
    """The box around a line: upright, or turned with the line where that leans by at least ``MIN_TURN`` degrees."""
    pixels = corners * (size.width / 100, size.height / 100)
    along, down = pixels[1] - pixels[0], pixels[3] - pixels[0]
    turn = math.degrees(math.atan2(along[1], along[0]))
    if abs(turn) < MIN_TURN:
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        return Rectangle(x=left, y=top, width=right - left, height=bottom - top, labels=labels)
    return Rectangle(
        x=corners[0, 0],
        y=corners[0, 1],
        width=math.hypot(*along) * 100 / size.width,
        height=math.hypot(*down) * 100 / size.height,
        rotation=turn % 360.0,
        labels=labels,
    )


def _of_line(line: Line, group: str, size: PictureSize, roles: Roles, shape: ControlSpec) -> list[Region]:
    given = () if roles.label is None else (roles.label,)
    values: list[tuple[ControlSpec, Value]] = [(shape, _marked(line, size, shape, given))]
    if roles.labels is not None and given:
        values.append((roles.labels, Choices(labels=given)))
    if roles.text is not None:
        values.append((roles.text, Text(texts=(line.text,))))
    return [
        Region(control=control.name, value=value, score=line.score, group=group, size=size) for control, value in values
    ]


def _marked(line: Line, size: PictureSize, shape: ControlSpec, given: tuple[str, ...]) -> Rectangle | Polygon:
    labels = given if shape.kind.endswith("labels") else ()
    if shape.kind.startswith("polygon"):
        return Polygon(points=tuple((float(x), float(y)) for x, y in line.corners), labels=labels)
    return rectangle(line.corners, size, labels)


def _middle(line: Line) -> float:
    return float(line.corners[:, 1].mean())


def _height(line: Line) -> float:
    """Of the text itself, so that a leaning line is not taken for a high one."""
    return float(np.abs(line.corners[3, 1] - line.corners[0, 1]))
