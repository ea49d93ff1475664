"""The ML-backend protocol, as a real Label Studio speaks it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from connectors.label_studio.backend import NO_MODEL_VERSION
from connectors.label_studio.label_config import parse
from models.errors import ModelError, PlatformUnavailable
from models.gate.sampling import audit_draw
from models.types import GateState, Route
from serving.api.application import create_app
from serving.pipeline import draw
from serving.store.records import ItemState, SuggestionBound
from tests.support.local_world import SECRET, LocalWorld, easy, hard
from tests.unit.serving.api.conftest import BASIC, HOOK, OPERATOR
from tests.unit.serving.conftest import MakeWorld

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "fixtures/label_studio/payloads-1.23.2.json").read_text()
)
CALLS = [name for name in RECORDED if name.startswith("ml ")]


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


STRANGERS: list[dict[str, str]] = [
    {},
    basic("prelabel", "wrong"),
    basic("prelabel", ""),
    basic("admin", SECRET),
    OPERATOR,
    {"Authorization": "Basic %"},
]


def predict(client: TestClient, *tasks: tuple[int, str], **more: Any) -> list[dict[str, Any]]:
    body = {"tasks": [{"id": id, "data": {"text": text}} for id, text in tasks], "project": "1.1795487047", **more}
    answer = client.post("/ml/moods/predict", json=body, headers=BASIC)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert len(results) == len(tasks)
    return results


def said(result: Any) -> bool:
    """Whether there is something for people to see; a list of predictions may be empty."""
    return bool(result and result["result"])


def texts(world: LocalWorld, *tasks: int) -> list[tuple[int, str]]:
    return [(task, world.item(task).data["text"]) for task in tasks]


@pytest.mark.parametrize("name", CALLS)
def test_every_recorded_call_is_answered(make: MakeWorld, name: str) -> None:
    """Of a project without a model: nothing to say is said in the right form."""
    body = RECORDED[name]
    method, path = name.split()[1:3]
    config = RECORDED["ml POST /predict"]["label_config"]
    world = make(platform_project=10, label_config_xml=config, label_config=parse(config))
    with TestClient(create_app(world.runtime)) as client:
        answer = client.request(method, f"/ml/moods{path}", json=body, headers=BASIC)
    assert answer.status_code in (200, 201)
    assert "not-a-real" not in answer.text
    if path == "/predict":
        results = answer.json()["results"]
        assert len(results) == len(body["tasks"])
        assert not any(map(said, results))


@pytest.mark.parametrize("path", ["", "/", "/health"])
def test_health(client: TestClient, path: str) -> None:
    assert client.get(f"/ml/moods{path}", headers=BASIC).json()["status"] == "UP"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"),
        ("POST", "/setup"),
        ("GET", "/versions"),
        ("POST", "/predict"),
        ("POST", "/webhook"),
        ("POST", "/train"),
    ],
)
def test_nothing_without_the_password(client: TestClient, method: str, path: str) -> None:
    for headers in STRANGERS:
        answer = client.request(method, f"/ml/moods{path}", json={}, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Basic"
        assert SECRET not in answer.text


def test_an_unknown_project_is_told_no_names(client: TestClient) -> None:
    answer = client.get("/ml/nobody/health", headers=BASIC)
    assert answer.status_code == 404
    assert "moods" not in answer.text


def test_its_own_webhook_may_show_the_secret_header(client: TestClient) -> None:
    assert client.post("/ml/moods/webhook", json={"action": "X"}, headers=HOOK).status_code == 201


def test_setup_and_predict_name_the_same_version(world: LocalWorld, client: TestClient) -> None:
    """Else every look at a task adds another prediction."""
    assert client.post("/ml/moods/setup", json={}, headers=BASIC).json() == {"model_version": NO_MODEL_VERSION}
    assert client.get("/ml/moods/versions", headers=BASIC).json() == {"versions": [NO_MODEL_VERSION]}
    world.open(hard(150))
    version = client.post("/ml/moods/setup", json={}, headers=BASIC).json()["model_version"]
    assert version == world.project.active_model
    assert client.get("/ml/moods/versions", headers=BASIC).json() == {"versions": [version]}
    shown = [i.task_id for i in world.items() if i.route is Route.SUGGEST][:3]
    assert {r["model_version"] for r in predict(client, *texts(world, *shown))} == {version}


def test_it_says_what_the_pipeline_says(world: LocalWorld, client: TestClient) -> None:
    world.open(hard(150))
    shown = [i for i in world.items() if i.route is Route.SUGGEST and i.state is ItemState.PUBLISHED][:5]
    results = predict(client, *texts(world, *(i.task_id for i in shown)))
    for item, result in zip(shown, results, strict=True):
        [(_, stored)] = world.platform.predictions(item.task_id)
        assert result["result"] == stored.result
        assert result["score"] == pytest.approx(stored.score)


def test_blind_items_get_nothing(world: LocalWorld, client: TestClient) -> None:
    world.open(easy(110))
    world.arrive(easy(80, seed=1))
    world.sync()
    world.settle()
    blind = [i.task_id for i in world.items() if i.blind]
    assert {i.route for i in world.items() if i.blind} == {Route.AUDIT, None}
    asked = texts(world, *blind)
    assert not any(map(said, predict(client, *asked)))
    assert not any(map(said, predict(client, *asked, params={"context": {"result": [{"id": "r1"}]}})))


def test_asking_twice_in_one_call_is_no_way_around(world: LocalWorld, client: TestClient) -> None:
    world.open(hard(150))
    task = next(i for i in world.items() if i.blind)
    again = texts(world, task.task_id) * 3
    assert not any(map(said, predict(client, *again)))


def test_a_task_that_may_be_audited_is_not_shown_before_it_is_decided(world: LocalWorld, client: TestClient) -> None:
    world.open(easy(110))
    tasks = world.arrive(easy(60, seed=1))
    asked = [(row.id, row.data["text"]) for page in world.platform.tasks() for row in page if row.id in tasks]
    results = predict(client, *asked)
    secret = world.runtime.sampling_secret(world.project)
    for (task, _), result in zip(asked, results, strict=True):
        drawn = audit_draw(secret, task, 1) < world.project.audit_rate
        assert said(result) is not drawn
    assert not all(map(said, results))
    assert {world.item(task).state for task in tasks} == {ItemState.RECEIVED}


def test_more_may_be_audited_while_the_gate_is_watched(world: LocalWorld, client: TestClient) -> None:
    world.open(easy(110))
    with world.store.begin() as uow:
        uow.gate.transition(world.id, GateState.WATCH, reason="odd audits", actor="prelabel", numbers={}, now=0.0)
    tasks = world.arrive(easy(60, seed=1))
    asked = [(row.id, row.data["text"]) for page in world.platform.tasks() for row in page if row.id in tasks]
    secret = world.runtime.sampling_secret(world.project)
    hidden = {task for (task, _), result in zip(asked, predict(client, *asked), strict=True) if not said(result)}
    assert hidden == {task for task in tasks if audit_draw(secret, task, 1) < 5 * world.project.audit_rate}
    world.sync()
    world.settle()
    assert {task for task in tasks if world.item(task).blind} == hidden


def test_what_turns_blind_while_it_is_scored_is_left_out(world: LocalWorld, client: TestClient) -> None:
    world.open(hard(150))
    tasks = world.arrive(hard(60, seed=1))
    world.sync()
    world.change(validation_target=world.project.validation_target + 60)
    asked = texts(world, *tasks)
    before = {task for task in tasks if world.item(task).blind}

    def drawn() -> None:
        world.scorer.before = lambda: None
        draw.validation(world.runtime, world.project)

    world.scorer.before = drawn
    told = {task for (task, _), result in zip(asked, predict(client, *asked), strict=True) if said(result)}
    blind = {task for task in tasks if world.item(task).blind}
    assert blind > before
    assert told
    assert not told & blind


def test_a_strangers_tasks_are_not_taken_over(world: LocalWorld, client: TestClient) -> None:
    world.open(hard(150))
    before = len(world.items())
    for project in ("2.1795487047", None, "nonsense", 7):
        [result] = predict(client, (9001, "excellent lovely"), project=project)
        assert said(result)
    assert len(world.items()) == before


@pytest.mark.parametrize(
    "task",
    [
        {"id": 2**70, "data": {"text": "lovely"}},
        {"id": -4, "data": {"text": "lovely"}},
        {"id": "seven", "data": {"text": "lovely"}},
        {"data": {"text": "lovely"}},
        {"id": 5000, "data": {}},
        {"id": 5001, "data": None},
        {"id": 5002, "data": {"text": None}},
        {"id": 5003, "data": {"text": {"deep": [1, 2]}}},
    ],
)
def test_a_strange_task_spoils_no_batch(world: LocalWorld, client: TestClient, task: dict[str, Any]) -> None:
    world.open(hard(150))
    shown = next(i for i in world.items() if i.route is Route.SUGGEST)
    body = {"tasks": [task, {"id": shown.task_id, "data": shown.data}], "project": "1.1"}
    answer = client.post("/ml/moods/predict", json=body, headers=BASIC)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["results"]) == 2
    assert answer.json()["results"][1]["result"]


@pytest.mark.parametrize("body", [{}, {"tasks": 5}, {"tasks": ["a"]}])
def test_a_wrong_call_is_refused_in_words(client: TestClient, body: dict[str, Any]) -> None:
    answer = client.post("/ml/moods/predict", json=body, headers=BASIC)
    assert answer.status_code == 422
    assert "tasks" in answer.json()["message"]


def test_a_lone_task_and_none_at_all(client: TestClient) -> None:
    one = {"tasks": {"id": 1, "data": {"text": "x"}}}
    assert len(client.post("/ml/moods/predict", json=one, headers=BASIC).json()["results"]) == 1
    assert client.post("/ml/moods/predict", json={"tasks": []}, headers=BASIC).json() == {"results": []}


@pytest.mark.parametrize("error", [PlatformUnavailable("busy"), ModelError("broken")])
def test_a_scorer_that_is_away_is_answered_with_nothing(
    world: LocalWorld, client: TestClient, error: Exception
) -> None:
    world.open(hard(150))
    shown = [i.task_id for i in world.items() if i.route is Route.SUGGEST][:1]
    world.scorer.failures = [error]
    assert not any(map(said, predict(client, *texts(world, *shown))))


def test_many_tasks_are_scored_in_chunks(world: LocalWorld, client: TestClient) -> None:
    world.open(hard(150))
    shown = [i.task_id for i in world.items() if i.route is Route.SUGGEST and not i.blind]
    world.scorer.calls.clear()
    assert all(r["result"] for r in predict(client, *texts(world, *shown)))
    assert world.scorer.calls == [32, 32, 16]


def test_what_is_hidden_by_lot_is_hidden_here_too(make: MakeWorld) -> None:
    world = make(control_rate=0.3)
    client = TestClient(create_app(world.runtime))
    world.open(hard(150))
    rows = [i for i in world.items() if i.route is Route.SUGGEST and i.state is ItemState.PUBLISHED]
    hidden = [row.task_id for row in rows if row.unaided]
    assert len(hidden) > 5
    assert not any(map(said, predict(client, *texts(world, *hidden))))
    assert all(map(said, predict(client, *texts(world, *[row.task_id for row in rows if not row.unaided][:20]))))


def test_what_the_decision_will_hide_is_hidden_before(world: LocalWorld, client: TestClient) -> None:
    """Label Studio asks for tasks that have just come in; what it is told must not outlive the decision on them."""
    world.open(hard(150))
    world.change(control_rate=0.3)
    for below in (None, 1.0):
        bound = SuggestionBound(below, 30, 30, 1.0, 0.0) if below is not None else None
        world.change(suggestion_bound=bound)
        tasks = world.arrive(hard(60, seed=7 + bool(below)))
        world.sync()
        told = dict(zip(tasks, map(said, predict(client, *texts(world, *tasks))), strict=True))
        world.settle()
        rows = [world.item(task) for task in tasks]
        assert {row.unaided for row in rows if row.route is Route.SUGGEST} == {True, False}
        assert not [row.task_id for row in rows if row.unaided and told[row.task_id]]
        assert [row.task_id for row in rows if row.route is Route.SUGGEST and told[row.task_id]]


def test_the_training_button(world: LocalWorld, client: TestClient) -> None:
    world.arrive(easy(110))
    world.sync()
    world.tick()
    world.label_wanted(70)
    body = {"action": "START_TRAINING", "project": {"id": 1}}
    assert client.post("/ml/moods/webhook", json=body, headers=BASIC).status_code == 201
    assert world.project.active_model is not None
    with world.store.read() as uow:
        assert uow.gate.events(world.id)[-1].actor == "label-studio"


def test_training_without_labels_is_no_error(client: TestClient) -> None:
    for path, body in (("/webhook", {"action": "START_TRAINING", "project": {"id": 1}}), ("/train", {})):
        assert client.post(f"/ml/moods{path}", json=body, headers=BASIC).status_code == 201
