"""Faults on real processes, in mid-stream. After each, Label Studio holds exactly what was decided, once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts import label_studio
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.patience import PATIENCE_S
from tests.support.world import World, close_world, mood_texts, open_world, soon

pytestmark = [pytest.mark.label_studio, pytest.mark.ray, pytest.mark.slow]
STREAM = 240


@pytest.fixture(scope="module")
def proxy(studio: label_studio.Server) -> Iterator[FaultProxy]:
    made = FaultProxy(studio.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def world(studio: label_studio.Server, proxy: FaultProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = open_world(studio, tmp_path_factory.mktemp("service"), name="faults", connect_url=proxy.url)
    yield made
    close_world(made)


class Stream:
    """Items that flow while something breaks."""

    def __init__(self, world: World, seed: int, n: int = STREAM) -> None:
        self.world = world
        self.before = world.report()["arrived"]
        self.total = self.before + n
        world.send(mood_texts(n, seed))

    def wait_for_midstream(self, limit_s: float = PATIENCE_S) -> None:
        """Until some of the new items have been decided and some have not gone all their way."""
        end = time.monotonic() + limit_s
        states: dict[str, int] = {}
        while time.monotonic() < end:
            states = self.world.report()["states"]
            moving = sum(states.get(s, 0) for s in ("received", "scored", "decided"))
            if 0 < moving < STREAM:
                return
            time.sleep(0.02)
        pytest.fail(f"the stream went by unseen: {states}")

    def check(self) -> None:
        report = self.world.settled(self.total)
        found = self.world.audited()
        assert sum(found.values()) == self.total
        assert report["states"].get("dead", 0) == 0
        assert report["accepted"] > 0


def replica_pid(world: World, name: str) -> int:
    """Process of a Serve replica, by the title that Ray gives it, among the service's own processes."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            title = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            session = os.getsid(int(folder.name))
        except (OSError, UnicodeDecodeError):
            continue
        if session == world.service.pid and f"ServeReplica:prelabel:{name}" in title:
            return int(folder.name)
    raise AssertionError(f"no replica of {name} runs")


def other_replica(world: World, name: str, than: int) -> int | None:
    """Process of the replica that took its place; None: Serve has not started it yet."""
    try:
        found = replica_pid(world, name)
    except AssertionError:
        return None
    return found if found != than else None


def test_the_pipeline_replica_is_killed(world: World) -> None:
    stream = Stream(world, seed=1001)
    stream.wait_for_midstream()
    pid = replica_pid(world, "Pipeline")
    os.kill(pid, signal.SIGKILL)
    stream.check()
    soon(lambda: other_replica(world, "Pipeline", pid))


def test_the_scorer_replica_is_killed(world: World) -> None:
    stream = Stream(world, seed=1002)
    stream.wait_for_midstream()
    os.kill(replica_pid(world, "Scorer"), signal.SIGKILL)
    stream.check()


def test_the_whole_service_is_killed_and_started_again(world: World) -> None:
    stream = Stream(world, seed=1003)
    stream.wait_for_midstream()
    world.service.kill9()
    world.send(mood_texts(20, seed=1004))
    world.restart_service()
    stream.total += 20
    stream.check()


def test_label_studio_is_killed_and_started_again(world: World, studio: label_studio.Server) -> None:
    stream = Stream(world, seed=1005)
    stream.wait_for_midstream()
    studio.kill9()
    time.sleep(3)
    studio.restart()
    stream.check()


@pytest.mark.parametrize("fault", [Fault.ERROR_500, Fault.HANG, Fault.REFUSE])
def test_label_studio_fails_for_thirty_seconds(world: World, proxy: FaultProxy, fault: Fault) -> None:
    spoiled = proxy.spoiled
    proxy.fault = fault
    try:
        stream = Stream(world, seed=1010 + list(Fault).index(fault), n=150)
        time.sleep(30)
        assert proxy.spoiled > spoiled
    finally:
        proxy.fault = Fault.NONE
    stream.check()


def test_what_somebody_deletes_in_label_studio_is_noticed(world: World) -> None:
    """Predictions come back by themselves; whose accepted annotation was deleted, people get."""
    accepted = [
        task for task, item in world.items().items() if (item["state"], item["route"]) == ("published", "accept")
    ]
    assert len(accepted) > 40
    with world.admin() as http:
        for action, tasks in (("delete_tasks_annotations", accepted[:3]), ("delete_tasks_predictions", accepted[3:40])):
            chosen = {"selectedItems": {"all": False, "included": tasks}}
            path = f"/api/dm/actions/?id={action}&project={world.project}"
            http.post(path, json=chosen).raise_for_status()

    def noticed() -> bool | None:
        items = world.items()
        return {items[task]["reason"] for task in accepted[:3]} == {"acceptance_deleted"} or None

    soon(noticed)

    def all_there() -> bool | None:
        shown = world.predictions()
        return all(task in shown for task in accepted[:40]) or None

    soon(all_there)
    world.settled(world.report()["arrived"])
    world.audited()
    assert noticed()


def test_the_same_webhook_three_times(world: World) -> None:
    """The hook is delivered again by hand, with the secret that Label Studio was given."""
    before = world.report()["arrived"]
    text = world.send(mood_texts(5, seed=1020))
    world.settled(before + 5)
    with world.admin() as http:
        hook = next(
            h
            for h in http.get("/api/webhooks/", params={"project": world.project}).json()
            if h["url"].endswith("/hooks/label-studio/faults")
        )
    tasks = [task for task in world.tasks() if task["data"]["text"] in text]
    body: dict[str, Any] = {"action": "TASKS_CREATED", "tasks": tasks, "project": {"id": world.project}}
    for _ in range(3):
        answer = httpx.post(hook["url"], json=body, headers=hook["headers"], timeout=30, trust_env=False)
        assert answer.status_code == 202, answer.text
    world.settled(before + 5)
    world.audited()
    refused = httpx.post(hook["url"], json=body, timeout=30, trust_env=False)
    assert refused.status_code == 401


def test_a_webhook_that_never_comes(world: World) -> None:
    before = world.report()["arrived"]
    with world.admin() as http:
        hooks = http.get("/api/webhooks/", params={"project": world.project}).json()
        for hook in hooks:
            http.patch(f"/api/webhooks/{hook['id']}/", json={"is_active": False}).raise_for_status()
        try:
            world.send(mood_texts(30, seed=1030))
            world.settled(before + 30)
            world.audited()
        finally:
            for hook in hooks:
                http.patch(f"/api/webhooks/{hook['id']}/", json={"is_active": True}).raise_for_status()


def test_a_poison_item_is_dead_with_a_reason_and_its_neighbours_live(world: World) -> None:
    """Label Studio checks data at import, not when a task is edited: then the field that models read can go."""
    before = world.report()["arrived"]
    [text] = world.send(mood_texts(1, seed=1039))
    task = next(task["id"] for task in world.tasks() if task["data"]["text"] == text)
    with world.admin() as http:
        http.patch(f"/api/tasks/{task}/", json={"data": {"other": "no text at all"}}).raise_for_status()
    world.send(mood_texts(20, seed=1040))
    wait_for(lambda: world.report()["states"].get("dead") == 1, "the poison item was not given up")
    world.settled(before + 21)
    with world.service.client() as http:
        dead = http.get(f"/api/v1/projects/{world.slug}/items", params={"state": "dead"}).json()
    assert dead[0]["task"] == task
    assert "'text'" in dead[0]["last_error"]
    with world.admin() as http:
        http.patch(f"/api/tasks/{task}/", json={"data": {"text": "splendid warm mended"}}).raise_for_status()
    wait_for(lambda: not world.report()["states"].get("dead"), "the mended task was not taken up")
    world.settled(before + 21)
    world.audited()


def wait_for(reached: Callable[[], bool], otherwise: str, limit_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + limit_s
    while not reached():
        assert time.monotonic() < end, otherwise
        time.sleep(0.5)


def test_restart_while_trainers_label(world: World) -> None:
    """A full, orderly restart in mid-stream, with labels coming in meanwhile."""
    stream = Stream(world, seed=1050)
    stopped = threading.Event()
    shown = [t for t in world.tasks() if t["predictions"] and not t["annotations"]][:10]

    def trainer() -> None:
        for task in shown:
            world.label(task["id"], task["data"]["text"])
        stopped.set()

    thread = threading.Thread(target=trainer)
    thread.start()
    close_world(world)
    thread.join(PATIENCE_S)
    assert stopped.is_set()
    world.restart_service()
    stream.check()
    labelled = {task["id"] for task in shown}

    def known() -> set[int]:
        query: dict[str, str | int] = {"state": "labeled", "limit": 1000}
        with world.service.client() as http:
            return {item["task"] for item in http.get(f"/api/v1/projects/{world.slug}/items", params=query).json()}

    wait_for(lambda: labelled <= known(), "labels given while the service was away were not found")
