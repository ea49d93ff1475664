"""A whole world for end-to-end tests: a real Label Studio, a real service on Ray Serve, projects that learn at once."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from scripts import label_studio
from scripts.demo.following import all_items
from scripts.demo.stack import ROOT, Service, start_service, stop_service
from serving.store.records import UNAIDED
from tests.support import commands
from tests.support.patience import PATIENCE_S

CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="mood" toName="text" choice="single" required="true">'
    '<Choice value="good"/><Choice value="bad"/></Choices></View>'
)
FAST = {
    "PRELABEL_LEASE_S": "8",
    "PRELABEL_PUBLISH_LEASE_S": "30",
    "PRELABEL_PUBLISH_BATCH": "100",
    "PRELABEL_PLATFORM_TIMEOUT_S": "20",
    "PRELABEL_RECONCILE_S": "2",
    "PRELABEL_SWEEP_S": "4",
    "PRELABEL_LEARN_S": "0.5",
    "PRELABEL_RETRY_BASE_S": "0.3",
    "PRELABEL_RETRY_MAX_S": "3",
    "PRELABEL_CLAIM_IDLE_S": "0.2",
    "PRELABEL_SCORER_TIMEOUT_S": "7",
    "PRELABEL_TABS_S": "3",
}
"""Short leases and waits, so that a take-over is seen in seconds."""
CALM = FAST | {
    "PRELABEL_LEASE_S": "60",
    "PRELABEL_SCORER_TIMEOUT_S": "55",
    "PRELABEL_PLATFORM_TIMEOUT_S": "30",
    "PRELABEL_PUBLISH_LEASE_S": "40",
    "PRELABEL_RECONCILE_S": "3",
    "PRELABEL_SWEEP_S": "8",
    "PRELABEL_LEARN_S": "1",
    "PRELABEL_CLAIM_IDLE_S": "0.5",
}
"""The same for a service with many projects that nobody kills: a slow answer is waited for."""
ALL_SHOWN = ("--control-rate", "0")

T = TypeVar("T")
GOOD = ["excellent", "lovely", "happy", "bright", "splendid", "warm"]
BAD = ["terrible", "broken", "sad", "dark", "awful", "cold"]


def mood_texts(n: int, seed: int) -> list[tuple[str, str]]:
    """``n`` texts with their label; every text is different, and any linear model can tell them apart."""
    draw = random.Random(seed)
    made = []
    for i in range(n):
        label = draw.choice(("good", "bad"))
        words = draw.choices(GOOD if label == "good" else BAD, k=5)
        made.append((f"{' '.join(words)} {seed}-{i}", label))
    return made


@dataclass(frozen=True)
class Said:
    """What a ``prelabel`` command said, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


def prelabel(service: Service, *arguments: str, settings: dict[str, str] | None = None) -> Said:
    """A command as an operator types it, whether it works or fails."""
    env = os.environ | service.environment() | (settings or {})
    return Said(*commands.run(arguments, env=env, cwd=ROOT))


def soon(what: Callable[[], T | None], limit_s: float = PATIENCE_S) -> T:
    """The first answer of ``what`` that is not None; asked for again and again."""
    end = time.monotonic() + limit_s
    while True:
        found = what()
        if found is not None:
            return found
        assert time.monotonic() < end, f"nothing came of it in {limit_s:.0f} s"
        time.sleep(0.3)


class Unhealed(AssertionError):
    """A prediction is where none is to be, or the other way round: the sweep mends it."""


def healed(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Unhealed(otherwise)


@dataclass
class World:
    """One Label Studio, one service, one project on both."""

    studio: label_studio.Server
    service: Service
    settings: dict[str, str]
    project: int
    slug: str
    trainer: str
    """Legacy token of an ordinary user."""
    gold: dict[str, str] = field(default_factory=dict)
    """Text -> label."""

    def remote(self) -> dict[str, Any]:
        """The project as Label Studio has it."""
        with self.admin() as http:
            found: dict[str, Any] = http.get(f"/api/projects/{self.project}/").raise_for_status().json()
        return found

    def change(self, **settings: Any) -> None:
        """Change settings of the project, as in Label Studio's settings pages."""
        with self.admin() as http:
            http.patch(f"/api/projects/{self.project}/", json=settings).raise_for_status()

    def hooks(self) -> list[dict[str, Any]]:
        """Every webhook of the project."""
        with self.admin() as http:
            found: list[dict[str, Any]] = http.get("/api/webhooks/", params={"project": self.project}).json()
        return found

    def summary(self) -> dict[str, Any]:
        """The project as the service lists it."""
        with self.service.client() as http:
            rows: list[dict[str, Any]] = http.get("/api/v1/projects").raise_for_status().json()
        return next(row for row in rows if row["slug"] == self.slug)

    def items(self) -> dict[int, dict[str, Any]]:
        """Task id -> item, as the service has them."""
        return all_items(self.service, self.slug)

    def predictions(self) -> dict[int, list[dict[str, Any]]]:
        """Task id -> its predictions; tasks without any are left out."""
        return {task["id"]: task["predictions"] for task in self.tasks() if task["predictions"]}

    def connect(self, *more: str, token: str | None = None) -> Said:
        """``prelabel connect`` of this project; every suggestion is shown, unless told otherwise."""
        where = ("--url", self.studio.url, "--token", token or self.studio.token, "--project", str(self.project))
        return prelabel(self.service, "connect", *where, "--name", self.slug, *ALL_SHOWN, "--json", *more)

    def learned(self, arrived: int) -> dict[str, Any]:
        """Wait until a model predicts and its suggestions are what annotators see; the report."""
        report = self.settled(arrived)
        version = self.summary()["model_version"]
        soon(lambda: self.remote()["model_version"] == version or None)
        return report

    def admin(self) -> httpx.Client:
        return self._http(self.studio.token)

    def _http(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Token {token}"}
        return httpx.Client(base_url=self.studio.url, headers=headers, timeout=120.0, trust_env=False)

    def send(self, texts: Iterable[tuple[str, str]]) -> list[str]:
        """Import texts into Label Studio in one call."""
        pairs = list(texts)
        self.gold.update(pairs)
        with self.admin() as http:
            tasks = [{"data": {"text": text}} for text, _ in pairs]
            http.post(f"/api/projects/{self.project}/import", json=tasks).raise_for_status()
        return [text for text, _ in pairs]

    def label(self, task: int, text: str) -> None:
        """The trainer labels one task right."""
        with self._http(self.trainer) as http:
            value = {"choices": [self.gold[text]]}
            result = [{"from_name": "mood", "to_name": "text", "type": "choices", "value": value}]
            http.post(f"/api/tasks/{task}/annotations/", json={"result": result, "lead_time": 2.0}).raise_for_status()

    def label_queue(self, until: Callable[[dict[str, Any]], bool], limit_s: float = PATIENCE_S) -> dict[str, Any]:
        """The trainer works through the queue until the report says ``until``."""
        texts = {task["id"]: task["data"]["text"] for task in self.tasks()}
        done: set[int] = set()
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            report = self.report()
            if until(report):
                return report
            with self.service.client() as http:
                queue = http.get(f"/api/v1/projects/{self.slug}/queue", params={"limit": 30}).json()
            fresh = [item["task"] for item in queue if item["task"] not in done and item["task"] in texts]
            for task in fresh:
                self.label(task, texts[task])
                done.add(task)
            if not fresh:
                time.sleep(0.3)
        raise AssertionError(f"not reached in {limit_s} s: {self.report()}")

    def report(self) -> dict[str, Any]:
        with self.service.client() as http:
            answer = http.get(f"/api/v1/projects/{self.slug}/report").raise_for_status()
            value: dict[str, Any] = answer.json()
            return value

    def tasks(self) -> list[dict[str, Any]]:
        """Every task with its annotations and predictions, as Label Studio has them."""
        with self.admin() as http:
            query = {"exportType": "JSON", "download_all_tasks": "true"}
            tasks: list[dict[str, Any]] = (
                http.get(f"/api/projects/{self.project}/export", params=query).raise_for_status().json()
            )
            shown = http.get("/api/predictions/", params={"project": self.project}).raise_for_status().json()
        by_task: dict[int, list[dict[str, Any]]] = {}
        for prediction in shown:
            by_task.setdefault(prediction["task"], []).append(prediction)
        return [task | {"predictions": by_task.get(task["id"], [])} for task in tasks]

    def settled(self, arrived: int, limit_s: float = PATIENCE_S) -> dict[str, Any]:
        """Wait until everything that arrived has gone its way."""
        end = time.monotonic() + limit_s
        last: dict[str, Any] = {}
        while time.monotonic() < end:
            try:
                last = self.report()
            except httpx.HTTPError:
                time.sleep(0.5)
                continue
            moving = sum(last["states"].get(s, 0) for s in ("received", "scored", "decided"))
            if last["arrived"] == arrived and not moving:
                return last
            time.sleep(0.3)
        raise AssertionError(f"{arrived} items have not settled in {limit_s} s: {last}")

    def restart_service(self) -> None:
        self.service = start_service(self.service.data_dir, settings=self.settings, progress=lambda _: None)

    def audit(self) -> Counter[str]:
        """What every task in Label Studio looks like against what the service says of it.

        Raises:
            AssertionError: a prediction is missing or doubled, an accepted item has not exactly one annotation, or
                an item shows a prediction that nobody is to see.
        """
        found: Counter[str] = Counter()
        items, tasks = soon(self._snapshot)
        version = self.summary()["model_version"]
        with self.admin() as http:
            account = http.get("/api/current-user/whoami").raise_for_status().json()["id"]
        for task in tasks:
            item = items.pop(task["id"])
            mine = item["model_version"] or version  # what was accepted before a promotion keeps its model's prediction
            current = [p for p in task["predictions"] if p["model_version"] == mine]
            ours = [a for a in task["annotations"] if a["completed_by"] == account]
            where = f"task {task['id']} ({item})"
            healed(len(current) <= 1, f"doubled prediction: {where}")
            assert len(ours) <= 1, f"doubled annotation: {where}"
            unseen = item["route"] == "audit" or item["reason"] in UNAIDED
            if unseen:
                healed(not task["predictions"], f"a prediction that nobody is to see: {where}")
            elif item["state"] == "published" and item["route"] in ("suggest", "accept"):
                healed(len(current) == 1, f"missing prediction: {where}")
            if item["route"] == "accept":
                overtaken = item["state"] == "labeled"  # a person was faster than the acceptance
                assert ours or overtaken, f"missing annotation: {where}"
            else:
                assert not ours, f"accepted without a decision: {where}"
            found[f"{item['state']}/{item['route']}"] += 1
        assert not items, f"items without a task: {items}"
        return found

    def audited(self) -> Counter[str]:
        """The same once sweep and poll have put right what was asked for, or written twice, at the same moment.

        Only predictions are put right: an annotation too many or too few is none at any moment.
        """
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.audit()
            except Unhealed:
                if time.monotonic() > end:
                    raise
                time.sleep(1.0)

    def _snapshot(self) -> tuple[dict[int, dict[str, Any]], list[dict[str, Any]]] | None:
        """Items and tasks of one moment; None: an item was on its way, or went on while they were read."""
        before = self.items()
        tasks = self.tasks()
        moving = any(item["state"] in ("received", "scored", "decided") for item in before.values())
        return None if moving or before != self.items() else (before, tasks)


def add_world(
    studio: label_studio.Server, service: Service, name: str, texts: list[tuple[str, str]], *, labelled: int = 0
) -> World:
    """A project in Label Studio that is not connected: with tasks, some of either label labelled by a trainer."""
    trainer = label_studio.create_user(studio, "trainer@example.com", "label-these-well")
    world = World(studio, service, FAST, 0, name, trainer)
    with world.admin() as http:
        made = http.post("/api/projects/", json={"title": name, "label_config": CONFIG}).raise_for_status()
    world.project = made.json()["id"]
    world.send(texts)
    numbers = {task["data"]["text"]: task["id"] for task in world.tasks()}
    for label in ("good", "bad"):
        for text in [text for text, said in texts if said == label][: labelled // 2]:
            world.label(numbers[text], text)
    return world


def open_world(
    studio: label_studio.Server,
    folder: Path,
    *,
    name: str,
    connect_url: str | None = None,
    settings: dict[str, str] | None = None,
    first: int = 220,
) -> World:
    """A project whose gate has really been opened: labelled, trained and certified."""
    used = FAST | (settings or {})
    service = start_service(folder, settings=used, progress=lambda _: None)
    try:
        trainer = label_studio.create_user(studio, "trainer@example.com", "label-these-well")
        world = World(studio, service, used, 0, name, trainer)
        open_gate(world, connect_url or studio.url, first)
    except BaseException:
        stop_service(folder)
        raise
    return world


def open_gate(world: World, url: str, first: int) -> None:
    """Create the project, connect it, and have it labelled until the gate opens."""
    with world.admin() as http:
        made = http.post("/api/projects/", json={"title": world.slug, "label_config": CONFIG}).raise_for_status()
        world.project = made.json()["id"]
    world.send(mood_texts(first, seed=world.project))
    done = json.loads(
        world.service.command(
            "connect",
            *("--url", url, "--token", world.studio.token, "--project", str(world.project), "--name", world.slug),
            *("--epsilon", "0.1", "--train-target", "24", "--validation-target", "55", *ALL_SHOWN, "--json"),
        )
    )
    assert done["tasks"] == first
    report = world.label_queue(lambda r: r["certificate"] is not None)
    assert report["gate"] == "open", report["gate_reason"]
    world.settled(first)


def close_world(world: World) -> None:
    stop_service(world.service.data_dir)
