"""Whoever has to sign in comes to the page that they asked for, and never to another site."""

from __future__ import annotations

import html
import re

import pytest
from fastapi.testclient import TestClient

from serving.console import staff, train
from serving.console.going import LONGEST, own_path
from tests.support.local_world import LocalWorld

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OWN = ("/", "/connect", "/projects/moods/items?state=queued&tag=a%2F%2Fb", "/train/me", "/a/b/", "/a?next=http:x.y")
FOREIGN = (
    "",
    "connect",
    "//evil.example",
    "///evil.example",
    "/a//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/a\\..\\b",
    "/\t/evil.example",
    "/\n/evil.example",
    "/ /evil.example",
    " /connect",
    "/connect\n",
    "https://evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "http:connect",
    "/\u2215evil.example",
    "/" + LONGEST * "a",
)


@pytest.fixture(autouse=True)
def no_failures() -> None:
    staff._failures.clear()
    train._failures.clear()


def followed(browser: TestClient, address: str, form: dict[str, str], **headers: str) -> str:
    """Where a browser comes to that opens an address, and fills in the form that comes between."""
    page = browser.get(address, headers=BROWSER)
    found = re.search(
        r'<form method="post" action="([^"]+)">\s*<input type="hidden" name="next" value="([^"]*)">', page.text
    )
    assert found is not None, page.text
    form |= {"next": html.unescape(found[2])}
    return browser.post(found[1], data=form, headers=headers, follow_redirects=False).headers["location"]


@pytest.mark.parametrize("path", OWN)
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize("given", FOREIGN)
def test_anything_else_leads_home(browser: TestClient, world: LocalWorld, given: str) -> None:
    assert own_path(given) == "/"
    trainer = {"token": "user 21", "url": world.project.platform_url, "next": given}
    for place, form, home in (
        ("/sign-in", {"token": "operator-token", "next": given}, "/"),
        ("/train/sign-in", trainer, "/train"),
    ):
        answer = browser.post(place, data=form, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, home), given
    browser.cookies.clear()
    for place in ("/sign-in", "/train"):
        assert "evil" not in browser.get(place, params={"next": given}).text


def test_that_no_path_takes_long_to_look_at() -> None:
    assert own_path("/" + 900 * "a/" + "//") == "/"
    assert own_path("/" + 1900 * "a" + "\\") == "/"


@pytest.mark.parametrize("address", ["/connect", "/projects/moods/items?state=queued", "/changes", "/"])
def test_staff_come_to_the_page_that_they_asked_for(browser: TestClient, address: str) -> None:
    assert followed(browser, address, {"token": "operator-token"}) == address


@pytest.mark.parametrize(
    "address", ["/train/me", "/train/moods/qualifications", "/train/moods/answers", "/train/moods/decisions", "/train"]
)
def test_trainers_too(browser: TestClient, world: LocalWorld, address: str) -> None:
    assert followed(browser, address, {"token": "user 21", "url": world.project.platform_url}) == address


def test_a_wrong_token_does_not_lose_the_page(browser: TestClient, world: LocalWorld) -> None:
    for place, form in (("/sign-in", {}), ("/train/sign-in", {"url": world.project.platform_url})):
        answer = browser.post(place, data={"token": "wrong", "next": "/projects/moods", **form})
        assert (answer.status_code, 'name="next" value="/projects/moods"' in answer.text) == (401, True)


def test_a_part_and_a_form_lead_back_to_their_page(browser: TestClient) -> None:
    page = {"HX-Request": "true", "HX-Current-URL": "http://testserver/projects/moods?span=7"}
    assert browser.get("/projects/moods/figures", headers=page).headers["hx-redirect"] == (
        "/sign-in?next=/projects/moods%3Fspan%3D7"
    )
    page["HX-Current-URL"] = "http://testserver/train/moods/answers"
    assert browser.post("/train/moods/next", headers=page).headers["hx-redirect"] == "/train?next=/train/moods/answers"
    page["HX-Current-URL"] = "http://[evil"
    assert browser.post("/train/moods/next", headers=page).headers["hx-redirect"] == "/train"
    sent = {"Referer": "http://testserver/projects/moods/costs"}
    answer = browser.post("/projects/moods/costs", data={}, headers=sent, follow_redirects=False)
    assert answer.headers["location"] == "/sign-in?next=/projects/moods/costs"
    sent = {"Referer": "http://testserver//evil.example"}
    answer = browser.post("/projects/moods/costs", data={}, headers=sent, follow_redirects=False)
    assert answer.headers["location"] == "/sign-in"
