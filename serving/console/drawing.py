"""One item with what was said of it, ready to be drawn: spans in texts, shapes on pictures, chips, lines to read.

Pure: from an item's data and regions to values that ``console/drawing.html`` draws. Where content has to be fetched,
the caller says under which of our own addresses it is served.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from models.people.reviews import lines
from models.types import InputSpec, LabelConfig, Medium, PictureSize, Region
from models.values import (
    Choices,
    Ellipse,
    KeyPoint,
    Mask,
    Pair,
    Polygon,
    Ranking,
    Rectangle,
    Segment,
    Taxonomy,
    Text,
    TextSpan,
    path_text,
)
from serving.console.item_view import MOST_TEXT, inputs

Address = Callable[[str], str | None]
"""Field of the item -> where its content is served by us; None: it is not."""

HUES = 8
"""Different colours of labels; ``drawing.css`` has as many."""
MOST_RUNS = 20_000
"""Of a mask that is drawn."""
UNIT = 100.0
"""Width and height of a picture whose size is not known: coordinates are percent."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, and the labels of the spans that cover it."""

    text: str
    labels: tuple[str, ...] = ()
    hue: int = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """One region on a picture, in the picture's own pixels (or percent, where its size is not known)."""

    kind: str
    """``box``, ``ellipse``, ``polygon``, ``point`` or ``mask``."""
    x: float
    y: float
    """The upper left corner, or the centre; where its name stands."""
    width: float = 0.0
    height: float = 0.0
    """Of a box; of an ellipse and a point the radii."""
    rotation: float = 0.0
    """Degrees clockwise around (x, y)."""
    path: str = ""
    """Points of a polygon, or the outline of a mask, as SVG writes it."""
    name: str = ""
    hue: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a recording, percent of the longest end."""

    start: float
    width: float
    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class Chip:
    """A choice."""

    control: str
    text: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """One field of the item."""

    name: str
    medium: Medium
    text: str = ""
    """To read; or the address of what is not served."""
    cut: int = 0
    """Characters that are left out."""
    source: str | None = None
    """Where a picture or a recording is served by us."""
    spans: list[Span] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    size: PictureSize | None = None
    """Of a picture, where a region tells it."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One item."""

    parts: list[Part]
    chips: list[Chip]
    said: list[str]
    """What is neither a span, nor a shape, nor a chip, a line a region."""
    legend: list[str]
    """What the shapes and bars are, a line each."""
    nothing: bool
    """It was said that there is nothing."""


def draw(
    data: Mapping[str, object], regions: Sequence[Region] | None, config: LabelConfig, address: Address
) -> Drawing:
    """Put an item and what was said of it together.

    Args:
        data: the item's.
        regions: what was said; None: nothing was asked.
        config: the project's label config.
        address: where fetched content is served.
    """
    hues = hues_of(config)
    said = list(regions or ())
    placed: list[Region] = []
    parts = []
    for one in inputs(config):
        if (held := data.get(one.field)) is None:
            continue
        mine = [region for region in said if region.control in _controls(config, one)]
        part, used = _part(one, held, mine, hues, address)
        parts.append(part)
        placed += used
    chips = [chip for region in said for chip in _chips(region)]
    rest = [one for one in said if one not in placed and not isinstance(one.value, Choices | Taxonomy)]
    shapes = [one for one in placed if not isinstance(one.value, TextSpan)]
    return Drawing(parts, chips, [words(one) for one in rest], lines(shapes), nothing=regions is not None and not said)


def hues_of(config: LabelConfig) -> dict[str, int]:
    """Label -> colour, in the order of the label config."""
    names = dict.fromkeys(label for one in (*config.controls, *config.by_people) for label in one.labels)
    return {name: number % HUES for number, name in enumerate(names)}


def _controls(config: LabelConfig, source: InputSpec) -> set[str]:
    return {one.name for one in (*config.controls, *config.by_people) if one.input.field == source.field}


def _part(
    source: InputSpec, held: object, said: Sequence[Region], hues: Mapping[str, int], address: Address
) -> tuple[Part, list[Region]]:
    """The field, and the regions that are drawn in it."""
    text = held if isinstance(held, str) else repr(held)
    cut = max(0, len(text) - MOST_TEXT)
    text = text[:MOST_TEXT]
    if source.medium is Medium.TEXT:
        marked = [one for one in said if isinstance(one.value, TextSpan)]
        return Part(source.field, source.medium, text, cut, spans=spans(text, marked, hues)), marked
    if source.medium is Medium.IMAGE:
        size = next((one.size for one in said if one.size is not None), None)
        pairs = [(one, shape) for one in said if (shape := shape_of(one, size, hues)) is not None]
        where = address(source.field)
        shapes = [shape for _, shape in pairs]
        part = Part(source.field, source.medium, text[:500], cut, where, shapes=shapes, size=size)
        return part, [one for one, _ in pairs]
    if source.medium is Medium.AUDIO:
        found = [one for one in said if isinstance(one.value, Segment)]
        where = address(source.field)
        return Part(source.field, source.medium, text[:500], cut, where, bars=bars(found, hues)), found
    return Part(source.field, source.medium, text, cut, address(source.field)), []


def spans(text: str, marked: Sequence[Region], hues: Mapping[str, int]) -> list[Span]:
    """The text cut where a span begins or ends; together they are the text. Spans beyond its end are cut off."""
    values = [one.value for one in marked if isinstance(one.value, TextSpan)]
    edges = {0, len(text)}
    for one in values:
        edges |= {min(one.start, len(text)), min(one.end, len(text))}
    found = []
    for start, end in pairwise(sorted(edges)):
        names = tuple(name for one in values if one.start <= start and end <= one.end for name in one.labels)
        found.append(Span(text[start:end], names, hues.get(names[0], 0) if names else 0))
    return found


def shape_of(region: Region, size: PictureSize | None, hues: Mapping[str, int]) -> Shape | None:
    """A region on a picture; None: it is none, or too detailed to draw."""
    value = region.value
    across = (size.width if size is not None else UNIT) / 100.0
    down = (size.height if size is not None else UNIT) / 100.0
    name = ", ".join(region.labels) or region.control
    hue = hues.get(region.labels[0], 0) if region.labels else 0
    if isinstance(value, Rectangle):
        box = (value.x * across, value.y * down, value.width * across, value.height * down)
        return Shape("box", *box, rotation=value.rotation, name=name, hue=hue)
    if isinstance(value, Ellipse):
        round_ = (value.x * across, value.y * down, value.radius_x * across, value.radius_y * down)
        return Shape("ellipse", *round_, rotation=value.rotation, name=name, hue=hue)
    if isinstance(value, KeyPoint):
        radius = max(value.size, 0.6) * across
        return Shape("point", value.x * across, value.y * down, radius, radius, name=name, hue=hue)
    if isinstance(value, Polygon):
        points = [(x * across, y * down) for x, y in value.points]
        path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        return Shape("polygon", *points[0], path=path, name=name, hue=hue)
    if isinstance(value, Mask) and len(value.runs) <= MOST_RUNS:
        return _mask(value, across, down, name, hue)
    return None


def _mask(mask: Mask, across: float, down: float, name: str, hue: int) -> Shape:
    """Every run of pixels as a rectangle of one row; runs go on over the end of a row."""
    wide, high = 100.0 * across / mask.width, 100.0 * down / mask.height
    path: list[str] = []
    at, first = 0, (0.0, 0.0)
    for number, run in enumerate(mask.runs):
        end = at + run
        while number % 2 and at < end:
            row, column = divmod(at, mask.width)
            length = min(end - at, mask.width - column)
            if not path:
                first = (column * wide, row * high)
            path.append(f"M{column * wide:.2f} {row * high:.2f}h{length * wide:.2f}v{high:.2f}h{-length * wide:.2f}z")
            at += length
        at = end
    return Shape("mask", *first, path="".join(path), name=name, hue=hue)


def bars(found: Sequence[Region], hues: Mapping[str, int]) -> list[Bar]:
    """Stretches on one scale, from 0 to the last end among them."""
    values = [(one, one.value) for one in found if isinstance(one.value, Segment)]
    longest = max((value.end for _, value in values), default=0.0)
    if longest <= 0.0:
        return []
    return [
        Bar(
            100.0 * value.start / longest,
            100.0 * (value.end - value.start) / longest,
            ", ".join(one.labels),
            hues.get(one.labels[0], 0) if one.labels else 0,
        )
        for one, value in values
    ]


def words(region: Region) -> str:
    """What a region says, where it is no mark: texts as they are, all else as ``lines`` has it."""
    value = region.value
    if isinstance(value, Text):
        return f"{region.control}: {' / '.join(value.texts)}"
    if isinstance(value, Ranking):
        return f"{region.control}: " + "; ".join(" > ".join(ids) for ids in value.buckets.values())
    if isinstance(value, Pair):
        return f"{region.control}: {value.selected}"
    return lines([region])[0]


def _chips(region: Region) -> list[Chip]:
    value = region.value
    if isinstance(value, Choices):
        return [Chip(region.control, label, region.score) for label in value.labels]
    if isinstance(value, Taxonomy):
        return [Chip(region.control, path_text(path), region.score) for path in value.paths]
    return []
