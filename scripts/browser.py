"""Chromium, driven as trainers drive it: signed in to Label Studio, one task open."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts import label_studio

if TYPE_CHECKING:
    from playwright.sync_api import Page

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS = 90_000
"""Longest wait for anything on a page."""
STILL_MS = 3_000
"""Of an editor that is filled in: waveforms, films and brushes come seconds after the page."""
STILL = """([still, limit]) => new Promise((done) => {
    const end = () => { watch.disconnect(); done(); };
    let timer = setTimeout(end, still);
    const watch = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(end, still); });
    watch.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    setTimeout(end, limit);
})"""
SUBMIT = 'button[aria-label="Submit current annotation"]'


def chromium() -> str | None:
    """Where Chromium lies; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def signed_in(server: label_studio.Server, email: str, password: str, profile: Path) -> Iterator[Page]:
    """A page of a fresh browser, after Label Studio's login page."""
    with all_signed_in(server, {email: password}, profile) as [page]:
        yield page


@contextmanager
def all_signed_in(server: label_studio.Server, people: dict[str, str], folder: Path) -> Iterator[list[Page]]:
    """A page for each person at the same time, each with a profile of their own; ``people``: email -> password."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    assert path is not None
    with sync_playwright() as play, ExitStack() as open_:
        pages = []
        for number, (email, password) in enumerate(people.items()):
            profile = str(folder / str(number))
            browser = play.chromium.launch_persistent_context(
                profile, executable_path=path, headless=True, args=list(FLAGS), viewport={"width": 1400, "height": 900}
            )
            open_.callback(browser.close)
            page = browser.pages[0]
            page.set_default_timeout(WAIT_MS)
            page.goto(f"{server.url}/user/login/")
            page.fill('input[name="email"]', email)
            page.fill('input[name="password"]', password)
            page.click('button[type="submit"]')
            page.wait_for_url(lambda url: "/user/login" not in url)
            pages.append(page)
        yield pages


def at_rest(page: Page, still_ms: int = STILL_MS) -> None:
    """Wait until nothing on the page has changed for so long; at most ``WAIT_MS``."""
    page.wait_for_load_state("networkidle")
    page.evaluate(STILL, [still_ms, WAIT_MS])


def choose(page: Page, name: str) -> None:
    """Tick a choice; a page that is still being filled in forgets the first click."""
    box = page.locator(f'.lsf-choices input[name="{name}"]')
    end = time.monotonic() + WAIT_MS / 1000
    while not box.is_checked() and time.monotonic() < end:
        box.click(force=True)
        page.wait_for_timeout(300)
    assert box.is_checked()


def submit(page: Page, task_id: int) -> dict[str, Any]:
    """Press Submit; the annotation as Label Studio stored it."""
    path = f"/api/tasks/{task_id}/annotations"
    with page.expect_response(lambda r: path in r.url and r.request.method == "POST") as waiting:
        page.click(SUBMIT)
    assert waiting.value.status == 201
    stored: dict[str, Any] = waiting.value.json()
    return stored
