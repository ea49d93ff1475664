"""Reviews of labels and appeals: who looks at what, what a decision does, and what happens when nobody decides.

A label counts until somebody has said that it is wrong. Rejected, it counts no longer, and its item goes to people who
have neither labelled it nor seen the label; fixed, the reviewer's own answer counts in its place. Its author may appeal
once, to somebody who neither labelled nor decided. Overturned, the label counts again: an answer that somebody else has
given meanwhile, or gives in the time of a lease that is running, stays beside it as any second label does.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

from models.errors import EvidenceMissing, NotFoundError, PlatformError, ReviewRefused
from models.people.effort import lease_seconds
from models.people.reviews import Answer, Code, Diff, Gold, Outcome, Own, Rule, check, difference, lines
from serving.language import gettext
from serving.pipeline import ingest
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.people_records import DeskRow, Nothing, WorkState
from serving.store.records import ItemRow, ItemState, LabelRow, ProjectRow
from serving.store.review_records import AGAINST, By, ReviewRow, ReviewState, TurnRow, Verdict
from serving.workforce import overlap
from serving.workforce.hand_out import DAY_S, RECENT

log = logging.getLogger(__name__)

BATCH = 500
"""Reviews that one pass moves on."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer says of a label."""

    outcome: Outcome
    seen: float
    """``remote_updated_at`` of the label that they were shown; one that has changed since is to be looked at anew."""
    code: Code | None = None
    evidence: Rule | Gold | Own | None = None
    note: str = ""

    @property
    def compared(self) -> bool:
        """Whether it stands on the reviewer's own answer."""
        return self.outcome is Outcome.FIX or (self.outcome is Outcome.REJECT and isinstance(self.evidence, Own))


def next_review(runtime: Runtime, project: ProjectRow, person: DeskRow) -> ReviewRow | Nothing:
    """What this reviewer is to decide now: what they hold already, or what is due first of all that they may decide.

    Raises:
        ReviewRefused: the person's desk may not review.
    """
    settings = runtime.settings
    with runtime.store.begin() as uow:
        uow.work.turn(project.id)
        now = runtime.now()
        uow.reviews.expire(project.id, now)
        found = uow.people.desk(project.id, person.trainer.id)
        if found is None or not found.reviews:
            raise ReviewRefused(gettext("this person does not review here: an operator sets 'reviews' of their desk"))
        held = uow.reviews.held(project.id, found.trainer.id)
        if held is not None:
            row = uow.reviews.get(held.review_id)
            if not uow.reviews.void(row):
                return row
            uow.reviews.close([row], now, state=ReviewState.VOID)
        if found.daily_cap is not None:
            given = uow.work.given(project.id, found.trainer.id, since=now - DAY_S)
            if given >= found.daily_cap:
                return Nothing.CAP
        met = [id for id, need in uow.people.needs(project.id).items() if need.met_by(found.skills)]
        first = uow.reviews.first_for(found, met, now)
        if first is None:
            return Nothing.EMPTY
        lease_s = lease_seconds(
            uow.reviews.durations(project.id, limit=RECENT),
            floor=settings.people_lease_min_s,
            ceiling=settings.people_lease_max_s,
            default=settings.people_lease_s,
        )
        uow.reviews.give(first, found.trainer.id, until=now + lease_s, now=now)
        uow.work.sit(found, offered=found.offered + 1.0, waits_since=found.waits_since, now=found.seen_at)
        return first


def give_back(runtime: Runtime, person: DeskRow, review_id: int, reason: str) -> None:
    """Somebody else decides it; the reason is kept.

    Raises:
        ReviewRefused: the person does not hold it.
    """
    with runtime.store.begin() as uow:
        now = runtime.now()
        row = uow.reviews.get(review_id)
        turn = _turn(uow, person, row)
        if not uow.reviews.end(turn, WorkState.RELEASED, now, why=reason):
            raise ReviewRefused(gettext("the time for this one was over, and it is with somebody else by now"))


def decide(runtime: Runtime, project: ProjectRow, person: DeskRow, review_id: int, said: Decision) -> ReviewRow:
    """A reviewer decides on a label.

    Raises:
        EvidenceMissing: a rejection lacks its reason or its evidence, or a fix the reviewer's own answer.
        ReviewRefused: it is not this person's to decide, not open any more, or the label has changed since.
    """
    if said.outcome is Outcome.REJECT:
        check(said.code, said.evidence, say=gettext)
    if said.compared:
        _read_again(runtime, project, review_id)
    with runtime.store.begin() as uow:
        project = uow.projects.hold(project.id)
        now = runtime.now()
        row, turn = _open(uow, person, review_id, ReviewState.PENDING, now)
        label, item = uow.labels.get(row.label_id), uow.items.get(row.item_id)
        there = label.counts and item.state is ItemState.LABELED and item.revision == row.revision
        if label.remote_updated_at != said.seen or not there:
            raise ReviewRefused(
                gettext("the label, or what it is for, has changed since you were shown it: look at it again")
            )
        verdict = _verdict(uow, project, person, label, turn, said)
        until = None if said.outcome is Outcome.ACCEPT else now + runtime.settings.appeal_due_s
        me = person.trainer.id
        if not uow.reviews.decide(row, verdict, by=me, now=now, judged=label.regions, appeal_until=until):
            raise ReviewRefused(gettext("this is decided already"))
        uow.labels.set_aside(verdict.aside, now)
        _done(uow, turn, now)
        overlap.review(uow, project, [row.item_id], now)
        after = uow.reviews.get(review_id)
    if after.state in AGAINST:
        ask_platform(runtime, project, [row.item_id])
    return after


def appeal(runtime: Runtime, project: ProjectRow, person: DeskRow, review_id: int, reason: str) -> ReviewRow:
    """The author of a label wants a second person to look at what was decided against it.

    Raises:
        NotFoundError: it is not a review of a label of theirs.
        ReviewRefused: the time is over, or there was an appeal before.
    """
    with runtime.store.begin() as uow:
        uow.projects.hold(project.id)  # a deadline that passes now comes before or after
        now = runtime.now()
        row = uow.reviews.get(review_id)
        if row.project_id != project.id or row.author != person.trainer.user_id:
            raise NotFoundError(gettext("there is no review {n} of a label of yours", n=review_id))
        if not uow.reviews.appeal(row, reason, answer_until=now + runtime.settings.appeal_answer_s, now=now):
            raise ReviewRefused(
                gettext("this cannot be appealed (any more): there is one appeal, in the time that was named")
            )
        return uow.reviews.get(review_id)


def answer(
    runtime: Runtime, project: ProjectRow, person: DeskRow, review_id: int, said: Answer, reason: str
) -> ReviewRow:
    """A second, independent reviewer decides an appeal; there is no other after it.

    Raises:
        ReviewRefused: it is not this person's to decide, or not open any more.
    """
    state = ReviewState.OVERTURNED if said is Answer.OVERTURN else ReviewState.UPHELD
    with runtime.store.begin() as uow:
        project = uow.projects.hold(project.id)
        now = runtime.now()
        row, turn = _open(uow, person, review_id, ReviewState.APPEALED, now)
        if not uow.reviews.answer(row, state, by=person.trainer.id, reason=reason, now=now):
            raise ReviewRefused(gettext("the appeal is decided already"))
        _done(uow, turn, now)
        if state is ReviewState.OVERTURNED:
            _restore(uow, row, now)
        overlap.review(uow, project, [row.item_id], now)
        after = uow.reviews.get(review_id)
    if state is ReviewState.OVERTURNED:
        ask_platform(runtime, project, [row.item_id])
    return after


def close_due(runtime: Runtime, project: ProjectRow) -> int:
    """Move on what nobody decided in time: labels are approved, appeals decided for the author. How many reviews."""
    with runtime.store.read() as uow:
        if not uow.reviews.due(project.id, runtime.now(), limit=1):
            return 0
    with runtime.store.begin() as uow:
        project = uow.projects.hold(project.id)
        now = runtime.now()
        rows = uow.reviews.due(project.id, now, limit=BATCH)
        void = [row for row in rows if uow.reviews.void(row)]
        approved = [row for row in rows if row.state is ReviewState.PENDING and row not in void]
        won = [row for row in rows if row.state is ReviewState.APPEALED]
        uow.reviews.close(void, now, state=ReviewState.VOID)
        uow.reviews.close(approved, now, state=ReviewState.ACCEPTED, decided_by=By.DEADLINE, decided_at=now)
        uow.reviews.close([row for row in rows if row.state in AGAINST], now)
        uow.reviews.close(won, now, state=ReviewState.OVERTURNED, answered_by=By.DEADLINE, answered_at=now)
        for row in won:
            _restore(uow, row, now)
        overlap.review(uow, project, {row.item_id for row in rows}, now)
    ask_platform(runtime, project, [row.item_id for row in won])
    return len(rows)


def ask_platform(runtime: Runtime, project: ProjectRow, item_ids: Collection[int]) -> None:
    """Have Label Studio's own stream ask for as many people as are wanted beside answers that do not count.

    Where it does not answer, nothing is lost: it is told again when one of these items is handed out.
    """
    if not item_ids:
        return
    with runtime.store.read() as uow:
        items = uow.items.rows(sorted(set(item_ids)))
        wanted = people_there(uow, items)
    try:
        runtime.platform(project).ask_again(wanted)
    except PlatformError as error:
        log.warning("Label Studio does not ask again", extra={"project": project.slug, "reason": str(error)})


def people_there(uow: UnitOfWork, items: Collection[ItemRow]) -> dict[int, int]:
    """Task -> how many people are to have answered it in Label Studio, which knows nothing of reviews."""
    aside = uow.reviews.set_aside_by([item.id for item in items])
    return {item.task_id: item.opinions + aside.get(item.id, 0) for item in items if not item.blind}


def _read_again(runtime: Runtime, project: ProjectRow, review_id: int) -> None:
    """What stands in Label Studio on the task: the reviewer's answer may not have been told yet.

    Raises:
        PlatformError: Label Studio does not answer.
    """
    with runtime.store.read() as uow:
        task = uow.items.get(uow.reviews.get(review_id).item_id).task_id
    found = runtime.platform(project).annotations([task])
    with runtime.store.begin() as uow:
        ingest.receive_annotations(runtime, uow, project, found.get(task, ()))


def _open(
    uow: UnitOfWork, person: DeskRow, review_id: int, state: ReviewState, now: float
) -> tuple[ReviewRow, TurnRow]:
    row = uow.reviews.get(review_id)
    if not person.reviews or row.project_id != person.project_id:
        raise ReviewRefused(gettext("this person does not review here: an operator sets 'reviews' of their desk"))
    if row.author == person.trainer.user_id:
        raise ReviewRefused(gettext("nobody decides on a label of their own"))
    if state is ReviewState.APPEALED and row.reviewer_id == person.trainer.id:
        raise ReviewRefused(gettext("an appeal is decided by somebody else than the first reviewer"))
    uow.reviews.expire(row.project_id, now, review_id=row.id)
    turn = _turn(uow, person, row)
    if row.state is not state or row.closed_at is not None or row.due_at <= now:
        raise ReviewRefused(gettext("this is decided already, or the time for it is over"))
    return row, turn


def _turn(uow: UnitOfWork, person: DeskRow, row: ReviewRow) -> TurnRow:
    """The person's turn, which may be over if nobody else has one: work that comes late counts like any other."""
    turn = uow.reviews.turn_of(row.id, person.trainer.id, appeal=row.state is ReviewState.APPEALED)
    over = turn is None or turn.state not in (WorkState.HELD, WorkState.EXPIRED)
    if turn is None or over or uow.reviews.taken(row.id, but=person.trainer.id):
        raise ReviewRefused(gettext("this is not with you: ask for the next one"))
    return turn


def _own(uow: UnitOfWork, person: DeskRow, label: LabelRow, turn: TurnRow) -> LabelRow:
    said = uow.opinions.said([label.item_id]).get(label.item_id, [])
    own = next((one for one in said if one.completed_by == person.trainer.user_id), None)
    if own is None or own.remote_updated_at < turn.granted_at:
        raise EvidenceMissing(
            gettext("your own answer is not there: open the task in Label Studio, submit one, and come back")
        )
    return own


def _verdict(
    uow: UnitOfWork, project: ProjectRow, person: DeskRow, label: LabelRow, turn: TurnRow, said: Decision
) -> Verdict:
    """What is kept of the decision; of a fix the reviewer's own answer counts, of a rejection it is evidence alone."""
    if said.outcome is Outcome.ACCEPT:
        return Verdict(ReviewState.ACCEPTED, note=said.note)
    if said.compared:
        own = _own(uow, person, label, turn)
        diff = _diff(project, label, own)
        if said.outcome is Outcome.FIX:
            return Verdict(ReviewState.FIXED, said.code, diff, said.note, fix_id=own.id, aside=(label.id,))
        return Verdict(ReviewState.REJECTED, said.code, diff, said.note, aside=(label.id, own.id))
    evidence = said.evidence
    assert not isinstance(evidence, Own)
    if isinstance(evidence, Gold) and not _known(uow, project, evidence.task):
        raise EvidenceMissing(gettext("task {n} is no gold item of this project; name one, or a rule", n=evidence.task))
    return Verdict(ReviewState.REJECTED, said.code, evidence, said.note, aside=(label.id,))


def _known(uow: UnitOfWork, project: ProjectRow, task: int) -> bool:
    """Whether the right answer to this task is known."""
    found = uow.items.by_task(project.id, [task])
    return bool(uow.gold.of_items([row.id for row in found.values()]))


def _diff(project: ProjectRow, label: LabelRow, own: LabelRow) -> Diff:
    loss, controls = difference(label.regions, own.regions, project.label_config)
    if loss == 0.0 and not controls:
        raise EvidenceMissing(gettext("your own answer says the same as the label: accept it, or change yours"))
    return Diff(annotation=own.annotation_id, said=tuple(lines(own.regions)), loss=loss, controls=controls)


def _restore(uow: UnitOfWork, row: ReviewRow, now: float) -> None:
    """The label counts again, and what was put in its place no longer."""
    uow.labels.restore([row.label_id], now, revision=row.revision)
    if row.fix_id is not None and uow.labels.get(row.label_id).counts:
        uow.labels.set_aside([row.fix_id], now)


def _done(uow: UnitOfWork, turn: TurnRow, now: float) -> None:
    uow.reviews.end(turn, WorkState.DONE if turn.state is WorkState.HELD else WorkState.LATE, now)
