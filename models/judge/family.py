"""Judges, as a kind of model; see ``models.families``."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from models.answers import READABLE
from models.base import Model, ModelRef
from models.errors import ConfigurationError
from models.judge.prompt import EDITION
from models.judge.schema import answerable
from models.specs import JudgeSpec
from models.types import ControlSpec, LabelConfig

_SILENT = {"key_variable", "timeout_s"}
"""What of a spec changes no answer."""


def controls(spec: JudgeSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """All that it can answer; the first one has every further text of the label config beside it."""
    found = [control for control in config.controls if answerable(control)]
    if not found:
        raise ConfigurationError(
            "A judge fills Choices, Taxonomy, Rating, Number, TextArea, Pairwise and Ranker on texts (not per region), "
            "and the label config has none."
        )
    shown = {source.name for control in found for source in (control.input, *control.others)}
    context = tuple(one for one in config.inputs if one.medium in READABLE and one.name not in shown)
    return (found[0].model_copy(update={"context": context}), *found[1:])


def reference(spec: JudgeSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """What to ask, where. The sha256 is of that: an endpoint may change what it serves under a name, and says not when.

    A gate then sees it only by its audits; prefer a model name with a date or a digest in it.
    """
    asked = spec.model_dump(mode="json", exclude=_SILENT) | {
        "edition": EDITION,
        "controls": [control.model_dump(mode="json") for control in controls],
    }
    digest = sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return ModelRef(spec=spec, control=controls[0], others=controls[1:], version=f"{name}-{digest[:12]}", sha256=digest)


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    from models.judge.model import JudgeModel

    assert isinstance(ref.spec, JudgeSpec)
    return JudgeModel(ref, ref.spec)
