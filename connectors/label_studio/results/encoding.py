"""Regions -> the ``result`` of a prediction or an annotation.

A choice is stored under its ``alias`` where it has one, else under its ``value``. Nothing chosen, written or ranked is
no entry at all. Regions of one group become entries of one ``id``, each with the place that the group marks: so the
page shows a box, its label and its text as one region. Ids depend on names and order only, so that a prediction which
is sent again is the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from connectors.label_studio.results.fields import MARKS, SHAPES, fields_of, holds, place_of
from connectors.label_studio.results.tracks import fold
from models import values
from models.errors import ConfigurationError
from models.types import ControlSpec, LabelConfig, Medium, PictureSize, Region

REGIONS = UUID("6f1d0a52-2c1f-5b0e-9a0b-8d6e6c7f3b11")
"""Namespace of region ids: the same control gets the same ids in every prediction."""
OURS = re.compile(r"[0-9a-f]{16}")
"""A group that is such an id keeps it, so that to decode and encode again changes nothing."""


def encode(regions: Sequence[Region], config: LabelConfig) -> list[dict[str, Any]]:
    """The ``result`` of a prediction or an annotation, in the order of the label config.

    Raises:
        ConfigurationError: a region's control is not in the label config, or holds no such value.
    """
    controls = {control.name: control for control in config.controls}
    for region in regions:
        _check(region, controls)
    order = {name: index for index, name in enumerate(controls)}
    kept = [region for region in fold(regions, controls) if not _empty(region.value)]
    kept.sort(key=lambda region: order[region.control])
    marked = {region.group: region for region in reversed(kept) if isinstance(region.value, MARKS)}
    made: dict[str, int] = defaultdict(int)
    result = []
    for region in kept:
        ordinal = made[region.control]
        made[region.control] += 1
        mark = marked.get(region.group) if region.group else None
        result.append(_entry(region, controls[region.control], ordinal, mark))
    return result


def _check(region: Region, controls: Mapping[str, ControlSpec]) -> None:
    control = controls.get(region.control)
    if control is None:
        raise ConfigurationError(f"the label config has no control {region.control!r} that we can fill")
    if not isinstance(region.value, holds(control)):
        raise ConfigurationError(
            f"control {control.name!r} is a {control.kind} on {control.input.medium}, it holds no {region.value.kind}"
        )
    bare = isinstance(region.value, SHAPES) and not control.kind.endswith("labels")
    if bare and region.labels:
        raise ConfigurationError(
            f"control {control.name!r} is a {control.kind}, which has no labels: a Labels control of the same group has"
        )


def _empty(value: values.Value) -> bool:
    """Whether it says nothing, which Label Studio has no entry for."""
    match value:
        case values.Choices(labels=()) | values.Taxonomy(paths=()) | values.Text(texts=()):
            return True
        case values.Pair(selected="none"):
            return True
        case values.Ranking(buckets=buckets):
            return not buckets
    return False


def _entry(region: Region, control: ControlSpec, ordinal: int, marked: Region | None) -> dict[str, Any]:
    fields = fields_of(region.value, control)
    entry: dict[str, Any] = {
        "id": _id(region, ordinal),
        "from_name": control.name,
        "to_name": control.input.name,
        "type": control.kind,
        "value": fields if marked is None else place_of(marked.value) | fields,
    }
    if control.kind == "timeserieslabels":
        entry["value"]["instant"] = fields["start"] == fields["end"]
    if control.input.medium is Medium.IMAGE:
        entry |= _size(region, marked)
    return entry if region.score is None else entry | {"score": region.score}


def _id(region: Region, ordinal: int) -> str:
    if region.group is None:
        return uuid5(REGIONS, f"{region.control}\n{ordinal}" if ordinal else region.control).hex[:16]
    return region.group if OURS.fullmatch(region.group) else uuid5(REGIONS, f"\n{region.group}").hex[:16]


def _size(region: Region, marked: Region | None) -> dict[str, int]:
    """What the page needs to know of the picture, for entries of a marked place."""
    if marked is None and not isinstance(region.value, SHAPES):
        return {}
    mark = region if marked is None else marked
    size = region.size or mark.size
    if isinstance(mark.value, values.Mask):
        size = PictureSize(width=mark.value.width, height=mark.value.height)
    if size is None:
        return {}
    return {"original_width": size.width, "original_height": size.height, "image_rotation": 0}
