"""The whole wizard in Chromium, in both languages: what is typed is checked, predictions lie over the items."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from PIL import Image, ImageDraw

from scripts.browser import FLAGS, chromium
from serving.api.application import create_app
from serving.composition import Platforms
from serving.console import staff
from serving.language import gettext, speaking
from serving.local import LocalScorer
from serving.pipeline.runtime import Runtime
from serving.projects import connect as connecting
from serving.projects.connect import Seen, Wish
from tests.support.browsers import patient
from tests.support.local_world import LocalWorld, choice, easy
from tests.support.served import serve
from tests.support.studio_twin import TOKEN, StudioTwin, studio_twin

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
MOODS = (
    '<View><Text name="text" value="$text"/><Choices name="mood" toName="text" choice="single" required="true">'
    '<Choice value="good"/><Choice value="bad"/></Choices></View>'
)
NAMES = (
    '<View><Labels name="name" toName="text"><Label value="person"/><Label value="place"/></Labels>'
    '<Text name="text" value="$text"/></View>'
)
PAGES = (
    '<View><Image name="page" value="$page"/><Rectangle name="box" toName="page"/>'
    '<TextArea name="read" toName="page" perRegion="true"/></View>'
)


@pytest.fixture(scope="module")
def studio() -> Iterator[StudioTwin]:
    with studio_twin() as running:
        moods = running.project("Moods of reviews", MOODS)
        for text, label in easy(40):
            moods.add({"text": text}, choice(label))
        for text, _ in easy(25, seed=2):
            moods.add({"text": text})
        _names(running)
        pages = running.project("Invoices", PAGES)
        for number in range(4):
            running.files[f"1/{number}.png"] = ("image/png", invoice(number))
            pages.add({"page": f"/data/upload/1/{number}.png"})
        fresh = running.project("Fresh", MOODS)
        fresh.add({"text": "Nobody has said anything of this one."})
        yield running


def _names(twin: StudioTwin) -> None:
    """Sentences with marked names, and some without any mark."""
    draw = random.Random(3)
    made = twin.project("Names in the news", NAMES)
    for number in range(60):
        who, where = (
            draw.choice(("Ada Lovelace", "Lin Yutang", "Grace Hopper")),
            draw.choice(("Paris", "Suzhou", "Oslo")),
        )
        text = f"{who} went to {where} on day {number}."
        marks = [
            {"start": text.index(word), "end": text.index(word) + len(word), "text": word, "labels": [label]}
            for word, label in ((who, "person"), (where, "place"))
        ]
        result = [
            {"id": f"r{n}", "from_name": "name", "to_name": "text", "type": "labels", "value": value}
            for n, value in enumerate(marks)
        ]
        made.add({"text": text}, result if number < 40 else None)


def invoice(number: int) -> bytes:
    """Lines of print that a reader of lines finds."""
    image = Image.new("RGB", (640, 360), "white")
    pen = ImageDraw.Draw(image)
    for row, line in enumerate((f"INVOICE No {1000 + number}", "Total amount due", f"EUR {120 + number}.50")):
        pen.text((40, 40 + 90 * row), line, fill="black", font_size=42)
    kept = BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> LocalScorer:
    """One for all visits: a reader of lines takes long to load."""
    return LocalScorer(tmp_path_factory.mktemp("models"))


@pytest.fixture
def served(world: LocalWorld, scorer: LocalScorer) -> Iterator[str]:
    staff._failures.clear()
    platforms = Platforms(world.runtime.settings, world.runtime.vault)
    world.runtime = replace(world.runtime, platform=platforms, scorer=scorer)
    with serve(create_app(world.runtime)) as url:
        yield url
    for client in platforms._clients.values():
        client.close()


def said(language: str, text: str, **values: object) -> str:
    """A template's text in a language."""
    with speaking(language):
        told = gettext(text)
    assert language == "en" or told != text, f"not translated: {text}"
    return told % values if values else told.replace("%%", "%")


class Visit:
    """A browser in one language, width and scheme; every page is held to the same rules."""

    def __init__(self, page: Page, width: int, name: str) -> None:
        self.page, self.width, self.name = page, width, name

    def look(self, name: str) -> None:
        page = self.page
        assert page.evaluate("document.documentElement.scrollWidth") <= self.width, name
        assert not [one for one in page.locator("label").all() if not _names_a_field(one)], name
        assert TOKEN not in page.content(), name
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"connect-{name}-{self.name}.png", full_page=True)


def _names_a_field(label: Any) -> bool:
    return bool(label.get_attribute("for")) or label.locator("input").count() == 1


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("en", 1200, "light"), ("zh-Hans", 1200, "dark"), ("zh-Hans", 400, "light"), ("en", 400, "dark")],
)
def test_the_whole_wizard(
    served: str, world: LocalWorld, studio: StudioTwin, language: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    from playwright.sync_api import sync_playwright

    studio.hooks.clear()
    problems: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, locale="zh-CN" if language != "en" else "en"
        )
        page = patient(context.new_page())
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.request.post(f"{served}/sign-in", form={"token": "operator-token"}, max_redirects=0)
        _walk(Visit(page, width, f"{language}-{width}-{scheme}"), served, studio, language)
        browser.close()
    assert not problems, "\n".join(problems)
    with world.store.read() as uow:
        made = uow.projects.by_slug("names")
    assert (made.epsilon, made.costs and made.costs.person_hour) == (0.02, 30.0)


def _walk(visit: Visit, served: str, studio: StudioTwin, language: str) -> None:
    page = visit.page
    page.goto(f"{served}/")
    page.get_by_role("link", name=said(language, "Connect a project")).click()
    page.locator("#url").fill("http://127.0.0.1:9")
    page.get_by_text(said(language, "What was answered")).wait_for()
    visit.look("no-answer")
    page.locator("#url").fill(studio.url)
    page.get_by_text(said(language, "Now the token.")).wait_for()
    page.locator("#token").fill("f" * 40)
    page.locator("#account .problem").wait_for()
    visit.look("wrong-token")
    page.locator("#token").fill(TOKEN)
    page.get_by_role("link", name=said(language, "Next: choose a project")).wait_for()
    visit.look("account")
    page.get_by_role("link", name=said(language, "Next: choose a project")).click()
    for title, name, drawn in (
        ("Moods of reviews", "choices", ".chips li"),
        ("Invoices", "boxes", ".picture-of svg rect"),
        ("Fresh", "fresh", ".tried article"),
        ("Names in the news", "spans", ".read mark"),
    ):
        page.get_by_label(title).check()
        page.get_by_role("heading", name=title).wait_for()
        page.locator(f".tried {drawn}" if name != "fresh" else drawn).first.wait_for()
        page.wait_for_load_state("networkidle")
        visit.look(name)
        if name == "boxes":
            from playwright.sync_api import expect

            expect(page.locator(".picture-of img").first).to_have_js_property("naturalWidth", 640)
    page.locator("#slug").fill("moods")
    page.locator("#mapping .problem").wait_for()
    page.locator("#slug").fill("names")
    page.get_by_role("button", name=said(language, "Next: the error budget")).click()
    page.locator("#wrong").fill("20")
    page.locator(".promise strong", has_text="20").wait_for()
    visit.look("budget")
    page.get_by_role("button", name=said(language, "Next: costs")).click()
    page.locator("#person_hour").fill("30")
    page.locator("#said", has_text="30").wait_for()
    visit.look("costs")
    page.get_by_role("button", name=said(language, "Next: look it over")).click()
    page.get_by_role("button", name=said(language, "Connect"), exact=True).wait_for()
    visit.look("go")
    page.get_by_role("button", name=said(language, "Connect"), exact=True).click()
    page.locator(".once code").first.wait_for()
    page.locator(".checks li").first.wait_for()
    visit.look("done")
    page.goto(f"{served}/projects/names/doctor")
    page.locator(".checks li").first.wait_for()
    studio.hooks.clear()
    page.locator(".checks").evaluate("found => { found.dataset.former = ''; }")
    page.get_by_role("button", name=said(language, "Check again")).click()
    page.locator(".checks:not([data-former]) .bad").first.wait_for()
    visit.look("doctor")
    page.get_by_role("button", name=said(language, "Mend what can be mended from here")).click()
    page.get_by_text(said(language, "What could be mended from here was mended.")).wait_for()
    assert (len(studio.hooks), page.url) == (1, f"{served}/projects/names/doctor")
    page.goto(f"{served}/projects/names/costs")
    visit.look("project-costs")


def test_next_right_after_typing_goes_on_while_label_studio_is_slow(
    served: str, studio: StudioTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playwright.sync_api import sync_playwright

    look = connecting.look

    def slow(runtime: Runtime, wish: Wish) -> Seen:
        time.sleep(1.5)  # longer than typing waits before it is checked
        return look(runtime, wish)

    monkeypatch.setattr(connecting, "look", slow)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        page = patient(browser.new_page())
        page.request.post(f"{served}/sign-in", form={"token": "operator-token"}, max_redirects=0)
        page.request.post(f"{served}/connect/account", form={"url": studio.url, "token": TOKEN})
        page.goto(f"{served}/connect/project")
        page.get_by_label("Fresh").check()
        page.get_by_role("heading", name="Fresh").wait_for()
        page.locator("#slug").fill("typed")
        page.get_by_role("button", name="Next: the error budget").click()
        page.wait_for_url("**/connect/budget")
        browser.close()
