"""No change goes unwritten: every route that may change something, and what the log keeps of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient

from models.errors import StoreError
from serving.api import audit
from serving.api.application import create_app
from serving.api.audited import ACTIONS, LEFT_OUT
from serving.console import staff
from serving.console.live import Live
from serving.console.pages import page_of
from serving.secrets import viewer_token
from serving.store.changes import ChangeRepository, ChangeRow, NewChange
from serving.trail import SECRET
from tests.support.local_world import SECRET as WEBHOOK_SECRET
from tests.support.local_world import LocalWorld, easy
from tests.support.routes import all_routes

API = {"Authorization": "Bearer operator-token"}
TOKEN = "user 4711"
"""A trainer's own token of Label Studio."""
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "daily_cap": 40}


@pytest.fixture
def app(world: LocalWorld) -> FastAPI:
    staff._failures.clear()
    return create_app(world.runtime)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, follow_redirects=False)


def changes(world: LocalWorld) -> list[ChangeRow]:
    """Oldest first."""
    with world.store.read() as uow:
        return uow.changes.page(limit=1000)[::-1]


def names(world: LocalWorld) -> list[str]:
    return [row.action for row in changes(world)]


def test_every_route_that_may_change_something_is_written_down_or_left_out_for_a_reason(app: FastAPI) -> None:
    """A route that is added stands in ACTIONS, by name, or in LEFT_OUT, with a reason."""
    found = {(method, r.path) for r in all_routes(app) for method in (r.methods or set()) - {"GET", "HEAD", "OPTIONS"}}
    assert len(found) > 50
    assert found == set(ACTIONS) | set(LEFT_OUT)
    assert not set(ACTIONS) & set(LEFT_OUT)
    assert all(len(reason) > 20 for reason in LEFT_OUT.values())


def test_a_get_changes_nothing(app: FastAPI) -> None:
    """Looks are not written down, so none may change anything: they have no operator's dependency."""
    looks = [r for r in all_routes(app) if "GET" in (r.methods or ())]
    assert len(looks) > 40
    changing = [r.path for r in looks if any(d.call is staff.require_operator_page for d in r.dependant.dependencies)]
    assert [path for path in changing if not path.startswith("/connect")] == [], "of drafts only, which are operators'"


def test_no_action_keeps_a_parameter_that_may_be_secret() -> None:
    kept = {name for action in ACTIONS.values() for name in action.keeps}
    assert {name for name in kept if SECRET.search(name)} == set()
    assert not kept & {"result", "note", "evidence", "name", "email"}


def test_a_route_that_nobody_named_is_written_down_all_the_same(world: LocalWorld, app: FastAPI) -> None:
    @app.post("/somewhere/{what}")
    def change(what: str, body: dict[str, str]) -> str:
        return what

    TestClient(app).post("/somewhere/5", json={"token": "t0p", "reason": "it had to be", "colour": "red"})
    [row] = changes(world)
    assert (row.action, row.subject, row.reason) == ("POST /somewhere/{what}", "/somewhere/5", "it had to be")
    assert (row.role, dict(row.params)) == ("nobody", {})


def test_a_handler_may_say_what_the_path_does_not(world: LocalWorld, app: FastAPI) -> None:
    @app.post("/made")
    def made(request: Request) -> str:
        audit.about(request.scope, slug="new-project")
        return ""

    assert TestClient(app).post("/made").status_code == 200
    assert [row.project for row in changes(world)] == ["new-project"]


def test_the_console_says_who_what_and_why(world: LocalWorld, client: TestClient) -> None:
    client.post("/sign-in", data={"token": "operator-token"})
    world.later(5)
    answer = client.post(
        "/projects/moods/gate/tolerance",
        data={"epsilon_percent": "3", "delta_percent": "8", "reason": "the customer wants it"},
    )
    assert answer.status_code == 303
    row = changes(world)[-1]
    assert (row.role, row.actor, row.action, row.project) == ("operator", None, "gate.tolerance", "moods")
    assert dict(row.params) == {"epsilon_percent": "3", "delta_percent": "8"}
    assert (row.reason, row.request, row.at) == (
        "the customer wants it",
        answer.headers["x-request-id"],
        world.clock.now,
    )


def test_the_api_is_named_as_such(world: LocalWorld, client: TestClient) -> None:
    assert client.put("/api/v1/projects/moods/people/21", json=ADA, headers=API).status_code == 200
    wish = {"reason": "she asked for a break of some weeks"}
    assert client.post("/api/v1/projects/moods/people/21/pause", json=wish, headers=API).status_code == 200
    seat, pause = changes(world)
    assert (seat.role, seat.action, seat.subject, dict(seat.params)) == (
        "api",
        "person.seat",
        "user 21",
        {"daily_cap": 40},
    )
    assert (pause.action, pause.reason) == ("person.pause", wish["reason"])


def test_what_was_refused_is_no_change(world: LocalWorld, client: TestClient) -> None:
    close = "/projects/moods/gate/close"
    assert client.post(close, data={"reason": "nobody is signed in"}).status_code == 303
    assert client.post("/sign-out").status_code == 303
    assert client.post("/sign-in", data={"token": "wrong"}).status_code == 401
    client.post("/sign-in", data={"token": viewer_token(world.runtime.settings)})
    assert client.post(close, data={"reason": "an engineer may not"}).status_code == 403
    client.post("/sign-in", data={"token": "operator-token"})
    assert client.post(close, data={"reason": "x"}).status_code == 422
    assert client.post("/projects/none/gate/close", data={"reason": "no such project"}).status_code == 404
    assert client.post("/projects/moods/gate/reopen", data={"reason": "it is not closed"}).status_code == 422
    assert client.post(close, data={"reason": "another site"}, headers={"Origin": "http://else"}).status_code == 403
    assert client.post("/api/v1/projects/moods/redrive").status_code == 401
    assert names(world) == ["sign-in", "sign-in"]


def test_a_page_that_tells_of_a_problem_with_status_200_is_no_change(world: LocalWorld, app: FastAPI) -> None:
    @app.post("/told")
    def told(request: Request) -> object:
        return page_of(request, "review/over.html", project=world.project, text="not now", problem=True)

    assert TestClient(app).post("/told").status_code == 200
    assert names(world) == []


def test_a_handler_that_fails_has_changed_nothing(world: LocalWorld, app: FastAPI) -> None:
    @app.post("/fails")
    def fails() -> str:
        raise HTTPException(status_code=409, detail="no")

    @app.post("/breaks")
    def breaks() -> str:
        raise RuntimeError("broken")

    client = TestClient(app)
    assert (client.post("/fails").status_code, client.post("/breaks").status_code) == (409, 500)
    assert names(world) == []


def test_what_is_left_out_leaves_no_row(world: LocalWorld, client: TestClient) -> None:
    world.arrive(easy(3))
    world.sync()
    assert client.put("/api/v1/projects/moods/people/21", json=ADA, headers=API).status_code == 200
    lease = client.post("/api/v1/projects/moods/next", json={"user": 21}, headers=API).json()["work"]["lease"]
    assert client.post(f"/api/v1/leases/{lease}/beat", headers=API).status_code == 200
    assert client.post("/language", data={"language": "zh-Hans"}).status_code == 303
    assert names(world) == ["person.seat"]
    assert client.post(f"/api/v1/leases/{lease}/give-back", json={"reason": "too hard"}, headers=API).status_code == 200
    row = changes(world)[-1]
    assert (row.action, row.subject, row.reason) == ("lease.give-back", f"lease {lease}", None)


def test_a_trainer_is_known_by_number_and_forgotten_by_name(world: LocalWorld, client: TestClient) -> None:
    url = world.project.platform_url
    assert client.post("/train/sign-in", data={"token": "user 21", "url": url}).status_code == 303
    wish = {"reason": "her labels differ from everybody else's"}
    assert client.put("/api/v1/projects/moods/people/21", json=ADA, headers=API).status_code == 200
    assert client.post("/api/v1/projects/moods/people/21/pause", json=wish, headers=API).status_code == 200
    sign_in = changes(world)[0]
    assert (sign_in.role, sign_in.action, sign_in.trainer) == ("trainer", "sign-in", "Ada Lovelace")
    exported = client.get("/api/v1/projects/moods/people/21/export", headers=API).json()["changes"]
    assert [row["action"] for row in exported] == ["sign-in", "person.seat", "person.pause"]
    assert client.delete("/api/v1/projects/moods/people/21", headers=API).status_code == 204
    rows = changes(world)
    assert [row.action for row in rows] == ["sign-in", "person.seat", "person.pause", "person.forget"]
    assert (rows[0].trainer_id, rows[0].trainer, rows[2].reason, dict(rows[1].params)) == (None, None, "", {})
    text = repr(rows)
    assert not any(word in text for word in ("Ada", "ada@", "differ from", "user 21,"))


def test_an_answer_waits_for_its_row_and_a_store_that_refuses_is_told_in_the_log(
    world: LocalWorld, client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def add(*_: Any) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(ChangeRepository, "add", add)
    answer = client.post("/api/v1/projects/moods/gate/close", json={"reason": "stop it"}, headers=API)
    assert answer.status_code == 200
    [record] = [one for one in caplog.records if one.message == "a change is not in the audit log"]
    assert record.__dict__["change"]["action"] == "gate.close"


def test_a_body_that_is_too_long_leaves_a_mark_and_nothing_of_it(world: LocalWorld, client: TestClient) -> None:
    body = {"items": list(range(audit.MOST_BYTES // 5))}
    assert client.post("/api/v1/projects/moods/redrive", json=body, headers=API).status_code == 200
    [row] = changes(world)
    assert dict(row.params) == {"too_long": True}


def test_long_and_odd_values_are_cut(world: LocalWorld, client: TestClient) -> None:
    wish = {"reason": "r\x00" * 5000, "by": "b" * 5000}
    assert client.post("/api/v1/projects/moods/gate/close", json=wish, headers=API).status_code == 200
    [row] = changes(world)
    assert row.reason is not None
    assert (len(row.reason), len(row.params["by"])) == (1000, 200)


def test_pages_and_api_show_the_log_by_project_and_page_by_page(world: LocalWorld, client: TestClient) -> None:
    with world.store.begin() as uow:
        for n in range(60):
            uow.changes.add(NewChange("operator", f"did.{n}", project="moods" if n % 2 else "gone"), float(n))
    client.post("/sign-in", data={"token": viewer_token(world.runtime.settings)})
    first = client.get("/changes").text
    assert "did.59" in first
    assert "did.3<" not in first
    older = re.search(r'href="(\?[^"]*before=\d+)" rel="next"', first)
    assert older is not None
    assert "did.3<" in client.get(f"/changes{older[1].replace('&amp;', '&')}").text
    gone = client.get("/changes?project=gone").text
    assert "did.58" in gone
    assert "did.59" not in gone
    own = client.get("/projects/moods/changes").text
    assert "did.59" in own
    assert "did.58" not in own
    found = client.get("/api/v1/changes", params={"project": "gone", "limit": 2}, headers=API).json()
    assert [row["action"] for row in found] == ["did.58", "did.56"]
    [more] = client.get(
        "/api/v1/changes", params={"project": "gone", "before": found[1]["id"], "limit": 1}, headers=API
    ).json()
    assert more["action"] == "did.54"
    assert client.get("/api/v1/changes").status_code == 401


def test_no_secret_is_shown_again(world: LocalWorld, app: FastAPI) -> None:
    """After all that can be done with tokens was done, no page, no answer and no row has one."""
    world.open(easy(90))
    staff_, trainer = (TestClient(app, follow_redirects=False) for _ in range(2))
    secrets = {
        "operator-token",
        viewer_token(world.runtime.settings),
        WEBHOOK_SECRET,
        "token-of-the-tests",
        "sampling-secret-of-the-tests",
        TOKEN,
        *(world.project.token, world.project.webhook_secret, world.project.sampling_secret),
    }
    texts = {one.decode("latin-1") if isinstance(one, bytes) else str(one) for one in secrets}
    assert trainer.put("/api/v1/projects/moods/people/21", json=ADA, headers=API).status_code == 200
    url = world.project.platform_url
    assert trainer.post("/train/sign-in", data={"token": TOKEN, "url": url}).status_code == 303
    assert staff_.post("/sign-in", data={"token": "operator-token"}).status_code == 303
    fill = {"slug": "moods", "user": "21", "task": str(world.items()[0].task_id), "lease": "1", "review": "1"}
    seen = 0
    app.state.live = Live(world.runtime, lasts_s=0.2)
    for route in all_routes(app):
        if "GET" not in (route.methods or ()):
            continue
        path = re.sub(r"{(\w+)(:\w+)?}", lambda m: fill.get(m[1], "1"), route.path)
        client = trainer if path.startswith("/train") else staff_
        answer = client.get(path, headers=API, params={"percent": "5"})
        seen += answer.status_code == 200
        assert not [one for one in texts if one in answer.text], path
    assert seen > 35
    with world.store.engine.connect() as conn:
        rows = repr(conn.exec_driver_sql("SELECT * FROM change").all())
    assert "sign-in" in rows
    assert not [one for one in texts if one in rows]
