"""One person's own account on Label Studio: what they hold, and where they work.

Label Studio keeps locks on tasks: its label stream ("Label All Tasks") passes over what others hold. A lock is made
only by asking for the next task, and only for who asks. So a person's token is asked for the next of one single task.
The selection stands in the address, not in the body: with one in the body Label Studio gives the task without looking
at other people's locks, and makes none.

Locks guard the stream alone. The page of a task opens for everybody; it shows other people's answers and predictions
of every version, which the stream does not. "Label Tasks As Displayed" knows no locks.
"""

from __future__ import annotations

import json

from connectors.base import Annotator, Claim, User
from connectors.label_studio.auth import TIMEOUT_S, connect, whoami
from connectors.label_studio.reader import RELEASED, Reader, Row
from connectors.label_studio.tabs import Tabs
from connectors.label_studio.transport import Missing


class Person(Annotator):
    """See ``connectors.base.Annotator``. Takes a personal access token or a legacy token."""

    def __init__(self, url: str, token: str, project_id: int, *, timeout_s: float = TIMEOUT_S) -> None:
        self._transport = connect(url, token, timeout_s)
        self._project_id = project_id
        self._tabs = Tabs(self._transport, project_id)
        self._reader = Reader(self._transport, project_id)
        self._me: User | None = None

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def whoami(self) -> User:
        """The account behind the token.

        Raises:
            AuthenticationError: wrong, expired or revoked token, or one of a kind that is switched off.
        """
        if self._me is None:
            self._me = whoami(self._transport)
        return self._me

    def may_see_project(self) -> bool:
        """Label Studio's Community edition shows every project to every member of the organization."""
        try:
            self._transport.request("GET", f"api/projects/{self._project_id}/")
        except Missing:
            return False
        return True

    def claim(self, task_id: int) -> Claim:
        """One call, two where the task cannot be had.

        On SQLite Label Studio looks and locks in two steps: of two people who claim at the same instant both may hold.
        """
        selection = {"selectedItems": {"all": False, "included": [task_id]}}
        params = {"id": "next_task", "project": self._project_id, "query": json.dumps(selection)}
        try:
            row = self._transport.request("POST", "api/dm/actions/", params=params, json={})
        except Missing:
            return self._why_not(task_id)
        return Claim.HELD if row.get("unique_lock_id") else Claim.TAKEN

    def _why_not(self, task_id: int) -> Claim:
        row = self._row(task_id)
        if row is None:
            return Claim.GONE
        return Claim.DONE if row["is_labeled"] or self._mine(row) else Claim.TAKEN

    def stream_link(self, task_id: int) -> str:
        """The label stream of a tab that is named after the person and holds this task alone: two calls.

        Its page asks for the next task of the tab. Where "Label All Tasks" was pressed in that browser before, it asks
        for the project's and gets what the person holds, the lowest id first.
        """
        tab = self._tabs.show(self.whoami().email, [task_id])
        return f"{self._transport.url}/projects/{self._project_id}/data?tab={tab}&labeling=1"

    def release(self, task_id: int) -> None:
        """Skips the task and deletes the skip, for lack of another way: three calls, of which webhooks tell.

        Label Studio gives up a lock only where its holder submits something. A skip that was left behind by a process
        that died is deleted by the next call; it has the mark ``RELEASED``.
        """
        row = self._row(task_id)
        if row is None:
            return
        mine = self._mine(row)
        left = [item["id"] for item in mine if item["import_id"] == RELEASED]
        if not mine:
            skip = {"result": [], "was_cancelled": True, "import_id": RELEASED}
            left = [self._transport.request("POST", f"api/tasks/{task_id}/annotations/", json=skip)["id"]]
        for annotation_id in left:
            self._transport.request("DELETE", f"api/annotations/{annotation_id}/")

    def _row(self, task_id: int) -> Row | None:
        return next(self._reader.selected([task_id], full=True), None)

    def _mine(self, row: Row) -> list[Row]:
        """This person's annotations, skips included."""
        me = self.whoami().id
        return [item for item in row["annotations"] if item["completed_by"] == me]


def deep_link(url: str, project_id: int, task_id: int) -> str:
    """Where a browser opens exactly this task, whoever holds it, with others' answers and what the model said."""
    return f"{url.rstrip('/')}/projects/{project_id}/data?task={task_id}"
