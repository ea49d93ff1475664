"""Reports as files: the same numbers in each, nothing fetched, and in the reader's language."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import ImageFile

from models.errors import ConfigurationError, MissingDependencyError
from models.types import GateState
from serving.api.application import create_app
from serving.console.charts import Chart
from serving.reports import pdf
from serving.reports.files import Form, file_of
from serving.reports.page import svg
from serving.reports.table import as_csv
from tests.support.local_world import LocalWorld, easy
from tests.support.pango import THERE
from tests.unit.serving.api.conftest import OPERATOR
from tests.unit.serving.conftest import MakeWorld

needs_pango = pytest.mark.skipif(not THERE, reason="Pango is not installed")
needs_chinese = pytest.mark.skipif(not pdf.has_font(pdf.SCRIPTS["zh-Hans"]), reason="no font here has Chinese")
VOID = {"meta", "link", "br", "img", "input", "hr"}


@pytest.fixture
def opened(world: LocalWorld) -> LocalWorld:
    """A world with an open gate, audits among what people have labelled."""
    world.open(easy(120))
    world.arrive(easy(60, seed=3))
    world.sync()
    world.settle()
    return world


class Page(HTMLParser):
    """Tags with their attributes, and that each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves of JSON by their path; an empty list is a leaf."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    parts = [(f"{key}.{name}" if key else str(name), part) for name, part in children]
    if not parts:
        yield key, value
    for name, part in parts:
        yield from flat(part, name)


def read(body: bytes) -> dict[str, str]:
    header, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    assert header == ["key", "value"]
    assert len({key for key, _ in rows}) == len(rows)
    return {key: value for key, value in rows}


def back(text: str) -> Any:
    """What a cell said; a text that is no JSON is itself."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def test_csv_and_json_hold_the_numbers_of_the_report(opened: LocalWorld) -> None:
    said = json.loads(file_of(opened.runtime, opened.project, Form.JSON).body)
    assert said == opened.report().model_dump(mode="json")
    cells = read(file_of(opened.runtime, opened.project, Form.CSV).body)
    wanted = dict(flat(said))
    assert cells.keys() == wanted.keys()
    assert {key: back(value) for key, value in cells.items()} == wanted
    assert cells["accepted"] == str(opened.report().accepted) != "0"


def test_a_spreadsheet_runs_nothing(opened: LocalWorld) -> None:
    report = opened.report().model_copy(update={"gate_reason": '=HYPERLINK("http://evil", "a")'})
    assert read(as_csv(report))["gate_reason"].startswith("'=")


def test_html_is_one_file_that_asks_for_nothing(opened: LocalWorld) -> None:
    text = file_of(opened.runtime, opened.project, Form.HTML).body.decode()
    page = Page(text)
    assert not re.search(r"https?:|//[a-z]|url\((?!#)|@import|javascript:", text)
    for tag in ("script", "link", "img", "iframe", "object"):
        assert not page.all(tag)
    for _, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on")]
        assert all((attrs.get(name) or "#").startswith("#") for name in ("href", "src", "xlink:href"))


def test_html_can_be_read_without_seeing_it(opened: LocalWorld) -> None:
    text = file_of(opened.runtime, opened.project, Form.HTML).body.decode()
    page = Page(text)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) == 1 + len(page.all("svg")), "one of the page, one of each chart"
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert len(page.all("svg")) == 4
    for attrs in page.all("svg"):
        assert attrs["role"] == "img"
        assert {attrs["aria-labelledby"], attrs["aria-describedby"]} <= set(ids)
    used = re.findall(r"url\(#([^)]+)\)", text)
    assert set(used) <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(page.all("figure")) == len(page.all("figcaption")) == len(page.all("table"))
    assert page.all("th")
    assert all(attrs["scope"] in ("row", "col") for attrs in page.all("th"))


def test_html_says_what_the_report_says(opened: LocalWorld) -> None:
    report = opened.report()
    text = file_of(opened.runtime, opened.project, Form.HTML).body.decode()
    assert f"{report.accepted:,} of {report.arrived:,} items were labelled without a person" in text
    assert "Of 1,000 labels that are accepted, at most 100 are wrong; we are 80 % sure of that." in text
    assert "Keep answering the blind checks" in text
    assert "accepted of" in text, "each number says how it is defined"


@pytest.mark.parametrize("gate", ["cold", "shadow", "closed", "watch"])
def test_every_state_of_the_gate_has_words_and_a_next_step(world: LocalWorld, gate: str) -> None:
    with world.store.begin() as uow:
        why = "<b>because & so</b>"
        uow.gate.transition(world.id, GateState(gate), reason=why, actor="ada", numbers={}, now=world.clock())
    text = file_of(world.runtime, world.project, Form.HTML).body.decode()
    assert f'class="state {gate}"' in text
    assert "&lt;b&gt;because &amp; so&lt;/b&gt;" in text
    assert "Nothing is promised" in text
    Page(text)


def test_names_of_classes_stay_text_in_charts() -> None:
    evil = "</text><script>alert(1)</script>"
    spec = {
        "data": {"values": [{"x": evil, "y": 1}]},
        "mark": "bar",
        "encoding": {"x": {"field": "x", "type": "nominal"}, "y": {"field": "y", "type": "quantitative"}},
    }
    drawn = svg(Chart("evil", evil, evil, (), (), spec))
    assert "<script" not in drawn
    Page(str(drawn))


def test_in_chinese(opened: LocalWorld) -> None:
    text = file_of(opened.runtime, opened.project, Form.HTML, "zh-Hans").body.decode()
    assert Page(text).all("html") == [{"lang": "zh-Hans"}]
    assert "自动化报告：moods" in text
    assert "未经人工完成标注" in text
    assert "In short" not in text


def words_of(body: bytes) -> str:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(body))
    assert len(reader.pages) >= 2
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


@needs_pango
def test_pdf_has_the_text_of_the_page_and_fetches_nothing(opened: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*address: object) -> None:
        raise AssertionError(address)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    made = file_of(opened.runtime, opened.project, Form.PDF)
    assert made.body.startswith(b"%PDF-")
    text, report = words_of(made.body), opened.report()
    assert "Automation report: moods" in text
    assert f"{report.accepted:,} of {report.arrived:,} items were labelled without a person" in text
    assert "Decisions by day" in text
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(made.body))
    assert reader.metadata is not None
    assert reader.metadata.title == "Automation report: moods"
    assert str(reader.root_object["/Lang"]) == "en"


@needs_pango
def test_broken_pictures_stay_broken_beside_it() -> None:
    """WeasyPrint's import has Pillow take broken pictures for whole ones, in the whole process."""
    pdf.library()
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@needs_pango
@needs_chinese
def test_pdf_in_chinese_brings_its_font(opened: LocalWorld) -> None:
    made = file_of(opened.runtime, opened.project, Form.PDF, "zh-Hans")
    text = words_of(made.body)
    assert "自动化报告" in text
    assert "下一步" in text
    from pypdf import PdfReader

    fonts = [
        font.get_object()
        for page in PdfReader(io.BytesIO(made.body)).pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    ]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & descriptor.keys(), "embedded"


@needs_pango
def test_pdf_without_a_font_says_which(opened: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not pdf.has_font(b":lang=xx-nowhere")
    monkeypatch.setitem(pdf.SCRIPTS, "zh-Hans", b":lang=xx-nowhere")
    with pytest.raises(ConfigurationError, match="fonts-noto-cjk"):
        file_of(opened.runtime, opened.project, Form.PDF, "zh-Hans")


@pytest.mark.parametrize(("form", "package"), [(Form.HTML, "vl_convert"), (Form.PDF, "weasyprint")])
def test_without_the_extra_it_says_what_to_install(
    opened: LocalWorld, monkeypatch: pytest.MonkeyPatch, form: Form, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=r"prelabel\[report\]"):
        file_of(opened.runtime, opened.project, form)


@pytest.mark.parametrize("form", [Form.CSV, Form.JSON, Form.HTML])
def test_by_the_api_and_from_the_page(make: MakeWorld, form: Form) -> None:
    world = make(settings={"view_token": "look-only"})
    with TestClient(create_app(world.runtime), headers={"Origin": "http://testserver"}) as http:
        path = f"/projects/moods/report.{form.value}"
        assert http.get(f"/api/v1{path}").status_code == 401
        answer = http.get(f"/api/v1{path}", headers=OPERATOR)
        assert (answer.status_code, answer.headers["content-disposition"]) == (
            200,
            f'attachment; filename="prelabel-moods.{form.value}"',
        )
        assert "script-src" not in answer.headers["content-security-policy"]
        assert http.get(path, follow_redirects=False).status_code == 303
        http.post("/sign-in", data={"token": "look-only"})
        assert http.get(path, follow_redirects=False).content == answer.content
        assert f'href="{path}"' in http.get("/projects/moods").text
        chinese = http.get(path, params={"language": "zh-Hans"})
        assert (chinese.content != answer.content) is (form is Form.HTML)
        assert http.get(path, params={"language": "tlh"}).status_code == 422
        assert http.get("/projects/moods/report.exe").status_code == 422
