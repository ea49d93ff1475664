"""The wizard, where a request ends after a later one: typed on, in two tabs, forgotten, connected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.costs import Costs
from models.errors import PlatformUnavailable
from serving.console import connect
from serving.projects import connect as connecting
from serving.projects import drafts
from serving.projects.drafts import Draft
from tests.support.local_world import CONFIG, LocalWorld
from tests.support.studio_twin import TOKEN, StudioTwin, studio_twin
from tests.unit.serving.console.wizard import BUDGET, HTMX, pick, session_of, sign

CHANGED = "Something else was typed meanwhile"
COSTS = {"person_hour": "30", "currency": "CNY"}


@pytest.fixture
def browser(operator: TestClient) -> TestClient:
    return operator


class Meanwhile:
    """Another tab, whose requests come and go while Label Studio is asked for one of the first tab."""

    def __init__(self, browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self._browser, self._patch = browser, monkeypatch
        self.tab = TestClient(browser.app, headers={"Origin": "http://testserver"}, follow_redirects=False)

    def post(self, path: str, data: dict[str, str] | None = None, *, page: bool = False) -> Any:
        """With the cookie that the browser has now, and into which it puts what is answered."""
        self.tab.cookies.clear()
        self.tab.cookies.set("prelabel", self._browser.cookies["prelabel"])
        return self.tab.post(path, data=data, headers={} if page else HTMX)

    def during(self, what: Callable[[], object], *, raises: Exception | None = None, account: bool = False) -> None:
        """Have it done during the next look, which ends as it would have, or with this error."""
        module, name = (connect, "account_of") if account else (connecting, "look")
        ask: Callable[..., Any] = getattr(module, name)

        def slow(*args: object) -> Any:
            self._patch.setattr(module, name, ask)
            found = ask(*args)
            what()
            if raises is not None:
                found.platform.close()
                raise raises
            return found

        self._patch.setattr(module, name, slow)


@pytest.fixture
def meanwhile(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    return Meanwhile(browser, monkeypatch)


def draft(world: LocalWorld, browser: TestClient) -> Draft:
    return drafts.load(world.runtime, session_of(browser)["draft"])


def test_numbers_and_costs_that_were_typed_during_a_look_stay(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile
) -> None:
    pick(browser, studio)
    meanwhile.during(lambda: meanwhile.post("/connect/budget", BUDGET))
    browser.post("/connect/model", data={"slug": "mine", "encoder": "ngram"}, headers=HTMX)
    meanwhile.during(lambda: meanwhile.post("/connect/costs", COSTS))
    assert CHANGED not in browser.get("/connect/project").text
    kept = draft(there, browser)
    assert (kept.slug, kept.encoder, kept.mapped) == ("mine", "ngram", True)
    assert (kept.numbers["epsilon"], kept.costs) == (0.02, Costs(person_hour=30, currency="CNY"))


def test_numbers_that_were_typed_while_an_account_was_checked_stay(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile
) -> None:
    pick(browser, studio)
    meanwhile.during(lambda: meanwhile.post("/connect/budget", BUDGET), account=True)
    assert "it is prelabel@example.com" in sign(browser, studio)
    assert draft(there, browser).numbers["epsilon"] == 0.02


def test_the_model_that_was_typed_last_stays(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile
) -> None:
    pick(browser, studio)
    later = {"slug": "second", "encoder": "ngram"}
    meanwhile.during(lambda: meanwhile.post("/connect/model", later))
    page = browser.post("/connect/model", data={"slug": "first", "onward": "true"}, headers=HTMX)
    assert CHANGED in page.text
    assert "/connect/rehearsal" not in page.text
    assert "hx-redirect" not in page.headers
    kept = draft(there, browser)
    assert (kept.slug, kept.encoder, kept.mapped) == ("second", "ngram", True)


def test_the_project_that_was_picked_last_stays(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile
) -> None:
    studio.project("Others", CONFIG)
    sign(browser, studio)
    meanwhile.during(lambda: meanwhile.post("/connect/project", {"project": "3"}))
    assert CHANGED in browser.post("/connect/project", data={"project": "1"}, headers=HTMX).text
    kept = draft(there, browser)
    assert (kept.project, kept.title, kept.slug, kept.mapped) == (3, "Others", "others", True)


def test_a_model_typed_for_another_project_than_the_picked_one_is_not_kept(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile
) -> None:
    studio.project("Others", CONFIG)
    form = pick(browser, studio)
    assert '<input type="hidden" name="project" value="1">' in form
    meanwhile.post("/connect/project", {"project": "3"})
    before = draft(there, browser)
    page = browser.post("/connect/model", data={"project": "1", "slug": "mine"}, headers=HTMX)
    assert CHANGED in page.text
    assert draft(there, browser) == before


def test_a_look_that_fails_late_does_not_undo_a_later_one(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile
) -> None:
    pick(browser, studio)
    onward = {"slug": "mine", "onward": "true"}
    done: list[Any] = []
    gone = PlatformUnavailable("it does not answer")
    meanwhile.during(lambda: done.append(meanwhile.post("/connect/model", onward)), raises=gone)
    browser.post("/connect/model", data={"slug": "mine"}, headers=HTMX)
    assert done[0].headers["hx-redirect"] == "/connect/budget"
    assert draft(there, browser).mapped


def test_two_tabs_that_look_at_the_same_see_the_same(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile
) -> None:
    sign(browser, studio)
    meanwhile.during(lambda: meanwhile.post("/connect/project", {"project": "1"}))
    page = browser.post("/connect/project", data={"project": "1"}, headers=HTMX).text
    assert CHANGED not in page
    assert "/connect/rehearsal" in page
    assert draft(there, browser).slug == "moods-of-reviews"


def test_numbers_are_kept_while_another_tab_has_begun_to_look(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile
) -> None:
    pick(browser, studio)
    answers: list[Any] = []

    def budget_and_costs() -> None:
        for path, data in (("/connect/budget", BUDGET), ("/connect/costs", COSTS)):
            answers.extend(meanwhile.post(path, data, page=page) for page in (False, True))

    meanwhile.during(budget_and_costs)
    browser.post("/connect/project", data={"project": "1"}, headers=HTMX)
    assert [one.headers.get("hx-redirect", one.headers.get("location")) for one in answers] == ["/connect/project"] * 4
    assert [one.status_code for one in answers] == [200, 303, 200, 303], "a part of a page cannot hold another page"
    kept = draft(there, browser)
    assert (kept.numbers["epsilon"], kept.costs) == (0.02, Costs(person_hour=30, currency="CNY"))


def test_an_account_that_was_typed_last_stays(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile
) -> None:
    pick(browser, studio)
    with studio_twin() as other:
        later = {"url": other.url, "token": TOKEN}
        meanwhile.during(lambda: meanwhile.post("/connect/account", later), account=True)
        page = sign(browser, studio)
        assert CHANGED in page
        assert "it is prelabel@example.com" not in page
        kept = draft(there, browser)
        assert (kept.url, kept.project) == (other.url, None)
        answer = browser.post("/connect/model", data={"slug": "mine"}, headers=HTMX)
        assert answer.headers["hx-redirect"] == "/connect/project", "there is no project whose model it could be"


def test_what_an_account_no_longer_typed_saw_of_a_project_is_not_kept(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile
) -> None:
    with studio_twin() as other:
        pick(browser, studio)
        meanwhile.during(lambda: meanwhile.post("/connect/account", {"url": other.url, "token": TOKEN}))
        assert CHANGED in browser.get("/connect/project").text
        kept = draft(there, browser)
        assert (kept.url, kept.project, kept.title, kept.mapped) == (other.url, None, "", False)


@pytest.mark.parametrize("first", [True, False], ids=["nothing was kept yet", "something was kept"])
def test_what_was_forgotten_does_not_come_back_with_a_token(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile, first: bool
) -> None:
    browser.get("/connect")
    if not first:
        pick(browser, studio)
    id = session_of(browser)["draft"]
    meanwhile.during(lambda: meanwhile.post("/connect/forget", page=True), account=True)
    assert CHANGED in sign(browser, studio)
    assert drafts.load(there.runtime, id) == Draft()
    if not first:
        pick(browser, studio)
        meanwhile.during(lambda: meanwhile.post("/connect/forget", page=True))
        assert CHANGED in browser.post("/connect/model", data={"slug": "mine"}, headers=HTMX).text
        assert drafts.load(there.runtime, id) == Draft()
    for path, data in (("/connect/budget", BUDGET), ("/connect/costs", COSTS), ("/connect/model", {"slug": "mine"})):
        assert browser.post(path, data=data, headers=HTMX).headers["hx-redirect"] == "/connect"
        assert drafts.load(there.runtime, id) == Draft()
    browser.post("/connect/go")
    with there.store.read() as uow:
        assert "project.connect" not in {one.action for one in uow.changes.page(limit=100)}, "nothing was connected"


@pytest.mark.parametrize("account", [True, False])
def test_the_password_is_shown_whatever_ends_after_connecting(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, meanwhile: Meanwhile, account: bool
) -> None:
    pick(browser, studio)
    before = browser.cookies["prelabel"]
    slug = "moods-of-reviews" if account else "mine"
    meanwhile.during(lambda: meanwhile.post("/connect/go", page=True), account=account)
    if account:
        assert CHANGED in sign(browser, studio)
    else:
        assert CHANGED in browser.post("/connect/model", data={"slug": slug}, headers=HTMX).text
    assert draft(there, browser) == Draft(connected=slug)
    assert browser.cookies["prelabel"].split(".")[0] == before.split(".")[0], "the late answer knows of nothing"
    for path, data in (("/connect/budget", BUDGET), ("/connect/costs", COSTS), ("/connect/project", {"project": "1"})):
        assert browser.post(path, data=data, headers=HTMX).headers["hx-redirect"] == "/connect"
    again = browser.post("/connect/account", data={"url": studio.url, "token": TOKEN}, headers=HTMX)
    assert again.headers["hx-redirect"] == "/connect/done", "what is shown once is shown before one begins anew"
    with there.store.read() as uow:
        secret = there.runtime.vault.decrypt(uow.projects.by_slug(slug).webhook_secret).decode()
    page = browser.get("/connect")
    assert page.url.path == "/connect/done"
    assert secret in page.text
    assert "was shown once" in browser.get("/connect/done").text
    assert browser.get("/connect").url.path == "/connect"


def test_a_project_that_is_gone_before_its_password_was_seen_is_in_nobodys_way(
    there: LocalWorld, browser: TestClient, studio: StudioTwin
) -> None:
    pick(browser, studio)
    browser.post("/connect/go", follow_redirects=False)
    with there.store.begin() as uow:
        uow.projects.remove(uow.projects.by_slug("moods-of-reviews").id)
    page = browser.get("/connect")
    assert (page.status_code, page.url.path) == (200, "/connect")
    assert "it is prelabel@example.com" in sign(browser, studio)
