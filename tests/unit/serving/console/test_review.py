"""What reviewers and authors see in their browsers."""

from __future__ import annotations

import re
from functools import partial

import pytest
from fastapi.testclient import TestClient

from serving.api.application import create_app
from serving.store.review_records import ReviewState
from tests.support.local_world import LocalWorld, easy, hard
from tests.unit.serving.conftest import MakeWorld
from tests.unit.serving.console.connected import HTMX
from tests.unit.serving.console.test_train import sent as sent_by_itself
from tests.unit.serving.console.test_train import sign_in

ANNA, BERT, CARL = 21, 22, 23
PLACE = "/train/moods/review"


@pytest.fixture
def world(make: MakeWorld) -> LocalWorld:
    return make(review_rate=1.0)


@pytest.fixture
def labelled(world: LocalWorld, browser: TestClient) -> LocalWorld:
    """Anna has labelled one item "good"; Bert and Carl may review."""
    [task] = world.arrive(easy(1))
    world.sync()
    for user in (ANNA, BERT, CARL):
        sign_in(browser, user)
        with world.store.begin() as uow:
            desk = next(one for one in uow.people.desks(world.id) if one.trainer.user_id == user)
            uow.people.seat(world.id, desk.trainer.id, daily_cap=None, reviews=user != ANNA)
    world.label(task, "good", user=ANNA)
    world.sync()
    return world


def card(browser: TestClient) -> tuple[str, str, str]:
    """The review's address, the version of the label that is shown, and the card."""
    text = browser.post(f"{PLACE}/next", headers=HTMX).text
    place, seen = re.search(rf'hx-post="({PLACE}/\d+)/', text), re.search(r'name="seen" value="([^"]+)"', text)
    assert place is not None, text
    return place[1], seen[1] if seen is not None else "", text


def reject(browser: TestClient, **more: str) -> str:
    place, seen, _ = card(browser)
    form = {"outcome": "reject", "seen": seen, "code": "guideline", "evidence": "rule", "rule": "3.2: <irony>"}
    return browser.post(f"{place}/decide", data=form | more, headers=HTMX).text


def test_a_reviewer_sees_label_and_suggestion_and_accepts(labelled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser, BERT)
    assert f'href="{PLACE}"' in browser.get("/train").text
    assert "Give me a review" in browser.get(PLACE).text
    place, seen, text = card(browser)
    assert "<p>mood: good</p>" in text
    assert "It was labelled without a suggestion." in text
    assert "Time left" in text
    assert "person-21" not in text, "a reviewer is not told whose label it is"
    done = browser.post(f"{place}/decide", data={"outcome": "accept", "seen": seen}, headers=HTMX)
    assert "Done: the label stands." in done.text
    assert "There is nothing for you to review now." in browser.post(f"{PLACE}/next", headers=HTMX).text


def test_a_suggestion_stands_beside_the_label(make: MakeWorld) -> None:
    """With a model: what it said, and how far the label is from it."""
    world = make()
    world.open(easy(160), labels=70)
    world.arrive(hard(20, seed=5))
    world.sync()
    world.settle()
    world.change(review_rate=1.0)
    item = next(one for one in world.wanted() if not one.blind and one.model_version is not None)
    with world.store.read() as uow:
        assert item.prediction_id is not None
        said = uow.items.predictions([item.prediction_id])[item.prediction_id].prediction.regions[0].labels[0]
    other = "bad" if said == "good" else "good"
    world.label(item.task_id, other, user=ANNA)
    world.sync()
    with TestClient(create_app(world.runtime), headers={"Origin": "http://testserver"}) as bert:
        sign_in(bert, BERT)
        with world.store.begin() as uow:
            [desk] = uow.people.desks(world.id)
            uow.people.seat(world.id, desk.trainer.id, daily_cap=None, reviews=True)
        _, _, text = card(bert)
    assert text.index(f"<p>mood: {other}</p>") < text.index(f"<p>mood: {said}</p>")
    assert "They differ: mood by 100%." in " ".join(text.split())


def test_what_a_rejection_lacks_is_said_on_the_card(labelled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser, BERT)
    for lacks, words in (
        ({"code": ""}, "a rejection needs a reason of the list"),
        ({"evidence": ""}, "a rejection needs evidence"),
        ({"rule": " "}, "name the rule in words"),
        ({"evidence": "gold", "task": "many"}, "name the rule in words, or the gold task"),
        ({"evidence": "own"}, "is shown by a rule"),
        ({"evidence": "own", "code": "wrong_label"}, "your own answer is not there"),
    ):
        text = reject(browser, **lacks)
        assert words in text
        assert 'role="alert"' in text
        assert "<details open>" in text
        assert ("3.2: &lt;irony&gt;" in text) is ("rule" not in lacks), "what was written is not lost"
        assert "The label is right" in text, "the card is there again"


def test_a_rejection_an_appeal_and_its_end(labelled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser, BERT)
    assert "the label does not count" in reject(browser, note="see 3.2")
    sign_in(browser, ANNA)
    page = browser.get("/train/moods/decisions").text
    for words in ("Your label was rejected", "Your label: mood: good", "It breaks a rule of the guideline", "see 3.2"):
        assert words in page
    assert "The rule: 3.2: &lt;irony&gt;" in page
    assert "By a reviewer" in page
    assert "person-22" not in page
    [place] = re.findall(r'hx-post="(/train/moods/decisions/\d+/appeal)"', page)
    assert browser.post(place, data={"reason": ""}).status_code == 422
    after = browser.post(place, data={"reason": "no irony"}, headers=HTMX).text
    assert "You have appealed" in after
    assert "Your appeal: no irony" in after
    assert "there is one appeal" in browser.post(place, data={"reason": "again"}, headers=HTMX).text
    sign_in(browser, CARL)
    review, _, text = card(browser)
    for words in ("An appeal", "The appeal: no irony", "The rule: 3.2", "see 3.2", "mood: good"):
        assert words in text
    done = browser.post(f"{review}/answer", data={"outcome": "overturn", "reason": "there is none"}, headers=HTMX)
    assert "the label counts again" in done.text
    sign_in(browser, ANNA)
    page = browser.get("/train/moods/decisions").text
    assert "Overturned: your label counts again." in page
    assert "Decided by a second reviewer: there is none" in page
    assert 'name="reason"' not in page, "there is no second appeal"


def test_a_fix_shows_the_reviewers_answer(labelled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser, BERT)
    place, seen, _ = card(browser)
    [item] = labelled.items()
    labelled.later()
    labelled.label(item.task_id, "bad", user=BERT)
    done = browser.post(f"{place}/decide", data={"outcome": "fix", "seen": seen}, headers=HTMX)
    assert "your answer counts in place of the label" in done.text
    sign_in(browser, ANNA)
    page = browser.get("/train/moods/decisions").text
    assert "Your label was corrected." in page
    assert "The reviewer&#39;s own answer (mood: bad) differs: mood by 100%" in page


def test_giving_back_and_what_is_not_there_any_more(labelled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser, BERT)
    place, seen, _ = card(browser)
    assert (
        "You gave this one back."
        in browser.post(f"{place}/give-back", data={"reason": "not my field"}, headers=HTMX).text
    )
    assert (
        "this is not with you" in browser.post(f"{place}/give-back", data={"reason": "not my field"}, headers=HTMX).text
    )
    late = browser.post(f"{place}/decide", data={"outcome": "accept", "seen": seen}, headers=HTMX).text
    assert "this is not with you" in late
    assert "The label is right" not in late


def test_who_may_not_and_who_is_not_signed_in(labelled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser, ANNA)
    assert "Review labels of others" not in browser.get("/train").text
    assert "You do not review here." in browser.get(PLACE).text
    assert "does not review here" in browser.post(f"{PLACE}/next", headers=HTMX).text
    sign_in(browser, BERT)
    place, seen, _ = card(browser)
    sign_in(browser, CARL)
    form = {"outcome": "accept", "seen": seen}
    assert "this is not with you" in browser.post(f"{place}/decide", data=form, headers=HTMX).text
    assert browser.post(f"{place.replace('review/', 'decisions/')}/appeal", data={"reason": "mine"}).status_code == 404
    evil = {"Origin": "http://evil.example"}
    assert browser.post(f"{place}/decide", data=form, headers=evil).status_code == 403
    browser.post("/train/sign-out")
    for page in (PLACE, "/train/moods/decisions"):
        assert browser.get(page, follow_redirects=False).headers["location"] == "/train"
    assert browser.post(f"{place}/decide", data=form).status_code == 401
    with labelled.store.read() as uow:
        assert uow.reviews.counts(labelled.id) == {ReviewState.PENDING: 1}


def test_pages_are_under_the_policy(labelled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser, BERT)
    for answer in (
        browser.get(PLACE),
        browser.get("/train/moods/decisions"),
        browser.post(f"{PLACE}/next", headers=HTMX),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<style|<script(?! src)|\sstyle=|\son\w+=", answer.text)


sent = partial(sent_by_itself, heading="<h1>")


def test_forms_that_the_browser_sends_by_itself(labelled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser, BERT)
    page = sent(browser, f"{PLACE}/next")
    place, seen, _ = card(browser)
    assert f'method="post" action="{place}/decide"' in page
    assert "Give me a review" not in page
    lacking = {"outcome": "reject", "seen": seen, "code": "guideline", "evidence": "rule", "rule": "", "note": "<b>"}
    refused = browser.post(f"{place}/decide", data=lacking)
    assert refused.status_code == 422
    for words in ("<h1>Review labels of moods</h1>", "name the rule in words", "<details open>", 'value="&lt;b&gt;"'):
        assert words in refused.text
    assert "the label does not count" in sent(browser, f"{place}/decide", **lacking | {"rule": "3.2"})
    late = browser.post(f"{place}/decide", data=lacking | {"rule": "3.2"})
    assert (late.status_code, "this is not with you" in late.text, "Next review" in late.text) == (409, True, True)
    empty = browser.post(f"{PLACE}/next")
    assert (empty.status_code, "There is nothing for you to review now." in empty.text) == (200, True)

    sign_in(browser, ANNA)
    appeal = place.replace("review/", "decisions/") + "/appeal"
    assert f'method="post" action="{appeal}"' in browser.get("/train/moods/decisions").text
    assert "You have appealed" in sent(browser, appeal, reason="no irony")
    again = browser.post(appeal, data={"reason": "again"})
    assert again.status_code == 409
    assert again.text.count('role="alert"') == 1
    assert "<h1>Decisions on your labels in moods</h1>" in again.text

    sign_in(browser, CARL)
    assert "The appeal: no irony" in sent(browser, f"{PLACE}/next")
    done = sent(browser, f"{place}/answer", outcome="overturn", reason="there is none")
    assert "Done: the label counts again." in done
    sign_in(browser, BERT)
    page = browser.get(f"{PLACE}?review={place.rsplit('/', 1)[1]}").text
    assert "Done" not in page, "what became of it on appeal was not his to decide"
    assert "Give me a review" in page
    sign_in(browser, ANNA)
    assert "mood: good" not in browser.get(f"{PLACE}?review={place.rsplit('/', 1)[1]}").text


def test_giving_back_that_the_browser_sends_by_itself(labelled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser, BERT)
    place, _, _ = card(browser)
    assert "You gave this one back." in sent(browser, f"{place}/give-back", reason="not my field")
    twice = browser.post(f"{place}/give-back", data={"reason": "not my field"})
    assert (twice.status_code, "this is not with you" in twice.text, "<h1>" in twice.text) == (409, True, True)
