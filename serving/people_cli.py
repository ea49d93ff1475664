"""``prelabel people``: what waits for people and what comes of their work, how far they agree, and what is right."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from models.people import Estimate
from serving.monitoring.consensus import ConsensusReport
from serving.monitoring.people import PeopleFigures, Wait
from serving.terminal import Config, Json, Slug, err, project_of, runtime_of, show
from serving.workforce.consensus import Method

people_app = typer.Typer(no_args_is_help=True, help="Figures of people: queue, fairness, agreement, consensus.")
DOUBTFUL = 20
"""Labels that the table of a consensus shows: the least certain ones."""
ALARMS = {
    "nobody_can": "nobody has the skill",
    "nobody_there": "nobody who can is there",
    "not_moving": "nothing was handed in",
}


@people_app.command("figures")
def figures(
    slug: Slug,
    days: Annotated[float, typer.Option(min=0.01, max=3650.0, help="How far back.")] = 7.0,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """What waits for whom and for how long, how work is shared, and what comes of it; people are named."""
    from serving.monitoring.people import figures as make

    runtime = runtime_of(config)
    value = make(runtime, project_of(runtime, slug), days=days)
    show(value, as_json, Group(_lines(value), _summary(value, days), _people(value), *_reviewers(value)))
    if not as_json:
        for name, said in value.definitions.items():
            err.print(f"{name}: {said}", markup=False, highlight=False, soft_wrap=True, style="dim")


@people_app.command("agreement")
def agreement(slug: Slug, as_json: Json = False, config: Config = None) -> None:
    """Krippendorff's alpha of each control, with its interval."""
    from serving.monitoring.agreement import agreement as make
    from serving.monitoring.agreement import in_words

    runtime = runtime_of(config)
    with err.status("comparing answers"):
        value = make(runtime, project_of(runtime, slug))
    table = Table("control", "answers", "alpha", "compared as")
    for one in value.figures:
        table.add_row(escape(one.control), one.sample.replace("_", " "), in_words(one), one.level)
    show(value, as_json, table if value.figures else "no item has two people's answers yet")
    if not as_json:
        for sample in dict.fromkeys(one.sample for one in value.figures):
            said = f"{sample.replace('_', ' ')}: {value.definitions[sample]}"
            err.print(said, markup=False, highlight=False, soft_wrap=True, style="dim")


@people_app.command("consensus")
def consensus(
    slug: Slug,
    control: Annotated[str | None, typer.Option(help="Its name; default: the first with one class a label.")] = None,
    method: Annotated[Method, typer.Option(help="How votes become a label.")] = Method.DAWID_SKENE,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a line an item.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """The label of each item that several people answered, and how certain it is."""
    from serving.monitoring import consensus as settling

    runtime = runtime_of(config)
    with err.status("weighing answers"):
        value = settling.consensus(runtime, project_of(runtime, slug), control=control, method=method)
    if as_csv:
        print(settling.as_csv(value), end="")
        return
    show(value, as_json, Group(f"{value.control}: {settling.in_words(value)}", _doubtful(value)))
    if not as_json:
        err.print(value.definition, markup=False, highlight=False, soft_wrap=True, style="dim")


def _doubtful(value: ConsensusReport) -> Table:
    table = Table("task", "label", "certainty", "said so", "model", title="the least certain")
    for row in sorted(value.labels, key=lambda row: row.certainty)[:DOUBTFUL]:
        said, model = f"{row.agreed} of {row.answers}", escape(row.model or "-")
        table.add_row(str(row.task), escape(row.label), f"{row.certainty:.1%}", said, model)
    return table


def _lines(value: PeopleFigures) -> Table:
    table = Table("kind", "needs", "open", "held", "oldest", "median", "there / able", "handed in", "done in h", "")
    for one in value.lines:
        table.add_row(
            one.kind.value,
            escape(one.needs or "-"),
            str(one.open),
            str(one.held),
            _time(one.oldest_wait_s),
            _time(one.median_wait_s),
            f"{one.present} / {one.able}",
            str(one.handed_in),
            _told(one.eta_h, ".1f"),
            f"[red]{ALARMS[one.alarm]}[/red]" if one.alarm is not None else "",
        )
    return table


def _summary(value: PeopleFigures, days: float) -> Table:
    table = Table("", "", show_header=False, title=f"the last {days:g} days")
    table.add_row(
        "handed out", f"{value.handed_out}; handed in {value.handed_in} in {value.active_h:,.1f} active hours"
    )
    table.add_row("effective items an active hour", _told(value.effective_items_per_hour, ".1f"))
    table.add_row("answers an active hour", _told(value.answers_per_hour, ".1f"))
    table.add_row("Gini of items handed out an active hour", f"{_told(value.offered_gini, '.2f')} (n: people)")
    table.add_row("leases that ran out", _told(value.lease_loss, ".1%"))
    table.add_row("handed in late", _told(value.late, ".1%"))
    table.add_row("wait in line", _line(value.wait_in_line))
    table.add_row("wait for the first item", f"{_line(value.first_item)}; {value.waiting_for_first} still wait")
    for reason in value.given_back:
        table.add_row("given back", f"{reason.n}: {escape(reason.reason or 'other reasons')}")
    return table


def _people(value: PeopleFigures) -> Table:
    title = "people" if value.hard_below is None else f"people; hard: the model is at most {value.hard_below:.2f} sure"
    table = Table(
        "user", "name", "out", "in", "late", "lost", "back", "skipped", "active h", "an hour", "hard", title=title
    )
    for one in value.people:
        counts = (one.handed_out, one.handed_in, one.late, one.lost, one.given_back, one.skipped)
        rates = (f"{one.active_h:.1f}", _told(one.answers_per_hour, ".1f"), _told(one.hard, ".0%"))
        table.add_row(str(one.user), escape(one.name), *map(str, counts), *rates)
    return table


def _reviewers(value: PeopleFigures) -> list[Table]:
    """One table where there are reviewers."""
    if not value.reviews.reviewers:
        return []
    table = Table("user", "decided", "accepted", "fixed", "rejected", "reasons", "overturned", title="reviewers")
    for one in value.reviews.reviewers:
        reasons = ", ".join(f"{code} {n}" for code, n in one.by_reason.items()) or "-"
        rate = one.overturn_rate
        fallen = "-" if rate is None else f"{rate.share:.0%} ({rate.lower:.0%} to {rate.upper:.0%}, n {rate.n})"
        table.add_row(*map(str, (one.user, one.decided, one.accepted, one.fixed, one.rejected, reasons, fallen)))
    return [table]


def _told(one: Estimate, form: str) -> str:
    """The value, its interval and n."""
    if one.value is None:
        return "-"
    ends = [f"{end:{form}}" if end is not None else "" for end in (one.lower, one.upper)]
    return f"{one.value:{form}}" + (f" ({ends[0]} to {ends[1] or '?'}, n {one.n})" if any(ends) else f" (n {one.n})")


def _line(one: Wait) -> str:
    return "-" if not one.n else f"median {_time(one.median_s)}, longest {_time(one.longest_s)} (n {one.n})"


def _time(seconds: float | None) -> str:
    """In the largest unit that gives one or more."""
    if seconds is None:
        return "-"
    for unit, length in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"
