"""Judgements in, a new model version out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models import encoders
from models.answers import Case, judged, read_case
from models.base import Budget, ModelRef, TrainingExample, TrainingReport
from models.errors import ConfigurationError, NotTrainableError, fragment
from models.gate import confidence
from models.gate.confidence import ConfidenceModel
from models.preference import features
from models.preference.artefact import PreferenceManifest, save
from models.preference.fitting import Fit, fit
from models.preference.judging import Judgement, answered, judgement
from models.specs import HeadSpec, PreferenceSpec, Trainable
from models.tasks.inputs import UnreadableItem
from models.types import ControlSpec

FEWEST = 10
"""Judgements from which on something is learnt: two in each fold."""


@dataclass(frozen=True)
class Example:
    """One usable judgement, its answers in the order in which the link wants them."""

    case: Case
    truth: int
    said: str


class PreferenceTrainer:
    """Fits a preference. The same judgements, in any order, give the same sha256."""

    def __init__(self, *, threads: int = 1, model_dir: Path | None = None) -> None:
        self._threads, self._model_dir = threads, model_dir

    def train(
        self,
        spec: Trainable,
        control: ControlSpec,
        examples: Sequence[TrainingExample],
        *,
        name: str,
        folder: Path,
        budget: Budget | None = None,
    ) -> TrainingReport:
        """See ``models.base.Trainer``."""
        started = time.monotonic()
        assert isinstance(spec, PreferenceSpec)
        check(control)
        kind = judgement(control, _levels(control, examples))
        rows = _readable(kind, control, examples)
        said = Counter(row.said for row in rows)
        _refuse_too_few(control, said, skipped=len(examples) - len(rows))
        if set(said) < set(kind.levels):  # a level whose items cannot be read is none
            kind = judgement(control, tuple(said))
            rows = _readable(kind, control, examples)
        encoder = encoders.get(encoder_spec(spec), threads=self._threads, model_dir=self._model_dir)
        cases, truth = [row.case for row in rows], np.array([row.truth for row in rows], np.int64)
        with threadpool_limits(limits=1):  # so that sums have one order
            fitted = fit(features.measure(encoder, cases), [len(case.answers) for case in cases], truth, kind.link)
            right = kind.right(fitted.held_out, fitted.owns, truth)
            sure = _certainty(kind, fitted, right, measures(cases), budget or Budget())
        manifest = PreferenceManifest(
            encoder=spec.encoder,
            encoder_digest=encoder.digest,
            features=features.EDITION,
            control=control.name,
            control_kind=control.kind,
            fields=fields(control),
            levels=kind.levels,
            n=len(rows),
            said=dict(sorted(said.items())),
            spreads=fitted.spreads,
            accuracy=float(right.mean()),
            log_loss=fitted.log_loss,
            confidence=sure.kind,
            expected=dict(sure.expected),
        )
        digest, path = save(folder, manifest, fitted.utility, sure)
        return TrainingReport(
            ref=ModelRef(
                spec=spec, control=control, version=f"{name}-{digest[:12]}", sha256=digest, path=str(path.resolve())
            ),
            n=len(rows),
            skipped=len(examples) - len(rows),
            classes=manifest.said,
            accuracy=manifest.accuracy,
            seconds=time.monotonic() - started,
            confidence=sure.kind,
            expected=manifest.expected,
        )


def check(control: ControlSpec) -> None:
    """Refuse a control that judges no readable answers.

    Raises:
        ConfigurationError: it does not.
    """
    if not judged(control):
        raise ConfigurationError(
            f"A preference fills Pairwise, Rating (not per region) and Ranker (without buckets) on texts; "
            f"{control.name!r} is {control.kind} on {control.input.medium}."
        )


def encoder_spec(spec: PreferenceSpec) -> HeadSpec:
    """The encoder, in full precision: with int8 an embedding depends on its company, and so on an answer's place."""
    return HeadSpec(encoder=spec.encoder, provider=spec.provider, quantize=False)


def fields(control: ControlSpec) -> tuple[str, ...]:
    """What is read of an item, in order."""
    return tuple(source.field for source in (control.input, *control.others, *control.context))


def measures(cases: Sequence[Case]) -> NDArray[np.float64]:
    """``(n, 3)``, what to know of a case besides.

    Logarithms of the answers' mean length, of the ratio of the longest to the shortest, and of the question's length.
    """
    rows = []
    for case in cases:
        lengths = np.log1p([len(answer) for answer in case.answers])
        rows.append([float(lengths.mean()), float(np.ptp(lengths)), float(np.log1p(len(case.question)))])
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _levels(control: ControlSpec, examples: Sequence[TrainingExample]) -> tuple[str, ...]:
    found = {answered(example.label, control) for example in examples}
    return tuple(sorted(one for one in found if one is not None and one != "ranked"))


def _readable(kind: Judgement, control: ControlSpec, examples: Sequence[TrainingExample]) -> list[Example]:
    """Usable judgements in an order that depends on their content alone."""
    keyed: list[tuple[bytes, int, Example]] = []
    for example in examples:
        said = answered(example.label, control)
        if said is None:
            continue
        try:
            case = read_case(example.item, control)
        except UnreadableItem:
            continue
        known = kind.truth(example.label, case)
        if known is not None:
            truth, order = known
            shown = Case(case.question, tuple(case.answers[place] for place in order))
            keyed.append((_fingerprint(shown), truth, Example(shown, truth, said)))
    return [one for _, _, one in sorted(keyed, key=lambda entry: entry[:2])]


def _fingerprint(case: Case) -> bytes:
    state = sha256()
    for text in (case.question, *case.answers):
        state.update(sha256(text.encode()).digest())
    return state.digest()


def _refuse_too_few(control: ControlSpec, said: Counter[str], *, skipped: int) -> None:
    n = sum(said.values())
    if control.kind == "rating" and sum(count >= 2 for count in said.values()) < 2:
        need = fragment("two numbers of stars with at least two examples each")
    elif control.kind == "pairwise" and said["left"] + said["right"] < FEWEST // 2:
        need = fragment(f"{FEWEST // 2} pairs of which one is better")
    elif n < FEWEST:
        need = fragment(f"{FEWEST} judgements")
    else:
        return
    counts = ", ".join(f"{level}: {count}" for level, count in sorted(said.items())) or fragment("none")
    raise NotTrainableError(
        f"Cannot train {control.name!r} yet: it needs {need}; there are {n} usable judgements ({counts}) and "
        f"{skipped} skipped. Label more items."
    )


def _certainty(
    kind: Judgement, fitted: Fit, right: NDArray[np.int64], extra: NDArray[np.float64], budget: Budget
) -> ConfidenceModel:
    """How sure to be, from what folds said of cases that they did not see; the kind that certifies most."""
    return confidence.choose(
        kind.decisions(fitted.held_out, fitted.owns),
        right,
        epsilon=budget.epsilon,
        delta=budget.delta,
        extra=extra,
        folds=fitted.parts,
        multiple=kind.multiple,
    )
