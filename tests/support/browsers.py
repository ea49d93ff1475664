"""Pages of a browser that a test drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Page


def patient(page: Page) -> Page:
    """The page, its requests and what is expected of it wait until it comes about; only what hangs ends them."""
    from playwright.sync_api import expect

    page.context.set_default_timeout(1000 * PATIENCE_S)
    expect.set_options(timeout=1000 * PATIENCE_S)
    return page
