"""``prelabel report``: a table for a terminal, or a file to hand on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from models.errors import ConfigurationError
from serving.language import ENGLISH, LANGUAGES, speaking
from serving.monitoring.automation import AutomationReport
from serving.monitoring.automation import report as make
from serving.monitoring.monitor import lines
from serving.monitoring.ordering import summary
from serving.monitoring.people_quality import lines as people_lines
from serving.terminal import Config, Json, Slug, err, out, project_of, runtime_of


def report(
    slug: Slug,
    form: Annotated[
        Literal["table", "json", "csv", "html", "pdf"],
        typer.Option("--format", help="A table for the terminal, or a file; HTML and PDF need the extra 'report'."),
    ] = "table",
    output: Annotated[
        Path | None,
        typer.Option("--output", help="File to write; default: standard output; a PDF needs one."),
    ] = None,
    language: Annotated[str, typer.Option(help="en or zh-Hans: what HTML and PDF are written in.")] = ENGLISH,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """The automation rate, with its proof: certificate, audits, and how many labels it took."""
    from serving.reports.files import Form, file_of

    form = "json" if as_json else form
    if language not in LANGUAGES:
        raise ConfigurationError(f"there is no language {language!r}; there are {', '.join(LANGUAGES)}")
    if form == "pdf" and output is None:
        raise ConfigurationError("a PDF goes into a file: give --output FILE")
    runtime = runtime_of(config)
    project = project_of(runtime, slug)
    if form == "table":
        if output is not None:
            raise ConfigurationError("a table goes to the terminal: give --format csv, html or pdf with --output")
        with speaking(language):
            out.print(table_of(make(runtime, project)))
        return
    made = file_of(runtime, project, Form(form), language)
    if output is None:
        sys.stdout.write(made.body.decode().removeprefix("\ufeff"))
        return
    try:
        output.write_bytes(made.body)
    except OSError as error:
        raise ConfigurationError(f"cannot write {output}: {error.strerror}") from error
    err.print(f"wrote {output}: {len(made.body):,} bytes", highlight=False)


def table_of(value: AutomationReport) -> Table:
    """What matters most, for a terminal."""
    table = Table("", "", show_header=False)
    table.add_row("arrived", str(value.arrived))
    table.add_row("labelled by people", ", ".join(f"{k} {v}" for k, v in value.labeled.model_dump().items()))
    table.add_row("accepted without a person", f"{value.accepted} ({value.automation_rate:.1%} of arrived)")
    table.add_row("suggested", str(value.suggested))
    table.add_row("gate", f"{value.gate.value}: {escape(value.gate_reason)}")
    if value.opening is not None:
        table.add_row("what opens it", escape(value.opening.in_words))
    if value.second_opinions_wanted:
        table.add_row("second opinions wanted", f"{value.second_opinions_wanted}, each from another person")
    if value.certificate is not None and value.certificate.assumption is not None:
        table.add_row("its certificate assumes", escape(value.certificate.assumption))
    if value.audits:
        bound = f"{value.audit_error_upper:.1%}" if value.audit_error_upper is not None else "-"
        table.add_row("audits", f"{value.audit_errors} wrong of {value.audits}; at most {bound} (95 %)")
    for name, said in lines(value.monitor) if value.monitor is not None else ():
        table.add_row(name, said)
    if value.reopened:
        table.add_row("reopened", f"{value.reopened} acceptances were taken back when audits closed the gate")
    table.add_row("suggestions", escape(value.effort.in_words))
    table.add_row("saved", escape(value.savings.in_words))
    table.add_row("asked for", escape(summary(value.ordering)))
    for name, said in people_lines(value.people):
        table.add_row(escape(name), escape(said))
    return table
