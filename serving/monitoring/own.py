"""A person's own figures in a project, for that person: work, labels, time, accuracy, and what models learned of them.

Everything of the person is counted from rows when it is asked for. Of others only the middle half of their accuracies
is told, as it was counted last, and that only where there are enough of them. Audits and validation items are not told
apart, here as elsewhere.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median, quantiles
from typing import Final

from models.people.effort import lease_seconds
from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork
from serving.monitoring.kept_figures import peered
from serving.monitoring.own_figures import (
    Day,
    FieldAccuracy,
    Known,
    Labels,
    Learned,
    Own,
    Peers,
    Reason,
    Reviews,
    Time,
    Window,
    Work,
)
from serving.pipeline.runtime import Runtime
from serving.store.own import Given, Handed, Marked, Reviewed
from serving.store.people_figures import Moment
from serving.store.people_records import DeskRow, WorkState
from serving.store.records import LABELS_BY, LabelRole, ProjectRow
from serving.store.review_records import ReviewState
from serving.store.version_records import ModelVersionRow
from serving.workforce.hand_out import QUALITY, RECENT

Accuracies = Mapping[tuple[int, FieldOfWork], Accuracy]
"""Of (trainer id, field of work)."""
DAY_S: Final = 86_400.0
WEEK_S: Final = 7 * DAY_S
DAYS: Final = 28
"""Days of the daily series, today among them."""
PACE_FROM_S: Final = 360.0
"""Active seconds below which items an hour say nothing."""
PEERS: Final = 4
"""With fewer others nothing is said of them: a middle half of three would point at one."""
PEER_ITEMS: Final = 5.0
"""Items' worth of evidence from which on somebody counts among the others."""
NOTHING: Final = 1e-9
"""Items' worth of evidence that are none, but for rounding."""
REASONS: Final = 10
"""Reasons for giving back that are told apart."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a person did, each kind oldest first."""

    handed: Sequence[Handed] = ()
    given: Sequence[Given] = ()
    reviewed: Sequence[Reviewed] = ()
    marked: Sequence[Marked] = ()


def own(runtime: Runtime, project: ProjectRow, desk: DeskRow) -> Own:
    """The person's figures in one project, all from one reading of the store but for what it says of others."""
    settings, trainer, now = runtime.settings, desk.trainer, runtime.now()
    moment = Moment(now, silent_since=now - settings.people_silent_s)
    known = {(who, field): one for who, field, one in peered(runtime, project).value if who != trainer.id}
    with runtime.store.read() as uow:
        rows = Rows(
            handed=uow.own.handed(project.id, trainer.id, moment, since=now - WEEK_S),
            given=uow.own.given(project.id, trainer.user_id),
            reviewed=uow.own.reviewed(project.id, trainer.user_id),
            marked=uow.own.marked(project.id, trainer.id),
        )
        cap_s = lease_seconds(
            uow.work.durations(project.id, limit=RECENT),
            floor=settings.people_lease_min_s,
            ceiling=settings.people_lease_max_s,
            default=settings.people_lease_s,
        )
        known |= uow.people.accuracies([trainer.id])
        versions, active = uow.models.list(project.id), uow.projects.get(project.id).active_model
    all_time, week = (window(rows, since=since, cap_s=cap_s) for since in (0.0, now - WEEK_S))
    return Own(
        project=project.slug,
        user=trainer.user_id,
        now=now,
        all_time=all_time,
        week=week,
        days=daily(rows.given, now),
        accuracies=accuracies(known, trainer.id),
        models=learned(versions, trainer.user_id, active=active),
    )


def window(rows: Rows, *, since: float, cap_s: float) -> Window:
    """What was handed out, saved and decided at ``since`` or later: epoch seconds, 0 or what ``recent`` is of."""
    saved: dict[int, list[Given]] = {}
    for one in rows.given:
        if one.saved_at >= since:
            saved.setdefault(one.item_id, []).append(one)
    items = list(saved.values())
    return Window(
        since=since,
        work=_work([one for one in rows.handed if one.recent or not since]),
        labels=_labels(items),
        time=_time(items, cap_s),
        reviews=_reviews([one for one in rows.reviewed if one.decided_at >= since]),
        known=_known([one for one in rows.marked if one.answered_at >= since]),
    )


def daily(given: Sequence[Given], now: float) -> tuple[Day, ...]:
    """Items with a label by the day (UTC) on which it was saved, of the last ``DAYS`` days; ``given`` oldest first."""
    newest = {one.item_id: one.saved_at for one in given if not one.skipped}
    first = _day(now) - timedelta(days=DAYS - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()
    counts = Counter(_day(saved_at) for saved_at in newest.values() if saved_at >= since)
    days = [first + timedelta(days=n) for n in range(DAYS)]
    return tuple(Day(day=day, labels=counts[day]) for day in days)


def accuracies(known: Accuracies, trainer_id: int) -> tuple[FieldAccuracy, ...]:
    """The person's accuracy in each field where something is known of it, beside that of all others in ``known``."""
    found = []
    for field in sorted((field for who, field in known if who == trainer_id), key=str):
        mine = known[trainer_id, field]
        if mine.evidence <= NOTHING:  # all marks were withdrawn
            continue
        lower, upper = mine.interval()
        others = [one for (who, where), one in known.items() if where == field and who != trainer_id]
        told = {"mean": mine.mean, "lower": lower, "upper": upper, "items": mine.evidence}
        found.append(FieldAccuracy(field=str(field), **told, peers=_peers(others)))
    return tuple(found)


def learned(versions: Sequence[ModelVersionRow], user: int, *, active: str | None) -> tuple[Learned, ...]:
    """What the person's labels are part of, newest version first; ``versions`` oldest first.

    Versions that learned from nobody's labels here, ready-made ones, are left out, but have their numbers.
    """
    found: list[Learned] = []
    before: tuple[int | None, float | None] = (None, None)
    for number, row in enumerate(versions, 1):
        by: Mapping[str, int] | None = row.metrics.get(LABELS_BY)
        accuracy = row.metrics.get("accuracy")
        if by:
            found.append(
                Learned(
                    number=number,
                    version=row.ref.version,
                    yours=by.get(str(user), 0),
                    by_people=sum(by.values()),
                    history=row.metrics["history"],
                    accuracy=accuracy,
                    before=before[0],
                    before_accuracy=before[1],
                    made_at=row.created_at,
                    activated_at=row.activated_at,
                    active=row.ref.version == active,
                    rejected_at=row.rejected_at,
                )
            )
        if accuracy is not None:
            before = (number, float(accuracy))
    return tuple(reversed(found))


def _work(handed: Collection[Handed]) -> Work:
    counts: Counter[WorkState] = Counter()
    for one in handed:
        counts[one.state] += one.n
    back = [one for one in handed if one.state is WorkState.RELEASED]
    theirs = [(one.reason or "", one.n) for one in back if not one.unasked]
    return Work(
        offered=counts.total(),
        checks=sum(one.n for one in handed if one.code == QUALITY),
        held=counts[WorkState.HELD],
        done=counts[WorkState.DONE] + counts[WorkState.LATE],
        late=counts[WorkState.LATE],
        skipped=counts[WorkState.SKIPPED],
        given_back=sum(n for _, n in theirs),
        reasons=_reasons(theirs),
        unavailable=sum(one.n for one in back if one.unasked),
        expired=counts[WorkState.EXPIRED],
    )


def _reasons(said: Iterable[tuple[str, int]]) -> tuple[Reason, ...]:
    """Words that differ in case or blanks alone are one reason."""
    same: Counter[str] = Counter()
    for reason, n in said:
        same[" ".join(reason.split()).lower()] += n
    top = [Reason(reason=reason, n=n) for reason, n in same.most_common(REASONS)]
    rest = same.total() - sum(one.n for one in top)
    return (*top, *([Reason(reason="", n=rest)] if rest else ()))


def _labels(items: Sequence[Sequence[Given]]) -> Labels:
    newest = [answers[-1] for item in items if (answers := [one for one in item if not one.skipped])]
    shown = [one for one in newest if one.role is LabelRole.CORRECTION]
    losses = [one.loss for one in shown if one.loss is not None]
    unchanged = sum(loss == 0.0 for loss in losses)
    return Labels(
        n=len(newest),
        with_suggestion=len(shown),
        without_suggestion=len(newest) - len(shown),
        compared=len(losses),
        unchanged=unchanged,
        changed=len(losses) - unchanged,
    )


def _time(items: Sequence[Sequence[Given]], cap_s: float) -> Time:
    timed = [(seconds, item) for item in items if (seconds := _seconds(item)) > 0.0]
    labelled = [seconds for seconds, item in timed if any(not one.skipped for one in item)]
    active_s = sum(min(seconds, cap_s) for seconds, _ in timed)
    return Time(
        active_s=active_s,
        n=len(timed),
        cap_s=cap_s,
        capped=sum(seconds > cap_s for seconds, _ in timed),
        median_s=median(labelled) if labelled else None,
        per_hour=len(labelled) / (active_s / 3600.0) if active_s >= PACE_FROM_S else None,
    )


def _seconds(item: Sequence[Given]) -> float:
    """Time on one item, all the person's annotations of it together; 0: unknown."""
    seconds = 0.0
    for one in item:
        if one.lead_time is not None and 0.0 < one.lead_time < math.inf:
            seconds += one.lead_time
    return seconds


def _reviews(rows: Sequence[Reviewed]) -> Reviews:
    states = Counter(one.state for one in rows)
    against = [one for one in rows if one.state is not ReviewState.ACCEPTED]
    fixed = sum(one.fixed for one in against)
    return Reviews(
        decided=len(rows),
        accepted=states[ReviewState.ACCEPTED],
        by_deadline=sum(one.by_deadline for one in rows if one.state is ReviewState.ACCEPTED),
        fixed=fixed,
        rejected=len(against) - fixed,
        reasons=_reasons((one.code, 1) for one in against if one.code is not None),
        appealed=sum(one.appealed for one in against),
        upheld=states[ReviewState.UPHELD],
        overturned=states[ReviewState.OVERTURNED],
    )


def _known(rows: Sequence[Marked]) -> Known:
    stand = [one for one in rows if one.counts]
    return Known(
        n=len(stand),
        right=sum(one.is_right for one in stand),
        disputed=sum(one.disputed for one in rows),
        void=len(rows) - len(stand),
    )


def _peers(others: Sequence[Accuracy]) -> Peers:
    means = [one.mean for one in others if one.evidence >= PEER_ITEMS]
    if len(means) < PEERS:
        return Peers(n=len(means), lower=None, upper=None)
    lower, _, upper = quantiles(means, n=4, method="inclusive")
    return Peers(n=len(means), lower=lower, upper=upper)


def _day(moment: float) -> date:
    return datetime.fromtimestamp(moment, UTC).date()
