"""A project -> the bytes of its report in one of four forms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from serving.language import ENGLISH, speaking
from serving.monitoring.automation import report
from serving.monitoring.kept_figures import reported
from serving.monitoring.remembered import Counted
from serving.pipeline.runtime import Runtime
from serving.reports.contents import contents
from serving.reports.page import as_html
from serving.reports.pdf import as_pdf
from serving.reports.table import as_csv, as_json
from serving.store.records import ProjectRow


class Form(StrEnum):
    """What a report can be written as; the value is the ending of the file's name."""

    CSV = "csv"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"


MEDIA_TYPES = {
    Form.CSV: "text/csv; charset=utf-8",
    Form.JSON: "application/json",
    Form.HTML: "text/html; charset=utf-8",
    Form.PDF: "application/pdf",
}


_drawing = Lock()
"""One page at a time: drawing takes seconds of a processor, and requests are answered beside it."""


@dataclass(frozen=True, slots=True)
class File:
    """A report to be stored."""

    name: str
    media_type: str
    body: bytes
    at: float
    """When its numbers were counted, epoch seconds."""


def file_of(runtime: Runtime, project: ProjectRow, form: Form, language: str = ENGLISH, *, kept: bool = False) -> File:
    """Counted now, or what pages show.

    Args:
        runtime: the composition.
        project: of which.
        form: CSV and JSON hold numbers and the texts of the JSON; HTML and PDF are for people.
        language: one of ``LANGUAGES``; of CSV and JSON, which programs read, the texts are English.
        kept: take the figures that the pipeline has counted (``serving.monitoring.kept``).

    Raises:
        ConfigurationError: what HTML or PDF takes is not installed; it says what.
    """
    said = reported(runtime, project) if kept else Counted(report(runtime, project), runtime.now())
    with speaking(language if form in (Form.HTML, Form.PDF) else ENGLISH):
        if form is Form.CSV:
            body = as_csv(said.value)
        elif form is Form.JSON:
            body = as_json(said.value)
        else:
            with _drawing:
                html = as_html(contents(runtime, project, said, kept=kept))
                body = as_pdf(html) if form is Form.PDF else html.encode()
    return File(f"prelabel-{project.slug}.{form.value}", MEDIA_TYPES[form], body, said.at)
