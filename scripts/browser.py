"""Chromium, driven as a trainer drives it: signed in to Label Studio, one task open."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

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


def chromium() -> str | None:
    """Where Chromium lies; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def signed_in(server: label_studio.Server, email: str, password: str, profile: Path) -> Iterator[Page]:
    """A page of a fresh browser, after Label Studio's login page."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    assert path is not None
    with sync_playwright() as play:
        browser = play.chromium.launch_persistent_context(
            str(profile), executable_path=path, headless=True, args=list(FLAGS), viewport={"width": 1400, "height": 900}
        )
        try:
            page = browser.pages[0]
            page.set_default_timeout(WAIT_MS)
            page.goto(f"{server.url}/user/login/")
            page.fill('input[name="email"]', email)
            page.fill('input[name="password"]', password)
            page.click('button[type="submit"]')
            page.wait_for_url(lambda url: "/user/login" not in url)
            yield page
        finally:
            browser.close()
