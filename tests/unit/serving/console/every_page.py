"""A service in which every page has something to show, and where each page is."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fastapi.testclient import TestClient

from models.people.reviews import Code, Outcome, Rule
from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork
from serving.api.application import create_app
from serving.store.changes import NewChange
from serving.store.people_records import Ground
from serving.store.records import ItemState
from serving.store.review_records import ReviewRow
from serving.workforce import reviewing
from serving.workforce.desk import sign_in
from serving.workforce.gold_set import put_in
from serving.workforce.review_view import shown
from tests.support.local_world import LocalWorld, easy, hard
from tests.unit.serving.conftest import MakeWorld
from tests.unit.serving.console.test_qualification import begin, do

ANNA, BERT = 21, 22
URL = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Place:
    """A page, or one state of it."""

    route: str
    """As the application has it."""
    path: str
    who: str
    """``staff``, ``anna``, ``bert`` (who reviews) or ``nobody``."""
    ready: str = "main h1"
    """A selector of what is there once the page is whole."""
    press: str | None = None
    """A button to press first."""


def full(make: MakeWorld) -> LocalWorld:
    """An open gate, decisions of days, dead and disputed items, gold, a qualification, reviews, a log."""
    world = make(review_rate=1.0)
    world.clock.now = time.time() - 5 * 86_400.0
    world.open(easy(90) + hard(20))
    for day in range(3):
        world.later(86_400.0)
        world.arrive(easy(30, seed=day + 1) + hard(15 * day, seed=day + 1))
        world.sync()
        world.settle()
    anna, bert = (sign_in(world.runtime, URL, f"user {user}") for user in (ANNA, BERT))
    with world.store.begin() as uow:
        uow.people.seat(world.id, bert.id, daily_cap=None, reviews=True)
        uow.people.keep_compared({Ground(anna.id, FieldOfWork(), False): Accuracy.of(9, 1)}, world.clock())
        uow.items.bury_tasks(world.id, {world.items()[-1].task_id: "the media do not answer"}, world.clock())
    _label(world)
    _judge(world)
    _qualify(world)
    with world.store.begin() as uow:
        uow.changes.add(NewChange("operator", "gate.close", project="moods", reason="a strike"), world.clock())
        uow.changes.add(NewChange("trainer", "sign-in", trainer_id=anna.id), world.clock())
    return world


def _label(world: LocalWorld) -> None:
    suggested = [row for row in world.items() if row.state is ItemState.PUBLISHED and not row.blind][:6]
    for row in suggested:
        right = world.gold[row.data["text"]]
        world.label(row.task_id, "bad" if right == "good" else "good", user=ANNA, lead_time=30.0)
    world.sync()
    world.train()


def _judge(world: LocalWorld) -> None:
    """Bert rejects a label of Anna's."""
    with world.store.read() as uow:
        bert = next(one for one in uow.people.desks(world.id) if one.trainer.user_id == BERT)
    found = reviewing.next_review(world.runtime, world.project, bert)
    assert isinstance(found, ReviewRow)
    review = shown(world.runtime, world.project, found, bert.trainer.id)
    rule = Rule(kind="rule", text="3.2: irony is negative")
    said = reviewing.Decision(Outcome.REJECT, review.seen, code=Code.GUIDELINE, evidence=rule, note="look again")
    reviewing.decide(world.runtime, world.project, bert, review.review, said)


def _qualify(world: LocalWorld) -> None:
    """Anna answers an item of a qualification wrong, and another one is under way."""
    labelled = [row for row in world.items() if row.state is ItemState.LABELED][:6]
    with world.store.begin() as uow:
        for row in labelled:
            put_in(uow, world.project, row, regions=None, field=FieldOfWork(domain="law"), now=world.clock())
    with TestClient(create_app(world.runtime), headers={"Origin": "http://testserver"}) as browser:
        browser.post("/train/sign-in", data={"token": f"user {ANNA}", "url": URL})
        begin(browser)
        do(world, browser, right=False)


def places(world: LocalWorld, picture: int) -> list[Place]:
    """Every page, some of them in several states; ``picture``: a task of the project ``person``."""
    blind = next(row.task_id for row in world.blind() if row.state is not ItemState.GONE)
    differs = next(r.task_id for r in world.items() if r.state is ItemState.LABELED and not r.blind and r.route)
    items, project = "/projects/{slug}/items", "/projects/{slug}"
    return [
        Place("/sign-in", "/sign-in", "nobody"),
        Place("/train", "/train", "nobody", "#token"),
        Place("/nowhere", "/nowhere", "nobody"),
        Place("/", "/", "staff", "article .hint >> nth=1"),
        Place(project, "/projects/moods", "staff", "figure svg >> nth=3"),
        Place(project, "/projects/moods", "staff", "#looked svg", press="Look"),
        Place(items, "/projects/moods/items", "staff", "table"),
        Place(f"{items}/dead", "/projects/moods/items/dead", "staff", "table"),
        Place(f"{items}/disagreements", "/projects/moods/items/disagreements", "staff", "table"),
        Place(f"{items}/likely-errors", "/projects/moods/items/likely-errors", "staff"),
        Place(f"{items}/{{task}}", f"/projects/moods/items/{differs}", "staff", ".story"),
        Place(f"{items}/{{task}}", f"/projects/moods/items/{blind}", "staff", ".story"),
        Place(f"{project}/models", "/projects/moods/models", "staff", "table"),
        Place(f"{project}/changes", "/projects/moods/changes", "staff", "table"),
        Place("/changes", "/changes", "staff", "table"),
        Place(f"{project}/costs", "/projects/moods/costs", "staff", "form"),
        Place(f"{project}/doctor", "/projects/person/doctor", "staff", ".checks"),
        Place(f"{items}/{{task}}", f"/projects/person/items/{picture}", "staff", "img"),
        Place("/connect", "/connect", "staff", "#token"),
        Place("/connect/project", "/connect/project", "staff", ".tried img"),
        Place("/connect/budget", "/connect/budget", "staff", ".promise"),
        Place("/connect/costs", "/connect/costs", "staff", "#said"),
        Place("/connect/go", "/connect/go", "staff", "dl"),
        Place("/connect/done", "/connect/go", "staff", ".checks", press="Connect"),
        Place("/train", "/train", "anna"),
        Place("/train", "/train", "anna", "[data-left]", press="Give me an item"),
        Place("/train/me", "/train/me", "anna", "svg"),
        Place("/train/{slug}/qualifications", "/train/moods/qualifications", "anna"),
        Place("/train/{slug}/answers", "/train/moods/answers", "anna", "article"),
        Place("/train/{slug}/decisions", "/train/moods/decisions", "anna", "article"),
        Place("/train/{slug}/review", "/train/moods/review", "bert"),
        Place(
            "/train/{slug}/review", "/train/moods/review", "bert", "#review-place [data-left]", press="Give me a review"
        ),
    ]
