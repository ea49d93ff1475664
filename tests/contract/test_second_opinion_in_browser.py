"""What a second person sees: in the label stream the task alone, in the data manager the first one's answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.label_studio.client import LabelStudio
from scripts.browser import SUBMIT, at_rest, chromium, signed_in
from scripts.label_studio import Server, create_user
from tests.support.label_studio import RemoteHands, trainer
from tests.support.predictions import XML, human

pytestmark = [
    pytest.mark.browser,
    pytest.mark.label_studio,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]


def test_the_label_stream_is_blind_to_others(server: Server, tmp_path: Path) -> None:
    hands = RemoteHands(server, XML, trainer=trainer(server, "first-opinion"))
    platform = LabelStudio(server.url, server.token, hands.project_id)
    email, password = "second-opinion@example.com", "a long passphrase"
    create_user(server, email, password)
    task_id = hands.add_tasks([{"text": f"text {n}"} for n in range(4)])[2]
    hands.annotate(task_id, human("bad"))
    platform.ask_again({task_id: 2})
    base = f"{server.url}/projects/{hands.project_id}/data"
    with signed_in(server, email, password, tmp_path) as page:
        bad = page.locator('.lsf-choices input[name="bad"]')

        page.goto(f"{base}?labeling=1")
        page.locator(".lsf-richtext", has_text="text 2").wait_for()
        bad.wait_for(state="attached")
        page.locator(SUBMIT).wait_for()
        at_rest(page, 1_000)
        assert not bad.is_checked()

        page.goto(f"{base}?task={task_id}")
        page.locator(".lsf-richtext", has_text="text 2").wait_for()
        page.locator('.lsf-choices input[name="bad"]:checked').wait_for(state="attached")
    platform.close()
    hands.close()
