"""Two people at once in real browsers, each at a task that they hold, and a third who takes what the stream gives."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from connectors.base import Claim
from connectors.label_studio.client import LabelStudio
from connectors.label_studio.person import Person, deep_link
from scripts.browser import SUBMIT, all_signed_in, at_rest, choose, chromium, submit
from scripts.label_studio import Server, create_user
from tests.support.label_studio import RemoteHands
from tests.support.predictions import XML, labels_of, outgoing

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.label_studio,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
PASSWORD = "a long passphrase"
TICKED = ".lsf-choices input:checked"


def test_each_labels_what_they_hold(server: Server, tmp_path: Path) -> None:
    emails = [f"{name}-annotator@example.com" for name in ("one", "two", "third")]
    tokens = [create_user(server, email, PASSWORD) for email in emails]
    with ExitStack() as open_:
        hands = RemoteHands(server, XML)
        open_.callback(hands.close)
        platform = LabelStudio(server.url, server.token, hands.project_id)
        open_.callback(platform.close)
        people = [Person(server.url, token, hands.project_id) for token in tokens]
        for person in people:
            open_.callback(person.close)
        ids = hands.add_tasks([{"text": f"text number {number}"} for number in range(5)])
        suggested, blind = ids[1], ids[3]
        platform.publish_predictions([outgoing(suggested, "good")], check_existing=True)
        platform.set_model_version("v1")

        assert [people[0].claim(suggested), people[1].claim(blind)] == [Claim.HELD] * 2
        assert [people[0].claim(blind), people[1].claim(suggested)] == [Claim.TAKEN] * 2
        pages = open_.enter_context(all_signed_in(server, dict.fromkeys(emails[:2], PASSWORD), tmp_path))
        for page, task_id, number in zip(pages, (suggested, blind), (1, 3), strict=True):
            page.goto(deep_link(server.url, hands.project_id, task_id))
            sees(page, number)
        pages[0].locator('.lsf-choices input[name="good"]:checked').wait_for(state="attached")
        assert pages[1].locator(TICKED).count() == 0, "a blind item shows no suggestion"

        assert drained(server, tokens[2], hands.project_id) == {ids[0], ids[2], ids[4]}

        choose(pages[1], "bad")
        for page, task_id in zip(pages, (suggested, blind), strict=True):
            submit(page, task_id)
        one, two = (person.whoami().id for person in people[:2])
        assert answers(platform, suggested) == [(one, ("good",))]
        assert answers(platform, blind) == [(two, ("bad",))]

        # A second opinion: the page of the task would show the first.
        platform.ask_again({blind: 2})
        assert people[0].claim(blind) is Claim.HELD
        pages[0].goto(people[0].stream_link(blind))
        sees(pages[0], 3)
        assert pages[0].locator(TICKED).count() == 0
        choose(pages[0], "good")
        submit(pages[0], blind)
        pages[0].get_by_text("No More Tasks Left in Queue").wait_for()
        assert answers(platform, blind) == [(two, ("bad",)), (one, ("good",))]


def sees(page: Page, number: int) -> None:
    """One text and no other, once nothing on the page moves any more."""
    page.locator(SUBMIT).wait_for()
    text = page.locator(".lsf-richtext")
    text.filter(has_text=f"text number {number}").wait_for()
    at_rest(page, 1_000)
    assert text.all_inner_texts() == [f"text number {number}"]


def answers(platform: LabelStudio, task_id: int) -> list[tuple[int, tuple[str, ...]]]:
    """(author, labels) of each annotation, oldest first."""
    found = sorted(platform.annotations([task_id])[task_id], key=lambda item: item.id)
    return [(item.completed_by, labels_of(item.result)) for item in found]


def drained(server: Server, token: str, project_id: int) -> set[int]:
    """Tasks that the stream gives to one person until it gives none, each labelled."""
    given = set()
    params: dict[str, str | int] = {"id": "next_task", "project": project_id}
    with httpx.Client(
        base_url=server.url, headers={"Authorization": f"Token {token}"}, trust_env=False, timeout=60
    ) as http:
        while (answer := http.post("/api/dm/actions/", params=params, json={}, timeout=60.0)).status_code == 200:
            task_id = int(answer.json()["id"])
            assert task_id not in given
            given.add(task_id)
            http.post(f"/api/tasks/{task_id}/annotations/", json={"result": []}, timeout=60.0).raise_for_status()
    assert answer.status_code == 404
    return given
