"""Parts of a project's page that come after it: progress over time, what is saved, what the monitor sees over time."""

from __future__ import annotations

from typing import Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.console import series_charts
from serving.console.live import STAGES
from serving.console.pages import page_of
from serving.console.savings import lines
from serving.console.staff import StaffDep
from serving.language import N_
from serving.monitoring.kept_figures import reported, seen
from serving.monitoring.progress import progress
from serving.monitoring.remembered import Remembered
from serving.monitoring.savings import priced, words
from serving.monitoring.series import SPANS, Spot, over
from serving.pipeline.runtime import Runtime
from serving.store.records import ProjectRow

router = APIRouter(prefix="/projects", tags=["console"], include_in_schema=False)

Span = Literal["hours", "day", "week", "month"]
SAID: Final = {"hours": N_("3 hours"), "day": N_("24 hours"), "week": N_("7 days"), "month": N_("30 days")}


def _over(span: str) -> Remembered[list[Spot]]:
    def make(runtime: Runtime, project: ProjectRow) -> list[Spot]:
        return over(runtime, project, span)

    return Remembered(make)


spots = {span: _over(span) for span in SPANS}
progressed = Remembered(progress)


@router.get("/{slug}/series")
def series(
    request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep, span: Span = "hours"
) -> HTMLResponse:
    """Throughput and queue by stage, and how long what waits will take."""
    found = spots[span](runtime, project)
    drawn = [
        draw(found.value, people=people)
        for people in (False, True)
        for draw in (series_charts.throughput, series_charts.queue)
        if any((spot.part == "people") == people for spot in found.value)
    ]
    return page_of(request, "console/series.html", project=project, charts=drawn, spans=SAID, span=span, at=found.at)


@router.get("/{slug}/progress")
def now(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    """Where each stage stands; the page keeps it up to date by itself."""
    found = progressed(runtime, project)
    return page_of(request, "console/progress.html", project=project, progress=found.value, stages=STAGES, at=found.at)


@router.get("/{slug}/savings")
def saving(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    """People's time and money that is saved, and what is taken off: hours as of the report, at the costs of now."""
    found = reported(runtime, project)
    saved = priced(found.value.savings, project.costs)
    return page_of(
        request,
        "console/savings.html",
        project=project,
        saved=saved,
        words=words(saved),
        lines=lines(saved, project.costs),
        at=found.at,
    )


@router.get("/{slug}/watching")
def watching(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    """The monitor's statistic, drift and label noise over time."""
    found = seen(runtime, project)
    drawn = [
        *([series_charts.monitor(found.value)] if found.value.steps else []),
        *([series_charts.drift(found.value.windows)] if found.value.windows else []),
        *([series_charts.noise(found.value.noisy)] if found.value.noisy else []),
    ]
    return page_of(request, "console/watching.html", project=project, charts=drawn, seen=found.value, at=found.at)
