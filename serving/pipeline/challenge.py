"""A challenger: a new model version beside the one that predicts, while the gate goes on accepting.

It says in shadow what it would say of the blind sample and of a random part of the waiting items, a few chunks a
tick; what it has said is in the store, so a restart loses nothing. Where several people may be asked, another person
is asked of those items of the sample on which it and the first answer disagree. Then it is certified, with a share of
delta of its own, and takes the other's place in one transaction if its certificate is open and covers more of the
blind sample. Nobody sees a prediction of it before.

The waiting items are no fair ground to compare on: people label what the active model is unsure of, and what it
accepted is left over. The sample is a random part of all that arrived, and neither model was trained on it.

Choosing between models by the labels that certify them is covered by the shares of delta: with probability 1 - delta
every certificate of the project is right at once, whichever of them is used. See docs/decisions/0011.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.base import ModelRef
from models.errors import ScorerLate, written
from models.gate import Certificate
from models.gate.sequence import percent
from models.types import GateState, Prediction
from serving.pipeline import certifying, needs, opinions, score
from serving.pipeline.opinions import Hearing, Sample
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import SELF, activate, held, holds, move, score_again
from serving.store.engine import UnitOfWork
from serving.store.records import CertificateRow, ProjectRow

log = logging.getLogger(__name__)

POOL = 2000
"""Waiting items whose confidences are the thresholds that a challenger may take."""
SMALLEST_POOL = 30
"""With fewer there is little to choose a threshold from, and little left to accept."""
CHUNKS = 4
"""Scored in one tick: the service's own scoring waits no longer than that."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the trial of a challenger is."""

    version: str
    scored: int
    items: int
    """Blind sample and waiting items that it has to score."""
    waits: str | None
    """Why it does not go on by itself, in English; None: it does."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """What a challenger is tried on, as the store has it now."""

    ref: ModelRef
    sample: Sample
    pool: list[int]
    """Waiting items."""
    missing: list[int]
    """Items that it is still to score."""

    @property
    def scored(self) -> list[int]:
        """The waiting items without those that are still to be scored."""
        left = set(self.missing)
        return [id for id in self.pool if id not in left]

    @property
    def enough(self) -> bool:
        """Whether it has said something of all the sample, and of nearly all the pool."""
        pool = len(set(self.missing).intersection(self.pool))
        return pool == len(self.missing) and pool <= certifying.UNSCORED * len(self.pool)


def enter(
    uow: UnitOfWork, project: ProjectRow, ref: ModelRef, *, actor: str, numbers: dict[str, Any], now: float
) -> None:
    """Let a model version challenge the active one. One that is on trial already is tried no longer."""
    uow.projects.update(project.id, challenger=ref.version)
    reason = f"model {ref.version} is tried beside {project.active_model}, which goes on predicting"
    if project.challenger is not None:
        reason += f"; {project.challenger} is tried no longer"
    uow.gate.note(project.id, reason=reason, actor=actor, numbers={"challenger": ref.version, **numbers}, now=now)


def advance(runtime: Runtime, project: ProjectRow) -> bool:
    """Take the next step of the trial. Returns whether anything changed."""
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
        if project.challenger is None:
            return False
        closed = not project.gate_state.accepts
        trial = _trial(runtime, uow, project)
        waits = _waits(uow, project, trial)
    if closed and waits is None:
        return _succeed(runtime, project, trial.ref)
    if closed:
        return False
    if trial.missing and score_some(runtime, project, trial.ref, trial.missing):
        return True
    if waits is not None or not trial.enough:
        return False
    with runtime.store.read() as uow:
        said = uow.challenge.said(certifying.ids_of(trial.sample) + trial.pool, trial.ref.version)
    hearing = opinions.hear(runtime, project, trial.sample, said)
    return not opinions.ask(runtime, project, hearing) and _conclude(runtime, project, trial, said, hearing)


def progress(runtime: Runtime, uow: UnitOfWork, project: ProjectRow) -> Progress | None:
    """How far the trial is; None where nothing is on trial."""
    if project.challenger is None:
        return None
    trial = _trial(runtime, uow, project)
    items = len({*certifying.ids_of(trial.sample), *trial.pool})
    return Progress(project.challenger, items - len(trial.missing), items, _waits(uow, project, trial))


def _waits(uow: UnitOfWork, project: ProjectRow, trial: _Trial) -> str | None:
    """What has to happen first, in words.

    The monitor's watch is waited out: while it is in doubt whether the blind labels still say anything, they choose no
    model.
    """
    if held(uow, project) is not None:
        return written("until the gate is opened again by hand")
    if not project.gate_state.accepts:
        return None
    if project.gate_state is GateState.WATCH:
        return written("until the watch is over")
    if not certifying.answered(trial.sample):
        left = sum(label is None for _, label in trial.sample)
        return written(f"for {left} blind labels")
    if again := certifying.waits_for_opinions(uow, project):
        return written(f"for other people's answers to {again} items")
    waiting = len(trial.pool)
    return written(f"for more items: {waiting} are waiting") if waiting < SMALLEST_POOL else None


def pool_of(uow: UnitOfWork, project: ProjectRow, sample: Sample) -> list[int]:
    """A random part of the waiting items, those of the sample apart."""
    drawn = set(certifying.ids_of(sample))
    found = uow.challenge.pool(project.id, project.active_model or "", limit=POOL + len(drawn))
    return [id for id in found if id not in drawn][:POOL]


def _trial(runtime: Runtime, uow: UnitOfWork, project: ProjectRow) -> _Trial:
    ref = uow.models.get(project.id, project.challenger or "").ref
    sample = certifying.validation_sample(uow, project)
    pool = pool_of(uow, project, sample)
    wanted = certifying.ids_of(sample) + pool
    return _Trial(ref, sample, pool, missing(runtime, uow, project, ref, wanted))


def missing(runtime: Runtime, uow: UnitOfWork, project: ProjectRow, ref: ModelRef, wanted: Sequence[int]) -> list[int]:
    """Those of the items of which this version has said nothing yet, as far as it can read them."""
    done = uow.challenge.scored(wanted, ref.version) | runtime.unreadable.get((project.id, ref.version), set())
    return [id for id in wanted if id not in done]


def score_some(runtime: Runtime, project: ProjectRow, ref: ModelRef, ids: Sequence[int]) -> bool:
    """Some chunks, each stored at once; whether it has said anything new.

    What it cannot read is never accepted. Where media are away it tries again; a few of the waiting items may stay so.
    """
    size, done = runtime.chunks.size(ref.version, runtime.settings.chunk_size), 0
    for start in range(0, min(len(ids), CHUNKS * size), size):
        done += score_chunk(runtime, project, ref, ids[start : start + size])
    return done > 0


def score_chunk(runtime: Runtime, project: ProjectRow, ref: ModelRef, ids: Sequence[int]) -> int:
    """Store what a model says of items beside what is current; of how many it has said something, or cannot."""
    with runtime.store.read() as uow:
        rows = {str(row.id): row for row in uow.items.rows(ids)}
    began = runtime.now()
    try:
        results, fast = score.timed(runtime, project, ref, [score.to_item(row) for row in rows.values()])
    except ScorerLate:
        runtime.chunks.late(ref.version, len(rows))
        raise
    runtime.chunks.took(ref.version, len(rows), runtime.now() - began, runtime.settings.scorer_timeout_s)
    good = [(int(r.key), r) for r in results if isinstance(r, Prediction)]
    broken = {int(r.key) for r in results if not isinstance(r, Prediction) and r.code != score.AWAY}
    runtime.unreadable.setdefault((project.id, ref.version), set()).update(broken)
    with runtime.store.begin() as uow:
        same = {row.id: row.revision for row in uow.items.rows([id for id, _ in good])}
        current = [(id, said) for id, said in good if same.get(id) == rows[str(id)].revision]
        uow.challenge.record(current, runtime.now())
        uow.models.measured(project.id, ref.version, fast.items, fast.seconds)
        if project.challenger == ref.version:
            needs.of_challenged(uow, project, [id for id, _ in current], runtime.now())
    return len(good) + len(broken)


def _succeed(runtime: Runtime, project: ProjectRow, ref: ModelRef) -> bool:
    """The gate has closed by itself meanwhile: there is nothing left to keep open, so the newer model predicts."""
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        if current.challenger != ref.version or current.gate_state.accepts or held(uow, current) is not None:
            return False
        activate(uow, current, ref, actor=SELF, numbers={"challenger": ref.version}, now=runtime.now())
    return True


def _conclude(
    runtime: Runtime, project: ProjectRow, trial: _Trial, said: Mapping[int, Prediction], hearing: Hearing
) -> bool:
    """Certify the challenger and decide which model predicts, all in one transaction."""
    with runtime.store.begin() as uow:
        current, before = uow.projects.hold(project.id), uow.gate.latest(project.id)
        same = current.challenger == trial.ref.version and current.label_config.digest == project.label_config.digest
        if not same or not current.gate_state.accepts or _waits(uow, current, _trial(runtime, uow, current)):
            return False
        if before is None or before.threshold is None or not holds(before, current):
            return False
        drawn = certifying.ids_of(trial.sample)
        sure = certifying.confidences(drawn, said)
        certificate = certifying.test(uow, current, sure, hearing.losses, certifying.confidences(trial.scored, said))
        theirs = uow.challenge.said(drawn, before.model_version)
        ours = 0.0 if certificate.threshold is None else float(np.mean(sure >= certificate.threshold))
        covered = float(np.mean(certifying.confidences(drawn, theirs) >= before.threshold))
        wins = certificate.open and ours > covered
        now, size = runtime.now(), len(trial.sample)
        row = certifying.record(
            uow, current, trial.ref, certificate, hearing.noise, n_validation=size, now=now, trial=not wins
        )
        numbers = _numbers(current, trial, certificate, ours, covered) | {"certificate": row.id}
        reason = _reason(current, row, ours, covered, wins=wins)
        if wins:
            uow.models.activate(current.id, trial.ref.version, now)
            promoted = uow.projects.update(current.id, challenger=None)
            certifying.keep(uow, trial.sample, said, current.label_config, now)
            move(uow, promoted, GateState.OPEN, reason=reason, numbers=numbers, now=now)
            score_again(uow, promoted, now=now)
        else:
            uow.models.reject(current.id, trial.ref.version, now)
            uow.projects.update(current.id, challenger=None)
            uow.gate.note(current.id, reason=reason, actor=SELF, numbers=numbers, now=now)
    runtime.unreadable.pop((project.id, trial.ref.version), None)
    log.info("challenger", extra={"project": project.slug, "promoted": wins, "reason": reason})
    return True


def _numbers(
    project: ProjectRow, trial: _Trial, certificate: Certificate, ours: float, covered: float
) -> dict[str, Any]:
    return {
        "challenger": trial.ref.version,
        "before": project.active_model,
        "sample_coverage": ours,
        "sample_coverage_before": covered,
        "coverage": certificate.coverage,
        "threshold": certificate.threshold,
        "n": certificate.n,
        "errors": certificate.errors,
        "n_validation": len(trial.sample),
        "delta": certificate.delta,
    }


def _reason(project: ProjectRow, row: CertificateRow, ours: float, covered: float, *, wins: bool) -> str:
    before = f"{project.active_model} covers {percent(covered)}"
    after = f"{row.model_version} is certified for {percent(ours)} of the blind sample, {before}"
    if wins:
        return f"{row.reason} Model {row.model_version} predicts from now on: {after}."
    if row.open:
        return f"Model {row.model_version} is rejected: {after}."
    return f"Model {row.model_version} is rejected, and {before} of the blind sample. On its own it is: {row.reason}"
