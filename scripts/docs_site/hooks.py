"""What mkdocs calls while it builds: puts the parts that are made from the code into their pages.

mkdocs loads this file by its path, so what it needs of the project is imported by name and from the root folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.docs_site.api import errors_of_the_api, overview_page, routes_page
from scripts.docs_site.commands import commands_page
from scripts.docs_site.settings import project_file_page, settings_page
from scripts.docs_site.troubleshooting import checks_page, errors_page

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

MADE: dict[str, Callable[[], str]] = {
    "settings": settings_page,
    "project file": project_file_page,
    "commands": commands_page,
    "routes": routes_page,
    "routes in short": overview_page,
    "answers of every route": errors_of_the_api,
    "checks of the doctor": checks_page,
    "errors": errors_page,
}
MARK = re.compile(r"^<!-- made from the code: (.+?) -->$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """A folder in the navigation stands for all pages in it, by name: decisions need no entry each."""
    config.nav = [_opened(entry, Path(config.docs_dir)) for entry in config.nav or ()]
    return config


def _opened(entry: Any, docs: Path) -> Any:
    if isinstance(entry, dict):
        return {name: _opened(inner, docs) for name, inner in entry.items()}
    if isinstance(entry, list):
        return [_opened(inner, docs) for inner in entry]
    if entry.endswith("/"):
        return [str(path.relative_to(docs)) for path in sorted((docs / entry).glob("*.md"))]
    return entry


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Replace the marks.

    Raises:
        KeyError: a page asks for a part that nobody makes.
    """
    return MARK.sub(lambda found: MADE[found[1]](), markdown)
