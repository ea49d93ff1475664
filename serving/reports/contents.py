"""What stands in the page: sentences, figures with their definitions, charts."""

from __future__ import annotations

from dataclasses import dataclass

from serving.console import charts, figures
from serving.language import gettext
from serving.monitoring.automation import AutomationReport
from serving.monitoring.blind import blind
from serving.monitoring.blind_figures import bins, points
from serving.monitoring.by_day import by_day
from serving.monitoring.kept_figures import daily, sampled
from serving.monitoring.remembered import Counted
from serving.pipeline.runtime import Runtime
from serving.reports import summary
from serving.store.records import ProjectRow


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that the template shows, in the language of now."""

    report: AutomationReport
    at: float
    """When it was counted, epoch seconds."""
    model: str | None
    outcome: list[str]
    stands: str
    to_do: list[str]
    in_words: list[tuple[str, str]]
    """(Part, sentence) of what no figure says."""
    figures: list[tuple[str, list[figures.Figure]]]
    """(Heading, figures)."""
    charts: list[charts.Chart]


def contents(
    runtime: Runtime, project: ProjectRow, counted: Counted[AutomationReport], *, kept: bool = False
) -> Contents:
    """A report with charts, these counted now or as they are kept; from the store alone."""
    said = counted.value
    told = _figures(said)
    known = {row.means for _, rows in told for row in rows}
    return Contents(
        report=said,
        at=counted.at,
        model=project.active_model,
        outcome=list(summary.outcome(said)),
        stands=gettext(summary.STANDS[said.gate]),
        to_do=list(summary.to_do(said)),
        in_words=[part for part in summary.parts_in_words(said) if part[1] not in known],
        figures=told,
        charts=drawn(runtime, project, kept=kept),
    )


def _figures(said: AutomationReport) -> list[tuple[str, list[figures.Figure]]]:
    return [
        (gettext("How much, and how wrong"), figures.head(said)),
        (gettext("Labels of people"), figures.labels(said)),
        (gettext("Items by state"), figures.queue(said)),
        (gettext("Label noise"), figures.noise(said)),
        (gettext("Monitor and drift"), list(figures.watched(said.monitor))),
    ]


def drawn(runtime: Runtime, project: ProjectRow, *, kept: bool = False) -> list[charts.Chart]:
    """Those of the project's page that a manager reads; none of what there is nothing of."""
    days = daily(runtime, project).value if kept else by_day(runtime, project)
    seen = sampled(runtime, project).value if kept else blind(runtime, project)
    with runtime.store.read() as uow:
        tests = [row for row in uow.gate.certificates(project.id) if row.selective_upper is not None and not row.trial]
        certificate = uow.gate.latest(project.id)
    made = [charts.automation(days)] if days else []
    made += [charts.certificates(tests)] if tests else []
    if seen.confidences.size:
        accepts = project.gate_state.accepts and certificate is not None
        chosen = certificate.threshold if accepts and certificate is not None else None
        waiting = bool(seen.waiting)
        made.append(charts.coverage_risk(points(seen), epsilon=project.epsilon, chosen=chosen, waiting=waiting))
        made.append(charts.reliability(bins(seen)))
    return made
