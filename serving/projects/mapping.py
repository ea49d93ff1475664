"""Which model fills which control of a label config."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.specs import ModelSpec, Part, SeveralSpec
from models.types import ControlSpec, LabelConfig


def mapping(spec: ModelSpec, config: LabelConfig) -> list[dict[str, Any]]:
    """Which model fills each control, with which labels."""
    parts = spec.parts if isinstance(spec, SeveralSpec) else [Part(controls=names(config.controls), spec=spec)]
    by_name = {name: part.spec for part in parts for name in part.controls}
    rows = [
        {"control": one.name, "tag": one.kind, "model": by_name[one.name].model_dump(mode="json"), "labels": one.labels}
        for one in config.controls
    ]
    return rows + [
        {"control": one.name, "tag": one.kind, "model": None, "labels": one.labels} for one in config.by_people
    ]


def names(controls: Sequence[ControlSpec]) -> tuple[str, ...]:
    """Their names."""
    return tuple(control.name for control in controls)
