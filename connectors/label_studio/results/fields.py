"""One value <-> the ``value`` of one entry of a result: what each kind of control calls its fields there.

Leaves ``fields_of``: a dict of Label Studio's names; leaves ``value_of``: a value, or ``None`` where that is broken.
Coordinates are percent and offsets count the same on both sides, so nothing is converted: code points in texts and in
``globalOffsets``, UTF-16 units in a node of HTML or an utterance (seen in the annotator's page of release 1.23.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from connectors.label_studio.results import brush
from models import values
from models.types import ControlKind, ControlSpec, Medium, PictureSize

Wire = Mapping[str, Any]

KINDS: Mapping[ControlKind, tuple[type[values.Frozen], ...]] = {
    "choices": (values.Choices,),
    "taxonomy": (values.Taxonomy,),
    "labels": (values.TextSpan, values.Segment, values.Choices),
    "hypertextlabels": (values.HyperTextSpan,),
    "paragraphlabels": (values.DialogueSpan,),
    "rectangle": (values.Rectangle,),
    "rectanglelabels": (values.Rectangle,),
    "ellipse": (values.Ellipse,),
    "ellipselabels": (values.Ellipse,),
    "polygon": (values.Polygon,),
    "polygonlabels": (values.Polygon,),
    "brush": (values.Mask,),
    "brushlabels": (values.Mask,),
    "keypoint": (values.KeyPoint,),
    "keypointlabels": (values.KeyPoint,),
    "timeserieslabels": (values.Segment,),
    "videorectangle": (values.Track,),
    "timelinelabels": (values.FrameRanges,),
    "textarea": (values.Text,),
    "rating": (values.Rating,),
    "number": (values.Number,),
    "datetime": (values.DateTime,),
    "pairwise": (values.Pair,),
    "ranker": (values.Ranking,),
}

LABELS_ON: Mapping[Medium, type[values.Frozen]] = {
    Medium.TEXT: values.TextSpan,
    Medium.AUDIO: values.Segment,
    Medium.IMAGE: values.Choices,
    Medium.VIDEO: values.Choices,
}
"""What a ``Labels`` tag says: it marks text and audio itself, and names what other tags mark on pictures and videos."""

MARKS = (
    values.TextSpan,
    values.HyperTextSpan,
    values.DialogueSpan,
    values.Rectangle,
    values.Ellipse,
    values.Polygon,
    values.Mask,
    values.KeyPoint,
    values.Segment,
    values.Track,
    values.FrameRanges,
)
"""Values that mark a place."""
SHAPES = (values.Rectangle, values.Ellipse, values.Polygon, values.Mask, values.KeyPoint)


def holds(control: ControlSpec) -> tuple[type[values.Frozen], ...]:
    """Classes of the values that a control may have."""
    return (LABELS_ON[control.input.medium],) if control.kind == "labels" else KINDS[control.kind]


def label_key(kind: ControlKind) -> str | None:
    """What a control's labels stand under; None where it has none of its own."""
    if kind.endswith("labels") or kind == "choices":
        return kind
    return "labels" if kind == "videorectangle" else None


def ordered(labels: Iterable[str], control: ControlSpec) -> tuple[str, ...]:
    """In the order of the label config, without repeats; labels that it does not know come last."""
    chosen = set(labels)
    return tuple(label for label in control.labels if label in chosen) + tuple(sorted(chosen - set(control.labels)))


def ordered_paths(paths: Iterable[tuple[str, ...]], control: ControlSpec) -> tuple[tuple[str, ...], ...]:
    """As ``ordered``, of a taxonomy."""
    chosen = set(paths)
    return tuple(path for path in control.paths if path in chosen) + tuple(sorted(chosen - set(control.paths)))


def fields_of(value: values.Value, control: ControlSpec) -> dict[str, Any]:
    """All that an entry says of a value, its labels among it."""
    key = label_key(control.kind)
    labels = values.labels_of(value)
    said = place_of(value) if isinstance(value, MARKS) else _said(value, control)
    return said | ({key: list(ordered(labels, control))} if key and (labels or key != "labels") else {})


def place_of(value: values.Value) -> dict[str, Any]:
    """Where a value that marks a place marks it."""
    match value:
        case values.Rectangle():
            return value.model_dump(include={"x", "y", "width", "height", "rotation"})
        case values.Ellipse(x=x, y=y, radius_x=wide, radius_y=high, rotation=rotation):
            return {"x": x, "y": y, "radiusX": wide, "radiusY": high, "rotation": rotation}
        case values.Polygon(points=points):
            return {"points": [list(point) for point in points], "closed": True}
        case values.Mask(runs=runs):
            return {"format": "rle", "rle": brush.encode(runs)}
        case values.KeyPoint(x=x, y=y, size=size):
            return {"x": x, "y": y, "width": size}
        case values.TextSpan():
            return value.model_dump(include={"start", "end", "text"})
        case values.Segment(start=start, end=end, channel=channel):
            return {"start": start, "end": end} | ({} if channel is None else {"channel": channel})
        case values.Track(frames=frames, duration=duration, sequence=sequence):
            steps = [step.model_dump() for step in sequence]
            return {"framesCount": frames, "duration": duration, "sequence": steps}
        case values.FrameRanges(ranges=ranges):
            return {"ranges": [{"start": start, "end": end} for start, end in ranges]}
        case values.HyperTextSpan() | values.DialogueSpan():
            return _nodes(value)
    raise TypeError(f"a {value.kind} marks no place")


def _nodes(value: values.HyperTextSpan | values.DialogueSpan) -> dict[str, Any]:
    said: dict[str, Any] = {
        "start": str(value.start),
        "end": str(value.end),
        "startOffset": value.start_offset,
        "endOffset": value.end_offset,
        "text": value.text,
    }
    if isinstance(value, values.HyperTextSpan) and value.global_start is not None and value.global_end is not None:
        said["globalOffsets"] = {"start": value.global_start, "end": value.global_end}
    return said


def _said(value: values.Value, control: ControlSpec) -> dict[str, Any]:
    match value:
        case values.Taxonomy(paths=paths):
            return {"taxonomy": [list(path) for path in ordered_paths(paths, control)]}
        case values.Text(texts=texts):
            return {"text": list(texts)}
        case values.Rating(stars=stars):
            return {"rating": stars}
        case values.Number(number=number):
            return {"number": number}
        case values.DateTime(text=text):
            return {"datetime": text}
        case values.Pair(selected=selected):
            return {"selected": selected}
        case values.Ranking(buckets=buckets):
            return {"ranker": {name: list(ids) for name, ids in buckets.items()}}
    return {}


def value_of(wire: Wire, control: ControlSpec, size: PictureSize | None) -> values.Value | None:
    """The value that an entry says; None where it says none, or one that is broken."""
    [kind] = holds(control)
    try:
        return _READ[kind](wire, control, size)
    except (KeyError, TypeError, ValueError, OverflowError, ValidationError):
        return None


def labels_in(wire: Wire, control: ControlSpec) -> list[str]:
    """The labels of an entry, as they stand there: under the tag's own key, or under ``labels``."""
    key = label_key(control.kind)
    found = wire.get(key, wire.get("labels")) if key else None
    if isinstance(found, str):
        return [found]
    return [label for label in found if isinstance(label, str)] if isinstance(found, list) else []


def texts_in(wire: Wire) -> tuple[str, ...]:
    """The strings of a TextArea."""
    found = wire["text"]
    return (found,) if isinstance(found, str) else tuple(text for text in found if isinstance(text, str))


def _float(value: object) -> float:
    """A finite number, which some write as a string.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not math.isfinite(float(value)):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _int(value: object) -> int:
    number = _float(value)
    if number != int(number):
        raise ValueError(f"{value!r} is no whole number")
    return int(number)


def _text(wire: Wire) -> str:
    """The marked characters, where they are told; beside a TextArea's own they are not."""
    return wire["text"] if isinstance(wire.get("text"), str) else ""


def _choices(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.Choices | None:
    found = ordered(labels_in(wire, control), control)
    return values.Choices(labels=found) if found else None


def _taxonomy(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.Taxonomy | None:
    found = [tuple(path) for path in wire["taxonomy"] if isinstance(path, list) and path]
    paths = [path for path in found if all(isinstance(part, str) for part in path)]
    return values.Taxonomy(paths=ordered_paths(paths, control)) if paths else None


def _span(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.TextSpan:
    labels = ordered(labels_in(wire, control), control)
    return values.TextSpan(start=_int(wire["start"]), end=_int(wire["end"]), text=_text(wire), labels=labels)


def _hypertext(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.HyperTextSpan:
    offsets = wire.get("globalOffsets")
    whole = isinstance(offsets, Mapping) and {"start", "end"} <= offsets.keys()
    return values.HyperTextSpan(
        start=wire["start"],
        end=wire["end"],
        start_offset=_int(wire["startOffset"]),
        end_offset=_int(wire["endOffset"]),
        global_start=_int(offsets["start"]) if whole and offsets else None,
        global_end=_int(offsets["end"]) if whole and offsets else None,
        text=_text(wire),
        labels=ordered(labels_in(wire, control), control),
    )


def _dialogue(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.DialogueSpan:
    return values.DialogueSpan(
        start=_int(wire["start"]),
        end=_int(wire["end"]),
        start_offset=_int(wire["startOffset"]),
        end_offset=_int(wire["endOffset"]),
        text=_text(wire),
        labels=ordered(labels_in(wire, control), control),
    )


def _box(wire: Wire) -> dict[str, float]:
    sides = {side: _float(wire[side]) for side in ("x", "y", "width", "height")}
    return sides | {"rotation": _float(wire.get("rotation") or 0.0)}


def _rectangle(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.Rectangle:
    return values.Rectangle(**_box(wire), labels=ordered(labels_in(wire, control), control))


def _ellipse(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.Ellipse:
    return values.Ellipse(
        x=_float(wire["x"]),
        y=_float(wire["y"]),
        radius_x=_float(wire["radiusX"]),
        radius_y=_float(wire["radiusY"]),
        rotation=_float(wire.get("rotation") or 0.0),
        labels=ordered(labels_in(wire, control), control),
    )


def _polygon(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.Polygon:
    points = tuple((_float(x), _float(y)) for x, y in wire["points"])
    return values.Polygon(points=points, labels=ordered(labels_in(wire, control), control))


def _mask(wire: Wire, control: ControlSpec, size: PictureSize | None) -> values.Mask | None:
    if size is None:
        return None
    runs = brush.decode(wire["rle"], size.width * size.height)
    labels = ordered(labels_in(wire, control), control)
    return values.Mask(width=size.width, height=size.height, runs=runs, labels=labels)


def _keypoint(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.KeyPoint:
    labels = ordered(labels_in(wire, control), control)
    return values.KeyPoint(x=_float(wire["x"]), y=_float(wire["y"]), size=_float(wire.get("width", 0.5)), labels=labels)


def _segment(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.Segment:
    channel = wire.get("channel")
    return values.Segment(
        start=_float(wire["start"]),
        end=_float(wire["end"]),
        channel=None if channel is None else _int(channel),
        labels=ordered(labels_in(wire, control), control),
    )


def _track(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.Track:
    """Where nothing is told of frames or times, as long as its last key frame, and at second 0."""
    steps = [step for step in wire["sequence"] if isinstance(step, Mapping)]
    last = max(_int(step["frame"]) for step in steps)
    frames = max(_int(wire.get("framesCount") or last), 1)
    duration = _float(wire.get("duration") or 0.0)
    sequence = [
        values.KeyFrame(
            frame=_int(step["frame"]),
            time=_float(step["time"]) if step.get("time") is not None else _int(step["frame"]) * duration / frames,
            enabled=step.get("enabled", True) is not False,
            **_box(step),
        )
        for step in sorted(steps, key=lambda step: _int(step["frame"]))
    ]
    labels = ordered(labels_in(wire, control), control)
    return values.Track(frames=frames, duration=duration, sequence=tuple(sequence), labels=labels)


def _ranges(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.FrameRanges:
    ranges = tuple((_int(span["start"]), _int(span["end"])) for span in wire["ranges"])
    return values.FrameRanges(ranges=ranges, labels=ordered(labels_in(wire, control), control))


def _ranking(wire: Wire, control: ControlSpec, _: PictureSize | None) -> values.Ranking | None:
    """Without the bucket ``_``, in which the page keeps what nobody has ranked."""
    found = wire["ranker"]
    if not isinstance(found, Mapping):
        raise ValueError("a ranking is told by bucket")
    buckets = {str(name): _ids(ids) for name, ids in found.items() if name != "_" or name in control.buckets}
    return values.Ranking(buckets=buckets) if buckets else None


def _ids(ids: Sequence[object]) -> tuple[str, ...]:
    if not isinstance(ids, list) or any(isinstance(item, list | dict) for item in ids):
        raise ValueError("a bucket is a list of ids")
    return tuple(str(item) for item in ids)


def _textarea(wire: Wire, _: ControlSpec, __: PictureSize | None) -> values.Text | None:
    texts = texts_in(wire)
    return values.Text(texts=texts) if texts else None


_READ: Mapping[type[values.Frozen], Callable[[Wire, ControlSpec, PictureSize | None], values.Value | None]] = {
    values.Choices: _choices,
    values.Taxonomy: _taxonomy,
    values.TextSpan: _span,
    values.HyperTextSpan: _hypertext,
    values.DialogueSpan: _dialogue,
    values.Rectangle: _rectangle,
    values.Ellipse: _ellipse,
    values.Polygon: _polygon,
    values.Mask: _mask,
    values.KeyPoint: _keypoint,
    values.Segment: _segment,
    values.Track: _track,
    values.FrameRanges: _ranges,
    values.Text: _textarea,
    values.Rating: lambda wire, _, __: values.Rating(stars=_int(wire["rating"])),
    values.Number: lambda wire, _, __: values.Number(number=_float(wire["number"])),
    values.DateTime: lambda wire, _, __: values.DateTime(text=wire["datetime"]),
    values.Pair: lambda wire, _, __: values.Pair(selected=wire["selected"]),
    values.Ranking: _ranking,
}
