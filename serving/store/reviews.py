"""Labels that another person looks at, and appeals against what they say: the queue of both, and its leases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, text, update

from models.errors import NotFoundError
from models.people.reviews import Code
from models.types import Region
from serving.store.people_records import DeskRow, WorkState
from serving.store.records import ItemState, LabelRow
from serving.store.review_records import AGAINST, TO_DECIDE, TOLD, By, Figures, ReviewRow, ReviewState, TurnRow, Verdict
from serving.store.review_tables import OPEN, PENDING, review, review_turn
from serving.store.rows import to_review, to_turn
from serving.store.sql import batches, upsert
from serving.store.tables import desk, item, label, trainer, work

HELD = review_turn.c.state == WorkState.HELD
STANDS_OPEN = text(f"review.{OPEN}")
GIVEN_BACK = (WorkState.RELEASED,)
THERE = and_(label.c.deleted.is_(False), label.c.was_cancelled.is_(False))


class ReviewRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def draw(self, labels: Sequence[tuple[LabelRow, int]], *, due_at: float, now: float) -> int:
        """These (label, revision of its item's data) are to be looked at; those that are already stay as they are."""
        rows = [
            {
                "project_id": row.project_id,
                "item_id": row.item_id,
                "label_id": row.id,
                "author": row.completed_by,
                "revision": revision,
                "state": ReviewState.PENDING,
                "drawn_at": now,
                "due_at": due_at,
                "note": "",
                "answer": "",
            }
            for row, revision in labels
        ]
        if not rows:
            return 0
        statement = upsert(self._conn, review)
        keys: dict[str, Any] = {"index_elements": ["label_id"], "index_where": text(PENDING)}
        self._conn.execute(statement.on_conflict_do_nothing(**keys), rows)
        return len(rows)

    def open_labels(self, label_ids: Collection[int]) -> set[int]:
        """Those of which a review is open: nothing new is begun."""
        found: set[int] = set()
        for batch in batches(label_ids):
            query = select(review.c.label_id).where(review.c.label_id.in_(batch), STANDS_OPEN)
            found |= set(self._conn.scalars(query))
        return found

    def seen_by(self, item_ids: Collection[int]) -> set[tuple[int, int]]:
        """(item id, Label Studio user id) of reviewers who were given a label of these items to look at."""
        found: set[tuple[int, int]] = set()
        for batch in batches(item_ids):
            query = (
                select(review_turn.c.item_id, trainer.c.user_id)
                .join(trainer, trainer.c.id == review_turn.c.trainer_id)
                .where(review_turn.c.item_id.in_(batch))
            )
            found |= {(row[0], row[1]) for row in self._conn.execute(query)}
        return found

    def get(self, review_id: int) -> ReviewRow:
        """Raises NotFoundError."""
        row = self._conn.execute(select(review).where(review.c.id == review_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no review {review_id}")
        return to_review(row)

    def first_for(self, person: DeskRow, needs: Collection[int], now: float) -> ReviewRow | None:
        """What this person may decide and nobody holds, whatever is due first.

        Not of their own labels, nor of an item that they have labelled or hold, nor an appeal against themselves, nor
        what they have given back. ``needs``: ids of the needs that the person meets.
        """
        me, user = person.trainer.id, person.trainer.user_id
        mine = (review_turn.c.review_id == review.c.id, review_turn.c.trainer_id == me)
        said = (label.c.item_id == review.c.item_id, label.c.completed_by == user, label.c.deleted.is_(False))
        has = (work.c.item_id == review.c.item_id, work.c.trainer_id == me, work.c.state == WorkState.HELD)
        current = and_(item.c.state == ItemState.LABELED, item.c.revision == review.c.revision)
        judged = select(label.c.id).where(label.c.id == review.c.label_id, THERE).correlate(review)
        query = (
            select(review)
            .join(item, item.c.id == review.c.item_id)
            .where(
                review.c.project_id == person.project_id,
                review.c.state.in_(TO_DECIDE),
                STANDS_OPEN,
                review.c.due_at > now,
                review.c.author != user,
                or_(item.c.need_id.is_(None), item.c.need_id.in_(list(needs))),
                or_(and_(review.c.state == ReviewState.PENDING, current, judged.exists()), _not_first(me)),
                ~exists().where(review_turn.c.review_id == review.c.id, HELD),
                ~exists().where(*mine, review_turn.c.state.in_(GIVEN_BACK)),
                ~exists().where(*said),
                ~exists().where(*has),
            )
            .order_by(review.c.due_at, review.c.id)
            .limit(1)
        )
        row = self._conn.execute(query).one_or_none()
        return None if row is None else to_review(row)

    def held(self, project_id: int, trainer_id: int) -> TurnRow | None:
        """What the reviewer holds."""
        mine = (review_turn.c.trainer_id == trainer_id, review_turn.c.project_id == project_id, HELD)
        row = self._conn.execute(select(review_turn).where(*mine)).one_or_none()
        return None if row is None else to_turn(row)

    def turn_of(self, review_id: int, trainer_id: int, *, appeal: bool) -> TurnRow | None:
        """The person's newest turn at the review, or at the appeal; None: they had none."""
        mine = (review_turn.c.review_id == review_id, review_turn.c.trainer_id == trainer_id)
        query = select(review_turn).where(*mine, review_turn.c.appeal.is_(appeal)).order_by(review_turn.c.id.desc())
        row = self._conn.execute(query.limit(1)).one_or_none()
        return None if row is None else to_turn(row)

    def taken(self, review_id: int, *, but: int) -> bool:
        """Whether anybody but this trainer holds it."""
        query = select(review_turn.c.id).where(review_turn.c.review_id == review_id, HELD)
        return self._conn.scalar(query.where(review_turn.c.trainer_id != but).limit(1)) is not None

    def give(self, row: ReviewRow, trainer_id: int, *, until: float, now: float) -> TurnRow:
        """The review is in this person's hands until then."""
        values = {
            "project_id": row.project_id,
            "item_id": row.item_id,
            "review_id": row.id,
            "trainer_id": trainer_id,
            "appeal": row.state is ReviewState.APPEALED,
            "state": WorkState.HELD,
            "granted_at": now,
            "until": until,
            "why": "",
        }
        return to_turn(self._conn.execute(insert(review_turn).values(values).returning(review_turn)).one())

    def expire(self, project_id: int, now: float, *, review_id: int | None = None) -> int:
        """End turns, or that at one review, whose time is over; how many."""
        over = [review_turn.c.project_id == project_id, HELD, review_turn.c.until <= now]
        if review_id is not None:
            over.append(review_turn.c.review_id == review_id)
        values = {"state": WorkState.EXPIRED, "ended_at": now}
        return self._conn.execute(update(review_turn).where(*over).values(values)).rowcount

    def end(self, turn: TurnRow, state: WorkState, now: float, *, why: str = "") -> bool:
        """The turn is over; False: it was before, unless it had expired and is done late now."""
        late = (WorkState.EXPIRED,) if state is WorkState.LATE else ()
        mine = (review_turn.c.id == turn.id, review_turn.c.state.in_((WorkState.HELD, *late)))
        values = {"state": state, "ended_at": now, "why": why}
        return self._conn.execute(update(review_turn).where(*mine).values(values)).rowcount == 1

    def durations(self, project_id: int, *, limit: int) -> list[float]:
        """Seconds from hand-out to decision of the newest turns, newest first."""
        mine = (review_turn.c.project_id == project_id, review_turn.c.state.in_((WorkState.DONE, WorkState.LATE)))
        took = review_turn.c.ended_at - review_turn.c.granted_at
        return list(self._conn.scalars(select(took).where(*mine).order_by(review_turn.c.id.desc()).limit(limit)))

    def decide(
        self,
        row: ReviewRow,
        verdict: Verdict,
        *,
        by: int,
        now: float,
        judged: Sequence[Region],
        appeal_until: float | None,
    ) -> bool:
        """A reviewer has decided; ``appeal_until`` None: nothing can be appealed. False: it was not open any more."""
        values = {
            "state": verdict.state,
            "reviewer_id": by,
            "decided_by": By.REVIEWER,
            "decided_at": now,
            "code": verdict.code,
            "evidence": None if verdict.evidence is None else verdict.evidence.model_dump(mode="json"),
            "note": verdict.note,
            "judged": [region.model_dump(mode="json") for region in judged],
            "fix_id": verdict.fix_id,
            "due_at": row.due_at if appeal_until is None else appeal_until,
            "closed_at": now if appeal_until is None else None,
        }
        return self._move(row, ReviewState.PENDING, now, values)

    def appeal(self, row: ReviewRow, reason: str, *, answer_until: float, now: float) -> bool:
        """The author appeals, once; False: the time was over, or there was an appeal before."""
        values = {"state": ReviewState.APPEALED, "appealed_at": now, "appeal": reason, "due_at": answer_until}
        return self._move(row, row.state, now, values) if row.state in AGAINST else False

    def answer(self, row: ReviewRow, state: ReviewState, *, by: int, reason: str, now: float) -> bool:
        """A second reviewer has decided the appeal; False: it was not open any more."""
        values = {"state": state, "second_id": by, "answered_by": By.REVIEWER, "answered_at": now, "answer": reason}
        return self._move(row, ReviewState.APPEALED, now, values | {"closed_at": now})

    def due(self, project_id: int, now: float, *, limit: int) -> list[ReviewRow]:
        """Open reviews that move on by themselves now, oldest first."""
        states = (*TO_DECIDE, *AGAINST)
        mine = (review.c.project_id == project_id, review.c.state.in_(states), STANDS_OPEN, review.c.due_at <= now)
        query = select(review).where(*mine).order_by(review.c.due_at, review.c.id).limit(limit)
        return [to_review(row) for row in self._conn.execute(query)]

    def void(self, row: ReviewRow) -> bool:
        """Whether nothing is left to judge of a label that waits for its review.

        Label or task are gone, or the data that it is for has changed.
        """
        if row.state is not ReviewState.PENDING:
            return False
        current = and_(item.c.state == ItemState.LABELED, item.c.revision == row.revision)
        query = select(label.c.id).join(item, item.c.id == label.c.item_id)
        return self._conn.scalar(query.where(label.c.id == row.label_id, THERE, current)) is None

    def barred(self, item_ids: Collection[int]) -> set[tuple[int, int]]:
        """(item id, Label Studio user id) of those whose answer was set aside: others answer these items."""
        found: set[tuple[int, int]] = set()
        states = (*AGAINST, ReviewState.APPEALED, ReviewState.UPHELD)
        for batch in batches(item_ids):
            query = (
                select(review.c.item_id, review.c.author)
                .join(item, item.c.id == review.c.item_id)
                .where(review.c.item_id.in_(batch), review.c.state.in_(states), review.c.revision == item.c.revision)
            )
            found |= {(row[0], row[1]) for row in self._conn.execute(query)}
        return found

    def close(self, rows: Collection[ReviewRow], now: float, **values: Any) -> None:
        """Nothing comes of these any more; ``values`` are set besides. What has moved on since it was read is left."""
        for batch in batches(rows):
            ids, states = [row.id for row in batch], {row.state for row in batch}
            same = (review.c.id.in_(ids), review.c.state.in_(states), STANDS_OPEN)
            self._conn.execute(update(review).where(*same).values(closed_at=now, **values))
            over = {"state": WorkState.EXPIRED, "ended_at": now}
            self._conn.execute(update(review_turn).where(review_turn.c.review_id.in_(ids), HELD).values(over))

    def set_aside_by(self, item_ids: Collection[int]) -> dict[int, int]:
        """Item id -> people whose answers stand in Label Studio though a review set them aside; no key: none."""
        found: dict[int, int] = {}
        people = func.count(label.c.completed_by.distinct())
        for batch in batches(item_ids):
            aside = (label.c.item_id.in_(batch), label.c.set_aside.is_(True), THERE)
            query = select(label.c.item_id, people).where(*aside).group_by(label.c.item_id)
            found |= {id: n for id, n in self._conn.execute(query)}
        return found

    def page(
        self, project_id: int, *, state: ReviewState | None = None, after: int = 0, limit: int = 100
    ) -> list[ReviewRow]:
        """Reviews by rising id, from behind ``after``."""
        query = select(review).where(review.c.project_id == project_id, review.c.id > after)
        if state is not None:
            query = query.where(review.c.state == state)
        return [to_review(row) for row in self._conn.execute(query.order_by(review.c.id).limit(limit))]

    def of_author(self, project_id: int, user_id: int, *, limit: int) -> list[ReviewRow]:
        """What this person is told of: decisions against their labels and what became of them, newest first."""
        mine = (review.c.project_id == project_id, review.c.author == user_id, review.c.state.in_(TOLD))
        query = select(review).where(*mine).order_by(review.c.id.desc()).limit(limit)
        return [to_review(row) for row in self._conn.execute(query)]

    def of_person(self, project_id: int, trainer_id: int, user_id: int) -> tuple[list[ReviewRow], list[TurnRow]]:
        """All reviews in which a person had a part, as author, reviewer or second reviewer, and their turns."""
        part = or_(review.c.author == user_id, review.c.reviewer_id == trainer_id, review.c.second_id == trainer_id)
        rows = self._conn.execute(select(review).where(review.c.project_id == project_id, part).order_by(review.c.id))
        mine = (review_turn.c.trainer_id == trainer_id, review_turn.c.project_id == project_id)
        turns = self._conn.execute(select(review_turn).where(*mine).order_by(review_turn.c.id))
        return [to_review(row) for row in rows], [to_turn(row) for row in turns]

    def forget_words(self, platform_projects: Collection[int], trainer_id: int, user_id: int) -> None:
        """What a person wrote in these projects, as author and as reviewer, is forgotten; decisions and codes stay."""
        for batch in batches(platform_projects):
            here = review.c.project_id.in_(batch)
            for own, words in (
                (and_(review.c.author == user_id, review.c.appeal.is_not(None)), {"appeal": ""}),
                (review.c.reviewer_id == trainer_id, {"note": ""}),
                (review.c.second_id == trainer_id, {"answer": ""}),
            ):
                self._conn.execute(update(review).where(here, own).values(words))

    def figures(self, project_id: int) -> list[Figures]:
        """What each reviewer did, by trainer id; whoever may review and has not is among them, at zero."""
        first = self._counts(project_id, review.c.reviewer_id, review.c.state, review.c.answered_by)
        codes = self._counts(project_id, review.c.reviewer_id, review.c.code, only=review.c.code.is_not(None))
        fixes = self._counts(project_id, review.c.reviewer_id, only=review.c.fix_id.is_not(None))
        second = self._counts(project_id, review.c.second_id, review.c.state)
        turns = select(review_turn.c.trainer_id, review_turn.c.state, func.count())
        turns = turns.where(review_turn.c.project_id == project_id).group_by(*turns.selected_columns[:2])
        given = [tuple(row) for row in self._conn.execute(turns)]
        seats = (desk.c.project_id == project_id, desk.c.reviews.is_(True))
        people = set(self._conn.scalars(select(desk.c.trainer_id).where(*seats)))
        people |= {row[0] for rows in (first, second, given) for row in rows}
        return [_figures(one, first, codes, fixes, second, given) for one in sorted(people)]

    def by_deadline(self, project_id: int) -> dict[ReviewState, int]:
        """How many reviews were approved, and how many appeals decided for the author, since nobody did in time."""
        by = or_(review.c.decided_by == By.DEADLINE, review.c.answered_by == By.DEADLINE)
        query = select(review.c.state, func.count()).where(review.c.project_id == project_id, by)
        return {ReviewState(state): n for state, n in self._conn.execute(query.group_by(review.c.state))}

    def counts(self, project_id: int) -> dict[ReviewState, int]:
        """Reviews by state."""
        query = select(review.c.state, func.count()).where(review.c.project_id == project_id).group_by(review.c.state)
        return {ReviewState(state): n for state, n in self._conn.execute(query)}

    def _counts(
        self, project_id: int, person: Any, *columns: Any, only: ColumnElement[bool] | None = None
    ) -> list[tuple[Any, ...]]:
        query = select(person, *columns, func.count()).where(review.c.project_id == project_id, person.is_not(None))
        if only is not None:
            query = query.where(only)
        return [tuple(row) for row in self._conn.execute(query.group_by(person, *columns))]

    def _move(self, row: ReviewRow, before: ReviewState, now: float, values: dict[str, Any]) -> bool:
        mine = (review.c.id == row.id, review.c.state == before, STANDS_OPEN, review.c.due_at > now)
        return self._conn.execute(update(review).where(*mine).values(values)).rowcount == 1


def _not_first(trainer_id: int) -> ColumnElement[bool]:
    """An appeal that somebody else than this person gave cause for."""
    first = or_(review.c.reviewer_id.is_(None), review.c.reviewer_id != trainer_id)
    return and_(review.c.state == ReviewState.APPEALED, first)


def _figures(
    person: int,
    first: Sequence[tuple[Any, ...]],
    codes: Sequence[tuple[Any, ...]],
    fixes: Sequence[tuple[Any, ...]],
    second: Sequence[tuple[Any, ...]],
    turns: Sequence[tuple[Any, ...]],
) -> Figures:
    outcomes: dict[ReviewState, int] = {}
    for who, state, _, n in first:
        if who == person:
            outcomes[ReviewState(state)] = outcomes.get(ReviewState(state), 0) + n
    judged = {state: n for who, state, by, n in first if who == person and by == By.REVIEWER}
    return Figures(
        trainer_id=person,
        outcomes=outcomes,
        codes={Code(code): n for who, code, n in codes if who == person},
        fixes=sum(n for who, n in fixes if who == person),
        turns={WorkState(state): n for who, state, n in turns if who == person},
        answered={ReviewState(state): n for who, state, n in second if who == person},
        overturned=judged.get(ReviewState.OVERTURNED, 0),
        upheld=judged.get(ReviewState.UPHELD, 0),
    )
