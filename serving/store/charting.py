"""What charts are drawn from: decisions by day, and confidences of what waits."""

from __future__ import annotations

from sqlalchemy import Connection, Integer, cast, func, select

from models.types import Route
from serving.store.records import WAITING, ItemState
from serving.store.tables import certificate, decision, item

DAY_S = 86_400


class ChartRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def newest_decision(self) -> int:
        """Id of the newest decision of any project; 0: there is none."""
        query = select(decision.c.id).where(decision.c.id > 0).order_by(decision.c.id.desc()).limit(1)
        return self._conn.scalar(query) or 0

    def decided_at(self, decision_id: int) -> tuple[int, float] | None:
        """Item id and time of a decision, epoch seconds; None: it is gone, with its project."""
        query = select(decision.c.item_id, decision.c.created_at).where(decision.c.id == decision_id)
        row = self._conn.execute(query).one_or_none()
        return None if row is None else (row.item_id, row.created_at)

    def decided_before(self, at: float) -> int:
        """Id up to which decisions were made before ``at`` (epoch seconds); 0: none was.

        Ids rise with time, but for those of transactions that ran at once: it is right to within some seconds. Found
        by halving: some 20 look-ups by key among a million.
        """
        low, high = 0, self.newest_decision()
        while low < high:
            middle = (low + high + 1) // 2
            query = select(decision.c.created_at).where(decision.c.id >= middle).order_by(decision.c.id).limit(1)
            made = self._conn.scalar(query)
            low, high = (middle, high) if made is not None and made < at else (low, middle - 1)
        return low

    def decided(self, project_id: int, *, after: int, upto: int) -> dict[tuple[int, Route], int]:
        """(Day, route) -> decisions of the project with an id in ``(after, upto]``; day 0 is 1970-01-01, UTC.

        The project is looked up decision by decision: a join would begin with all items of the project.
        """
        day = cast(func.floor(decision.c.created_at / DAY_S), Integer)
        columns = (day.label("day"), decision.c.route, func.count().label("n"))
        whose = select(item.c.project_id).where(item.c.id == decision.c.item_id).scalar_subquery()
        query = (
            select(*columns)
            .where(decision.c.id > after, decision.c.id <= upto, whose == project_id)
            .group_by(day, decision.c.route)
        )
        return {(row.day, Route(row.route)): row.n for row in self._conn.execute(query)}

    def accepted_by_budget(self, project_id: int) -> list[tuple[float, int]]:
        """(Epsilon of the certificate that accepted them, items) of what stands accepted, the largest epsilon first."""
        newest = (
            select(decision.c.certificate_id)
            .where(decision.c.item_id == item.c.id, decision.c.route == Route.ACCEPT)
            .order_by(decision.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        mine = (item.c.project_id == project_id, item.c.state == ItemState.PUBLISHED, item.c.route == Route.ACCEPT)
        each = select(newest.label("certificate_id")).where(*mine).subquery()
        query = (
            select(certificate.c.epsilon, func.count())
            .join(each, each.c.certificate_id == certificate.c.id)
            .group_by(certificate.c.epsilon)
            .order_by(certificate.c.epsilon.desc())
        )
        return [(epsilon, n) for epsilon, n in self._conn.execute(query)]

    def pool(self, project_id: int, model_version: str, *, start: float, end: float) -> list[tuple[int, float]]:
        """(Item id, confidence) of waiting items with a prediction of this version and a draw in ``[start, end)``.

        The draw says nothing of the item, so that a band of it is a random part of them.
        """
        query = select(item.c.id, item.c.confidence).where(
            item.c.project_id == project_id,
            item.c.state.in_(WAITING),
            item.c.route.in_(list(Route)),
            item.c.draw >= start,
            item.c.draw < end,
            item.c.model_version == model_version,
            item.c.confidence.is_not(None),
        )
        return [(id, confidence) for id, confidence in self._conn.execute(query)]
