"""The list of projects and a project's page: numbers as the store has them, changes by operators alone."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from models.gate import Certificate
from models.types import GateState, Route
from serving.console import staff
from serving.console.moments import moment
from serving.monitoring.blind import blind, what_if
from serving.monitoring.blind_figures import bins, points
from serving.monitoring.by_day import by_day
from serving.monitoring.remembered import FRESH_S
from serving.projects.gate import tolerate
from serving.secrets import viewer_token
from serving.store.records import ItemState
from tests.support.local_world import LocalWorld, easy, hard, new_project

PARTS = ("counts", "opening", "figures", "automation", "sample", "what-if?percent=5")


def enter(browser: TestClient, token: str = "operator-token") -> None:
    staff._failures.clear()
    browser.post("/sign-in", data={"token": token}, follow_redirects=False)


@pytest.fixture
def busy(world: LocalWorld) -> LocalWorld:
    """A gate that is open, with accepted, suggested and audited items."""
    world.open(easy(110))
    world.arrive(easy(60, seed=1) + hard(60, seed=1))
    world.sync()
    world.settle()
    return world


def specs(html: str) -> list[dict[str, object]]:
    found = re.findall(r'<script type="application/json">(.*?)</script>', html, re.S)
    return [json.loads(unescape(text)) for text in found]


def test_nobody_looks_without_signing_in(world: LocalWorld, browser: TestClient) -> None:
    for path in ("/", "/projects/moods", "/projects/no-such", *(f"/projects/moods/{part}" for part in PARTS)):
        answer = browser.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
    for act in ("close", "reopen", "tolerance"):
        answer = browser.post(f"/projects/moods/gate/{act}", data={"reason": "because"}, follow_redirects=False)
        assert answer.status_code == 303, act
        assert answer.headers["location"] == "/sign-in", act


def test_of_a_project_without_anything(world: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    assert "moods" in browser.get("/").text
    page = browser.get("/projects/moods").text
    assert "There is no certificate yet" in page
    parts = [browser.get(f"/projects/moods/{part}") for part in PARTS]
    assert [part.status_code for part in parts] == [200] * len(PARTS)
    assert "0 accepted of 0 arrived" in parts[0].text
    assert "0 of the 20 labels that it learns from are there" in parts[1].text
    assert specs("".join(part.text for part in parts)) == []


def test_the_list_has_rate_and_queue(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    assert "gate open" in browser.get("/").text
    report = busy.report()
    counts = browser.get("/projects/moods/counts").text
    assert f"{report.accepted} accepted of {report.arrived} arrived" in counts
    assert f"{100 * report.automation_rate:.1f} %" in counts


def test_the_page_has_the_reports_numbers(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    report = busy.report()
    certificate = report.certificate
    assert certificate is not None
    figures = browser.get("/projects/moods/figures").text
    assert f"{report.accepted:,} accepted of {report.arrived:,} arrived" in figures
    assert f"{certificate.errors} wrong of {certificate.n} blind labels" in figures
    assert f"at most {certificate.selective_upper:.2%}" in figures
    page = browser.get("/projects/moods").text
    with busy.store.read() as uow:
        events = uow.gate.events(busy.id)
    for event in events:
        assert event.reason in unescape(page)
    assert page.count("<time>") == len(events)


def test_days_are_the_decisions_of_the_store(busy: LocalWorld, browser: TestClient) -> None:
    def decided() -> dict[str, int]:
        with busy.store.engine.connect() as conn:
            rows = conn.exec_driver_sql("SELECT route, count(*) FROM decision GROUP BY route").all()
        return {route: n for route, n in rows}

    def summed() -> dict[str, int]:
        days = by_day(busy.runtime, busy.project)
        sums = {Route.ACCEPT: 0, Route.SUGGEST: 0, Route.AUDIT: 0}
        for day in days:
            sums[Route.ACCEPT] += day.accept
            sums[Route.SUGGEST] += day.suggest
            sums[Route.AUDIT] += day.audit
        return {route.value: n for route, n in sums.items() if n}

    assert summed() == decided()
    busy.later(86_400.0)
    assert summed() == decided(), "what has settled is remembered"
    busy.arrive(easy(20, seed=2))
    busy.sync()
    busy.settle()
    assert summed() == decided()
    assert len(by_day(busy.runtime, busy.project)) == 2
    enter(browser)
    spec, tests = specs(browser.get("/projects/moods/automation").text)
    assert len(tests["data"]["values"]) == 1  # type: ignore[index]
    assert sum(v["decisions"] for v in spec["data"]["values"]) == sum(decided().values())  # type: ignore[index]


def test_another_project_counts_its_own_days(busy: LocalWorld) -> None:
    before = by_day(busy.runtime, busy.project)
    with busy.store.begin() as uow:
        other = uow.projects.add(new_project(busy.runtime.vault, slug="other", platform_project=2), busy.clock())
    assert by_day(busy.runtime, other) == []
    assert by_day(busy.runtime, busy.project) == before


def test_the_sample_is_what_the_gate_was_certified_on(busy: LocalWorld, browser: TestClient) -> None:
    seen = blind(busy.runtime, busy.project)
    with busy.store.read() as uow:
        certificate = uow.gate.latest(busy.id)
    assert certificate is not None
    assert certificate.threshold is not None
    assert seen.confidences.size == certificate.n_validation
    accepted = seen.confidences >= certificate.threshold
    assert (int(accepted.sum()), int(seen.losses[accepted].sum())) == (certificate.n, certificate.errors)
    assert sum(one.n for one in bins(seen)) == seen.confidences.size
    assert all(point.risk <= point.upper for point in points(seen))
    assert sum(seen.confusion["mood"].values()) == seen.tags[0].n
    enter(browser)
    assert len(specs(browser.get("/projects/moods/sample").text)) == 3


def test_a_smaller_budget_buys_less_and_looking_changes_nothing(busy: LocalWorld, browser: TestClient) -> None:
    seen = blind(busy.runtime, busy.project)
    asked: list[Certificate] = [what_if(seen, epsilon=epsilon, delta=0.2) for epsilon in (0.001, 0.1)]
    assert not asked[0].open
    assert asked[0].needed_labels > 0
    assert asked[1].open
    with busy.store.read() as uow:
        before = uow.gate.tests(busy.id), uow.gate.events(busy.id)
    enter(browser)
    answer = browser.get("/projects/moods/what-if?percent=0.1").text
    assert f"about {asked[0].needed_labels:,}" in answer
    assert "would stay closed" in answer
    assert "Looking certifies nothing" in browser.get("/projects/moods").text
    with busy.store.read() as uow:
        assert (uow.gate.tests(busy.id), uow.gate.events(busy.id)) == before
    assert browser.get("/projects/moods/what-if?percent=0").status_code == 422
    assert browser.get("/projects/moods/what-if?percent=nan").status_code == 422


def test_what_the_gate_waits_for_stands_at_its_state(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    page = browser.get("/projects/moods").text
    assert page.index("The gate is") < page.index("/projects/moods/opening") < page.index("Budget: at most")
    assert "The gate waits" not in browser.get("/projects/moods/opening").text, "it accepts"
    tolerate(busy.runtime, busy.project, epsilon=0.05, reason="a stricter customer", actor="anna")
    busy.later(FRESH_S)
    report = busy.report()
    assert report.opening is not None
    assert unescape(report.opening.in_words) in unescape(browser.get("/projects/moods/opening").text)


def test_what_was_counted_of_another_state_is_not_said(world: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    assert "waits for a first model" in browser.get("/projects/moods/opening").text
    with world.store.begin() as uow:
        uow.gate.transition(
            world.id, GateState.SHADOW, reason="a model", actor="prelabel", numbers={}, now=world.clock()
        )
    assert "waits for a first model" not in browser.get("/projects/moods/opening").text


def test_items_of_an_older_budget_are_told_with_their_number(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    accepted = busy.report().accepted
    assert accepted > 0
    assert "stay so" not in browser.get("/projects/moods/opening").text, "the budget never changed"
    tolerate(busy.runtime, busy.project, epsilon=0.05, reason="a stricter customer", actor="anna")
    busy.settle()
    busy.later(FRESH_S)
    with busy.store.read() as uow:
        assert uow.charts.accepted_by_budget(busy.id) == [(0.1, accepted)]
    told = browser.get("/projects/moods/opening").text
    assert f"{accepted} items that stand accepted were accepted at a budget of 10.00 % and stay so" in told
    tolerate(busy.runtime, busy.project, epsilon=0.1, reason="as before", actor="anna")
    busy.later(FRESH_S)
    assert "stay so" not in browser.get("/projects/moods/opening").text, "it is the budget of now again"


def test_a_certificates_numbers_say_of_when_they_are(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    with busy.store.read() as uow:
        certificate = uow.gate.latest(busy.id)
    assert certificate is not None
    page = unescape(browser.get("/projects/moods").text)
    assert f"Its numbers are as of {moment(certificate.created_at)}; what waits may have changed since." in page


def test_the_table_of_budgets_says_first_that_it_is_a_new_test(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    table = unescape(browser.get("/projects/moods/what-if?percent=5").text)
    share = what_if(blind(busy.runtime, busy.project), epsilon=0.05, delta=busy.project.delta).delta
    said = f"Each row says what a <strong>new test</strong> would find now, with the {100 * share:.2f} % of delta"
    assert said in table
    assert table.index(said) < table.index("<table")
    assert "10.00 % (as now, tested anew)" in table
    assert "(now)" not in table


def test_an_operator_closes_reopens_and_changes_the_budget(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    told = {"reason": "the <scanner> is broken"}
    assert browser.post("/projects/moods/gate/close", data=told).status_code == 200
    assert busy.project.gate_state is GateState.CLOSED
    page = browser.get("/projects/moods").text
    assert "the &lt;scanner&gt; is broken" in page
    assert "console, operator" in page
    assert "Reopen" in page
    assert browser.post("/projects/moods/gate/reopen", data={"reason": "mended"}).status_code == 200
    assert busy.report().gate is GateState.OPEN
    refused = browser.post("/projects/moods/gate/reopen", data={"reason": "mended"})
    assert refused.status_code == 422
    assert "no person closed this gate" in refused.text
    budget = {"reason": "a stricter customer", "epsilon_percent": "2", "delta_percent": "20"}
    assert browser.post("/projects/moods/gate/tolerance", data=budget).status_code == 200
    assert (busy.project.epsilon, busy.project.delta) == (0.02, 0.2)
    same = browser.post("/projects/moods/gate/tolerance", data=budget)
    assert same.status_code == 422
    assert "already" in same.text


@pytest.mark.parametrize("act", ["close", "reopen", "tolerance"])
def test_no_change_without_a_reason_or_from_elsewhere(busy: LocalWorld, browser: TestClient, act: str) -> None:
    enter(browser)
    path, budget = f"/projects/moods/gate/{act}", {"epsilon_percent": "2", "delta_percent": "20"}
    assert browser.post(path, data=budget).status_code == 422
    elsewhere = {"Origin": "http://evil.example"}
    assert browser.post(path, data={"reason": "because", **budget}, headers=elsewhere).status_code == 403
    assert busy.project.gate_state is GateState.OPEN
    assert busy.project.epsilon == 0.1


def test_an_engineer_looks_and_changes_nothing(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser, viewer_token(busy.runtime.settings))
    page = browser.get("/projects/moods").text
    assert "Change the gate" not in page
    assert [browser.get(f"/projects/moods/{part}").status_code for part in PARTS] == [200] * len(PARTS)
    for act in ("close", "reopen", "tolerance"):
        budget = {"reason": "because", "epsilon_percent": "2", "delta_percent": "20"}
        assert browser.post(f"/projects/moods/gate/{act}", data=budget).status_code == 403
    assert busy.project.gate_state is GateState.OPEN


def test_counts_are_kept_for_a_while(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    before = browser.get("/projects/moods/counts").text
    busy.arrive(easy(5, seed=3))
    busy.sync()
    busy.clock.now -= 1.0
    assert browser.get("/projects/moods/counts").text == before
    busy.later(FRESH_S)
    arrived = sum(n for state, n in busy.states().items() if state is not ItemState.GONE)
    assert f"of {arrived} arrived" in browser.get("/projects/moods/counts").text


def test_no_secret_is_on_any_page(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    pages = [browser.get(path).text for path in ("/", "/projects/moods", *(f"/projects/moods/{p}" for p in PARTS))]
    for secret in ("operator-token", viewer_token(busy.runtime.settings), "token-of-the-tests"):
        assert not any(secret in page for page in pages)


def test_the_page_without_charts_is_light(busy: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    for path in ("/", "/projects/moods"):
        page = browser.get(path).text
        files = [name for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', page) if "vendor" not in name]
        assert len(page) + sum(len(browser.get(name).content) for name in files) < 400_000
    assert "vendor" not in browser.get("/").text
