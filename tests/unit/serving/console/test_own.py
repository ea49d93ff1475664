"""What trainers see of their own work, and that nobody else does."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork
from serving.console.own import SECTIONS, accuracy, chart, known, labels, models, reviews
from serving.console.own_words import duration
from serving.monitoring.own import Rows, accuracies, daily, own, window
from serving.monitoring.own_figures import Day, Own
from serving.store.own import Given, Marked, Reviewed
from serving.store.records import LabelRole
from serving.store.review_records import ReviewState
from tests.support.local_world import LocalWorld, easy
from tests.unit.serving.console.test_train import next_card, sign_in

ANNA, BERT = 21, 22
ANY = FieldOfWork()


@pytest.fixture
def worked(world: LocalWorld, browser: TestClient) -> LocalWorld:
    """Anna has labelled two items and given one back; Bert has labelled one, after a page of his own."""
    world.arrive(easy(8))
    world.sync()
    sign_in(browser, BERT)
    hand_in(world, browser, BERT, 3000.0)
    sign_in(browser, ANNA)
    for seconds in (20.0, 40.0):
        hand_in(world, browser, ANNA, seconds)
    lease, _ = next_card(browser)
    browser.post(f"/train/moods/leases/{lease}/give-back", data={"reason": "<b>not</b> my field"})
    return world


def hand_in(world: LocalWorld, browser: TestClient, user: int, seconds: float) -> None:
    lease, _ = next_card(browser)
    with world.store.read() as uow:
        task = uow.items.get(uow.work.get(lease).item_id).task_id
    world.label(task, user=user, lead_time=seconds)
    world.sync()


def cells(page: str, title: str) -> list[str]:
    """What stands in the row of a table."""
    row = re.search(rf'<th scope="row">{re.escape(title)}<small>.*?</small></th>(.*?)</tr>', page, re.DOTALL)
    assert row is not None, page
    return re.findall(r"<td[^>]*>(.*?)</td>", row[1])


def figures(world: LocalWorld, user: int) -> Own:
    with world.store.read() as uow:
        desk = next(one for one in uow.people.desks(world.id) if one.trainer.user_id == user)
    return own(world.runtime, world.project, desk)


def figures_page(browser: TestClient) -> str:
    """The page with the parts that the browser asks for when it is there."""
    page = browser.get("/train/me").text
    parts = re.findall(r'hx-get="([^"]+)" hx-trigger="load"', page)
    assert parts, page
    answers = [browser.get(part) for part in parts]
    assert [answer.status_code for answer in answers] == [200] * len(parts)
    return "".join([page, *(answer.text for answer in answers)])


def test_ones_own_figures(worked: LocalWorld, browser: TestClient) -> None:
    assert 'href="/train/me"' in browser.get("/train").text
    page = figures_page(browser)
    assert cells(page, "Handed to you") == ["3", "3"]
    assert cells(page, "Handed in") == ["2", "2"]
    assert cells(page, "Given back") == ["1", "1"]
    assert cells(page, "Items labelled") == ["2", "2"]
    assert cells(page, "Without a suggestion") == ["2 of 2 (100%)", "2 of 2 (100%)"]
    assert cells(page, "Left unchanged") == ["–", "–"], "there was no suggestion"
    assert cells(page, "Active") == ["1 min", "1 min"]
    assert cells(page, "Middle time an item") == ["30 s", "30 s"]
    assert "&lt;b&gt;not&lt;/b&gt; my field (1)" in page
    assert "2 in all" in page
    for absent in ("How often you are right", "What models learned from you", "Late", "Could not be opened"):
        assert absent not in page, "what there is nothing of has no heading"


def test_nobody_sees_anybody_elses(worked: LocalWorld, browser: TestClient) -> None:
    mine = figures_page(browser)
    assert "50 min" not in mine
    for query in ("user=22", "trainer=1", "project=moods&user=22"):
        for place in ("/train/me", "/train/moods/own"):
            own_page = browser.get(place).text
            assert own_page in mine
            assert browser.get(f"{place}?{query}").text == own_page
    for place in ("/train/me/22", "/train/22/me", "/train/people/22", "/train/moods/me/22", "/train/moods/own/22"):
        assert browser.get(place).status_code == 404
    assert browser.get("/train/elsewhere/own").status_code == 404
    sign_in(browser, BERT)
    theirs = figures_page(browser)
    assert cells(theirs, "Active") == ["15 min", "15 min"], "50 minutes are more than an item counts"
    assert "Of your items 1 took longer." in theirs
    browser.post("/train/sign-out")
    answer = browser.get("/train/me", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/train")
    assert browser.get("/train/moods/own").status_code == 401
    with worked.store.begin() as uow:
        uow.people.erase(next(one.trainer.id for one in uow.people.desks(worked.id) if one.trainer.user_id == ANNA))
    assert len(browser.get("/train/me", follow_redirects=False).content) == 0


def test_kinds_of_checks_are_not_told_apart(worked: LocalWorld) -> None:
    """The page is made from figures alone; of blind labels these do not depend on what they check."""
    one = figures(worked, ANNA)
    pages = set()
    for role in (role for role in LabelRole if role.blind):
        rows = [Given(1, False, role, 9.0, 1.0, one.now)]
        seen = window(Rows(given=rows), since=0.0, cap_s=100.0)
        made = one.model_copy(update={"all_time": seen, "week": seen, "days": daily(rows, one.now)})
        pages.add(repr([make(made) for make in SECTIONS]))
    [page] = pages
    for word in ("audit", "validation", "opinion"):
        assert word not in page.lower()


def test_accuracy_with_its_interval_and_the_others(worked: LocalWorld) -> None:
    one = figures(worked, ANNA)
    skills = {(1, ANY): Accuracy.of(18, 2), (1, FieldOfWork(domain="law")): Accuracy.of(1, 0)}
    skills |= {(2 + n, ANY): Accuracy.of(10 - n, n) for n in range(4)}
    section = accuracy(one.model_copy(update={"accuracies": accuracies(skills, 1)}))
    assert section is not None
    everything, law = section.rows
    lower, upper = Accuracy.of(18, 2).interval()
    assert everything.cells[:3] == ("88%", f"{lower:.0%} and {upper:.0%}", "20.0 items")
    assert re.fullmatch(r"\d\d% to \d\d% \(4 others\)", everything.cells[3])
    assert (law.title, law.cells[3]) == ("law/any/any", "too few others")
    assert accuracy(one) is None


def test_decisions_and_known_answers_once_there_are_any(worked: LocalWorld, browser: TestClient) -> None:
    one = figures(worked, ANNA)
    assert reviews(one) is None
    assert known(one) is None
    rows = Rows(
        reviewed=[
            Reviewed(ReviewState.ACCEPTED, one.now, by_deadline=False, fixed=False, code=None, appealed=False),
            Reviewed(ReviewState.OVERTURNED, one.now, by_deadline=False, fixed=False, code="guideline", appealed=True),
        ],
        marked=[
            Marked(is_right=right, counts=True, answered_at=one.now, disputed=False) for right in (True, True, False)
        ],
    )
    seen = window(rows, since=0.0, cap_s=1.0)
    made = one.model_copy(update={"all_time": seen, "week": seen})
    decisions, marks = reviews(made), known(made)
    assert decisions is not None
    assert marks is not None
    assert {row.title: row.cells[1] for row in decisions.rows} == {
        "Decided on": "2",
        "Accepted": "1",
        "Rejected": "1",
        "Appealed": "1",
        "Appeals with success": "1",
    }
    for section in (decisions, marks):
        assert section.link is not None
        assert browser.get(section.link[0]).status_code == 200
    assert decisions.notes == (
        "Reasons of decisions against your labels, all time: It breaks a rule of the guideline (1).",
    )
    assert [(row.title, row.cells) for row in marks.rows] == [("Right", ("2 of 3 (67%)", "2 of 3 (67%)"))]


def test_what_models_learned_is_said_without_a_claim(worked: LocalWorld, browser: TestClient) -> None:
    worked.arrive(easy(40, seed=4))
    worked.sync()
    for n, row in enumerate(worked.wanted()):
        if not row.blind:
            worked.label(row.task_id, user=ANNA if n % 2 else BERT)
    worked.sync()
    with worked.store.read() as uow:
        by = list(uow.labels.taught_by(worked.id).values())
    assert worked.train() is not None
    page = figures_page(browser)
    assert f"Your {by.count(ANNA)} labels are among the {len(by)} by people that it learned from." in page
    assert "It has made the suggestions since 2023-11-14." in page
    assert "do not say that a difference comes from your labels" in page


def test_two_models_are_compared_as_they_measured_themselves(worked: LocalWorld) -> None:
    one = figures(worked, ANNA)
    assert models(one) is None
    learned = {
        "number": 3,
        "version": "m3",
        "yours": 112,
        "by_people": 430,
        "history": 0,
        "accuracy": 0.912,
        "before": 2,
        "before_accuracy": 0.875,
        "made_at": 0.0,
        "activated_at": None,
        "active": False,
        "rejected_at": None,
    }

    def said(**changes: object) -> str:
        made = Own.model_validate(one.model_dump() | {"models": [learned | changes]})
        section = models(made)
        assert section is not None
        return section.rows[0].cells[0]

    assert said() == (
        "Your 112 labels are among the 430 by people that it learned from. It is right on 91.2% in cross-validation, "
        "model 2 on 87.5%. It makes no suggestions so far."
    )
    assert said(yours=0, history=1000).startswith(
        "None of your labels is among the 430 by people that it learned from, beside 1,000 that the project came with."
    )
    assert said(yours=1).startswith("Your one label is among")
    assert "It is right on 91.2% in cross-validation. " in said(before=None, before_accuracy=None)
    assert "too few labels for cross-validation" in said(accuracy=None)
    assert said(rejected_at=0.0).endswith("It was tried, and not taken (1970-01-01).")
    assert said(activated_at=0.0).endswith("It made suggestions from 1970-01-01 on.")


def test_the_chart_says_what_it_shows(worked: LocalWorld) -> None:
    days = figures(worked, ANNA).days
    made = chart([*(Day(day=day.day, labels=0) for day in days[:-2]), *(Day(day=d.day, labels=9) for d in days[-2:])])
    assert made is not None
    assert [(bar.x, bar.height) for bar in made.bars] == [(260, 48), (270, 48)]
    assert made.says.endswith(f"18 in all, most on {days[-1].day}: 9.")
    assert chart([Day(day=day.day, labels=0) for day in days]) is None
    section = labels(figures(worked, ANNA))
    assert section is not None
    assert section.chart == chart(days)


@pytest.mark.parametrize("place", ["/train/me", "/train/moods/own"])
def test_the_page_is_under_the_policy(worked: LocalWorld, browser: TestClient, place: str) -> None:
    answer = browser.get(place)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<style|<script(?! src)|\sstyle=|\son\w+=", answer.text)


def test_before_anything_was_done(world: LocalWorld, browser: TestClient) -> None:
    sign_in(browser, ANNA)
    page = figures_page(browser)
    assert "Nothing yet" in page
    assert "<h3>" not in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "0.2 s"), (9.96, "10.0 s"), (59.4, "59 s"), (59.6, "1 min"), (61.0, "1 min 01 s"), (7325.0, "2 h 02 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
