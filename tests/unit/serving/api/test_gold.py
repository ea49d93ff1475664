"""The API of gold items, qualifications and pauses."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from connectors.label_studio import backend
from models.skills import FieldOfWork
from serving.api.ml_backend import hidden_keys, known_items
from serving.store.gold_records import GoldSource
from tests.support.local_world import LocalWorld, choice, easy
from tests.unit.serving.api.conftest import OPERATOR

PROJECT = "/api/v1/projects/moods"
ANNA = f"{PROJECT}/people/21"
LAW = {"domain": "law"}


@pytest.fixture
def golden(world: LocalWorld, client: TestClient) -> LocalWorld:
    """Six tasks that somebody labelled and that are gold in law, four that nobody did, and Anna."""
    world.arrive(easy(10))
    world.sync()
    for item in world.items()[:6]:
        world.label(item.task_id)
    world.sync()
    assert client.put(ANNA, json={"email": "anna@example.com"}, headers=OPERATOR).status_code == 200
    for item in world.items()[:6]:
        call(client, "PUT", f"{PROJECT}/gold/{item.task_id}", LAW)
    return world


def call(client: TestClient, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = client.request(method, path, json=body, headers=OPERATOR)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def qualify(world: LocalWorld, client: TestClient, wrong: int = 0) -> None:
    """Anna goes through a whole set."""
    call(client, "POST", f"{ANNA}/qualifications", LAW)
    for place in range(6):
        work = call(client, "POST", f"{PROJECT}/next", {"user": 21})["work"]
        assert (work["why"]["code"], work["why"]["place"]) == ("qualification", place + 1)
        right = world.gold[world.item(work["task"]).data["text"]]
        other = {"good": "bad", "bad": "good"}[right]
        world.label(work["task"], other if place < wrong else right, user=21)
        world.sync()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{PROJECT}/gold"),
        ("GET", f"{PROJECT}/gold/proposals"),
        ("PUT", f"{PROJECT}/gold/1"),
        ("DELETE", f"{PROJECT}/gold/1"),
        ("POST", f"{PROJECT}/gold/1/rule"),
        ("GET", f"{ANNA}/gold"),
        ("POST", f"{ANNA}/gold/1/dispute"),
        ("GET", f"{ANNA}/qualifications"),
        ("POST", f"{ANNA}/qualifications"),
        ("DELETE", f"{ANNA}/qualifications"),
        ("POST", f"{ANNA}/pause"),
        ("POST", f"{ANNA}/resume"),
    ],
)
def test_nothing_without_the_token(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 401


def test_gold_in_and_out(golden: LocalWorld, client: TestClient) -> None:
    listed = call(client, "GET", f"{PROJECT}/gold")
    assert len(listed) == 6
    first = listed[0]
    assert (first["field"], first["source"], first["answers"], first["retired_at"]) == ("law/any/any", "label", 0, None)
    label = golden.gold[golden.item(first["task"]).data["text"]]
    assert first["answer"] == {"mood": label}
    replaced = call(client, "PUT", f"{PROJECT}/gold/{first['task']}", {"result": choice("bad"), **LAW})
    assert (replaced["answer"], replaced["source"]) == ({"mood": "bad"}, "operator")
    call(client, "DELETE", f"{PROJECT}/gold/{first['task']}", status=204)
    call(client, "DELETE", f"{PROJECT}/gold/{first['task']}", status=404)
    assert [one["retired_reason"] for one in call(client, "GET", f"{PROJECT}/gold")].count(None) == 5
    unlabelled = golden.items()[-1].task_id
    assert "label it first" in call(client, "PUT", f"{PROJECT}/gold/{unlabelled}", {}, 409)["message"]
    call(client, "PUT", f"{PROJECT}/gold/99999", {}, 404)
    assert call(client, "GET", f"{PROJECT}/gold/proposals") == []


def test_a_qualification_through_the_api(golden: LocalWorld, client: TestClient) -> None:
    assert call(client, "GET", f"{ANNA}/qualifications") == {"open": {"law/any/any": 6}, "attempts": []}
    before = golden.report()
    states = [item.state for item in golden.items()]
    qualify(golden, client)
    found = call(client, "GET", f"{ANNA}/qualifications")
    assert found["open"] == {"law/any/any": 0}
    [attempt] = found["attempts"]
    assert (attempt["right"], attempt["wrong"], attempt["level"]) == (6, 0, 1)
    [anna] = call(client, "GET", f"{PROJECT}/people")
    assert {(one["domain"], one["level"], one["source"]) for one in anna["skills"]} == {
        ("law", 1, "qualification"),
        ("law", 1, "results"),
    }
    [known] = anna["accuracies"]
    assert (known["field"], known["items"], round(known["mean"], 3)) == ("law/any/any", 6.0, 0.929)
    assert known["low"] < known["mean"] < known["high"] < 1
    after = golden.report()
    assert after.labeled.gold == 6
    assert after.labeled.model_dump() | {"gold": 0} == before.labeled.model_dump()
    assert [item.state for item in golden.items()] == states
    call(client, "DELETE", f"{ANNA}/qualifications", status=409)
    assert "0 items" in call(client, "POST", f"{ANNA}/qualifications", LAW, 409)["message"]


def test_feedback_dispute_and_ruling(golden: LocalWorld, client: TestClient) -> None:
    qualify(golden, client, wrong=1)
    told = call(client, "GET", f"{ANNA}/gold")
    assert [one["right"] for one in told] == [True] * 5 + [False]
    failed = told[-1]
    [part] = failed["differences"]
    assert {part["said"], part["answer"]} == {"good", "bad"}
    path = f"{ANNA}/gold/{failed['answer']}/dispute"
    assert call(client, "POST", path, {"reason": "it is irony"})["disputed"] == "it is irony"
    call(client, "POST", path, {"reason": "it is irony"}, 409)
    call(client, "POST", f"{ANNA}/gold/99999/dispute", {"reason": "mine"}, 404)
    [listed] = [one for one in call(client, "GET", f"{PROJECT}/gold") if one["open_disputes"]]
    assert (listed["task"], listed["failures"], listed["disputes"]) == (failed["task"], 1, 1)
    ruled = call(
        client, "POST", f"{PROJECT}/gold/{failed['task']}/rule", {"ruling": "withdrawn", "reason": "it is indeed"}
    )
    assert ruled["retired_reason"] == "withdrawn: it is indeed"
    told = call(client, "GET", f"{ANNA}/gold")
    assert (told[-1]["counts"], told[-1]["ruling"]) == (False, "withdrawn")
    [anna] = call(client, "GET", f"{PROJECT}/people")
    assert anna["accuracies"][0]["items"] == 5.0


def test_another_answer_takes_the_marks_on_the_old_one_back(golden: LocalWorld, client: TestClient) -> None:
    qualify(golden, client, wrong=1)
    failed = call(client, "GET", f"{ANNA}/gold")[-1]
    said = failed["differences"][0]["said"]
    call(client, "PUT", f"{PROJECT}/gold/{failed['task']}", {"result": choice(said), **LAW})
    assert [one["counts"] for one in call(client, "GET", f"{ANNA}/gold")] == [True] * 5 + [False]
    same = call(client, "GET", f"{ANNA}/gold")[0]
    call(client, "PUT", f"{PROJECT}/gold/{same['task']}", LAW)
    assert [one["counts"] for one in call(client, "GET", f"{ANNA}/gold")] == [True] * 5 + [False]


def test_a_dispute_of_gold_that_was_taken_out_is_ruled_on(golden: LocalWorld, client: TestClient) -> None:
    qualify(golden, client, wrong=1)
    failed = call(client, "GET", f"{ANNA}/gold")[-1]
    call(client, "DELETE", f"{PROJECT}/gold/{failed['task']}", status=204)
    call(client, "POST", f"{ANNA}/gold/{failed['answer']}/dispute", {"reason": "it is irony"})
    path = f"{PROJECT}/gold/{failed['task']}/rule"
    ruled = call(client, "POST", path, {"ruling": "withdrawn", "reason": "it is indeed"})
    assert (ruled["open_disputes"], ruled["retired_reason"]) == (0, "taken out by an operator")
    assert not call(client, "GET", f"{ANNA}/gold")[-1]["counts"]
    unlabelled = golden.items()[-1].task_id
    call(client, "POST", f"{PROJECT}/gold/{unlabelled}/rule", {"ruling": "upheld", "reason": "why not"}, 404)


def test_gold_shows_nothing_through_connect_model(golden: LocalWorld, client: TestClient) -> None:
    tasks = [{"id": item.task_id, "data": item.data} for item in golden.items()]
    body = {"tasks": tasks, "project": "1.1700000000", "label_config": golden.project.label_config_xml}
    request = backend.PredictRequest.model_validate(body)
    items = backend.to_items(request)
    known = known_items(golden.runtime, golden.project, items, request)
    hidden = hidden_keys(golden.runtime, golden.project, known)
    gold = {one["task"] for one in call(client, "GET", f"{PROJECT}/gold")}
    of = {item.key: task["id"] for item, task in zip(items, tasks, strict=True)}
    assert gold <= {of[key] for key in hidden}
    assert gold != {of[key] for key in of}


def marks(world: LocalWorld, right: int, wrong: int) -> list[int]:
    """Anna's answers to that many gold items, as they stand in the store; the gold items of the wrong ones."""
    world.arrive(easy(right + wrong, seed=7))
    world.sync()
    failed = []
    with world.store.begin() as uow:
        person = next(one for one in uow.people.desks(world.id) if one.trainer.user_id == 21)
        rows = uow.items.page(world.id, state=None, limit=1000)[-(right + wrong) :]
        field = FieldOfWork(domain="law")
        for place, row in enumerate(rows):
            about: dict[str, Any] = {"field": field, "revision": 1, "regions": (), "source": GoldSource.OPERATOR}
            gold = uow.gold.add(world.id, row.id, **about, now=0.0)
            said: dict[str, Any] = {"qualification_id": None, "regions": (), "is_right": place < right}
            assert uow.gold.answer(gold, person.trainer.id, **said, now=0.0)
            if place >= right:
                failed.append(row.task_id)
    return failed


def test_nobody_is_paused_on_a_few_items_or_a_good_result(golden: LocalWorld, client: TestClient) -> None:
    for right, wrong, reason in ((0, 4, "few_items"), (40, 0, "not_shown")):
        marks(golden, right, wrong)
        [anna] = call(client, "GET", f"{PROJECT}/people")
        [permission] = anna["may_pause"]
        assert not permission["allowed"]
        told = call(client, "POST", f"{ANNA}/pause", {}, 409)["message"]
        assert "give a reason in writing" in told
        assert permission["reason"] in told
        assert permission["reason"] in (reason, "good_enough")
        assert call(client, "POST", f"{PROJECT}/next", {"user": 21})["work"] is not None
    call(client, "POST", f"{ANNA}/pause", {"reason": "no"}, 422)
    call(client, "POST", f"{ANNA}/resume", status=409)


def test_a_pause_for_a_reason(golden: LocalWorld, client: TestClient) -> None:
    paused = call(client, "POST", f"{ANNA}/pause", {"reason": "she is on leave until Monday"})
    assert (paused["pause"]["measured"], paused["pause"]["reason"]) == (False, "she is on leave until Monday")
    found = call(client, "POST", f"{PROJECT}/next", {"user": 21})
    assert (found["work"], found["nothing"]) == (None, "paused")
    assert call(client, "POST", f"{ANNA}/resume")["pause"] is None
    assert call(client, "POST", f"{PROJECT}/next", {"user": 21})["work"] is not None


def test_a_pause_on_numbers_ends_with_them(golden: LocalWorld, client: TestClient) -> None:
    failed = marks(golden, 8, 16)
    [anna] = call(client, "GET", f"{PROJECT}/people")
    assert [(one["field"], one["allowed"]) for one in anna["may_pause"]] == [("law/any/any", True)]
    assert anna["pause"] is None, "a permission is no pause"
    paused = call(client, "POST", f"{ANNA}/pause", {})["pause"]
    assert paused["measured"]
    assert paused["numbers"]["upper"] < paused["numbers"]["required"] == 0.7
    assert paused["numbers"]["odds"] >= 20
    for task in failed[:3]:
        call(client, "POST", f"{PROJECT}/gold/{task}/rule", {"ruling": "withdrawn", "reason": "wrong key"})
    assert call(client, "GET", f"{PROJECT}/people")[0]["pause"] is not None
    for task in failed[3:10]:
        call(client, "POST", f"{PROJECT}/gold/{task}/rule", {"ruling": "withdrawn", "reason": "wrong key"})
    assert call(client, "GET", f"{PROJECT}/people")[0]["pause"] is None


def test_export_and_deletion_hold_marks_and_attempts(golden: LocalWorld, client: TestClient) -> None:
    qualify(golden, client)
    kept = call(client, "GET", f"{ANNA}/export")
    assert len(kept["gold_answers"]) == 6
    assert [one["level"] for one in kept["qualifications"]] == [1]
    assert {row["kind"] for row in kept["work"]} == {"qualification"}
    call(client, "DELETE", ANNA, status=204)
    call(client, "PUT", ANNA, {"email": "anna@example.com"})
    kept = call(client, "GET", f"{ANNA}/export")
    assert (kept["gold_answers"], kept["qualifications"], kept["person"]["accuracies"]) == ([], [], [])
