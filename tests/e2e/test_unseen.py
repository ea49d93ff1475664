"""What shows no suggestion, by lot, shows none in a real Label Studio on any path; and queues have tabs there."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connectors.label_studio.tabs import QUEUE
from connectors.label_studio.webhooks import SECRET_HEADER
from scripts import label_studio
from scripts.demo.stack import Service
from serving.pipeline.tabs import UNSEEN
from serving.store.records import UNAIDED
from tests.support.world import World, add_world, mood_texts, prelabel, soon

pytestmark = [pytest.mark.label_studio, pytest.mark.ray]
ARRIVED = 80


@pytest.fixture(scope="module")
def lottery(studio: label_studio.Server, service: Service) -> World:
    """A project in shadow of which a large share of the suggestions is hidden by lot."""
    world = add_world(studio, service, "lottery", mood_texts(ARRIVED, seed=3), labelled=24)
    more = ("--train-target", "6", "--validation-target", "8", "--control-rate", "0.4")
    said = world.connect(*more)
    assert said.code == 0, said.err
    world.learned(ARRIVED)
    return world


def controls(world: World) -> list[int]:
    return [task for task, item in world.items().items() if item["reason"] in UNAIDED and item["state"] == "published"]


def tabs(world: World) -> dict[str, set[int]]:
    """Queue -> tasks that its tab lists."""
    params: dict[str, Any] = {"project": world.project, "page_size": 1000}
    found = {}
    with world.admin() as http:
        for view in http.get("/api/dm/views/", params=params).raise_for_status().json():
            if view["data"]["title"].startswith(QUEUE):
                rows = http.get("/api/tasks/", params=params | {"view": view["id"]}).raise_for_status().json()["tasks"]
                found[view["data"]["title"].removeprefix(QUEUE)] = {row["id"] for row in rows}
    return found


def test_nothing_is_shown_pushed_or_pulled(lottery: World) -> None:
    hidden = controls(lottery)
    assert len(hidden) > 5
    lottery.audited()
    secret = next(hook for hook in lottery.hooks() if "/hooks/" in hook["url"])["headers"][SECRET_HEADER]
    texts = {task["id"]: task["data"] for task in lottery.tasks()}
    body = {"project": f"{lottery.project}.1", "tasks": [{"id": task, "data": texts[task]} for task in hidden]}
    with lottery.service.client() as http:
        answer = http.post(f"/ml/{lottery.slug}/predict", json=body, headers={}, auth=("prelabel", secret))
        queue = http.get(f"/api/v1/projects/{lottery.slug}/queue", params={"limit": 1000}).json()
    assert not [one for one in answer.raise_for_status().json()["results"] if one and one["result"]]
    mine = [entry for entry in queue if entry["task"] in hidden]
    assert {(entry["blind"], entry["confidence"], entry["why"]) for entry in mine} == {(True, None, "no_suggestion")}


def test_tabs_come_with_a_word_and_go_with_another(lottery: World) -> None:
    said = prelabel(lottery.service, "tabs", lottery.slug, "--on", "--json")
    assert said.json() == {"tabs": True}, said.err
    found = soon(lambda: there if UNSEEN in (there := tabs(lottery)) else None)  # they are made one after the other
    items = lottery.items()
    blind = {task for task, item in items.items() if item["route"] == "audit" and item["state"] == "published"}
    assert found[UNSEEN] == blind | set(controls(lottery))
    shown = lottery.predictions()
    assert not found[UNSEEN] & shown.keys()
    assert set().union(*(tasks for name, tasks in found.items() if name != UNSEEN)) <= shown.keys()
    assert prelabel(lottery.service, "tabs", lottery.slug, "--off", "--json").json() == {"tabs": False}
    soon(lambda: tabs(lottery) == {} or None)  # a look that went on has made some after it, and takes them away


def test_a_label_on_one_trains_and_is_no_correction(lottery: World) -> None:
    before = lottery.report()["labeled"]
    texts = {task["id"]: task["data"]["text"] for task in lottery.tasks()}
    chosen = controls(lottery)[:3]
    for task in chosen:
        lottery.label(task, texts[task])
    wanted = before | {"train": before["train"] + 3}
    soon(lambda: lottery.report()["labeled"] == wanted or None)
    said = prelabel(lottery.service, "suggestions", lottery.slug)
    assert re.search(r"40\.0% of the suggestions go by lot", said.out), said.err
    assert prelabel(lottery.service, "suggestions", lottery.slug, "--control-rate", "0", "--json").code == 0
    soon(lambda: None if controls(lottery) else True)
    lottery.settled(ARRIVED)
    lottery.audited()


def test_disconnecting_takes_the_tabs_along(lottery: World) -> None:
    assert prelabel(lottery.service, "tabs", lottery.slug, "--on").code == 0
    soon(lambda: UNSEEN in tabs(lottery) or None)
    assert prelabel(lottery.service, "disconnect", lottery.slug).code == 0
    soon(lambda: tabs(lottery) == {} or None)
