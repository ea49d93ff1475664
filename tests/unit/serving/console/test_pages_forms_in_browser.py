"""Forms in Chromium: what is wrong in a field is seen, wherever the field is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from scripts.browser import FLAGS, chromium
from serving.api.application import create_app
from serving.console import staff
from tests.support.browsers import patient
from tests.support.local_world import LocalWorld
from tests.support.served import serve
from tests.support.studio_twin import TOKEN, StudioTwin
from tests.unit.serving.console.connected import beside

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]


@pytest.fixture
def twin(world: LocalWorld) -> Iterator[StudioTwin]:
    staff._failures.clear()
    with beside(world) as running:
        yield running


@pytest.fixture
def page(world: LocalWorld, twin: StudioTwin) -> Iterator[Page]:
    """Signed in as an operator, with an account and a project chosen; no script fails."""
    from playwright.sync_api import sync_playwright

    problems: list[str] = []
    with serve(create_app(world.runtime)) as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        opened = patient(browser.new_context(base_url=url, locale="en").new_page())
        opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: problems.append(str(error)))
        htmx = {"HX-Request": "true", "Origin": url}
        for path, form in (
            ("/sign-in", {"token": "operator-token"}),
            ("/connect/account", {"url": twin.url, "token": TOKEN}),
            ("/connect/project", {"project": "1"}),
            ("/connect/model", {"slug": "mine"}),
        ):
            opened.request.post(path, form={**form}, headers=htmx, max_redirects=0)
        yield opened
        browser.close()
    assert not problems, "\n".join(problems)


def test_a_fold_opens_for_what_is_wrong_in_it(page: Page) -> None:
    page.goto("/connect/budget")
    page.locator("summary", has_text="Advanced").click()
    page.locator("#validation_people").evaluate("field => { field.value = '9'; }")  # only sending finds it
    page.locator("summary", has_text="Advanced").click()
    assert not page.locator("#validation_people").is_visible()
    page.get_by_role("button", name="Next: costs").click()
    page.locator("#validation_people:focus").wait_for()
    assert page.url.endswith("/connect/budget")
    assert "5" in page.locator("#validation_people").evaluate("field => field.validationMessage")
    page.locator("#validation_people").fill("3")
    page.get_by_role("button", name="Next: costs").click()
    page.wait_for_url("**/connect/costs")


def test_an_address_without_a_scheme_is_no_fault_of_the_form(page: Page, twin: StudioTwin) -> None:
    page.goto("/connect")
    page.locator("#url").fill(twin.url.removeprefix("http://") + "/projects/1/data")
    page.get_by_text(f"answers at {twin.url}.").wait_for()
    page.locator("#token").fill(TOKEN)
    page.get_by_role("button", name="Check").click()
    page.get_by_text("The token is accepted").wait_for()


def test_costs_say_while_they_are_typed_which_number_is_out_of_its_range(page: Page) -> None:
    page.goto("/connect/costs")
    said = page.locator("#said")
    said.get_by_text("Nothing is known").wait_for()
    page.locator("#person_hour").fill("-3")
    said.get_by_text("An hour of a person costs a number from 0 to 1,000,000,000.").wait_for()
    page.locator("#person_hour").fill("30")
    said.get_by_text("An hour of a person costs 30 EUR.").wait_for()
    page.locator("#item_seconds").fill("0")
    said.get_by_text("a number above 0, at most 1,000,000.").wait_for()
    assert not said.get_by_text("costs 30 EUR").count()
    page.locator("#item_seconds").fill("12")
    said.get_by_text("an item takes 12 s.").wait_for()
    page.locator("#person_hour").clear()
    page.locator("#person_hour").press_sequentially("1e")
    said.get_by_text("An hour of a person costs a number from 0 to 1,000,000,000.").wait_for()


def test_the_budget_is_dragged_or_typed(page: Page) -> None:
    page.goto("/connect/budget")
    slider = page.get_by_role("slider").first
    slider.focus()
    page.keyboard.press("Home")
    page.locator(".promise", has_text="at most 5 wrong").wait_for()
    assert page.locator("#wrong").input_value() == "5"
    page.locator("#wrong").fill("2.5")
    page.locator(".promise", has_text="at most 2.5 wrong").wait_for()
    page.locator("#wrong").fill("40")
    page.locator("#sure").fill("99.5")
    page.locator(".promise", has_text="at most 40 wrong; we are 99.5 % sure").wait_for()
    assert slider.input_value() == "40"
    page.get_by_role("button", name="Next: costs").click()
    page.wait_for_url("**/connect/costs")
    page.goto("/connect/budget")
    assert (page.locator("#wrong").input_value(), page.locator("#sure").input_value()) == ("40", "99.5")


def test_a_number_that_is_typed_out_of_its_range_is_told_at_once(page: Page) -> None:
    from playwright.sync_api import expect

    page.goto("/connect/budget")
    page.evaluate(
        "HTMLInputElement.prototype.reportValidity = function () {"
        " document.title = `${this.id}: ${this.validationMessage}`; return false; }"
    )
    page.locator("#wrong").fill("5000")
    expect(page).to_have_title(re.compile("^wrong: .*999"))
    page.locator("summary", has_text="Advanced").click()
    page.locator("#overlap_people").fill("9")
    expect(page).to_have_title(re.compile("^overlap_people: .*5"))


@contextmanager
def deaf(page: Page, path: str) -> Iterator[None]:
    """The page before it listens; it does at the end."""
    held: list[Route] = []
    page.route("**/htmx-*.js", lambda route: held.append(route))
    page.goto(path, wait_until="commit")
    yield
    while not held:
        page.wait_for_timeout(10)
    assert page.evaluate("typeof window.htmx") == "undefined"
    for route in held:
        route.continue_()
    page.unroute("**/htmx-*.js")


def test_what_is_typed_before_the_page_listens_is_heard(page: Page, twin: StudioTwin) -> None:
    with page.expect_response("**/connect/account") as answer, deaf(page, "/connect"):
        field = page.locator("#url")
        field.fill(f"{twin.url}/projects")
        field.fill(twin.url + "/")
    assert "answers at" in answer.value.text()


def test_costs_that_are_typed_before_the_page_listens_are_heard(page: Page) -> None:
    with deaf(page, "/connect/costs"):
        page.locator("#person_hour").fill("30")
    page.locator("#said").get_by_text("An hour of a person costs 30 EUR.").wait_for()


def test_a_project_that_is_picked_before_the_page_listens_is_taken(page: Page) -> None:
    picked = lambda r: r.request.method == "POST" and r.url.endswith("/connect/project")  # noqa: E731
    with page.expect_response(picked) as answer, deaf(page, "/connect/project"):
        page.get_by_role("radio", name="Example").check()
    assert "project=3" in str(answer.value.request.post_data)
    page.locator("#chosen").get_by_text("Example").first.wait_for()


def test_a_title_that_is_typed_before_the_page_listens_is_looked_for(page: Page) -> None:
    with deaf(page, "/connect/project"):
        page.locator("#name").fill("example")
    page.locator("#projects label").nth(1).wait_for(state="detached")
    assert page.locator("#projects label").inner_text().startswith("Example")


def test_a_model_that_is_picked_before_the_page_listens_is_tried(page: Page) -> None:
    with page.expect_response("**/connect/model") as answer, deaf(page, "/connect/project"):
        page.locator("#encoder").select_option("ngram")
    assert "encoder=ngram" in str(answer.value.request.post_data)
    page.locator("#mapping").get_by_text("n-grams: any language").wait_for()


def test_a_budget_that_is_dragged_before_the_page_listens_is_heard(page: Page) -> None:
    with deaf(page, "/connect/budget"):
        page.get_by_role("slider").first.focus()
        page.keyboard.press("Home")
        assert page.locator("#wrong").input_value() == "50"
    page.locator(".promise", has_text="at most 5 wrong").wait_for()
    assert page.locator("#wrong").input_value() == "5"


def test_what_nobody_touched_before_the_page_listens_is_not_sent(page: Page) -> None:
    """A slider stands on its nearest step, and a list on its first line, though nobody has put them there."""
    page.goto("/connect/budget")
    page.locator("#wrong").fill("2.5")
    page.get_by_role("button", name="Next: costs").click()
    page.wait_for_url("**/connect/costs")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    for path in ("/connect/budget", "/connect/project"):
        with deaf(page, path):
            pass
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1000)  # longer than typing waits before it is sent
    assert sent == []
    page.goto("/connect/budget")
    assert (page.locator("#wrong").input_value(), page.get_by_role("slider").first.input_value()) == ("2.5", "5")
