"""Reading tasks, annotations and predictions of one project, as cheaply as Label Studio allows.

Rates on one SQLite server, tasks a second: plain listing 450-750, ``fields=all`` (annotations and predictions) 120-280,
``GET /api/predictions?project=`` 7,000 predictions. The export call would be three times as fast as ``fields=all``, but
leaves a copy of all data on Label Studio's disk each time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.base import RemoteAnnotation, RemoteTask
from connectors.bulk import Stored
from connectors.label_studio.transport import Transport

PAGE = 500
SELECTION = 250
"""Task ids a read: 250 ids of nine digits make a URL of 3 KB, which every proxy lets pass."""
WHOLE_LIST = 20_000
"""Up to so many predictions in a project, reading all of them (3 s) is cheaper than asking for some tasks'."""
RELEASED = 5_177_302_964
"""``import_id`` of the skips by which ``person.Person.release`` gives a task back: in webhooks, too."""

Row = dict[str, Any]
Filter = dict[str, Any]


class Reader:
    """Reads of one project. Data comes raw: storage links are not resolved, as in webhooks."""

    def __init__(self, transport: Transport, project_id: int) -> None:
        self._transport = transport
        self._project_id = project_id

    def tasks(self, updated_after: float | None, with_annotations: bool) -> Iterator[list[RemoteTask]]:
        """Pages of tasks; see ``connectors.base.Platform.tasks``."""
        pages = self._by_id([]) if updated_after is None else self._changed(updated_after)
        for rows in pages:
            full = self._full(rows) if with_annotations else {}
            yield [task(full.get(row["id"], row), with_annotations) for row in rows]

    def changes(self, since: float) -> tuple[int, float]:
        """Number of tasks updated since, and the moment of the last update, epoch seconds."""
        page = self._page(
            [condition("updated_at", "greater_or_equal", "Datetime", _text(since))],
            full=False,
            order="-tasks:updated_at",
            size=1,
        )
        rows: list[Row] = page["tasks"]
        return int(page["total"]), epoch(rows[0]["updated_at"]) if rows else 0.0

    def task_ids(self) -> set[int]:
        """Ids of all tasks."""
        return self._ids([])

    def annotated_by(self, user_id: int) -> set[int]:
        """Ids of the tasks with an annotation by this user, skips included."""
        return self._ids([_by(user_id)])

    def count_annotated_by(self, user_id: int) -> int:
        """How many tasks ``annotated_by`` would give; one call, which reads one task."""
        return int(self._page([_by(user_id)], full=False, size=1)["total"])

    def count_labelled_by(self, user_id: int, *, by_hand: bool) -> int:
        """How many tasks have a label by this user, skips left out; one call, which reads one task.

        Args:
            user_id: who.
            by_hand: only tasks whose one label took the user some time, as those of people do. What a bulk action made
                of predictions, or came with an import that says no time, has none.
        """
        labelled = [condition("total_annotations", "greater", "Number", 0)]
        if by_hand:
            labelled = [
                condition("total_annotations", "equal", "Number", 1),
                condition("cancelled_annotations", "equal", "Number", 0),
                condition("avg_lead_time", "greater", "Number", 0),
            ]
        return int(self._page([_by(user_id), *labelled], full=False, size=1)["total"])

    def uncounted(self, user_id: int) -> list[int]:
        """Ids of the tasks with an annotation by this user that are not done for all that.

        By ``completed_at``, which Label Studio gives to tasks with ``is_labeled``.
        """
        open_ = condition("completed_at", "empty", "Datetime", True)
        rows = (row for page in self._by_id([_by(user_id), open_]) for row in page)
        return [int(row["id"]) for row in rows if row["overlap"] <= 1]

    def labelled_twice(self) -> list[int]:
        """Ids of the tasks with more than one annotation."""
        more = condition("total_annotations", "greater", "Number", 1)
        return sorted(self._ids([more]))

    def existing(self, task_ids: Collection[int]) -> set[int]:
        """Which of the tasks exist in this project."""
        return {int(row["id"]) for row in self.selected(task_ids, full=False)}

    def selected(self, task_ids: Collection[int], *, full: bool, filters: Sequence[Filter] = ()) -> Iterator[Row]:
        """Rows of these tasks, those that pass ``filters``."""
        ids = sorted(task_ids)
        for start in range(0, len(ids), SELECTION):
            # An empty selection would mean all tasks; there is none here.
            yield from self._page(filters, full=full, included=ids[start : start + SELECTION])["tasks"]

    def stored(self, task_ids: Collection[int], model_version: str) -> list[Stored]:
        """Predictions of one version on these tasks, oldest first."""
        counts = self.version_counts()
        if not task_ids or not counts.get(model_version):
            return []
        if sum(counts.values()) <= WHOLE_LIST:
            wanted = set(task_ids)
            return [found for found in self.predictions(model_version) if found.task_id in wanted]
        # 'contains' takes a list here; a string would be taken letter by letter.
        version = condition("predictions_model_versions", "contains", "List", [model_version])
        rows = self.selected(task_ids, full=True, filters=[version])
        found = [_stored(item) for row in rows for item in row["predictions"] if item["model_version"] == model_version]
        return sorted(found, key=lambda item: item.id)

    def predictions(self, model_version: str) -> list[Stored]:
        """All predictions of one version, oldest first. Label Studio has no pages here: about 500 bytes each."""
        rows = self._transport.request("GET", "api/predictions/", params={"project": self._project_id})
        found = [_stored(row) for row in rows if row["model_version"] == model_version]
        return sorted(found, key=lambda item: item.id)

    def version_counts(self) -> dict[str, int]:
        """Model version -> number of predictions."""
        counts: dict[str, int] = self._transport.request("GET", f"api/projects/{self._project_id}/model-versions/")
        return counts

    def _ids(self, filters: list[Filter]) -> set[int]:
        """Ids of the tasks that pass ``filters``."""
        return {int(row["id"]) for rows in self._by_id(filters) for row in rows}

    def _full(self, rows: Sequence[Row]) -> dict[int, Row]:
        """The rows that have annotations, with them.

        The counters alone will not do: under load Label Studio was seen to write 0 over the count of an annotation that
        had just come, while ``is_labeled`` stayed right.
        """
        signs = ("total_annotations", "cancelled_annotations", "is_labeled")
        busy = [row["id"] for row in rows if any(row[sign] for sign in signs)]
        return {row["id"]: row for row in self.selected(busy, full=True)}

    def _by_id(self, filters: Sequence[Filter]) -> Iterator[list[Row]]:
        """Pages in the order of ids, each by 'id greater than the last': tasks that move or vanish skip nothing."""
        last = 0
        while True:
            page = self._page([*filters, condition("id", "greater", "Number", last)], full=False)
            rows: list[Row] = page["tasks"]
            if rows:
                last = rows[-1]["id"]
                yield rows
            if len(rows) >= page["total"]:
                return

    def _changed(self, since: float) -> Iterator[list[Row]]:
        """Pages in the order of change. A task that changes during the scan comes again, none is skipped."""
        cursor, seen = _text(since), set[tuple[int, str]]()
        operator = "greater_or_equal"
        while True:
            page = self._page(
                [condition("updated_at", operator, "Datetime", cursor)], full=False, order="tasks:updated_at"
            )
            rows: list[Row] = page["tasks"]
            last = page["total"] <= len(rows)
            fresh = [row for row in rows if (row["id"], row["updated_at"]) not in seen]
            seen |= {(row["id"], row["updated_at"]) for row in fresh}
            if fresh:
                yield fresh
            if last:
                return
            moment = _text(epoch(rows[-1]["updated_at"]))
            operator = "greater_or_equal"
            if _text(epoch(rows[0]["updated_at"])) == moment:
                yield from self._instant(moment, seen)
                operator = "greater"
            cursor = moment

    def _instant(self, moment: str, seen: set[tuple[int, str]]) -> Iterator[list[Row]]:
        """More than a page changed at one instant (a bulk action): read these by id."""
        at = condition("updated_at", "in", "Datetime", {"min": moment, "max": moment})
        for rows in self._by_id([at]):
            fresh = [row for row in rows if (row["id"], row["updated_at"]) not in seen]
            seen |= {(row["id"], row["updated_at"]) for row in fresh}
            if fresh:
                yield fresh

    def _page(
        self,
        filters: Sequence[Filter],
        *,
        full: bool,
        included: Sequence[int] | None = None,
        order: str | None = None,
        size: int | None = None,
    ) -> dict[str, Any]:
        query: dict[str, Any] = {"ordering": [order] if order else []}
        if filters:
            query["filters"] = {"conjunction": "and", "items": list(filters)}
        if included is not None:
            query["selectedItems"] = {"all": False, "included": list(included)}
        params = {
            "project": self._project_id,
            "page": 1,
            "page_size": size or PAGE,
            "fields": "all" if full else "task_only",
            "resolve_uri": "false",
            "query": json.dumps(query, separators=(",", ":")),
        }
        page: dict[str, Any] = self._transport.request("GET", "api/tasks/", params=params)
        return page


def condition(column: str, operator: str, kind: str, value: object) -> Filter:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def _by(user_id: int) -> Filter:
    return condition("annotators", "contains", "List", user_id)


def _text(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _stored(row: Row) -> Stored:
    return Stored(id=row["id"], task_id=row["task"], result=row["result"], score=row["score"])


def task(row: Row, with_annotations: bool) -> RemoteTask:
    """Label Studio's task, reduced to ours."""
    annotations = tuple(annotation(item) for item in row.get("annotations", ())) if with_annotations else None
    return RemoteTask(
        id=row["id"],
        data=row["data"],
        updated_at=epoch(row["updated_at"]),
        annotations=annotations,
        total_predictions=row["total_predictions"],
        total_annotations=row["total_annotations"],
    )


def annotation(row: Row) -> RemoteAnnotation:
    """Label Studio's annotation (of a task list or a webhook), reduced to ours."""
    author = row.get("completed_by")
    return RemoteAnnotation(
        id=row["id"],
        task_id=row["task"],
        completed_by=author["id"] if isinstance(author, dict) else (author or 0),
        result=row["result"] or [],
        updated_at=epoch(row["updated_at"]),
        was_cancelled=bool(row.get("was_cancelled")),
        lead_time=row.get("lead_time"),
        given_back=row.get("import_id") == RELEASED,
    )
