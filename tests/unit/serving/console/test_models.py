"""Model versions side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models.costs import Costs
from models.specs import HeadSpec, JudgeSpec, TransformersSpec
from serving.console import staff
from serving.console.model_facts import compare, licence_of, runs_on, size_of
from serving.secrets import viewer_token
from tests.support.audited import stream
from tests.support.local_world import LocalWorld, easy, hard
from tests.unit.serving.projects.test_versions import another, events


@pytest.fixture
def console(world: LocalWorld, browser: TestClient) -> TestClient:
    """An operator's browser."""
    staff._failures.clear()
    assert browser.post("/sign-in", data={"token": "operator-token"}, follow_redirects=False).status_code == 303
    return browser


def facts(world: LocalWorld) -> dict[str, list[str]]:
    with world.store.read() as uow:
        rows = list(reversed(uow.models.list(world.id)))
        found = compare(rows, world.project, uow.gate.certificates(world.id), uow.gate.events(world.id))
    return {fact.name: fact.values for fact in found}


def test_nobody_looks_without_signing_in(browser: TestClient) -> None:
    assert browser.get("/projects/moods/models", follow_redirects=False).headers["location"] == "/sign-in"


def test_a_project_without_a_model_says_so(console: TestClient) -> None:
    assert "There is no model version yet" in console.get("/projects/moods/models").text


def test_the_certificate_stands_beside_what_was_measured(world: LocalWorld, console: TestClient) -> None:
    world.open(easy(160))
    told = facts(world)
    with world.store.read() as uow:
        test = uow.gate.latest(world.id)
        [row] = uow.models.list(world.id)
    assert test is not None
    assert told["Standing"] == ["Active: it predicts now"]
    assert told["Trained on"] == [str(row.n_train)]
    assert told["Certified automation"] == [f"{100 * test.coverage:.3g} %"]
    assert told["n"] == [f"{test.n}, {test.errors} wrong; of {test.n_validation} drawn"]
    assert told["sha256"] == [row.ref.sha256]
    assert told["Rejected"] == ["–"]
    page = console.get("/projects/moods/models").text
    assert row.ref.version in page
    assert test.reason.split(".")[0] in page
    assert "labels_by" not in page


def test_a_challenger_is_shown_with_its_progress_and_why_it_was_rejected(
    world: LocalWorld, console: TestClient
) -> None:
    world.open(easy(160))
    world.arrive(hard(60))
    world.sync()
    world.settle()
    world.label_wanted()
    made = world.train()
    assert made is not None
    assert world.project.challenger == made.version
    assert "On trial" in console.get("/projects/moods/models").text
    assert facts(world)["Standing"][0] == "On trial beside the active one"
    with world.store.begin() as uow:
        uow.models.reject(world.id, made.version, world.clock())
        uow.projects.update(world.id, challenger=None)
        numbers = {"challenger": made.version}
        uow.gate.note(world.id, reason="it covers less", actor="prelabel", numbers=numbers, now=world.clock())
    told = facts(world)
    assert told["Standing"][0].startswith("Rejected")
    assert told["Rejected"][0].endswith(": it covers less")
    assert "it covers less" in console.get("/projects/moods/models").text


def test_a_licence_is_told_without_a_download() -> None:
    assert licence_of(HeadSpec(encoder="ngram")) == "own code"
    assert licence_of(TransformersSpec(source="some/model")) == "on its model card"


MODELS = "/projects/moods/models"
WHY = {"reason": "a better idea"}


@pytest.fixture
def two(world: LocalWorld) -> tuple[str, str]:
    """The active version of an open gate, and a challenger."""
    world.open(easy(110))
    stream(world, easy(30, seed=8))
    return str(world.project.active_model), another(world)


def test_an_operator_promotes_rolls_back_and_lets_go(
    two: tuple[str, str], world: LocalWorld, console: TestClient
) -> None:
    old, new = two
    assert "Which version is to predict" in console.get(MODELS).text
    console.post(f"{MODELS}/promote", data=WHY | {"version": new})
    assert (world.project.active_model, world.project.pinned) == (new, True)
    assert "A person chose it" in console.get(MODELS).text
    console.post(f"{MODELS}/shadow", data=WHY | {"version": old})
    world.tick()
    assert "In the shadow" in console.get(MODELS).text
    assert facts(world)["Standing"] == [
        "Active: it predicts now, chosen by hand",
        "Scores in the shadow of the active one",
    ]
    console.post(f"{MODELS}/shadow/drop", data=WHY)
    assert world.project.shadow is None
    console.post(f"{MODELS}/promote", data=WHY | {"version": old})
    assert facts(world)["Standing"][0].startswith("Rejected")
    assert facts(world)["Rejected"][0].endswith("a better idea")
    console.post(f"{MODELS}/release", data=WHY)
    assert not world.project.pinned
    assert {event.actor for event in events(world)} >= {"console, operator"}


def test_what_does_not_go_says_why_and_changes_nothing(
    two: tuple[str, str], world: LocalWorld, console: TestClient
) -> None:
    old, new = two
    answer = console.post(f"{MODELS}/promote", data=WHY | {"version": old})
    assert answer.status_code == 422
    assert "predicts already" in answer.text
    assert console.post(f"{MODELS}/shadow", data=WHY | {"version": new}).status_code == 422
    assert console.post(f"{MODELS}/shadow/drop", data=WHY).status_code == 422
    assert console.post(f"{MODELS}/release", data=WHY).status_code == 422
    assert console.post(f"{MODELS}/promote", data=WHY | {"version": "moods-0"}).status_code == 404
    assert world.project.active_model == old


def test_an_engineer_looks_and_changes_nothing(two: tuple[str, str], world: LocalWorld, browser: TestClient) -> None:
    staff._failures.clear()
    token = viewer_token(world.runtime.settings)
    assert browser.post("/sign-in", data={"token": token}, follow_redirects=False).status_code == 303
    page = browser.get(MODELS).text
    assert two[1] in page
    assert "Which version is to predict" not in page
    assert browser.post(f"{MODELS}/promote", data=WHY | {"version": two[1]}).status_code == 403
    assert browser.get(f"{MODELS}/same-items").status_code == 200
    assert world.project.active_model == two[0]


def test_another_site_changes_nothing(two: tuple[str, str], world: LocalWorld, console: TestClient) -> None:
    elsewhere = {"Origin": "http://elsewhere.example"}
    assert console.post(f"{MODELS}/promote", data=WHY | {"version": two[1]}, headers=elsewhere).status_code == 403
    assert world.project.active_model == two[0]


def test_the_same_items_are_counted_for_tested_versions(two: tuple[str, str], console: TestClient) -> None:
    page = console.get(f"{MODELS}/same-items").text
    assert two[0] in page
    assert "would accept" in page
    assert "says the same as the active model" in page or "has said nothing yet" in page


def test_speed_and_cost_stand_beside_each_version(world: LocalWorld, console: TestClient) -> None:
    world.open(easy(110))
    with world.store.begin() as uow:
        [row] = uow.models.list(world.id)
        uow.models.measured(world.id, row.ref.version, 1_000 - row.scored_items, 4.0 - row.scored_seconds)
    assert facts(world)["Speed"] == ["250 (1,000 items in 4.00 s)"]
    assert facts(world)["Compute for 1,000 items"] == ["4.00 s; no price given"]
    world.change(costs=Costs(compute_hour=0.9, currency="CNY"))
    assert facts(world)["Compute for 1,000 items"] == ["0.001 CNY (4.00 s)"]
    assert "0.001 CNY" in console.get(MODELS).text
    with world.store.begin() as uow:
        uow.models.measured(world.id, row.ref.version, -1_000, -4.0)
    assert facts(world)["Speed"][0].startswith("not measured")


def test_where_it_runs_and_what_its_files_weigh(world: LocalWorld) -> None:
    world.open(easy(110))
    with world.store.read() as uow:
        [row] = uow.models.list(world.id)
    size = sum(file.stat().st_size for file in Path(row.ref.path or "").iterdir())
    assert facts(world)["Size"] == [f"{size / 1e3:,.1f} kB"]
    gone = row.ref.model_copy(update={"path": "/nowhere/at-all"})
    assert size_of(gone) == "its files are gone: at-all"
    assert runs_on(HeadSpec(encoder="ngram")) == "own code, cpu"
    assert runs_on(HeadSpec(encoder="minilm", provider="cuda")) == "onnxruntime, cuda"
    assert runs_on(TransformersSpec(source="some/model")) == "torch, cpu"
    assert runs_on(TransformersSpec(source="some/model", runtime="onnx")) == "onnxruntime, cpu"
    assert runs_on(JudgeSpec(url="http://127.0.0.1:9/v1", model="m")) == "a language model at 127.0.0.1:9"
    assert licence_of(JudgeSpec(url="http://127.0.0.1:9/v1", model="m")) == "not stated"
