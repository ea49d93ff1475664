"""The report as one HTML file that asks nobody for anything: charts are SVG, made here from the same specifications."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.errors import MissingDependencyError
from serving.console.charts import Chart
from serving.language import gettext, language, ngettext_plain
from serving.reports.contents import Contents

WIDTH: Final = 640
"""Of a chart, CSS pixels."""
_CONFIG: Final = {"background": "transparent", "font": "sans-serif", "view": {"stroke": "#d5dbe3"}}


def as_html(contents: Contents) -> str:
    """The whole document.

    Raises:
        MissingDependencyError: the extra ``report`` is not installed.
    """
    pictures = [(chart, svg(chart)) for chart in contents.charts]
    at = datetime.fromtimestamp(contents.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    template = _templates().get_template("report.html")
    return template.render(contents=contents, report=contents.report, pictures=pictures, at=at, language=language())


def svg(chart: Chart) -> Markup:
    """A chart with its title and its definition for who does not see it; ids are the chart's own.

    Raises:
        MissingDependencyError: the extra ``report`` is not installed.
    """
    try:
        import vl_convert
    except ImportError as error:
        raise MissingDependencyError("vl-convert-python", "report") from error
    spec: dict[str, Any] = {**chart.spec, "width": WIDTH, "config": _CONFIG, "autosize": {"type": "fit-x"}}
    made = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    made = re.sub(r"""\sxmlns(:\w+)?="[^"]*\"""", "", made)  # names only, and HTML needs none
    made = re.sub(r'(id="|url\(#|href="#)', rf"\1{chart.name}-", made)
    names = f'role="img" aria-labelledby="{chart.name}-title" aria-describedby="{chart.name}-says"'
    told = f'<title id="{chart.name}-title">{escape(chart.title)}</title>'
    told += f'<desc id="{chart.name}-says">{escape(chart.says)}</desc>'
    opened, rest = made.split(">", 1)
    return Markup(f"{opened} {names}>{told}{rest}")  # noqa: S704  vega escapes texts; tested


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(gettext, ngettext_plain, newstyle=True)  # type: ignore[attr-defined]
    made.policies["ext.i18n.trimmed"] = True
    return made
