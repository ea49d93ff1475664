"""The documentation as a site: it builds without a warning, fetches nothing, and the settings say what they must."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from models.types import GateState
from scripts.docs_site.commands import commands
from scripts.docs_site.hooks import MADE, MARK
from scripts.docs_site.markdown import anchor
from serving.projects.checks import CHECKS, Check
from serving.settings import Settings
from tests.support.documents import ROOT

UNITS = r"\b(seconds?|items|bytes|audits|factor|tries|people|share|processes|threads|pixels|accuracy|TCP port)\b"
"""A number's docstring names one of these."""
WHEN = r"\b(Raise|Lower|Change|Set)\s+it\b"
"""With this a docstring says when to change a setting."""


def build(config: Path, site: Path) -> list[str]:
    """As ``make docs``; the warnings that end it, none where it went well."""
    said = Said()
    log = logging.getLogger("mkdocs")
    log.addHandler(said)
    try:
        mkdocs_build(load_config(str(config), strict=True, site_dir=str(site)))
    except Abort:
        assert said.warnings, "it ended without a reason"
    finally:
        log.removeHandler(said)
    return said.warnings


class Said(logging.Handler):
    """What a build warned of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.warnings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.warnings.append(record.getMessage())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site: dead links, dead anchors and pages outside the navigation end the build."""
    folder = tmp_path_factory.mktemp("site")
    assert build(ROOT / "configs" / "mkdocs.yml", folder) == []
    return folder


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """Links may lead out; scripts, styles, pictures and fonts may not."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r'(?:src|srcset)="(?:https?:)?//[^"]*"|<link[^>]+href="(?:https?:)?//[^"]*"', text)
        assert not fetched, f"{page.name}: {fetched}"


def test_what_is_made_is_on_the_pages(site: Path) -> None:
    said = {page.name: page.read_text(encoding="utf-8") for page in site.glob("*.html")}
    assert "made from the code:" not in "".join(said.values())
    for name in Settings.model_fields:
        assert f'id="{name}"' in said["settings.html"], name
    for path, _ in commands():
        assert f'id="{path.replace(" ", "-")}"' in said["commands.html"], path
    for check in CHECKS:
        assert f'id="check-{anchor(check.name)}"' in said["troubleshooting.html"], check.name


def test_every_part_is_asked_for_once() -> None:
    asked = [part for page in ROOT.glob("docs/*.md") for part in MARK.findall(page.read_text(encoding="utf-8"))]
    assert sorted(asked) == sorted(MADE)


def test_dead_links_and_lost_pages_end_the_build(tmp_path: Path) -> None:
    config = small_site(tmp_path, "all is well")
    assert build(config, tmp_path / "site") == []
    dead = "[a](nowhere.md) [b](other.md#nowhere) [c](/absolute.md) [d](#nothing)"
    (tmp_path / "docs" / "index.md").write_text(f"# Begin\n\n{dead}\n")
    (tmp_path / "docs" / "lost.md").write_text("# Lost")
    said = "\n".join(build(config, tmp_path / "site"))
    for place in ("lost.md", "nowhere.md", "other.md#nowhere", "/absolute.md", "#nothing"):
        assert place in said


def test_a_part_that_nobody_makes_ends_the_build(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="dreams"):
        build(small_site(tmp_path, "<!-- made from the code: dreams -->"), tmp_path / "site")


def small_site(folder: Path, text: str) -> Path:
    """Two pages with the settings of the real site."""
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").write_text(f"# Begin\n\n{text}\n")
    (folder / "docs" / "other.md").write_text("# Other\n")
    real = (ROOT / "configs" / "mkdocs.yml").read_text(encoding="utf-8")
    real = real.partition("\nnav:")[0].replace("../docs", "docs").replace("../build/site", "site")
    real = real.replace("../scripts", str(ROOT / "scripts")).replace("extra_css: [site.css]\n", "")
    config = folder / "mkdocs.yml"
    config.write_text(f"{real}\nnav: [index.md, other.md]\n")
    return config


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_says_its_unit_and_when_to_change_it(name: str) -> None:
    """Range and default are said by the field itself, and are on the page."""
    field = Settings.model_fields[name]
    said = field.description or ""
    assert re.search(WHEN, said), f"{name}: its docstring does not say when to change it ({WHEN})"
    if field.annotation in (int, float):
        assert re.search(UNITS, said, re.IGNORECASE), f"{name}: its docstring names no unit"
        assert field.metadata, f"{name}: it has no range"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_check_of_the_doctor_is_described(check: Check) -> None:
    assert check.looks_at.endswith(".")
    assert check.wrong
    names = set(re.findall(r"\{(\w+)", check.advice))
    assert check.advise(**dict.fromkeys({*names, "project"}, "x"))


def test_the_plain_words_name_the_states_and_why_a_gate_is_closed() -> None:
    text = (ROOT / "docs" / "gate-in-words.md").read_text(encoding="utf-8")
    assert {state.value for state in GateState if f"`{state.value}`" not in text} <= {"open"}
