"""What can be said of an item with one control of a label config; one class a kind of value.

Free of any platform's wire format, immutable and JSON-serializable, discriminated by ``kind``. On pictures and videos
all coordinates and sizes are percent of the whole, in [0, 100], so they hold at any resolution; rotations are degrees
clockwise. A region may carry no label where another control names it (see ``Region.group`` in ``models.types``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Frozen(BaseModel):
    """Base of all values: immutable, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Choices(Frozen):
    """Labels chosen from a fixed list. Order carries no meaning."""

    kind: Literal["choices"] = "choices"
    labels: tuple[str, ...]


class Taxonomy(Frozen):
    """Paths in a tree of labels, each from the root down. Order of the paths carries no meaning."""

    kind: Literal["taxonomy"] = "taxonomy"
    paths: tuple[tuple[str, ...], ...]


def path_text(path: tuple[str, ...]) -> str:
    """A path in a tree of labels as one text: ``Clothing > Shoes``; different paths have different texts."""
    return " > ".join(part.replace("\\", "\\\\").replace(">", "\\>") for part in path)


class TextSpan(Frozen):
    """Characters ``[start, end)`` of a text, counted in Unicode code points."""

    kind: Literal["span"] = "span"
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str = ""
    """The characters themselves."""
    labels: tuple[str, ...] = ()


class HyperTextSpan(Frozen):
    """Characters between two points of an HTML document."""

    kind: Literal["hypertext"] = "hypertext"
    start: str
    """XPath of the text node that the span begins in."""
    end: str
    start_offset: int = Field(ge=0)
    """UTF-16 units into that node (``models.offsets``)."""
    end_offset: int = Field(ge=0)
    global_start: int | None = None
    """Code points into the document's visible text; None: not known."""
    global_end: int | None = None
    text: str = ""
    labels: tuple[str, ...] = ()


class DialogueSpan(Frozen):
    """Characters from a point in one utterance of a dialogue to a point in the same or a later one."""

    kind: Literal["dialogue"] = "dialogue"
    start: int = Field(ge=0)
    """Index of the utterance."""
    end: int = Field(ge=0)
    start_offset: int = Field(ge=0)
    """UTF-16 units into that utterance (``models.offsets``)."""
    end_offset: int = Field(ge=0)
    text: str = ""
    labels: tuple[str, ...] = ()


class Rectangle(Frozen):
    """A box; it is turned around its upper left corner ``(x, y)``."""

    kind: Literal["rectangle"] = "rectangle"
    x: float
    y: float
    width: float = Field(ge=0.0)
    height: float = Field(ge=0.0)
    rotation: float = 0.0
    labels: tuple[str, ...] = ()


class Ellipse(Frozen):
    """An ellipse around ``(x, y)``, turned around it."""

    kind: Literal["ellipse"] = "ellipse"
    x: float
    y: float
    radius_x: float = Field(ge=0.0)
    radius_y: float = Field(ge=0.0)
    rotation: float = 0.0
    labels: tuple[str, ...] = ()


class Polygon(Frozen):
    """A closed polygon."""

    kind: Literal["polygon"] = "polygon"
    points: tuple[tuple[float, float], ...] = Field(min_length=3)
    labels: tuple[str, ...] = ()


class Mask(Frozen):
    """Pixels of a picture, as runs: off, on, off ... in rows from the upper left, the first run off (it may be 0)."""

    kind: Literal["mask"] = "mask"
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    runs: tuple[int, ...]
    labels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if sum(self.runs) != self.width * self.height or min(self.runs, default=0) < 0:
            raise ValueError(f"runs must add up to {self.width} x {self.height} pixels")
        return self


class KeyPoint(Frozen):
    """A point. ``size`` is how large it is drawn."""

    kind: Literal["keypoint"] = "keypoint"
    x: float
    y: float
    size: float = Field(default=0.5, ge=0.0)
    labels: tuple[str, ...] = ()


class Segment(Frozen):
    """A stretch of audio, or of a time series: seconds, or whatever its time axis counts."""

    kind: Literal["segment"] = "segment"
    start: float
    end: float
    channel: int | None = None
    """Of audio; None: all of them."""
    labels: tuple[str, ...] = ()


class KeyFrame(Frozen):
    """Where a tracked box stands in one frame; between key frames it moves evenly."""

    frame: int = Field(ge=1)
    time: float = Field(ge=0.0)
    """Seconds."""
    x: float
    y: float
    width: float = Field(ge=0.0)
    height: float = Field(ge=0.0)
    rotation: float = 0.0
    enabled: bool = True
    """Whether the box is seen from here to the next key frame."""


class Track(Frozen):
    """One object through a video."""

    kind: Literal["track"] = "track"
    frames: int = Field(ge=1)
    """How many the video has."""
    duration: float = Field(ge=0.0)
    """Seconds."""
    sequence: tuple[KeyFrame, ...] = Field(min_length=1)
    labels: tuple[str, ...] = ()


class FrameRanges(Frozen):
    """Ranges of frames ``[start, end]`` of a video that carry the same labels."""

    kind: Literal["frames"] = "frames"
    ranges: tuple[tuple[int, int], ...] = Field(min_length=1)
    labels: tuple[str, ...] = ()


class Text(Frozen):
    """What was read, heard or written. Several strings where the control takes several."""

    kind: Literal["text"] = "text"
    texts: tuple[str, ...]


class Rating(Frozen):
    """Stars."""

    kind: Literal["rating"] = "rating"
    stars: int = Field(ge=0)


class Number(Frozen):
    """A number."""

    kind: Literal["number"] = "number"
    number: float


class DateTime(Frozen):
    """A date, a time or both, as the control writes it."""

    kind: Literal["datetime"] = "datetime"
    text: str


class Pair(Frozen):
    """The better one of two objects; ``none`` where neither is."""

    kind: Literal["pair"] = "pair"
    selected: Literal["left", "right", "none"]


class Ranking(Frozen):
    """Ids of a list's items, best first, by bucket; a plain ranking has one bucket, named like the control."""

    kind: Literal["ranking"] = "ranking"
    buckets: dict[str, tuple[str, ...]]


Value = Annotated[
    Choices
    | Taxonomy
    | TextSpan
    | HyperTextSpan
    | DialogueSpan
    | Rectangle
    | Ellipse
    | Polygon
    | Mask
    | KeyPoint
    | Segment
    | Track
    | FrameRanges
    | Text
    | Rating
    | Number
    | DateTime
    | Pair
    | Ranking,
    Field(discriminator="kind"),
]

Shape = Rectangle | Ellipse | Polygon | Mask | KeyPoint
"""What marks a part of a picture."""


def labels_of(value: Any) -> tuple[str, ...]:
    """The labels that a value carries itself; none where its kind has no labels."""
    found: tuple[str, ...] = getattr(value, "labels", ())
    return found
