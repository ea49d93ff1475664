"""What a value says that no picture, text, recording or tag can hold: one sentence for each such thing.

Bounds: coordinates are percent of the whole, in [0, 100]; stretches have a beginning before their end.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from connectors.label_studio.results import brush
from models import values
from models.errors import written
from models.types import ControlSpec

WHOLE = 100.0
SLACK = 1e-6
"""Percent that rounding may carry a side beyond the edge."""


def problems(value: values.Value, control: ControlSpec) -> Iterator[str]:
    """What is wrong with a value, its labels aside."""
    match value:
        case values.Rectangle():
            yield from _box(value)
        case values.Ellipse(x=x, y=y, radius_x=wide, radius_y=high):
            yield from _inside(x=x, y=y)
            if min(wide, high) <= 0 or max(wide, high) > WHOLE / 2:
                yield written(f"the radii must be above 0 and at most 50, got {wide:g} and {high:g}")
        case values.Polygon(points=points):
            for x, y in points:
                yield from _inside(x=x, y=y)
        case values.KeyPoint(x=x, y=y):
            yield from _inside(x=x, y=y)
        case values.Mask(runs=runs):
            if not brush.painted(runs):
                yield written("no pixel is painted: leave the entry out instead")
        case values.Track():
            yield from _track(value)
        case values.TextSpan() | values.HyperTextSpan() | values.DialogueSpan() | values.Segment():
            yield from _stretch(value, control)
        case values.FrameRanges(ranges=ranges):
            wrong = ((first, last) for first, last in ranges if not 1 <= first <= last)
            yield from (written(f"frames {first} to {last} are no range of frames from 1") for first, last in wrong)
        case _:
            yield from _said(value, control)


def _inside(**coordinates: float) -> Iterator[str]:
    for name, number in coordinates.items():
        if not 0.0 <= number <= WHOLE:
            yield written(f"{name} must be from 0 to 100 percent, got {number:g}")


def _box(box: values.Rectangle | values.KeyFrame) -> Iterator[str]:
    """A turned box may reach over an edge: where its corners lie depends on the picture's own proportions."""
    yield from _inside(x=box.x, y=box.y, width=box.width, height=box.height)
    if min(box.width, box.height) <= 0:
        yield written("the box is empty: leave it out instead")
    if box.rotation % 360:
        return
    if (end := box.x + box.width) > WHOLE + SLACK:
        yield written(f"the box reaches over the right edge, to {end:g} percent")
    if (end := box.y + box.height) > WHOLE + SLACK:
        yield written(f"the box reaches over the lower edge, to {end:g} percent")


def _track(track: values.Track) -> Iterator[str]:
    for step in track.sequence:
        yield from _box(step)
    if any(before.frame >= after.frame for before, after in pairwise(track.sequence)):
        yield written("a frame has two key frames")
    if track.sequence[-1].frame > track.frames:
        yield written(f"key frame {track.sequence[-1].frame} lies beyond the video's {track.frames} frames")


def _stretch(
    span: values.TextSpan | values.HyperTextSpan | values.DialogueSpan | values.Segment, control: ControlSpec
) -> Iterator[str]:
    instant = control.kind == "timeserieslabels"
    for start, end in _ends(span):
        if end < start:
            yield written(f"the end ({end:g}) lies before the start ({start:g})")
        elif end == start and not instant:
            yield written(f"the range is empty: it starts and ends at {start:g}")
    if isinstance(span, values.Segment) and not instant and span.start < 0:
        yield written(f"the start must be 0 s or later, got {span.start:g}")


def _ends(
    span: values.TextSpan | values.HyperTextSpan | values.DialogueSpan | values.Segment,
) -> Iterator[tuple[float, float]]:
    """Starts and ends that can be compared; points in different nodes of an HTML document cannot."""
    match span:
        case values.TextSpan(start=start, end=end):
            yield start, end
        case values.Segment(start=begin, end=stop):
            yield begin, stop
        case values.DialogueSpan(start=first, end=last) if first != last:
            yield first, last
        case values.DialogueSpan() | values.HyperTextSpan():
            if span.start == span.end:
                yield span.start_offset, span.end_offset
            if isinstance(span, values.HyperTextSpan) and span.global_start is not None and span.global_end is not None:
                yield span.global_start, span.global_end


def _said(value: values.Value, control: ControlSpec) -> Iterator[str]:
    match value:
        case values.Rating(stars=stars) if control.maximum is not None and stars > control.maximum:
            yield written(f"{stars} stars, {control.maximum:g} is the most")
        case values.Number(number=number):
            if control.minimum is not None and number < control.minimum:
                yield written(f"the number must be {control.minimum:g} or more, got {number:g}")
            if control.maximum is not None and number > control.maximum:
                yield written(f"the number must be {control.maximum:g} or less, got {number:g}")
        case values.DateTime(text=""):
            yield written("the date is empty: leave the entry out instead")
        case values.Text(texts=texts) if len(texts) > 1 and not control.multiple:
            yield written(f"{len(texts)} texts for control {control.name!r}, which takes one")
        case values.Ranking(buckets=buckets):
            yield from _ranking(buckets, control)


def _ranking(buckets: dict[str, tuple[str, ...]], control: ControlSpec) -> Iterator[str]:
    known = control.buckets or (control.name,)
    unknown = sorted(buckets.keys() - set(known))
    if unknown:
        yield written(f"control {control.name!r} has no bucket {unknown[0]!r}")
    ids = [item for bucket in buckets.values() for item in bucket]
    if len(set(ids)) < len(ids):
        yield written("an item is ranked twice")
