"""Watches an open gate: audited losses raise the audit rate and then close it; drift raises the rate.

So do audits that nobody answers.

Everything is computed anew from the store at each look, so a restart forgets nothing. A new certificate forgets nothing
either: what was accepted under the ones before it stays accepted, and the labels behind it may be from before the same
change. So the audits of all of them count, since the monitor last closed the gate and for this label config; also while
the gate accepts nothing and waits for a new certificate. Each is judged by the budget of its own certificate, or by
today's where that is larger.

Audits count in the order in which they were drawn: the answered ones up to the first that people have not answered yet.
Those behind it wait, since easy items are answered first, and none is dropped for being late. A skipped audit counts as
lost. An unanswered one whose task was deleted, or whose data changed, is left out: nobody can answer it any more, the
item is not among what was accepted, and whoever deleted it was not told that it was an audit. Where several people may
be asked, an audit that the first one disputes counts as answered when they have settled it
(``serving.pipeline.opinions``): so were the labels that the certificate stands on.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.gate.monitor import change_point, earliest_change, first_reached, statistic
from models.gate.sequence import percent
from models.tasks import item_loss
from models.types import GateState, Route
from serving.pipeline import drift, opinions
from serving.pipeline.decide import REOPENED, audit_rate
from serving.pipeline.drift import Comparison
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import SELF, held, holds
from serving.settings import Settings
from serving.store.engine import UnitOfWork
from serving.store.records import Audit, CertificateRow, ItemState, ProjectRow

log = logging.getLogger(__name__)

CALM = 0.1
"""The watch ends when the statistic is below this share of its level, nothing drifts and no audit is overdue."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the audits say of all that is accepted."""

    certificates: tuple[int, ...]
    """Under which they were drawn, oldest first."""
    epsilon: NDArray[np.float64]
    """``(n,)``, the budget by which each audit is judged."""
    audits: tuple[Audit, ...]
    """Those that count: answered, and none before them unanswered."""
    losses: NDArray[np.float64]
    """``(n,)``, 0 or 1, of these audits."""
    path: NDArray[np.float64]
    """``(n,)``, the statistic after each of them."""
    behind: int
    """Answered audits that wait for an older one to be answered."""
    unanswered: tuple[Audit, ...]
    """Audits that people, or more people, are still to answer, oldest first."""
    people: dict[int, int]
    """Item id -> how many different people are to answer it, for disputed audits that wait for another one."""

    @property
    def value(self) -> float:
        """The statistic now."""
        return float(self.path[-1]) if self.path.size else 0.0

    def overdue(self, settings: Settings, now: float) -> int:
        """Unanswered audits that were drawn longer ago than ``audit_due_s``."""
        return sum(now - audit.drawn_at > settings.audit_due_s for audit in self.unanswered)


def watched(uow: UnitOfWork, project: ProjectRow, newest: CertificateRow | None = None) -> list[CertificateRow]:
    """The certificates whose acceptances are watched together, oldest first: open ones, for one label config.

    Args:
        uow: a unit of work.
        project: as it is now.
        newest: one of them; None: those since the monitor last closed the gate, for today's label config.
    """
    digest = project.label_config.digest if newest is None else newest.label_config_digest
    since, until = (project.valid_since, math.inf) if newest is None else _between(uow, project, newest.created_at)
    return [
        one
        for one in uow.gate.certificates(project.id)
        if one.open and not one.trial and one.label_config_digest == digest and since <= one.created_at < until
    ]


def _between(uow: UnitOfWork, project: ProjectRow, at: float) -> tuple[float, float]:
    """When the monitor closed the gate the last time before, and the first time after (epoch seconds)."""
    closings = [event.at for event in uow.gate.events(project.id) if "earliest_change" in event.numbers]
    before = max((closing for closing in closings if closing <= at), default=0.0)
    return before, min((closing for closing in closings if closing > at), default=math.inf)


def read(uow: UnitOfWork, project: ProjectRow, certificates: Sequence[CertificateRow]) -> Reading:
    """The audits of these certificates, and the monitor's statistic over those that count."""
    budgets = {one.id: max(one.epsilon, project.epsilon) for one in certificates}
    drawn = [audit for audit in uow.watch.audits(budgets) if audit.awaited or audit.label_id is not None]
    answered = [audit for audit in drawn if not audit.awaited]
    first = dict(zip((audit.decision_id for audit in answered), _losses(uow, project, answered), strict=True))
    verdicts = opinions.hear_audits(uow, project, [audit for audit in answered if first[audit.decision_id]])
    asked = {id: verdict.people for id, verdict in verdicts.items() if verdict.pending}
    pending = [n for n, audit in enumerate(drawn) if audit.awaited or audit.decision_id in asked]
    counted = drawn[: pending[0]] if pending else drawn
    known = first | {id: float(verdict.loss > 0) for id, verdict in verdicts.items()}
    losses = np.array([known[audit.decision_id] for audit in counted], dtype=np.float64)
    epsilon = np.array([budgets[audit.certificate_id] for audit in counted], dtype=np.float64)
    return Reading(
        certificates=tuple(budgets),
        epsilon=epsilon,
        audits=tuple(counted),
        losses=losses,
        path=statistic(losses, epsilon=epsilon),
        behind=len(drawn) - len(counted) - len(pending),
        unanswered=tuple(drawn[n] for n in pending),
        people={audit.item_id: asked[audit.decision_id] for audit in drawn if audit.decision_id in asked},
    )


def _losses(uow: UnitOfWork, project: ProjectRow, audits: list[Audit]) -> NDArray[np.float64]:
    """Strict losses, as the certificate is about: what is not wholly right is wrong, and a skip is lost."""
    unknown = [audit for audit in audits if audit.loss is None and not audit.skipped]
    said = uow.items.predictions([a.prediction_id for a in unknown if a.prediction_id is not None])
    labels = uow.watch.regions([a.label_id for a in unknown if a.label_id is not None])
    found = {
        a.decision_id: item_loss(said[a.prediction_id].prediction.regions, labels[a.label_id], project.label_config)
        for a in unknown
        if a.prediction_id in said and a.label_id in labels
    }
    losses = [1.0 if a.skipped else found.get(a.decision_id, 1.0) if a.loss is None else a.loss for a in audits]
    return (np.array(losses, dtype=np.float64) > 0).astype(np.float64)


def run(runtime: Runtime, project: ProjectRow) -> int:
    """One look at one project; moves its gate if it must. Returns the number of changes (0 or 1)."""
    compared = runtime.drifts.get(project.id)
    with runtime.store.read() as uow:
        seen = _look(runtime, uow, project.id)
    drift.keep(runtime, project, compared)
    if seen is None:
        return 0
    if _wanted(runtime, *seen) is None:
        opinions.ask_of_audits(runtime, seen[0], seen[1].people)
        return 0
    with runtime.store.begin() as uow:
        uow.projects.hold(project.id)
        seen = _look(runtime, uow, project.id)
        if seen is None:
            return 0
        current, reading, _ = seen
        after = _wanted(runtime, *seen)
        if after is GateState.CLOSED:
            _close(runtime, uow, current, reading)
        elif after is not None:
            _move(runtime, uow, *seen, after=after)
        return int(after is not None)


def _look(runtime: Runtime, uow: UnitOfWork, project_id: int) -> tuple[ProjectRow, Reading, Comparison | None] | None:
    """What is seen now; None where there is nothing to watch, or a person holds the gate closed."""
    project = uow.projects.get(project_id)
    accepted = watched(uow, project)
    if not accepted or held(uow, project) is not None:
        return None
    reading, newest = read(uow, project, accepted), uow.gate.latest(project_id)
    if not project.gate_state.accepts or newest is None or not holds(newest, project):
        return project, reading, None
    return project, reading, drift.newest(runtime, uow, project, newest)


def _wanted(runtime: Runtime, project: ProjectRow, reading: Reading, seen: Comparison | None) -> GateState | None:
    """Where the gate is to go; None: it stays. Closing looks at every audit, watching at the newest.

    A gate that does not accept now may still be closed, for what it accepted before.
    """
    settings = runtime.settings
    if first_reached(reading.path, settings.monitor_close) is not None:
        return GateState.CLOSED
    if not project.gate_state.accepts:
        return None
    drifts = seen is not None and seen.alarm
    if drifts or reading.value >= settings.monitor_watch or reading.overdue(settings, runtime.now()):
        return GateState.WATCH if project.gate_state is GateState.OPEN else None
    calm = reading.value < CALM * settings.monitor_watch
    return GateState.OPEN if calm and project.gate_state is GateState.WATCH else None


def _move(
    runtime: Runtime,
    uow: UnitOfWork,
    project: ProjectRow,
    reading: Reading,
    seen: Comparison | None,
    *,
    after: GateState,
) -> None:
    """To watch, and back. Nothing is decided again: what is accepted stays the same, only more of it is audited."""
    settings = runtime.settings
    rate = min(1.0, project.audit_rate * settings.watch_audit_factor)
    numbers = _numbers(reading) | {"level": settings.monitor_watch, "audit_rate": rate}
    overdue = reading.overdue(settings, runtime.now())
    if seen is not None:
        numbers |= {"window": seen.window, "drift": {name: asdict(one) for name, one in seen.figures.items()}}
    if after is GateState.OPEN:
        reason = f"Open: the watch is over, the audits' statistic is {reading.value:,.1f}."
        numbers["audit_rate"] = project.audit_rate
    elif reading.value >= settings.monitor_watch:
        reason = (
            f"Watch: {_share(reading.losses)} audits were wrong, and their statistic is {reading.value:,.0f}; within "
            f"epsilon it reaches {settings.monitor_watch:,.0f} once in so many audits. {percent(rate)} of what is "
            "acceptable is audited now."
        )
    elif seen is not None and seen.alarm:
        reason = (
            f"Watch: the last {seen.window} items are not like the blind sample, in {_figures(seen)}. That proves no "
            f"error; {percent(rate)} of what is acceptable is audited now."
        )
    else:
        numbers["overdue"] = overdue
        reason = (
            f"Watch: nobody has answered {overdue} audits for more than {settings.audit_due_s / 3600:,.3g} hours, and "
            "the monitor sees none of those behind the first of them. They come first in the queue. Until then "
            f"{percent(rate)} of what is acceptable goes to people."
        )
    uow.gate.transition(project.id, after, reason=reason, actor=SELF, numbers=numbers, now=runtime.now())
    log.warning("gate", extra={"project": project.slug, "state": after.value, "reason": reason})


def _close(runtime: Runtime, uow: UnitOfWork, project: ProjectRow, reading: Reading) -> None:
    """Stop accepting, and give to people what may have been accepted since the change, all in one transaction.

    It may have come before any audit that does not rule it out, and after the audit before that: what was accepted in
    between is taken back, too, under whichever certificate. They, and the blind labels behind them, are from before the
    change: they count no longer (``valid_since``), so the gate opens again only by labels of items that arrive from now
    on.
    """
    now, level = runtime.now(), runtime.settings.monitor_close
    alarm = first_reached(reading.path, level)
    assert alarm is not None
    losses, epsilon = reading.losses[: alarm + 1], reading.epsilon[: alarm + 1]
    at = change_point(losses, epsilon=epsilon)
    earliest = earliest_change(losses, epsilon=epsilon)
    before, since = losses[:at], losses[at:]
    last_good = reading.audits[earliest - 1].decision_id if earliest else 0
    reopened = uow.watch.reopen(project.id, reading.certificates, after=last_good, reason=REOPENED, now=now)
    undone = uow.items.restart(
        project.id, states=(ItemState.DECIDED,), to=ItemState.SCORED, now=now, route=Route.ACCEPT
    )
    numbers = _numbers(reading) | {
        "statistic": float(reading.path[alarm]),
        "level": level,
        "epsilon": project.epsilon,
        "audit_rate": audit_rate(project, runtime.settings),
        "change": at,
        "change_task": reading.audits[at].task_id,
        "earliest_change": earliest,
        "audits_before": before.size,
        "errors_before": int(before.sum()),
        "audits_since": since.size,
        "errors_since": int(since.sum()),
        "error_before": float(before.mean()) if before.size else None,
        "error_since": float(since.mean()),
        "reopened": reopened,
        "undone": undone,
    }
    reason = (
        f"Closed: {_share(since)} audits since the estimated change were wrong, {_share(before)} before; more than "
        f"{percent(float(epsilon[at]))} of what is accepted is wrong. The change may lie {at - earliest} audits "
        f"further back: {reopened} acceptances from after that are open again. "
        f"It takes a new certificate, on {project.validation_target} blind labels of items that arrive from now on."
    )
    uow.gate.transition(project.id, GateState.CLOSED, reason=reason, actor=SELF, numbers=numbers, now=now)
    uow.projects.update(project.id, valid_since=now)
    log.error("gate", extra={"project": project.slug, "state": "closed", "reason": reason})


def _numbers(reading: Reading) -> dict[str, Any]:
    return {
        "certificate": reading.certificates[-1],
        "certificates": list(reading.certificates),
        "statistic": reading.value,
        "audits": len(reading.audits),
        "errors": int(reading.losses.sum()),
        "unanswered": len(reading.unanswered),
    }


def _figures(seen: Comparison) -> str:
    told = [f"{name.replace('_', ' ')} (PSI {one.psi:.2f})" for name, one in seen.drifting.items()]
    return " and ".join(filter(None, [", ".join(told[:-1]), told[-1]]))


def _share(losses: NDArray[np.float64]) -> str:
    return f"{int(losses.sum())} of {losses.size}"
