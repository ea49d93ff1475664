"""A project on a real Label Studio, and people's hands on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from scripts.label_studio import Server, create_user

_TOKENS: dict[tuple[Path, str], str] = {}
"""By the server's data directory and email: signing up or in takes Label Studio six pages and a slow hash."""


class RemoteHands:
    """Does by HTTP what people do in the browser: import, edit, label, delete."""

    def __init__(self, server: Server, label_config: str, *, trainer: str = "") -> None:
        self.server = server
        self.admin = _client(server.url, server.token)
        self.trainer = _client(server.url, trainer) if trainer else self.admin
        self.project_id = int(
            self._post("/api/projects/", {"title": "conformance", "label_config": label_config})["id"]
        )

    def close(self) -> None:
        self.admin.close()
        self.trainer.close()

    def _post(self, path: str, body: Any, **params: Any) -> Any:
        return self.admin.post(path, json=body, params=params).raise_for_status().json()

    def add_tasks(self, data: list[dict[str, Any]]) -> list[int]:
        path = f"/api/projects/{self.project_id}/import"
        return [int(i) for i in self._post(path, data, return_task_ids="true")["task_ids"]]

    def edit_task(self, task_id: int, data: dict[str, Any]) -> None:
        self.admin.patch(f"/api/tasks/{task_id}/", json={"data": data}).raise_for_status()

    def delete_tasks(self, task_ids: list[int]) -> None:
        for task_id in task_ids:
            self.admin.delete(f"/api/tasks/{task_id}/").raise_for_status()

    def annotate(self, task_id: int, result: list[dict[str, Any]], *, was_cancelled: bool = False) -> int:
        """As the trainer; the annotation's id."""
        body = {"result": result, "was_cancelled": was_cancelled, "lead_time": 2.5}
        return int(self.trainer.post(f"/api/tasks/{task_id}/annotations/", json=body).raise_for_status().json()["id"])

    def edit_annotation(self, annotation_id: int, result: list[dict[str, Any]]) -> None:
        self.trainer.patch(f"/api/annotations/{annotation_id}/", json={"result": result}).raise_for_status()

    def predictions(self, task_id: int) -> list[tuple[str, list[dict[str, Any]], float]]:
        """(model version, result, score) on a task, oldest first."""
        rows = self.admin.get("/api/predictions/", params={"task": task_id}).raise_for_status().json()
        return [(row["model_version"], row["result"], row["score"]) for row in sorted(rows, key=lambda row: row["id"])]

    def set_label_config(self, label_config: str) -> None:
        path = f"/api/projects/{self.project_id}/"
        self.admin.patch(path, json={"label_config": label_config}).raise_for_status()

    def webhooks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.admin.get("/api/webhooks/", params={"project": self.project_id}).json()
        return found


def _client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Token {token}"}, timeout=60.0, trust_env=False)


def trainer(server: Server, name: str = "trainer") -> str:
    """Token of an ordinary user, made at the first call."""
    key = (server.data_dir, f"{name}@example.com")
    if key not in _TOKENS:
        _TOKENS[key] = create_user(server, key[1], "a long passphrase")
    return _TOKENS[key]
