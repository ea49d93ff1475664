"""From a label that arrives by webhook to who is asked next: another person, then an expert, then nobody."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.skills import SkillRule
from serving.api.application import create_app
from tests.support.local_world import LocalWorld, choice, easy
from tests.unit.serving.api.conftest import HOOK, OPERATOR
from tests.unit.serving.conftest import MakeWorld

PROJECT = "/api/v1/projects/moods"
ANNA, BERT, CARL, DORA = 21, 22, 23, 24
LEVELS = {ANNA: 1, BERT: 1, CARL: 1, DORA: 5}
NUMBERS = count(9000)


@pytest.fixture
def world(make: MakeWorld) -> LocalWorld:
    """A trained head; every item was labelled, by two people who agree."""
    made = make(skill_rules=(SkillRule(domain="moods", level=1),), validation_fraction=0.01, validation_target=1)
    tasks = made.arrive(easy(60))
    made.sync()
    for task in tasks:
        made.label(task)
        made.label(task, user=3)
    made.sync()
    assert made.train() is not None
    made.settle()
    made.change(overlap_people=2)
    return made


@pytest.fixture
def staffed(world: LocalWorld) -> Iterator[TestClient]:
    """The service, with people of these levels."""
    with TestClient(create_app(world.runtime)) as client:
        _hire(client)
        yield client


def _hire(client: TestClient) -> None:
    for user, level in LEVELS.items():
        person = {"email": f"{user}@example.com", "skills": [{"domain": "moods", "level": level}]}
        assert client.put(f"{PROJECT}/people/{user}", json=person, headers=OPERATOR).status_code == 200


def ask(client: TestClient, user: int) -> Any:
    answer = client.post(f"{PROJECT}/next", json={"user": user}, headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    return answer.json()["work"]


def says(world: LocalWorld, client: TestClient, task: int, user: int, label: str) -> None:
    """The person's annotation arrives by webhook."""
    time = "2026-11-24T02:24:08.087980Z"
    made = {"id": next(NUMBERS), "task": task, "completed_by": user, "result": choice(label), "updated_at": time}
    sent = {"id": task, "data": world.item(task).data, "updated_at": time}
    body = {"action": "ANNOTATION_CREATED", "project": {"id": 1}, "annotation": made, "task": sent}
    answer = client.post("/hooks/label-studio/moods", json=body, headers=HOOK)
    assert answer.status_code == 202, answer.text


def new_task(world: LocalWorld) -> tuple[int, str, str]:
    """One more task, with what the model says of it and what it does not."""
    [task] = world.arrive(easy(1, seed=7))
    world.sync()
    world.settle()
    item = world.item(task)
    assert not item.blind
    with world.store.read() as uow:
        [said] = uow.items.predictions([item.prediction_id or 0]).values()
    assert said.prediction.confidence >= 0.8
    [guess] = said.prediction.regions[0].value.labels  # type: ignore[union-attr]
    return task, guess, "bad" if guess == "good" else "good"


def test_one_more_at_a_time_then_an_expert_then_nobody(world: LocalWorld, staffed: TestClient) -> None:
    task, _, other = new_task(world)
    assert ask(staffed, ANNA)["task"] == task
    assert [ask(staffed, user) for user in (BERT, CARL)] == [None, None], "it is in Anna's hands"
    says(world, staffed, task, ANNA, other)
    assert world.item(task).opinions == 2
    assert ask(staffed, ANNA) is None, "nobody is asked twice"
    second = ask(staffed, BERT)
    assert (second["task"], second["why"]["code"]) == (task, "quality")
    assert "confidence" not in second["why"]
    says(world, staffed, task, BERT, other)
    assert world.item(task).opinions == 3
    assert ask(staffed, CARL) is None, "it is beyond those of level 1"
    third = ask(staffed, DORA)
    assert third["task"] == task
    assert "level 5" in third["why"]["needs"]
    says(world, staffed, task, DORA, other)
    assert world.item(task).opinions == 3
    assert [ask(staffed, user) for user in LEVELS] == [None] * 4


def test_who_agrees_with_the_model_is_enough(world: LocalWorld, staffed: TestClient) -> None:
    task, guess, _ = new_task(world)
    assert ask(staffed, ANNA)["task"] == task
    says(world, staffed, task, ANNA, guess)
    assert world.item(task).opinions == 1
    assert [ask(staffed, user) for user in LEVELS] == [None] * 4
