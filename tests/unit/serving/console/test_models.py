"""Model versions side by side."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from models.specs import HeadSpec, TransformersSpec
from serving.console import staff
from serving.console.model_facts import compare, licence_of
from tests.support.local_world import LocalWorld, easy, hard


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
