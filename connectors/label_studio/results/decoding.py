"""A ``result``, whoever made it -> regions.

Entries that are broken, or of controls that we do not know, are left out and harm no others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from connectors.label_studio.results.fields import MARKS, ordered, ordered_paths, value_of
from connectors.label_studio.results.tracks import fold
from models import values
from models.types import ControlSpec, LabelConfig, PictureSize, Region


def decode(result: Sequence[Mapping[str, Any]], config: LabelConfig) -> tuple[Region, ...]:
    """The regions of a ``result``, in the order of the label config's controls. Raises nothing, whatever is in it.

    Entries with the id of a marked place get it as their group. Of a control that speaks of the whole item, several
    entries are taken for one where it may say several things (choices, taxonomy, text), else the first counts.
    """
    controls = {control.name: control for control in config.controls}
    found = []
    for entry in result if isinstance(result, Sequence) else ():
        name = entry.get("from_name") if isinstance(entry, Mapping) else None
        control = controls.get(name) if isinstance(name, str) else None
        if control is not None and (region := _region(entry, control)) is not None:
            found.append(region)
    order = {name: index for index, name in enumerate(controls)}
    found.sort(key=lambda region: order[region.control])
    return tuple(_joined(_grouped(fold(found, controls), controls), controls))


def _region(entry: Mapping[str, Any], control: ControlSpec) -> Region | None:
    """One entry, with its id as its group."""
    wire = entry.get("value")
    size = _size(entry)
    value = value_of(wire, control, size) if isinstance(wire, Mapping) else None
    if value is None:
        return None
    group = entry.get("id") if isinstance(entry.get("id"), str) else None
    return Region(control=control.name, value=value, score=score_in(entry.get("score")), group=group or None, size=size)


def _size(entry: Mapping[str, Any]) -> PictureSize | None:
    try:
        return PictureSize(width=entry["original_width"], height=entry["original_height"])
    except (KeyError, ValidationError):
        return None


def score_in(value: object) -> float | None:
    """A number in [0, 1], or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)


def _grouped(regions: Sequence[Region], controls: Mapping[str, ControlSpec]) -> list[Region]:
    """Groups are left where they say something: of several entries about a marked place, and of a region's own."""
    sizes = Counter(region.group for region in regions)
    marked = {region.group for region in regions if isinstance(region.value, MARKS)}

    def together(region: Region) -> bool:
        return controls[region.control].per_region or (sizes[region.group] > 1 and region.group in marked)

    return [region if together(region) else region.model_copy(update={"group": None}) for region in regions]


def _joined(regions: Sequence[Region], controls: Mapping[str, ControlSpec]) -> list[Region]:
    """Of each control that says one thing of the item, or of each region, one region is left."""
    kept: list[Region] = []
    places: dict[tuple[str, str | None], int] = {}
    for region in regions:
        key = (region.control, region.group)
        if isinstance(region.value, MARKS):
            kept.append(region)
        elif key in places:
            first = kept[places[key]]
            value = _both(first.value, region.value, controls[region.control])
            score = region.score if first.score is None else first.score
            kept[places[key]] = first.model_copy(update={"value": value, "score": score})
        else:
            places[key] = len(kept)
            kept.append(region)
    return kept


def _both(first: values.Value, second: values.Value, control: ControlSpec) -> values.Value:
    match first, second:
        case values.Choices(labels=ours), values.Choices(labels=theirs):
            return values.Choices(labels=ordered((*ours, *theirs), control))
        case values.Taxonomy(paths=some), values.Taxonomy(paths=others):
            return values.Taxonomy(paths=ordered_paths((*some, *others), control))
        case values.Text(texts=texts), values.Text(texts=more):
            return values.Text(texts=texts + more)
    return first
