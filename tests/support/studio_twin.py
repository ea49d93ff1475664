"""As much of Label Studio's HTTP as connecting a project takes, on a real port: for tests without the real server.

It is no second Label Studio: it answers what ``connectors.label_studio`` asks before and while a project is connected,
in the form that the real one was seen to have, and refuses everything else with 404.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response

from tests.support.served import serve

TOKEN = "0123456789abcdef0123456789abcdef01234567"
MY_ID = 1
ME = {"id": MY_ID, "email": "prelabel@example.com", "first_name": "", "last_name": ""}


@dataclass
class Remote:
    """One project."""

    id: int
    title: str
    label_config: str
    tasks: list[dict[str, Any]] = field(default_factory=list)

    def add(self, data: dict[str, Any], result: list[dict[str, Any]] | None = None, *, by: int = 2) -> int:
        """A task, labelled by this user where there is a result; its id."""
        number = 1000 * self.id + len(self.tasks) + 1
        at = datetime.now(UTC).isoformat()
        labels = [] if result is None else [_annotation(number, result, at, by)]
        self.tasks.append(
            {
                "id": number,
                "data": data,
                "updated_at": at,
                "total_predictions": 0,
                "total_annotations": len(labels),
                "cancelled_annotations": 0,
                "is_labeled": bool(labels),
                "overlap": 1,
                "annotations": labels,
                "predictions": [],
            }
        )
        return number

    def row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "label_config": self.label_config,
            "model_version": "",
            "task_number": len(self.tasks),
            "show_collab_predictions": True,
        }


@dataclass
class StudioTwin:
    """Its projects, files and webhooks; and who asked with which credentials."""

    url: str = ""
    projects: dict[int, Remote] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Path below ``/data/upload/`` -> (type, content)."""
    hooks: dict[int, dict[str, Any]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    """(path, Authorization) of every request."""

    def project(self, title: str, label_config: str) -> Remote:
        made = Remote(len(self.projects) + 1, title, label_config)
        self.projects[made.id] = made
        return made


def _annotation(task: int, result: list[dict[str, Any]], at: str, by: int) -> dict[str, Any]:
    return {
        "id": task,
        "task": task,
        "completed_by": by,
        "result": result,
        "updated_at": at,
        "was_cancelled": False,
        "lead_time": 4.0,
        "import_id": None,
        "parent_prediction": None,
    }


FILTERS: dict[tuple[str, str], Callable[[dict[str, Any], Any], bool]] = {
    ("id", "greater"): lambda task, value: task["id"] > value,
    ("annotators", "contains"): lambda task, value: value in {one["completed_by"] for one in task["annotations"]},
    ("total_annotations", "greater"): lambda task, value: task["total_annotations"] > value,
    ("total_annotations", "equal"): lambda task, value: task["total_annotations"] == value,
    ("cancelled_annotations", "equal"): lambda task, value: task["cancelled_annotations"] == value,
    ("avg_lead_time", "greater"): lambda task, value: any(
        (one["lead_time"] or 0) > value for one in task["annotations"]
    ),
}
"""(column, operator) of the data manager -> whether a task passes."""


def app_of(twin: StudioTwin) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def guard(request: Request, call_next: Any) -> Response:
        given = request.headers.get("authorization", "")
        twin.seen.append((request.url.path, given))
        if request.url.path != "/api/version/" and given != f"Token {TOKEN}":
            return Response(json.dumps({"detail": "Invalid token."}), 401, media_type="application/json")
        answer: Response = await call_next(request)
        return answer

    @app.get("/api/version/")
    def version() -> dict[str, Any]:
        return {"release": "1.23.2", "label-studio-os-package": {"version": "1.23.2"}}

    @app.get("/api/current-user/whoami")
    def whoami() -> dict[str, Any]:
        return ME

    @app.get("/api/projects/")
    def projects(page: int = 1) -> dict[str, Any]:
        if page > 1:
            raise HTTPException(404, "Invalid page.")
        rows = [one.row() for one in twin.projects.values()]
        return {"count": len(rows), "next": None, "previous": None, "results": rows}

    @app.get("/api/projects/{number}/")
    def project(number: int) -> dict[str, Any]:
        if number not in twin.projects:
            raise HTTPException(404, "Not found.")
        return twin.projects[number].row()

    @app.get("/api/tasks/")
    def tasks(project: int, query: str, page_size: int) -> dict[str, Any]:
        asked = json.loads(query)
        found = twin.projects[project].tasks
        if "selectedItems" in asked:
            found = [one for one in found if one["id"] in asked["selectedItems"]["included"]]
        for condition in asked.get("filters", {}).get("items", ()):
            holds = FILTERS.get((condition["filter"].removeprefix("filter:tasks:"), condition["operator"]))
            if holds is not None:
                found = [one for one in found if holds(one, condition["value"])]
        return {"total": len(found), "tasks": found[:page_size]}

    @app.get("/api/webhooks/")
    def hooks() -> list[dict[str, Any]]:
        return list(twin.hooks.values())

    @app.post("/api/webhooks/", status_code=201)
    async def hook(request: Request) -> dict[str, Any]:
        body = await request.json()
        if "PRELABEL_PROBE" in body["actions"]:
            raise HTTPException(400, "not a valid choice")
        made = {"id": len(twin.hooks) + 1, "organization": 1, **body}
        twin.hooks[made["id"]] = made
        return made

    @app.patch("/api/webhooks/{number}/")
    async def change_hook(number: int, request: Request) -> dict[str, Any]:
        twin.hooks[number] |= await request.json()
        return twin.hooks[number]

    @app.get("/data/upload/{path:path}")
    def file(path: str) -> Response:
        if path not in twin.files:
            raise HTTPException(404, "Not found.")
        kind, content = twin.files[path]
        return Response(content, media_type=kind)

    return app


@contextmanager
def studio_twin() -> Iterator[StudioTwin]:
    twin = StudioTwin()
    with serve(app_of(twin)) as url:
        twin.url = url
        yield twin
