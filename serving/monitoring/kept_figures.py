"""The figures that are kept, and how each is stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from pydantic import TypeAdapter
from pydantic_core import from_json

from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork
from serving.monitoring.automation import AutomationReport, report
from serving.monitoring.blind import Blind, TagLoss, blind
from serving.monitoring.by_day import Day, by_day
from serving.monitoring.kept import Kept, by_type
from serving.monitoring.opening import Opening
from serving.monitoring.opening import look as look_ahead
from serving.monitoring.side_by_side import SideBySide, side_by_side
from serving.monitoring.watching import Watched, watched
from serving.pipeline import challenge, shadow
from serving.pipeline.runtime import Runtime
from serving.store.records import ItemState, ProjectRow

Counts = tuple[dict[ItemState, int], int]
Ahead = tuple[Opening | None, list[tuple[float, int]]]
Beside = tuple[challenge.Progress | None, shadow.Progress | None]
Able = list[tuple[int, FieldOfWork, Accuracy]]
ARRAYS: Final = ("confidences", "losses", "pool")


def count(runtime: Runtime, project: ProjectRow) -> Counts:
    """Items by state, and the accepted ones."""
    with runtime.store.read() as uow:
        return uow.items.counts(project.id), uow.items.accepted(project.id)


def beside(runtime: Runtime, project: ProjectRow) -> Beside:
    """How far the trial and the shadow are."""
    with runtime.store.read() as uow:
        return challenge.progress(runtime, uow, project), shadow.progress(runtime, uow, project)


def ahead(runtime: Runtime, project: ProjectRow) -> Ahead:
    """What the gate waits for; and accepted items by the epsilon they were accepted at, where the tolerance changed."""
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
        budgets = uow.charts.accepted_by_budget(project.id) if project.tolerance_since else []
        return look_ahead(runtime, uow, project), budgets


def able(runtime: Runtime, project: ProjectRow) -> Able:
    """How often each of the project's people, by trainer id, is right in each field of work."""
    with runtime.store.read() as uow:
        known = uow.people.accuracies(uow.people.seated(project.id))
    return [(trainer_id, field, one) for (trainer_id, field), one in known.items()]


def _dump_blind(seen: Blind) -> dict[str, Any]:
    plain: dict[str, Any] = {name: getattr(seen, name).tolist() for name in ARRAYS}
    plain |= {name: getattr(seen, name) for name in ("model_version", "left_out", "waiting", "tests")}
    plain["tags"] = [asdict(one) for one in seen.tags]
    plain["confusion"] = {name: [[*pair, n] for pair, n in counts.items()] for name, counts in seen.confusion.items()}
    return plain


def _load_blind(text: str | bytes) -> Blind:
    plain = from_json(text)
    plain |= {name: np.array(plain[name], dtype=np.float64) for name in ARRAYS}
    plain["tags"] = tuple(TagLoss(**one) for one in plain["tags"])
    plain["confusion"] = {
        name: Counter({(person, model): n for person, model, n in rows}) for name, rows in plain["confusion"].items()
    }
    return Blind(**plain)


counted: Final = by_type("counts", count, TypeAdapter(Counts))
daily: Final = by_type("days", by_day, TypeAdapter(list[Day]))
sampled: Final = Kept("sample", blind, dump=_dump_blind, load=_load_blind)
reported: Final = by_type("report", report, TypeAdapter(AutomationReport))
seen: Final = by_type("watching", watched, TypeAdapter(Watched))
compared: Final = by_type("versions", side_by_side, TypeAdapter(SideBySide))
advanced: Final = by_type("beside", beside, TypeAdapter(Beside))
awaited: Final = by_type("ahead", ahead, TypeAdapter(Ahead))
peered: Final = by_type("accuracies", able, TypeAdapter(Able))
FIGURES: Final[tuple[Kept[Any], ...]] = (
    counted,
    daily,
    sampled,
    reported,
    seen,
    compared,
    advanced,
    awaited,
    peered,
)


def refresh(runtime: Runtime, project: ProjectRow) -> int:
    """Count what it is time for; how many figures that was."""
    return sum(one.refresh(runtime, project) for one in FIGURES)
