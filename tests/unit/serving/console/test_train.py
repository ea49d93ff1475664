"""What a trainer's browser gets: sign in, an item, the time that is left, and the end of it."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from serving.console.session import COOKIE
from tests.support.local_world import LocalWorld, easy
from tests.unit.serving.console.connected import HTMX

URL = "http://127.0.0.1:9"


def sign_in(browser: TestClient, user: int = 21, **headers: str) -> None:
    form = {"url": URL, "token": f"user {user}"}
    answer = browser.post("/train/sign-in", data=form, headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/train"), answer.text


def next_card(browser: TestClient) -> tuple[int, str]:
    """The lease's id, and the card."""
    answer = browser.post("/train/moods/next", headers=HTMX)
    assert answer.status_code == 200, answer.text
    found = re.search(r"/train/moods/leases/(\d+)/beat", answer.text)
    assert found is not None, answer.text
    return int(found[1]), answer.text


@pytest.fixture
def filled(world: LocalWorld) -> LocalWorld:
    world.arrive(easy(4))
    world.sync()
    return world


def test_nobody_is_let_in_without_a_token_of_their_own(filled: LocalWorld, browser: TestClient) -> None:
    assert "Sign in to label" in browser.get("/train").text
    assert browser.post("/train/moods/next").status_code == 401
    refused = browser.post("/train/sign-in", data={"url": URL, "token": "secret-of-nobody"})
    assert refused.status_code == 401
    assert "make a new one" in refused.text
    assert "secret-of-nobody" not in refused.text
    assert browser.post("/train/sign-in", data={"url": "http://elsewhere", "token": "user 21"}).status_code == 422


def test_an_item_from_sign_in_to_label(filled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    page = browser.get("/train").text
    assert "moods" in page
    assert "person-21@example.com" in page
    lease, card = next_card(browser)
    assert "Time left" in card
    assert 'href="memory://person-21@example.com"' in card
    assert next_card(browser)[0] == lease
    with filled.store.read() as uow:
        task = uow.items.get(uow.work.get(lease).item_id).task_id
    assert filled.platform.claim(task, 22) != "held", "Label Studio keeps it for who has it"
    beat = browser.post(f"/train/moods/leases/{lease}/beat", headers=HTMX)
    assert "Time left" in beat.text
    assert "hx-retarget" not in beat.headers
    filled.label(task, user=21)
    filled.sync()
    over = browser.post(f"/train/moods/leases/{lease}/beat", headers=HTMX)
    assert "your label has arrived" in over.text
    assert over.headers["hx-retarget"] == "#place-moods"
    assert next_card(browser)[0] != lease


def test_giving_back_and_more_time(filled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    lease, _ = next_card(browser)
    more = browser.post(f"/train/moods/leases/{lease}/extend", headers=HTMX)
    assert (more.status_code, more.text) == (200, "")
    with filled.store.read() as uow:
        work = uow.work.get(lease)
        task = uow.items.get(work.item_id).task_id
    assert work.extended
    assert browser.post(f"/train/moods/leases/{lease}/give-back", data={"reason": ""}).status_code == 422
    back = browser.post(f"/train/moods/leases/{lease}/give-back", data={"reason": "not my field"}, headers=HTMX)
    assert "You gave this one back" in back.text
    assert filled.platform.claim(task, 22) == "held", "Label Studio lets it go, too"


def test_other_people_and_other_sites(filled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    lease, _ = next_card(browser)
    sign_in(browser, 22)
    assert browser.post(f"/train/moods/leases/{lease}/beat").status_code == 404
    assert browser.post(f"/train/moods/leases/{lease}/give-back", data={"reason": "mine!"}).status_code == 404
    assert browser.post("/train/nobody/next").status_code == 404
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert browser.post("/train/moods/next", headers=headers).status_code == 403
        assert browser.post("/train/sign-in", data={"url": URL, "token": "user 21"}, headers=headers).status_code == 403


def test_a_token_is_kept_encrypted_and_forgotten(filled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    cookie = browser.cookies[COOKIE]
    with filled.store.read() as uow:
        [desk] = uow.people.desks(filled.id)
    assert desk.trainer.token is not None
    assert b"user 21" not in desk.trainer.token
    assert filled.runtime.vault.decrypt(desk.trainer.token) == b"user 21"
    assert "user 21" not in cookie
    browser.post("/train/sign-out")
    with filled.store.read() as uow:
        assert uow.people.get(desk.trainer.id).token is None
    assert browser.post("/train/moods/next").status_code == 401
    browser.cookies.set(COOKIE, cookie)
    assert browser.post("/train/moods/next").status_code == 401, "an old cookie opens nothing"
    browser.cookies.set(COOKIE, cookie[:-4] + "AAAA")
    assert browser.post("/train/moods/next").status_code == 401


def test_pages_load_nothing_from_elsewhere(filled: LocalWorld, browser: TestClient) -> None:
    answer = browser.get("/train")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for place in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
        assert browser.get(place).status_code == 200, place
    assert "http://" not in re.sub(re.escape(URL), "", answer.text)


def test_nothing_to_do(world: LocalWorld, browser: TestClient) -> None:
    sign_in_form = browser.get("/train").text
    assert URL in sign_in_form
    sign_in(browser)
    answer = browser.post("/train/moods/next", headers=HTMX)
    assert "There is nothing for you now" in answer.text
    assert 'hx-trigger="every 5s"' in answer.text


def sent(browser: TestClient, path: str, *, heading: str = "<h1>Your next item</h1>", **form: str) -> str:
    """The page that a browser comes to which has sent a form by itself, since no script was there yet."""
    answer = browser.post(path, data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    found = browser.get(answer.headers["location"])
    assert found.status_code == 200, found.text
    assert heading in found.text
    return found.text


def test_forms_that_the_browser_sends_by_itself(filled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    page = sent(browser, "/train/moods/next")
    lease, _ = next_card(browser)
    at = f"/train/moods/leases/{lease}"
    assert f'method="post" action="{at}/give-back"' in page
    assert 'href="memory://person-21@example.com"' in page
    assert "Give me an item" not in page
    assert "More time" in page
    assert "More time" not in sent(browser, f"{at}/extend")
    assert "You gave this one back." in sent(browser, f"{at}/give-back", reason="not my field")
    page = sent(browser, "/train/moods/next")
    lease, _ = next_card(browser)
    with filled.store.read() as uow:
        task = uow.items.get(uow.work.get(lease).item_id).task_id
    filled.label(task, user=21)
    filled.sync()
    assert "your label has arrived" in browser.get(f"/train?lease={lease}").text
    sign_in(browser, 22)
    assert browser.get(f"/train?lease={lease}").status_code == 404


def test_a_page_of_a_lease_that_is_over_hands_out_no_other(filled: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    lease, _ = next_card(browser)
    filled.later(86_400.0)
    page = browser.get(f"/train?lease={lease}").text
    assert "The time was over" in page
    assert "Next item" in page
    with filled.store.read() as uow:
        held = uow.work.get(lease)
        assert uow.work.held(filled.id, held.trainer_id) == held


def test_why_there_is_nothing_is_a_page_too(world: LocalWorld, browser: TestClient) -> None:
    sign_in(browser)
    page = browser.post("/train/moods/next").text
    assert "<h1>Your next item</h1>" in page
    assert "There is nothing for you now" in page
    assert 'hx-trigger="every 5s"' in page


def test_a_form_that_is_sent_after_the_sign_in_has_ended_leads_to_it(filled: LocalWorld, browser: TestClient) -> None:
    headers = {"Accept": "text/html", "Referer": "http://testserver/train/moods/review"}
    answer = browser.post("/train/moods/review/next", headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/train?next=/train/moods/review")
