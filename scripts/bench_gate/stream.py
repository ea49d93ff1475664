"""C6: audits of a stream whose error turns from within the budget to twice the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from models.gate.monitor import BETS, first_reached, statistic
from scripts.bench_gate.result import Delay, Goal, Monitoring
from serving.settings import Settings

EPSILON, SHIFTED, ALPHA = 0.05, 0.10, 0.05
BEFORE, AFTER = 1000, 4000
CLEAN = (0.0, 0.03, 0.04, 0.05)
"""Errors before the change: none; what lies behind a certificate (C1: 3.8 %, and what is below that); the whole
budget, where a level promises how rarely it is reached."""
GOAL_AT = 0.03
CLOSING = slice(1, 4)
"""Those of ``detectors`` that are ours and close: in audits, and at the pace of the service, which watches first."""
EARLIER = 1000.0
"""A level for who would rather certify anew too often than accept too long: both goals are met in audits made."""

Floats = NDArray[np.float64]
Path = Callable[[Floats], Floats]
"""``(n,)`` losses -> ``(n,)`` evidence after each."""


@dataclass(frozen=True)
class Detector:
    rule: str
    path: Path
    level: float
    """It closes when the evidence is at or above it."""
    starts_anew: bool = True
    """After a false close; otherwise what was seen before weighs on for good."""
    watch: float | None = None
    """From this level on, ``faster`` times as many audits are drawn; waiting is counted in audits at the first rate."""
    faster: float = 1.0


def detectors() -> tuple[Detector, ...]:
    """Ours at the levels that the service has by default, and what else is used."""
    service = Settings.model_fields
    watch, close = float(service["monitor_watch"].default), float(service["monitor_close"].default)
    faster = float(service["watch_audit_factor"].default)
    as_served = f"as served, with {faster:.0f} times the audits from the watch on"
    return (
        Detector(f"Shiryaev-Roberts at {watch:,.0f} (watch)", _detector, watch),
        Detector(f"Shiryaev-Roberts at {close:,.0f} (close)", _detector, close),
        Detector(f"Shiryaev-Roberts at {EARLIER:,.0f}", _detector, EARLIER),
        Detector(as_served, _detector, close, watch=watch, faster=faster),
        Detector("e-process", _e_process, 1.0 / ALPHA, starts_anew=False),
        Detector("repeated Clopper-Pearson interval", _interval, 1.0 / ALPHA, starts_anew=False),
    )


def monitoring(streams: int, seed: int = 0) -> Monitoring:
    """Every detector on the same streams.

    Args:
        streams: for each error before the change.
        seed: of the draws.
    """
    rows: list[Delay] = []
    for clean in CLEAN:
        rng = np.random.default_rng([seed, round(clean * 1000)])
        rates = np.repeat([clean, SHIFTED], [BEFORE, AFTER])
        drawn = [(rng.random(rates.size) < rates).astype(np.float64) for _ in range(streams)]
        rows.extend(_delay(detector, clean, drawn) for detector in detectors())
    ours = [row for row in rows if row.clean == GOAL_AT][CLOSING]
    goals = [goal for row in ours for goal in _goals(row)]
    title = "C6: a monitored stream whose error turns to 10 %"
    return Monitoring(title, EPSILON, SHIFTED, BEFORE, streams, tuple(rows), tuple(goals))


def _goals(row: Delay) -> tuple[Goal, Goal]:
    where = f"{row.rule}, error before {100 * row.clean:.1f} %"
    return (
        Goal(f"median audits to close, {where}", row.median, 110, at_least=False),
        Goal(f"false closes in 10,000 audits, {where}", row.false_closes, 1.0, at_least=False),
    )


def _delay(detector: Detector, clean: float, drawn: list[Floats]) -> Delay:
    """After a false close a gate is certified anew and the detector starts from nothing."""
    waits, false = [], 0
    for losses in drawn:
        begin, early = 0, 0
        while (at := first_reached(detector.path(losses[begin:]), detector.level)) is not None and begin + at < BEFORE:
            early += 1
            if not detector.starts_anew:
                break
            begin += at + 1
        false += early
        if early and not detector.starts_anew:
            continue
        waits.append(np.inf if at is None else _wait(detector, losses[begin:], at, BEFORE - begin))
    median = float(np.median(waits)) if waits else float("inf")
    return Delay(detector.rule, clean, median, 1e4 * false / (BEFORE * len(drawn)))


def _wait(detector: Detector, losses: Floats, at: int, change: int) -> float:
    """Audits after the change, which comes before audit ``change``, up to ``at`` inclusive."""
    total = at - change + 1.0
    if detector.watch is None:
        return total
    watched = first_reached(detector.path(losses)[change:], detector.watch)
    slow = total if watched is None else watched + 1.0
    return slow + (total - slow) / detector.faster


def _detector(losses: Floats) -> Floats:
    return statistic(losses, epsilon=EPSILON)


def _e_process(losses: Floats) -> Floats:
    """Mean over the detector's bets of ``prod(1 + lambda (L - epsilon))``: the same bets, never begun anew."""
    stakes = np.array(BETS) / EPSILON
    return np.asarray(np.exp(np.cumsum(np.log1p(np.outer(losses - EPSILON, stakes)), axis=0)).mean(axis=1))


def _interval(losses: Floats) -> Floats:
    """One over the probability of so many errors or more at epsilon: an interval that is looked at after each audit."""
    errors, counts = np.cumsum(losses), np.arange(1, losses.size + 1)
    tail = np.where(errors > 0, bdtrc(np.maximum(errors - 1, 0), counts, EPSILON), 1.0)
    return np.asarray(1.0 / np.maximum(tail, 1e-300))
