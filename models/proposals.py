"""Which models would fill the controls of a label config, where the operator names none.

Only what needs no download and no address is proposed: heads that learn from the project's own labels, and ready-made
models that come with a package. Whatever else there is (``models.specs``) has to be named.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from models import families
from models.errors import ConfigurationError
from models.specs import (
    DetectorSpec,
    HeadSpec,
    ModelSpec,
    OcrSpec,
    Part,
    PreferenceSpec,
    SeveralSpec,
    SingleSpec,
    SpeechSpec,
    TaggerSpec,
)
from models.types import ControlSpec, Frozen, LabelConfig, Medium


class Proposal(Frozen):
    """One model, and what it would fill."""

    spec: SingleSpec
    controls: tuple[str, ...]
    learns: bool
    """Whether it has to be taught by the project's own labels first."""
    why: str
    """One phrase for an operator."""


def propose(config: LabelConfig) -> list[Proposal]:
    """Models for as many controls as there are models for, in the order of the label config; maybe none."""
    found: list[Proposal] = []
    left = config
    for control in config.controls:
        if control not in left.controls:
            continue
        for fits, spec, package, why in _CANDIDATES:
            if not fits(control) or (package is not None and find_spec(package) is None):
                continue
            made = _try(spec(control), left, why)
            if made is not None and control.name in made.controls:
                found.append(made)
                rest = tuple(one for one in left.controls if one.name not in made.controls)
                left = left.model_copy(update={"controls": rest})
                break
    return found


def together(proposals: list[Proposal]) -> ModelSpec:
    """One spec of several proposals.

    Raises:
        ConfigurationError: there are none.
    """
    if not proposals:
        raise ConfigurationError(
            "no model is proposed for this label config: name one in a project file (docs/label-types.md)"
        )
    if len(proposals) == 1:
        return proposals[0].spec
    return SeveralSpec(parts=tuple(Part(controls=one.controls, spec=one.spec) for one in proposals))


def _try(spec: SingleSpec, config: LabelConfig, why: str) -> Proposal | None:
    family = families.family(spec)
    try:
        filled = family.controls(spec, config)
    except ConfigurationError:
        return None
    learns = isinstance(spec, HeadSpec | TaggerSpec | PreferenceSpec)
    return Proposal(spec=spec, controls=tuple(control.name for control in filled), learns=learns, why=why)


def _choice(medium: Medium) -> Callable[[ControlSpec], bool]:
    return lambda c: c.kind in ("choices", "taxonomy") and not c.per_region and c.input.medium is medium


def _on(medium: Medium, *kinds: str) -> Callable[[ControlSpec], bool]:
    return lambda c: c.kind in kinds and c.input.medium is medium


Candidate = tuple[Callable[[ControlSpec], bool], Callable[[ControlSpec], SingleSpec], str | None, str]
"""(which controls, the model, the package that it needs, why)."""

_CANDIDATES: tuple[Candidate, ...] = (
    (_choice(Medium.TEXT), lambda _: HeadSpec(encoder="ngram"), None, "learns from labels; any language"),
    (_choice(Medium.IMAGE), lambda _: HeadSpec(encoder="pixels"), None, "learns from labels; small pictures"),
    (_on(Medium.TEXT, "labels"), lambda _: TaggerSpec(), None, "learns from labels; any language"),
    (
        _on(Medium.IMAGE, "rectanglelabels"),
        lambda _: DetectorSpec(source="rapid-layout"),
        "rapid_layout",
        "finds the parts of a document page",
    ),
    (
        _on(Medium.IMAGE, "rectangle", "polygon", "labels", "textarea", "rectanglelabels", "polygonlabels"),
        lambda _: OcrSpec(),
        "rapidocr",
        "reads lines of text, Chinese and English",
    ),
    (_on(Medium.AUDIO, "labels"), lambda _: SpeechSpec(), "silero_vad", "finds where somebody speaks"),
    (_on(Medium.TEXT, "pairwise", "rating"), lambda _: PreferenceSpec(encoder="ngram"), None, "learns from judgements"),
    (_on(Medium.LIST, "ranker"), lambda _: PreferenceSpec(encoder="ngram"), None, "learns from judgements"),
)
