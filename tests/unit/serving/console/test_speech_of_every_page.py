"""No page says a word that a catalogue does not have: in a language that marks its texts, nothing else is left.

What is data stays as it is: names, codes of events and numbers, texts of tasks. A new page is to be visited here, too.
"""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork
from serving import console
from serving.api.application import create_app
from serving.console import staff
from serving.console.speech import COOKIE
from serving.pipeline import series, watch
from serving.projects.gate import tolerate
from serving.secrets import viewer_token
from serving.store.people_records import Ground
from serving.store.records import ItemState
from serving.workforce.gold_set import put_in
from tests.support import marked
from tests.support.audited import answer, stream
from tests.support.local_world import LocalWorld, easy, hard
from tests.support.studio_twin import TOKEN
from tests.unit.serving.conftest import MakeWorld
from tests.unit.serving.console.connected import HTMX, beside
from tests.unit.serving.console.heard import whole
from tests.unit.serving.console.test_train import next_card, sign_in
from tests.unit.serving.projects.test_versions import another

ANNA, BERT = 21, 22
OF_THE_TWIN = "Label Studio does not know this token: make a new one"
FRAGMENTS = ("figures", "automation", "sample", "what-if?percent=7", "counts")
OVER_TIME = ("progress", "savings", "series", "series?span=month", "watching")
ABOUT = ("costs", "costs?saved=true", "models", "models/same-items", "changes", "doctor")


def test_what_is_not_wrapped_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    text = marked.Marked().gettext("Projects")
    assert marked.unmarked(f"<h1>{text}</h1><p title='so'>bare words 12</p>", ["bare"]) == ["words", "so"]
    assert marked.Marked().gettext("no such text") == "no such text"


def test_of_an_empty_service(world: LocalWorld, spoken: TestClient) -> None:
    whole(spoken.get("/sign-in").text, world)
    whole(spoken.post("/sign-in", data={"token": "wrong"}).text, world)
    whole(spoken.get("/train").text, world)
    spoken.post("/sign-in", data={"token": "operator-token"})
    for path in ("/", "/changes", "/projects/moods", "/projects/moods/opening", *_parts()):
        whole(spoken.get(path).text, world)
    for path in ("", "/dead", "/disagreements", "/likely-errors"):
        whole(spoken.get(f"/projects/moods/items{path}").text, world)


def test_of_a_busy_project(world: LocalWorld, spoken: TestClient) -> None:
    world.open(easy(160))
    world.arrive(easy(60, seed=1) + hard(60, seed=1))
    world.sync()
    world.settle()
    shown = next(row for row in world.items() if row.state is ItemState.PUBLISHED and not row.blind)
    world.label(shown.task_id, "bad" if world.gold[shown.data["text"]] == "good" else "good")
    world.sync()
    tolerate(world.runtime, world.project, epsilon=0.031, reason="12345", actor="operator")
    with world.store.begin() as uow:
        uow.items.bury_tasks(world.id, {world.items()[-1].task_id: "Label Studio refused (404): 12"}, world.clock())
    assert spoken.get("/train").status_code == 200
    spoken.post("/sign-in", data={"token": "operator-token"})
    for path in ("/", "/projects/moods", "/projects/moods/opening", *_parts()):
        whole(spoken.get(path).text, world)
    for path in ("", "?state=published", "?trainer=2", "?text=good&label=good", "/dead", "/disagreements"):
        whole(spoken.get(f"/projects/moods/items{path}").text, world, *_codes())
    whole(spoken.get("/projects/moods/items/likely-errors").text, world)
    states = {row.state: row for row in world.items()} | {(row.state, row.route): row for row in world.items()}
    for row in states.values():
        page = spoken.get(f"/projects/moods/items/{row.task_id}").text
        whole(re.sub(r'<details class="numbers">.*?</details>', "", page, flags=re.S), world)
    whole(spoken.post("/projects/moods/items/dead/redrive").text, world)
    refused = spoken.post("/projects/moods/gate/reopen", data={"reason": "12345"})
    assert refused.status_code == 422
    whole(refused.text, world)
    spoken.post("/projects/moods/gate/close", data={"reason": "12345"})
    whole(spoken.get("/projects/moods").text, world)
    staff._failures.clear()
    spoken.post("/sign-in", data={"token": viewer_token(world.runtime.settings)})
    whole(spoken.get("/projects/moods/items/dead").text, world)


def _parts() -> list[str]:
    return [f"/projects/moods/{part}" for part in (*FRAGMENTS, *OVER_TIME, *ABOUT)]


def _codes() -> list[str]:
    """Reasons stand there as the API has them, with their words beside them."""
    from serving.console.item_story import REASONS

    return list(REASONS)


def test_of_what_happens_over_time(make: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of the stages, audits, windows of drift, people who disagree, and costs."""
    marked.speak(monkeypatch)
    world = make(settings={"drift_window": 50}, validation_target=60, control_rate=0.3, overlap_people=2)
    world.open(easy(170), labels=110)
    for seed in (1, 2):
        series.sample(world.runtime, world.project)
        stream(world, easy(90, seed=seed))
        answer(world)
        for row in world.wanted()[:30]:
            world.label(row.task_id, user=ANNA + seed, lead_time=30.0 + seed)
        world.sync()
        for _ in range(2):
            world.later(90.0)
            watch.run(world.runtime, world.project)
    series.sample(world.runtime, world.project)
    with TestClient(create_app(world.runtime), headers={"Origin": "http://testserver"}) as spoken:
        spoken.cookies.set(COOKIE, marked.TAG)
        staff._failures.clear()
        spoken.post("/sign-in", data={"token": "operator-token"})
        refused = spoken.post("/projects/moods/costs", data={"person_hour": "30", "currency": ""})
        costs = {"person_hour": "30", "compute_hour": "2.5", "currency": "EUR", "item_seconds": "12"}
        saved = spoken.post("/projects/moods/costs", data=costs)
        assert (refused.status_code, saved.status_code) == (200, 200)
        for path in ("/projects/moods", *_parts()):
            whole(spoken.get(path).text, world, "EUR", "PSI")
        drawn = spoken.get("/projects/moods/watching").text
        assert drawn.count("application/json") >= 2, "a monitor and windows of drift"


def test_of_versions(world: LocalWorld, spoken: TestClient) -> None:
    """A version on trial, one in the shadow, one that was chosen by hand."""
    world.open(easy(110))
    stream(world, easy(30, seed=8))
    first, second = world.project.active_model, another(world)
    spoken.post("/sign-in", data={"token": "operator-token"})
    whole(spoken.get("/projects/moods/models").text, world)
    for path, version in (("shadow", second), ("promote", second), ("promote", first)):
        told = {"version": version, "reason": "12345"}
        whole(spoken.post(f"/projects/moods/models/{path}", data=told).text, world)
        whole(spoken.get("/projects/moods/models/same-items").text, world)
    whole(spoken.get("/projects/moods").text, world)
    for path in ("/changes", "/projects/moods/changes"):
        whole(spoken.get(path).text, world)


def test_of_the_wizard(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    marked.speak(monkeypatch)
    staff._failures.clear()
    with (
        beside(world) as twin,
        TestClient(create_app(world.runtime), headers={"Origin": "http://testserver"}) as spoken,
    ):
        spoken.cookies.set(COOKIE, marked.TAG)
        data = [
            "EUR",
            "URL",
            "/train",
            "/hooks/label-studio: ConnectError",
            "[Errno] Connection refused; Not found",
            *(one.title for one in twin.projects.values()),
        ]
        spoken.post("/sign-in", data={"token": "operator-token"})
        whole(spoken.get("/connect").text, world, *data)
        for url, token in (("ftp://127.0.0.1", ""), ("http://127.0.0.1:9", ""), (twin.url, ""), (twin.url, "12")):
            whole(spoken.post("/connect/account", data={"url": url, "token": token}, headers=HTMX).text, world, *data)
        whole(spoken.post("/connect/account", data={"url": twin.url, "token": TOKEN}, headers=HTMX).text, world, *data)
        whole(spoken.get("/connect/projects?name=mood").text, world, *data)
        whole(spoken.get("/connect/project").text, world, *data)
        for number in (77, 4, 1):
            whole(spoken.post("/connect/project", data={"project": str(number)}, headers=HTMX).text, world, *data)
            tried = spoken.get("/connect/rehearsal", headers=HTMX)
            if number == 4:
                whole(tried.text, world, *data)
            else:
                assert tried.headers["hx-redirect"] == "/connect/project", "it cannot be connected so"
        for form in (
            {"slug": "No!"},
            {"slug": "late", "project": "4"},
            {"slug": "moods"},
            {"slug": "person", "encoder": "classifier"},
        ):
            whole(spoken.post("/connect/model", data=form, headers=HTMX).text, world, *data)
        spoken.post("/connect/project", data={"project": "2"}, headers=HTMX)
        for path in ("/connect", "/connect/project", "/connect/budget", "/connect/costs", "/connect/go"):
            whole(spoken.get(path).text, world, *data)
        wrong = spoken.post("/connect/budget", data={"wrong": "20", "sure": "95", "control_rate": "60"}, headers=HTMX)
        whole(wrong.text, world, *data)
        whole(
            spoken.post("/connect/costs", data={"person_hour": "12", "currency": "EUR"}, headers=HTMX).text,
            world,
            *data,
        )
        whole(re.sub("<code>.*?</code>", "", spoken.post("/connect/go").text), world, *data)
        whole(spoken.get("/connect/done").text, world, *data)
        whole(spoken.get("/connect/arrived/person").text, world, *data)
        whole(spoken.get("/projects/person/doctor").text, world, *data)
        whole(spoken.get("/projects/person/doctor/findings").text, world, *data)
        twin.hooks.clear()
        whole(spoken.get("/projects/person/doctor/findings").text, world, *data)
        whole(spoken.post("/projects/person/doctor/fix", headers=HTMX).text, world, *data)


def test_of_a_trainer(world: LocalWorld, spoken: TestClient) -> None:
    world.arrive(easy(60))
    world.sync()
    sign_in(spoken, ANNA)
    whole(spoken.get("/train").text, world)
    lease, card = next_card(spoken)
    whole(card, world)
    whole(spoken.post(f"/train/moods/leases/{lease}/beat", headers=HTMX).text, world)
    whole(spoken.post(f"/train/moods/leases/{lease}/give-back", data={"reason": "12345"}, headers=HTMX).text, world)
    for row in world.wanted():
        world.label(row.task_id, user=ANNA, lead_time=30.0)
    world.sync()
    assert world.train() is not None
    with world.store.begin() as uow:
        anna = next(one for one in uow.people.desks(world.id) if one.trainer.user_id == ANNA).trainer
        found = {Ground(anna.id, FieldOfWork(domain="law"), False): Accuracy.of(9, 1)}
        uow.people.keep_compared(found, world.clock())
    whole(spoken.get("/train/me").text, world)
    whole(spoken.get("/train/moods/own").text, world)
    whole(spoken.post("/train/moods/next", headers=HTMX).text, world)
    whole(spoken.get("/train/moods/answers").text, world)
    whole(spoken.get("/train/moods/decisions").text, world)
    whole(spoken.get("/train/moods/review").text, world)
    whole(spoken.post("/train/sign-in", data={"url": "http://127.0.0.1:9", "token": "nobody"}).text, world, OF_THE_TWIN)


def test_of_a_qualification(world: LocalWorld, spoken: TestClient) -> None:
    world.arrive(easy(8))
    world.sync()
    tasks = [item.task_id for item in world.items()[:4]]
    for task in tasks:
        world.label(task)
    world.sync()
    with world.store.begin() as uow:
        for task in tasks:
            row = uow.items.by_task(world.id, [task])[task]
            put_in(uow, world.project, row, regions=None, field=FieldOfWork(domain="law"), now=world.clock())
    sign_in(spoken, ANNA)
    whole(spoken.get("/train/moods/qualifications").text, world)
    spoken.post("/train/moods/qualifications", data={"domain": "law"})
    for n in range(4):
        lease, card = next_card(spoken)
        whole(card, world)
        with world.store.read() as uow:
            item = uow.items.get(uow.work.get(lease).item_id)
        label = world.gold[item.data["text"]]
        world.label(item.task_id, label if n else {"good": "bad", "bad": "good"}[label], user=ANNA)
        world.sync()
        whole(spoken.post(f"/train/moods/leases/{lease}/beat", headers=HTMX).text, world)
        whole(spoken.get("/train/moods/qualifications").text, world)
    whole(spoken.post("/train/moods/qualifications", data={"domain": "law"}).text, world)
    page = spoken.get("/train/moods/answers").text
    whole(page, world)
    place = re.search(r'hx-post="(/train/moods/answers/\d+/dispute)"', page)
    assert place is not None
    whole(spoken.post(place[1], data={"reason": "12345"}, headers=HTMX).text, world)


def test_of_reviews(world: LocalWorld, spoken: TestClient) -> None:
    world.change(review_rate=1.0)
    [task] = world.arrive(easy(1))
    world.sync()
    for user in (ANNA, BERT, 23):
        sign_in(spoken, user)
        with world.store.begin() as uow:
            desk = next(one for one in uow.people.desks(world.id) if one.trainer.user_id == user)
            uow.people.seat(world.id, desk.trainer.id, daily_cap=None, reviews=user != ANNA)
    world.label(task, "good", user=ANNA)
    world.sync()
    sign_in(spoken, BERT)
    whole(spoken.get("/train").text, world)
    whole(spoken.get("/train/moods/review").text, world)
    card = spoken.post("/train/moods/review/next", headers=HTMX).text
    whole(card, world)
    place, seen = (
        re.search(r'hx-post="(/train/moods/review/\d+)/', card),
        re.search(r'name="seen" value="([^"]+)', card),
    )
    assert place is not None
    assert seen is not None
    form = {"outcome": "reject", "seen": seen[1], "code": "", "evidence": "rule", "rule": "123.45"}
    whole(spoken.post(f"{place[1]}/decide", data=form, headers=HTMX).text, world)
    whole(spoken.post(f"{place[1]}/decide", data=form | {"code": "gold"}, headers=HTMX).text, world)
    whole(spoken.post(f"{place[1]}/decide", data=form | {"code": "guideline"}, headers=HTMX).text, world)
    sign_in(spoken, ANNA)
    page = spoken.get("/train/moods/decisions").text
    whole(page, world)
    review = place[1].rsplit("/", 1)[1]
    whole(spoken.post(f"/train/moods/decisions/{review}/appeal", data={"reason": "12345"}, headers=HTMX).text, world)
    sign_in(spoken, 23)
    whole(spoken.post("/train/moods/review/next", headers=HTMX).text, world)
    whole(spoken.post(f"{place[1]}/answer", data={"outcome": "overturn", "reason": "12345"}, headers=HTMX).text, world)
    sign_in(spoken, ANNA)
    whole(spoken.get("/train/moods/decisions").text, world)
    whole(spoken.get("/train/me").text, world)
    whole(spoken.get("/train/moods/own").text, world)


VISITED = {
    "/sign-in",
    "/",
    "/projects/{slug}",
    "/projects/{slug}/counts",
    "/projects/{slug}/figures",
    "/projects/{slug}/opening",
    "/projects/{slug}/automation",
    "/projects/{slug}/sample",
    "/projects/{slug}/what-if",
    "/projects/{slug}/items",
    "/projects/{slug}/items/dead",
    "/projects/{slug}/items/disagreements",
    "/projects/{slug}/items/likely-errors",
    "/projects/{slug}/items/{task}",
    "/projects/{slug}/progress",
    "/projects/{slug}/savings",
    "/projects/{slug}/series",
    "/projects/{slug}/watching",
    "/projects/{slug}/costs",
    "/projects/{slug}/models",
    "/projects/{slug}/models/same-items",
    "/projects/{slug}/changes",
    "/projects/{slug}/doctor",
    "/projects/{slug}/doctor/findings",
    "/changes",
    "/connect",
    "/connect/projects",
    "/connect/project",
    "/connect/rehearsal",
    "/connect/budget",
    "/connect/costs",
    "/connect/go",
    "/connect/done",
    "/connect/arrived/{slug}",
    "/train",
    "/train/me",
    "/train/{slug}/own",
    "/train/{slug}/review",
    "/train/{slug}/decisions",
    "/train/{slug}/qualifications",
    "/train/{slug}/answers",
}
NOT_HERE = {
    "/projects/{slug}/items/{task}/media/{field}",  # a picture or a recording
    "/connect/media/{task}/{field}",  # the same
    "/projects/{slug}/report.{form}",  # a file: tests/unit/serving/reports holds it to both languages
    "/projects/{slug}/live",  # a stream without an end, of the table that /progress has
}


def test_every_page_is_visited() -> None:
    modules = [import_module(f"serving.console.{one.name}") for one in iter_modules(console.__path__)]
    routes = [route for module in modules if hasattr(module, "router") for route in module.router.routes]
    pages = {route.path for route in routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())}
    assert pages == VISITED | NOT_HERE, "wrap a new page's texts, visit it above, and name it"


def test_what_is_kept_for_others_holds_no_words(world: LocalWorld, spoken: TestClient) -> None:
    """Figures that one viewer had counted are said to the next one in their own language, within the half minute."""
    world.open(easy(160))
    spoken.post("/sign-in", data={"token": "operator-token"})
    for part in FRAGMENTS:
        spoken.cookies.set(COOKIE, marked.TAG)
        assert marked.OPEN in spoken.get(f"/projects/moods/{part}").text
        spoken.cookies.set(COOKIE, "en")
        assert marked.OPEN not in spoken.get(f"/projects/moods/{part}").text
        spoken.cookies.set(COOKIE, marked.TAG)
        assert marked.OPEN in spoken.get(f"/projects/moods/{part}").text
    with world.store.read() as uow:
        assert all(marked.OPEN not in event.reason for event in uow.gate.events(world.id))


def test_programs_are_answered_in_english(world: LocalWorld, spoken: TestClient) -> None:
    spoken.headers["Authorization"] = "Bearer operator-token"
    answer = spoken.get("/api/v1/projects/moods/report")
    assert answer.status_code == 200
    assert marked.OPEN not in answer.text
    assert "Not known yet" in answer.json()["ordering"]["in_words"]
