"""Our values <-> Label Studio's ``result`` lists. Pure functions; the only place that knows the wire format.

A choice is stored under its ``alias`` where it has one, else under its ``value``. No label chosen is no entry at all.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from models.errors import ConfigurationError
from models.types import Choices, ControlSpec, LabelConfig, Region

if TYPE_CHECKING:
    from label_studio_sdk.label_interface import LabelInterface

REGIONS = UUID("6f1d0a52-2c1f-5b0e-9a0b-8d6e6c7f3b11")
"""Namespace of region ids: the same control gets the same id in every prediction."""


def encode(regions: Sequence[Region], config: LabelConfig) -> list[dict[str, Any]]:
    """The ``result`` of a prediction or an annotation, in the order of the label config.

    Raises:
        ConfigurationError: a region's control is not in the label config.
    """
    controls = {control.name: control for control in config.controls}
    unknown = sorted({region.control for region in regions} - controls.keys())
    if unknown:
        raise ConfigurationError(f"the label config has no control {unknown[0]!r} that we can fill")
    order = {name: index for index, name in enumerate(controls)}
    ordered = sorted(regions, key=lambda region: order[region.control])
    return [_encode(region, controls[region.control]) for region in ordered if region.value.labels]


def _encode(region: Region, control: ControlSpec) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": uuid5(REGIONS, control.name).hex[:16],
        "from_name": control.name,
        "to_name": control.input.name,
        "type": control.kind,
        "value": {"choices": list(_ordered(region.value.labels, control))},
    }
    return entry if region.score is None else entry | {"score": region.score}


def _ordered(labels: Iterable[str], control: ControlSpec) -> tuple[str, ...]:
    """In the order of the label config; labels that it does not know come last."""
    chosen = set(labels)
    return tuple(label for label in control.labels if label in chosen) + tuple(sorted(chosen - set(control.labels)))


def decode(result: Sequence[Mapping[str, Any]], config: LabelConfig) -> tuple[Region, ...]:
    """The regions of a ``result``: controls that we do not know are left out, order and repeats do not matter."""
    regions = []
    for control in config.controls:
        entries = [entry for entry in result if entry.get("from_name") == control.name]
        labels = [label for entry in entries for label in _labels(entry)]
        if labels:
            scores = [score for entry in entries if (score := _score(entry.get("score"))) is not None]
            value = Choices(labels=_ordered(labels, control))
            regions.append(Region(control=control.name, value=value, score=scores[0] if scores else None))
    return tuple(regions)


def _labels(entry: Mapping[str, Any]) -> list[str]:
    value = entry.get("value")
    chosen = value.get("choices") if isinstance(value, Mapping) else None
    if isinstance(chosen, str):
        return [chosen]
    return [label for label in chosen if isinstance(label, str)] if isinstance(chosen, list) else []


def _score(value: object) -> float | None:
    """A number in [0, 1], or None."""
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    return number if 0.0 <= number <= 1.0 else None


def validate(prediction: Mapping[str, Any], interface: LabelInterface) -> list[str]:
    """What is wrong with a prediction (``result``, ``score``, ``model_version``); empty when nothing is.

    Label Studio drops an invalid prediction of a bulk import without a word. The SDK's own check lets pass: several
    labels on a single choice, two entries for one control, scores of regions, an empty model version.
    """
    errors: list[str] = interface.validate_prediction(dict(prediction), return_errors=True)
    if _score(prediction.get("score")) is None and not errors:
        errors.append(f"score must be a number from 0 to 1, got {prediction.get('score')!r}")
    if not prediction.get("model_version"):
        errors.append("model_version is empty: annotators would not see the prediction")
    entries = [entry for entry in prediction.get("result") or () if isinstance(entry, Mapping)]
    for name, count in Counter(entry.get("from_name") for entry in entries).items():
        if count > 1:
            errors.append(f"{count} entries for control {name!r}, at most one is possible")
    for index, entry in enumerate(entries):
        errors += [f"Region {index}: {error}" for error in _gaps(entry, interface)]
    return errors


def _gaps(entry: Mapping[str, Any], interface: LabelInterface) -> Iterable[str]:
    if entry.get("score") is not None and _score(entry["score"]) is None:
        yield f"score must be a number from 0 to 1, got {entry['score']!r}"
    controls = {control.name: control for control in interface.controls}
    control = controls.get(entry.get("from_name"))
    labels = _labels(entry)
    if control is None or control.tag.lower() != "choices":
        return
    if not labels:
        yield f"no label for control {control.name!r}: leave the entry out instead"
    if len(labels) > 1 and not control.is_multiple_choice:
        yield f"{len(labels)} labels for control {control.name!r}, which takes one"
    if len(set(labels)) < len(labels):
        yield f"a label is repeated for control {control.name!r}"
