"""A trainer's browser: the deep link of the queue opens the suggestion, filled in; a blind item shows nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from scripts.browser import at_rest, choose, chromium, signed_in, submit
from tests.support.world import World, soon

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.label_studio,
    pytest.mark.ray,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
MODEL_TAB = ".lsf-annotation-button:has(.lsf-annotation-button__userpic_prediction)"


@pytest.fixture(scope="module")
def page(shadow: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    profile = tmp_path_factory.mktemp("profile")
    with signed_in(shadow.studio, "trainer@example.com", "label-these-well", profile) as opened:
        yield opened


def queue(world: World, *, blind: bool) -> list[dict[str, Any]]:
    with world.service.client() as http:
        items = http.get(f"/api/v1/projects/{world.slug}/queue", params={"limit": 1000}).raise_for_status().json()
    return [item for item in items if item["blind"] is blind]


def visit(page: Page, world: World, item: dict[str, Any]) -> str:
    """Open the item's link, wait until its task is on the screen; the task's text."""
    text = next(task["data"]["text"] for task in world.tasks() if task["id"] == item["task"])
    page.goto(item["url"])
    page.locator(".lsf-richtext", has_text=text).wait_for()
    page.locator('.lsf-choices input[name="good"]').wait_for(state="attached")
    return str(text)


def chosen(page: Page) -> dict[str, bool]:
    return {name: page.locator(f'.lsf-choices input[name="{name}"]').is_checked() for name in ("good", "bad")}


def filled_in(page: Page, said: str) -> None:
    """The tab of the model may be there before what it says."""
    page.locator(f'.lsf-choices input[name="{said}"]:checked').wait_for(state="attached")


def told(world: World, item: dict[str, Any]) -> dict[str, Any]:
    """What Prelabel knows of the item once it counts as labelled."""
    soon(lambda: world.items()[item["task"]]["state"] == "labeled" or None)
    with world.service.client() as http:
        found: dict[str, Any] = http.get(f"/api/v1/projects/{world.slug}/tasks/{item['task']}").json()
    return found


def test_a_suggestion_is_filled_in_and_submitted(page: Page, shadow: World) -> None:
    item = queue(shadow, blind=False)[0]
    (prediction,) = shadow.predictions()[item["task"]]
    said = prediction["result"][0]["value"]["choices"][0]
    before = shadow.report()["labeled"]["correction"]

    visit(page, shadow, item)
    page.locator(MODEL_TAB).wait_for()
    filled_in(page, said)
    assert chosen(page) == {"good": said == "good", "bad": said == "bad"}
    shown = page.locator(MODEL_TAB).inner_text()
    assert f"{prediction['score'] * 100:.2f}%" in shown
    assert prediction["model_version"][:6] in shown

    annotation = submit(page, item["task"])
    assert annotation["result"][0]["value"]["choices"] == [said]
    assert annotation["parent_prediction"] == prediction["id"]
    label = told(shadow, item)["labels"][-1]
    assert (label["role"], label["loss"]) == ("correction", 0.0)
    assert shadow.report()["labeled"]["correction"] == before + 1
    assert item["task"] not in {one["task"] for one in queue(shadow, blind=False)}


def test_a_suggestion_is_corrected(page: Page, shadow: World) -> None:
    item = queue(shadow, blind=False)[0]
    (prediction,) = shadow.predictions()[item["task"]]
    said = prediction["result"][0]["value"]["choices"][0]
    other = "bad" if said == "good" else "good"

    visit(page, shadow, item)
    page.locator(MODEL_TAB).wait_for()
    filled_in(page, said)
    choose(page, other)
    assert chosen(page) == {said: False, other: True}
    annotation = submit(page, item["task"])
    assert annotation["result"][0]["value"]["choices"] == [other]
    label = told(shadow, item)["labels"][-1]
    assert (label["role"], label["loss"]) == ("correction", 1.0)
    assert label["regions"][0]["value"]["labels"] == [other]


def test_a_blind_item_shows_no_suggestion(page: Page, shadow: World) -> None:
    item = queue(shadow, blind=True)[0]
    assert item["confidence"] is None
    with page.expect_response(
        lambda r: f"/api/tasks/{item['task']}?" in r.url or r.url.endswith(f"/{item['task']}/")
    ) as w:
        visit(page, shadow, item)
    assert w.value.json()["predictions"] == []
    page.locator(".lsf-annotation-button").first.wait_for()
    at_rest(page, 1_000)
    assert chosen(page) == {"good": False, "bad": False}
    assert page.locator(".lsf-annotation-button").count() == 1, "the trainer's own, empty draft"
    assert page.locator(MODEL_TAB).count() == 0
    assert "%" not in page.locator(".lsf-annotation-button").inner_text()
