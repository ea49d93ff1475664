"""Two trainers who are ordinary Label Studio users; what they say is replayed from the gold labels."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from scripts.demo.stack import Service


@dataclass
class Answers:
    """What a person would say of each task, and how to say it."""

    control: str
    obj: str
    gold: dict[int, str] = field(default_factory=dict)
    """Label Studio task id -> label."""

    def result(self, task: int) -> list[dict[str, Any]]:
        value = {"choices": [self.gold[task]]}
        return [{"from_name": self.control, "to_name": self.obj, "type": "choices", "value": value}]


class Trainers:
    """Takes items from Prelabel's queue and labels them in Label Studio, each trainer with an account of their own."""

    def __init__(self, service: Service, slug: str, url: str, tokens: list[str], answers: Answers) -> None:
        self._service = service
        self._slug = slug
        self._answers = answers
        self._clients = [
            httpx.Client(base_url=url, headers={"Authorization": f"Token {t}"}, timeout=60.0, trust_env=False)
            for t in tokens
        ]
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._mine: set[tuple[int, int]] = set()
        """Tasks that one of the trainers has taken, each with the number of answers that it had then."""
        self._error: BaseException | None = None
        self._threads = [threading.Thread(target=self._work, args=(c,), daemon=True) for c in self._clients]
        self.done = 0
        self.suggestions_seen = 0

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        self.check()

    def learn(self, gold: dict[int, str]) -> None:
        """What people say of tasks that have come, from now on."""
        with self._lock:
            self._answers.gold.update(gold)

    def check(self) -> None:
        """Raise what went wrong in a trainer's thread."""
        if self._error is not None:
            raise self._error

    def _work(self, client: httpx.Client) -> None:
        try:
            me = int(client.get("/api/current-user/whoami").raise_for_status().json()["id"])
            with self._service.client() as prelabel:
                while not self._stop.is_set():
                    item = self._next(prelabel, me)
                    if item is None:
                        self._stop.wait(0.3)
                    else:
                        self._label(client, item)
        except BaseException as error:
            self._error = error

    def _next(self, prelabel: httpx.Client, me: int) -> dict[str, Any] | None:
        """The first item of this trainer's queue that no trainer has taken."""
        with self._lock:
            answer = prelabel.get(f"/api/v1/projects/{self._slug}/queue", params={"limit": 20, "by": me})
            for item in answer.raise_for_status().json():
                taken = (item["task"], len(item["not_by"]))
                if taken not in self._mine and item["task"] in self._answers.gold:
                    self._mine.add(taken)
                    found: dict[str, Any] = item
                    return found
        return None

    def _label(self, client: httpx.Client, item: dict[str, Any]) -> None:
        """Open the task (a suggestion is there unless the item is blind or there is no model yet) and submit."""
        began = time.monotonic()
        task = int(item["task"])
        parent = None
        if item["confidence"] is not None:
            shown = client.get(f"/api/tasks/{task}").raise_for_status().json()
            parent = shown["predictions"][0]["id"] if shown.get("predictions") else None
        client.post(
            f"/api/tasks/{task}/annotations/",
            json={
                "result": self._answers.result(task),
                "parent_prediction": parent,
                "lead_time": round(time.monotonic() - began, 3),
            },
        ).raise_for_status()
        with self._lock:
            self.done += 1
            self.suggestions_seen += parent is not None
