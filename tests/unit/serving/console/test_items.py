"""Items in the console: found, read as a whole, given another try; and nothing of them is taken for markup."""

from __future__ import annotations

import re
import sys

import pytest
from fastapi.testclient import TestClient

from serving.console import staff
from serving.console.item_story import REASONS
from serving.console.speech import COOKIE
from serving.secrets import viewer_token
from serving.store.records import ItemState
from tests.support.local_world import LocalWorld, easy

PLACE = "/projects/moods/items"
EVIL = '<script>alert(1)</script> & "good"'


@pytest.fixture
def console(world: LocalWorld, browser: TestClient) -> TestClient:
    """An operator's browser."""
    staff._failures.clear()
    return signed_in(browser, "operator-token")


def signed_in(browser: TestClient, token: str) -> TestClient:
    assert browser.post("/sign-in", data={"token": token}, follow_redirects=False).status_code == 303
    return browser


def kill(world: LocalWorld, *tasks: int) -> None:
    world.sync()
    with world.store.begin() as uow:
        uow.items.bury_tasks(world.id, {task: f"broken: {EVIL}" for task in tasks}, world.clock())


@pytest.mark.parametrize("path", ["", "/1", "/dead", "/disagreements", "/likely-errors"])
def test_nobody_looks_without_signing_in(browser: TestClient, path: str) -> None:
    answer = browser.get(f"{PLACE}{path}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_an_engineer_looks_and_changes_nothing(world: LocalWorld, browser: TestClient) -> None:
    [task] = world.arrive([("good", "good")])
    kill(world, task)
    signed_in(browser, viewer_token(world.runtime.settings))
    page = browser.get(f"{PLACE}/dead").text
    assert "broken" in page
    assert "Re-drive" not in page
    assert browser.post(f"{PLACE}/dead/redrive").status_code == 403
    assert browser.post(f"{PLACE}/dead/{world.item(task).id}/redrive").status_code == 403
    assert world.item(task).state is ItemState.DEAD


def test_another_site_changes_nothing(world: LocalWorld, console: TestClient) -> None:
    [task] = world.arrive([("good", "good")])
    kill(world, task)
    assert console.post(f"{PLACE}/dead/redrive", headers={"Origin": "http://elsewhere"}).status_code == 403
    assert world.item(task).state is ItemState.DEAD


def test_nothing_of_a_task_is_taken_for_markup(world: LocalWorld, console: TestClient) -> None:
    [task] = world.arrive([(EVIL, "good")])
    kill(world, task)
    for path in (f"/{task}", "/dead", f"?text={EVIL}&reason={EVIL}"):
        answer = console.get(f"{PLACE}{path}")
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_dead_items_get_another_try_one_or_all(world: LocalWorld, console: TestClient) -> None:
    first, second, third = world.arrive([("good", "good"), ("bad", "bad"), ("fine", "good")])
    kill(world, first, second, third)
    assert "1 item starts again" in console.post(f"{PLACE}/dead/{world.item(first).id}/redrive").text
    assert world.item(first).state is ItemState.RECEIVED
    assert "2 items start again" in console.post(f"{PLACE}/dead/redrive").text
    assert {world.item(task).state for task in (second, third)} == {ItemState.RECEIVED}
    assert "No item is dead" in console.get(f"{PLACE}/dead").text


def test_filters_are_kept_from_page_to_page(world: LocalWorld, console: TestClient) -> None:
    world.arrive(easy(60))
    world.sync()
    first = console.get(f"{PLACE}?state=received&route=&least=").text
    assert 'href="?state=received&amp;after=' in first
    assert first.count('<th scope="row">') == 50
    more = first.split('<p><a href="')[1].split('"')[0].replace("&amp;", "&")
    assert console.get(f"{PLACE}{more}").text.count('<th scope="row">') == 10
    assert console.get(f"{PLACE}?state=dead").text.count('<th scope="row">') == 0
    looked = console.get(f"{PLACE}?text=nowhere-to-be-found").text
    assert "newest 60 items" in looked
    assert console.get(f"{PLACE}?least=2").status_code == 422


def test_a_reason_is_chosen_in_words_and_sent_as_its_code(world: LocalWorld, console: TestClient) -> None:
    world.open(easy(160))
    page = console.get(PLACE).text
    field = page.split('<select id="reason" name="reason">')[1].split("</select>")[0]
    assert '<option value="below_threshold">its confidence is below the certified threshold</option>' in field
    assert field.count("<option") == 1 + len(REASONS)
    chosen = console.get(f"{PLACE}?reason=certified").text
    accepted = [row for row in world.items() if row.reason == "certified"]
    assert chosen.count('<th scope="row">') == min(50, len(accepted)) > 0
    assert '<option value="certified" selected>' in chosen
    assert "<option selected>of_another_time</option>" in console.get(f"{PLACE}?reason=of_another_time").text
    console.cookies.set(COOKIE, "zh-Hans")
    assert '<option value="certified">its confidence' not in (chinese := console.get(PLACE).text)
    assert '<option value="certified">' in chinese


def test_an_item_is_told_as_a_whole(world: LocalWorld, console: TestClient) -> None:
    world.open(easy(160))
    labelled = next(row for row in world.items() if row.state is ItemState.LABELED and row.prediction_id is not None)
    page = console.get(f"{PLACE}/{labelled.task_id}").text
    for stage in ("received", "predicted", "labeled"):
        assert f"<strong>{stage}</strong>" in page
    assert "Difference (item loss" in page
    published = next(row for row in world.items() if row.state is ItemState.PUBLISHED and not row.blind)
    page = console.get(f"{PLACE}/{published.task_id}").text
    assert "<strong>decided</strong>" in page
    assert "Label Studio has its suggestion" in page
    assert "This item is blind" not in page
    assert f"{world.project.active_model}" in console.get(f"{PLACE}?state=published").text
    disagreements = console.get(f"{PLACE}/disagreements")
    assert disagreements.status_code == 200
    assert console.get(f"{PLACE}/999999").status_code == 404


def test_what_a_model_says_of_a_blind_item_is_behind_a_click(world: LocalWorld, console: TestClient) -> None:
    world.open(easy(160))
    world.arrive(easy(60, seed=3))
    world.settle()
    blind = next(row for row in world.blind() if row.prediction_id is not None)
    page = console.get(f"{PLACE}/{blind.task_id}").text
    assert "This item is blind" in page
    places = [found.start() for found in re.finditer(": (good|bad)", page)]
    assert places
    for place in places:
        before = page[:place]
        assert before.count("<details") > before.count("</details>")


def test_likely_errors_are_labels_that_the_model_does_not_believe(world: LocalWorld, console: TestClient) -> None:
    world.open(easy(160))
    [sure] = [row for row in world.items() if row.state is ItemState.PUBLISHED and not row.blind][:1]
    with world.store.read() as uow:
        assert sure.prediction_id is not None
        said = uow.items.predictions([sure.prediction_id])[sure.prediction_id].prediction
    wrong = "bad" if said.regions[0].labels == ("good",) else "good"
    world.later()
    world.label(sure.task_id, wrong)
    world.sync()
    page = console.get(f"{PLACE}/likely-errors").text
    assert f'href="{PLACE}/{sure.task_id}"' in page
    assert f'href="{PLACE}/{sure.task_id}"' in console.get(f"{PLACE}/disagreements").text


def test_without_the_extra_the_page_names_it(console: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab.rank", None)
    page = console.get(f"{PLACE}/likely-errors").text
    assert "pip install" in page
    assert "[people]" in page
