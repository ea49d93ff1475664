"""Whether the models of a project file run here, and what they are; without any server, and without a task."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import Field

from connectors.label_studio.label_config import parse
from models import catalogue, encoders, several
from models.export.parity import Parity
from models.registry import assign, load, reference, unmatched
from models.specs import HeadSpec, Part, PreferenceSpec, SeveralSpec, SingleSpec, TaggerSpec, learns
from models.types import ControlSpec, Frozen
from serving import judges
from serving.project_file import ProjectFile
from serving.settings import Settings


class Checked(Frozen):
    """One model, as it was found."""

    controls: tuple[str, ...]
    model: str
    """Its kind, and the encoder or the source."""
    learns: bool
    sha256: str | None
    """Of what is used as it is; a head that learns has none before it is trained."""
    licence: str
    provider: str
    """Where it ran: another one than asked for would be an error."""
    parity: tuple[Parity, ...] = ()
    """Of an exported network with its source."""
    seconds: float = Field(ge=0)
    """Loading and the first answer, exporting included."""
    notes: tuple[str, ...] = ()


def check(settings: Settings, path: Path) -> list[Checked]:
    """Load and test every model of a project file; of one that learns, its encoder.

    Raises:
        ConfigurationError: model and label config do not fit.
        ModelError: a model is not there, or fails.
        ProviderError: it does not run where the file says.
    """
    file = ProjectFile.load(path)
    judges.provide(settings.judge_allowed_hosts)
    config = assign(file.spec, parse(file.label_config))
    parts = file.spec.parts if isinstance(file.spec, SeveralSpec) else (_whole(file.spec, config.controls),)
    shares = several.shares(SeveralSpec(parts=parts), config.controls) if len(parts) > 1 else [config.controls]
    return [
        _one(part.spec, share, name=file.slug, model_dir=Path(settings.model_dir))
        for part, share in zip(parts, shares, strict=True)
    ]


def _whole(spec: SingleSpec, controls: tuple[ControlSpec, ...]) -> Part:
    return Part(controls=tuple(control.name for control in controls), spec=spec)


def _one(spec: SingleSpec, controls: tuple[ControlSpec, ...], *, name: str, model_dir: Path) -> Checked:
    began, digest = time.monotonic(), None
    if not learns(spec):
        ref = reference(spec, controls, name=name)
        model = load(ref, threads=1, model_dir=model_dir)
        model.warm_up()
        model.self_test()
        digest = ref.sha256
    elif isinstance(spec, HeadSpec | TaggerSpec | PreferenceSpec):
        head = spec if isinstance(spec, HeadSpec) else HeadSpec(encoder=spec.encoder, provider=spec.provider)
        encoder = encoders.get(head, model_dir=model_dir)
        encoder.encode([encoder.example()])
    exported = catalogue.export(spec, model_dir)
    named = getattr(spec, "encoder", None) or getattr(spec, "source", None)
    return Checked(
        controls=tuple(control.name for control in controls),
        model=f"{spec.kind} ({named})" if named else spec.kind,
        learns=learns(spec),
        sha256=digest,
        licence=catalogue.licence(spec),
        provider=getattr(spec, "provider", "cpu"),
        parity=exported[1].checks if exported else (),
        seconds=time.monotonic() - began,
        notes=tuple(str(one) for one in unmatched(spec, controls)),
    )
