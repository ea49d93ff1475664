"""One tab of the data manager for each queue, for teams that work in Label Studio alone.

A tab is a stored filter, shared by all who see the project. Label Studio's server would take a list of ids, but its
page knows no such filter and fails on it. So the tab treats the id as text and compares it with a regular expression,
which people can also read and change in "Filters".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from connectors.label_studio.reader import condition
from connectors.label_studio.transport import Missing, Transport

PREFIX = "Prelabel: "
"""The title of a person's own tab begins with it."""
QUEUE = "Prelabel queue: "
"""Titles of queues' tabs begin with it; no other tab is touched for them."""
HIDDEN = (
    "tasks:inner_id",
    "tasks:annotations_results",
    "tasks:annotations_ids",
    "tasks:predictions_score",
    "tasks:predictions_model_versions",
    "tasks:predictions_results",
    "tasks:file_upload",
    "tasks:storage_filename",
    "tasks:created_at",
    "tasks:updated_at",
    "tasks:updated_by",
    "tasks:avg_lead_time",
    "tasks:draft_exists",
)
"""Columns that Label Studio hides in a tab of its own; what the model and other people said is among them."""
Tab = dict[str, Any]


class Tabs:
    """Our tabs of one project."""

    def __init__(self, transport: Transport, project_id: int) -> None:
        self._transport = transport
        self._project_id = project_id

    def show(self, name: str, task_ids: Collection[int]) -> int:
        """Have exactly one tab of this name, with exactly these tasks; its id. Two calls, one where nothing changed.

        Columns and widths that people chose stay. Each change leaves the old filter behind in Label Studio's database
        (5,000 scattered ids: 20 KB), so call it when a tab has changed, not all the time.
        """
        title = PREFIX + name
        return self._put(title, [tab for tab in self._all() if _title(tab) == title], task_ids)

    def show_queues(self, queues: Mapping[str, Collection[int]]) -> None:
        """See ``connectors.base.Platform.show_queues``: one call, and one for each tab that has to change."""
        wanted = {QUEUE + name: ids for name, ids in queues.items() if ids}
        there: dict[str, list[Tab]] = {title: [] for title in wanted}
        for tab in self._all():
            if _title(tab) in there:
                there[_title(tab)].append(tab)
            elif _title(tab).startswith(QUEUE):
                self._delete(tab["id"])
        for title, ids in wanted.items():
            self._put(title, there[title], ids)

    def _put(self, title: str, there: Sequence[Tab], task_ids: Collection[int]) -> int:
        """One tab with these tasks, of those that have this title now; its id."""
        for extra in there[1:]:
            self._delete(extra["id"])
        old: Tab = there[0]["data"] if there else {}
        data = {
            "type": "list",
            "target": "tasks",
            "hiddenColumns": {"explore": list(HIDDEN), "labeling": list(HIDDEN)},
            **old,
            "title": title,
            "filters": {"conjunction": "and", "items": [condition("id", "regex", "String", pattern(task_ids))]},
            "columnsDisplayType": {**old.get("columnsDisplayType", {}), "tasks:id": "String"},
        }
        if there and data == old:
            return int(there[0]["id"])
        body = {"project": self._project_id, "data": data}
        method, path = ("PATCH", f"api/dm/views/{there[0]['id']}/") if there else ("POST", "api/dm/views/")
        return int(self._transport.request(method, path, params={"project": self._project_id}, json=body)["id"])

    def _all(self) -> list[Tab]:
        """Every tab of the project, oldest first."""
        found: list[Tab] = self._transport.request("GET", "api/dm/views/", params={"project": self._project_id})
        return sorted(found, key=lambda tab: int(tab["id"]))

    def _delete(self, tab_id: int) -> None:
        try:
            self._transport.request("DELETE", f"api/dm/views/{tab_id}/", params={"project": self._project_id})
        except Missing:
            return  # somebody else was faster


def _title(tab: Tab) -> str:
    return str(tab["data"].get("title", ""))


def pattern(numbers: Collection[int]) -> str:
    """A regular expression for exactly these numbers, at least one: a tree of their digits.

    To match costs the length of a number, not how many there are. Understood alike by Python and PostgreSQL.
    """
    return f"^{_tree([str(number) for number in sorted(numbers)])}$"


def _tree(words: Sequence[str]) -> str:
    """What follows at one place: any of these words."""
    tails: dict[str, list[str]] = defaultdict(list)
    for word in words:
        if word:
            tails[word[0]].append(word[1:])
    heads: dict[str, str] = defaultdict(str)
    for digit in sorted(tails):
        heads[_tree(tails[digit])] += digit
    branches = [(head if len(head) == 1 else f"[{head}]") + tail for tail, head in heads.items()]
    if "" in words:
        return f"(?:{'|'.join(branches)})?" if branches else ""
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
