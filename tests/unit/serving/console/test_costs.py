"""What an operator says that work costs."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from models.costs import Costs
from serving.console import staff
from serving.console.costs import OUT
from serving.secrets import viewer_token
from tests.support.local_world import LocalWorld

PATH = "/projects/moods/costs"


def enter(browser: TestClient, token: str = "operator-token") -> None:
    staff._failures.clear()
    browser.post("/sign-in", data={"token": token}, follow_redirects=False)


def test_what_is_saved_is_shown_again(world: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    assert "Nothing is known of its costs." in browser.get(PATH).text
    form = {"person_hour": "28.5", "compute_hour": "", "currency": " CNY ", "item_seconds": "12"}
    page = browser.post(PATH, data=form).text
    assert world.project.costs == Costs(person_hour=28.5, currency="CNY", item_seconds=12.0)
    assert "Saved." in page
    assert "An hour of a person costs 28.5 CNY. Without a suggestion an item takes 12 s." in page
    assert 'value="28.5"' in page


def test_a_wrong_number_is_refused_with_what_was_typed(world: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    answer = browser.post(PATH, data={"person_hour": "-3", "currency": "EUR"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="-3"' in answer.text
    assert world.project.costs is None


def test_only_operators_change_it_and_from_here(world: LocalWorld, browser: TestClient) -> None:
    assert browser.post(PATH, data={}, follow_redirects=False).headers["location"] == "/sign-in"
    enter(browser, viewer_token(world.runtime.settings))
    assert "<button>Save" not in browser.get(PATH).text
    assert browser.post(PATH, data={"person_hour": "1"}).status_code == 403
    enter(browser)
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert browser.post(PATH, data={"person_hour": "1"}, headers=elsewhere).status_code == 403
    assert world.project.costs is None


@pytest.mark.parametrize("field", list(Costs.model_fields))
def test_what_is_said_of_a_field_is_what_it_takes(field: str) -> None:
    said = {float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", OUT[field])}
    limits = ("ge", "gt", "le", "lt", "min_length", "max_length")
    takes = {
        getattr(one, limit)
        for one in Costs.model_fields[field].metadata
        for limit in limits
        if getattr(one, limit, None) is not None
    }
    assert takes == said
