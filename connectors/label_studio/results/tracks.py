"""Labels of a video's tracks. People's page writes them into the track and leaves the ``Labels`` tag's own entry out.

So a track carries them here too, whichever way they came: ``Labels`` regions of its group are folded into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.types import ControlSpec, Medium, Region
from models.values import Track


def fold(regions: Sequence[Region], controls: Mapping[str, ControlSpec]) -> list[Region]:
    """The regions, labels of tracks in the tracks."""
    tracks = {region.group for region in regions if region.group is not None and isinstance(region.value, Track)}
    names = [region for region in regions if region.group in tracks and _names_tracks(controls[region.control])]
    said: dict[str | None, list[str]] = {}
    for region in names:
        said.setdefault(region.group, []).extend(region.labels)
    return [_named(region, said.get(region.group, [])) for region in regions if region not in names]


def _names_tracks(control: ControlSpec) -> bool:
    return control.kind == "labels" and control.input.medium is Medium.VIDEO


def _named(region: Region, labels: Sequence[str]) -> Region:
    if not labels or not isinstance(region.value, Track):
        return region
    every = tuple(sorted({*region.value.labels, *labels}))
    return region.model_copy(update={"value": region.value.model_copy(update={"labels": every})})
