"""Pages of qualifications and of checked answers, in a browser with a session."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from models.skills import FieldOfWork
from serving.store.people_records import Paused
from serving.workforce.gold_set import put_in
from tests.support.local_world import LocalWorld, easy
from tests.unit.serving.console.connected import HTMX
from tests.unit.serving.console.test_train import next_card, sign_in


@pytest.fixture
def golden(world: LocalWorld) -> LocalWorld:
    """Four gold items in law, and four that nobody labelled."""
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
    return world


def begin(browser: TestClient) -> None:
    answer = browser.post("/train/moods/qualifications", data={"domain": "law"}, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/train"), answer.text


def do(world: LocalWorld, browser: TestClient, *, right: bool) -> str:
    """The next item of the set; what the page says after it."""
    lease, card = next_card(browser)
    assert "your qualification in law/any/any" in card
    with world.store.read() as uow:
        item = uow.items.get(uow.work.get(lease).item_id)
    label = world.gold[item.data["text"]]
    world.label(item.task_id, label if right else {"good": "bad", "bad": "good"}[label], user=21)
    world.sync()
    over = browser.post(f"/train/moods/leases/{lease}/beat", headers=HTMX)
    assert over.headers["hx-retarget"] == "#place-moods"
    return over.text


def test_a_qualification_with_feedback_after_each(golden: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    page = browser.get("/train/moods/qualifications").text
    assert "law/any/any: 4 items that you have not seen" in page
    assert "Start with 4 items" in page
    begin(browser)
    told = do(golden, browser, right=False)
    assert "not as known" in told
    assert re.search(r"mood: you said (good|bad); known is (good|bad)\.", told)
    assert 'href="http://127.0.0.1:9/projects/1/data?task=' in told
    assert ": right" in do(golden, browser, right=True)
    page = browser.get("/train/moods/qualifications").text
    assert "2 of 4 done, 1 right" in page
    assert "<button>Start" not in page
    do(golden, browser, right=True)
    assert "The qualification is over: level 0" in do(golden, browser, right=True)
    page = browser.get("/train/moods/qualifications").text
    assert "3 right, 1 wrong of 4; level 0" in page
    refused = browser.post("/train/moods/qualifications", data={"domain": "law"})
    assert refused.status_code == 409
    assert "0 items in law/any/any are left" in refused.text
    assert "qualification" not in next_card(browser)[1], "ordinary work goes on"


def test_giving_up(golden: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    begin(browser)
    do(golden, browser, right=True)
    answer = browser.post("/train/moods/qualifications/give-up")
    assert "1 right, 0 wrong of 4; given up" in answer.text


def test_an_answer_is_told_and_disputed(golden: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    assert "None yet." in browser.get("/train/moods/answers").text
    begin(browser)
    do(golden, browser, right=False)
    do(golden, browser, right=True)
    page = browser.get("/train/moods/answers").text
    assert "law/any/any: right in about 50 of 100" in page
    [path] = re.findall(r'hx-post="(/train/moods/answers/\d+/dispute)"', page)
    assert browser.post(path, data={"reason": ""}).status_code == 422
    told = browser.post(path, data={"reason": "that is <b>irony</b>"}, headers=HTMX).text
    assert "You said: that is &lt;b&gt;irony&lt;/b&gt;" in told
    assert "Nobody has looked at it yet" in told
    assert "disputed before" in browser.post(path, data={"reason": "again"}, headers=HTMX).text
    sign_in(browser, 22)
    assert browser.post(path, data={"reason": "not mine"}).status_code == 404
    evil = {"Origin": "http://evil.example"}
    assert browser.post(path, data={"reason": "mine"}, headers=evil).status_code == 403


def test_a_dispute_that_the_browser_sends_by_itself(golden: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    begin(browser)
    do(golden, browser, right=False)
    do(golden, browser, right=False)
    page = browser.get("/train/moods/answers").text
    path, _ = re.findall(r'method="post" action="(/train/moods/answers/\d+/dispute)"', page)
    answer = browser.post(path, data={"reason": "that is irony"}, follow_redirects=False)
    number = path.split("/")[4]
    assert (answer.status_code, answer.headers["location"]) == (303, f"/train/moods/answers#answer-{number}")
    page = browser.get(answer.headers["location"]).text
    assert f'id="answer-{number}"' in page
    assert "You said: that is irony" in page
    again = browser.post(path, data={"reason": "again"})
    assert again.status_code == 409
    assert again.text.count("disputed before") == 1
    assert "<h1>Your checked answers in moods</h1>" in again.text


def test_a_paused_person_is_told_why_and_what_helps(golden: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    with golden.store.read() as uow:
        [desk] = [one.trainer.id for one in uow.people.desks(golden.id)]
    numbers = {"evidence": 24.0, "mean": 0.34, "lower": 0.17, "upper": 0.53, "required": 0.7, "odds": 100.0}
    for measured, reason in ((False, "on leave until Monday"), (True, "below_required")):
        with golden.store.begin() as uow:
            pause = Paused(golden.clock(), reason, measured, "law/any/any", numbers)
            uow.people.pause(golden.id, desk, pause)
        page = browser.post("/train/moods/next", headers=HTMX).text
        assert "24 such answers, right in about 34 of 100" in page
        assert "your operator can end the pause" in page
        assert ("on leave until Monday" in page) is not measured
        assert ("the pause ends by itself" in page) is measured
    with golden.store.begin() as uow:
        uow.people.pause(golden.id, desk, None)
    next_card(browser)


def test_pages_are_for_who_is_signed_in(golden: LocalWorld, browser: TestClient) -> None:
    for path in ("/train/moods/qualifications", "/train/moods/answers"):
        assert browser.get(path).status_code == 401
    sign_in(browser)
    assert browser.get("/train/nobody/answers").status_code == 404
    assert "unsafe" not in browser.get("/train/moods/answers").headers["content-security-policy"]
