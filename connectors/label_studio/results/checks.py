"""What Label Studio would drop without a word, or show wrongly, before it is sent there.

Enters: a prediction as it goes over the wire, and the SDK's view of the label config. Leaves: sentences, none if good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connectors.label_studio.label_config import parse
from connectors.label_studio.results.bounds import problems
from connectors.label_studio.results.decoding import decode, score_in
from connectors.label_studio.results.fields import MARKS, labels_in
from models.errors import written
from models.types import ControlSpec, LabelConfig, Region

if TYPE_CHECKING:
    from label_studio_sdk.label_interface import LabelInterface

Entry = Mapping[str, Any]

UNIQUE = (
    "choices",
    "taxonomy",
    "textarea",
    "rating",
    "number",
    "datetime",
    "pairwise",
    "ranker",
)
"""Kinds that say one thing of an item, or of a region."""


def validate(prediction: Mapping[str, Any], interface: LabelInterface) -> list[str]:
    """What is wrong with a prediction (``result``, ``score``, ``model_version``); empty when nothing is.

    Label Studio drops an invalid prediction of a bulk import without a word. The SDK's own check lets pass: several
    labels where one is allowed, two entries for a control that says one thing, coordinates below 0 and boxes over the
    edge, stretches that end before they start, unknown paths, buckets and numbers, broken masks, what is said of a
    region that is not there, scores of regions, an empty model version.
    """
    errors: list[str] = interface.validate_prediction(dict(prediction), return_errors=True)
    if score_in(prediction.get("score")) is None and not errors:
        errors.append(written(f"score must be a number from 0 to 1, got {prediction.get('score')!r}"))
    if not prediction.get("model_version"):
        errors.append(written("model_version is empty: annotators would not see the prediction"))
    result = prediction.get("result")
    entries = [entry for entry in result if isinstance(entry, Mapping)] if isinstance(result, list | tuple) else []
    config = parse(str(interface.config))
    controls = {control.name: control for control in config.controls}
    errors += _repeats(entries, controls)
    for index, entry in enumerate(entries):
        control = controls.get(str(entry.get("from_name")))
        errors += [written(f"Region {index}: {error}") for error in _gaps(entry, control, entries, config)]
    return errors


def _repeats(entries: Sequence[Entry], controls: Mapping[str, ControlSpec]) -> Iterable[str]:
    """Two things where one can be said: of the item, and of a region by one control."""
    for name, count in Counter(str(entry.get("from_name")) for entry in entries).items():
        control = controls.get(name)
        if control is not None and control.kind in UNIQUE and not control.per_region and count > 1:
            yield written(f"{count} entries for control {name!r}, at most one is possible")
    places = ((str(entry.get("from_name")), str(entry["id"])) for entry in entries if entry.get("id") is not None)
    for (name, place), count in Counter(places).items():
        once = name in controls and (controls[name].per_region or controls[name].kind not in UNIQUE)
        if count > 1 and once:
            yield written(f"{count} entries of control {name!r} have the id {place!r}")


def _gaps(entry: Entry, control: ControlSpec | None, entries: Sequence[Entry], config: LabelConfig) -> Iterable[str]:
    if entry.get("score") is not None and score_in(entry["score"]) is None:
        yield written(f"score must be a number from 0 to 1, got {entry['score']!r}")
    if control is None:
        return
    yield from _labels(entry, control, config)
    if control.per_region and not _marked(entry, entries, config):
        yield written(f"control {control.name!r} speaks of a region, and there is none with the id {entry.get('id')!r}")
    region = _alone(entry, config)
    if region is not None:
        yield from problems(region.value, control)
    elif not (control.kind == "choices" and isinstance(entry.get("value"), Mapping)):
        yield written(f"the value is not that of a {control.kind} on {control.input.medium}")


def _alone(entry: Entry, config: LabelConfig) -> Region | None:
    """What one entry says."""
    return next(iter(decode([entry], config)), None)


def _marked(entry: Entry, entries: Sequence[Entry], config: LabelConfig) -> bool:
    """Whether another entry marks the place that this one speaks of; of controls that we do not know, any does."""
    known = {control.name: control for control in config.controls}
    for other in entries:
        if other is entry or entry.get("id") is None or other.get("id") != entry["id"]:
            continue
        control = known.get(str(other.get("from_name")))
        if control is None or (
            not control.per_region and (region := _alone(other, config)) and isinstance(region.value, MARKS)
        ):
            return True
    return False


def _labels(entry: Entry, control: ControlSpec, config: LabelConfig) -> Iterable[str]:
    value = entry.get("value")
    if not isinstance(value, Mapping):
        return
    if control.kind == "taxonomy":
        yield from _paths(value, control)
        return
    labels = labels_in(value, control)
    if not labels and (control.kind == "choices" or (control.kind.endswith("labels") and control.kind != "labels")):
        yield written(f"no label for control {control.name!r}: leave the entry out instead")
    if len(set(labels)) < len(labels):
        yield written(f"a label is repeated for control {control.name!r}")
    namers = [control] if control.kind != "videorectangle" else _namers(control, config)
    if len(set(labels)) > 1 and not any(namer.multiple for namer in namers):
        yield written(f"{len(labels)} labels for control {control.name!r}, which takes one")
    unknown = sorted(set(labels) - {label for namer in namers for label in namer.labels})
    if unknown:
        yield written(f"the label config does not list {unknown[0]!r} for control {control.name!r}")


def _namers(control: ControlSpec, config: LabelConfig) -> list[ControlSpec]:
    """The ``Labels`` tags of the object that a track is marked on."""
    return [other for other in config.controls if other.kind == "labels" and other.input.name == control.input.name]


def _paths(value: Mapping[str, Any], control: ControlSpec) -> Iterable[str]:
    found = value.get("taxonomy")
    paths = [tuple(path) for path in found if isinstance(path, list)] if isinstance(found, list) else []
    unknown = [path for path in paths if path not in control.paths]
    if unknown:
        yield written(f"control {control.name!r} has no path {' / '.join(map(str, unknown[0]))!r}")
    if len(paths) > 1 and not control.multiple:
        yield written(f"{len(paths)} paths for control {control.name!r}, which takes one")
    if any(paths.count(path) > 1 for path in paths):
        yield written(f"a path is repeated for control {control.name!r}")
