"""``/train/me``: a trainer's own figures, for nobody but the person who is signed in.

Those of each project come as a part of their own, so that the page takes no longer for somebody who works for many.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from serving.api.dependencies import RuntimeDep
from serving.console import own_words as words
from serving.console.going import form_at
from serving.console.pages import page_of, place_of
from serving.console.session import SignedIn, TrainerDep
from serving.language import gettext, joined
from serving.monitoring.own import own
from serving.monitoring.own_figures import Day, Own, Window
from serving.workforce.desk import projects_of

router = APIRouter(prefix="/train", tags=["train"], include_in_schema=False)

CHART_HEIGHT: Final = 48
"""Of the highest bar; a day is 10 wide."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, or one thing that has several."""

    title: str
    cells: tuple[str, ...]
    hint: str = ""
    """How it is defined."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    height: int
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Labels a day."""

    says: str
    """The same in words."""
    bars: tuple[Bar, ...]
    ends: tuple[str, ...]
    """What stands below it, from the left."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page."""

    title: str
    lead: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    chart: Chart | None = None
    notes: tuple[str, ...] = ()
    link: tuple[str, str] | None = None
    """Where the single ones are: address and text."""


def work(one: Own) -> Section | None:
    """What was handed out, and how it ended; most rows that are 0 are left out."""
    if not one.all_time.work.offered:
        return None
    rows = _counted(words.WORK_ROWS, [window.work for window in _windows(one)], always=("offered", "done"))
    notes = _said(words.REASONS, [(each.reason, each.n) for each in one.all_time.work.reasons])
    return Section(gettext(words.WORK), columns=_columns(words.WINDOWS), rows=rows, notes=notes)


def labels(one: Own) -> Section | None:
    """Labels, with and without a suggestion, and day by day."""
    if not one.all_time.labels.n:
        return None
    found = [window.labels for window in _windows(one)]
    cells = {
        "n": [f"{each.n:,}" for each in found],
        "without_suggestion": [words.share(each.without_suggestion, each.n) for each in found],
        "with_suggestion": [words.share(each.with_suggestion, each.n) for each in found],
        "unchanged": [words.share(each.unchanged, each.compared) for each in found],
        "changed": [words.share(each.changed, each.compared) for each in found],
    }
    rows = _rows(words.LABEL_ROWS, cells)
    return Section(gettext(words.LABELS), columns=_columns(words.WINDOWS), rows=rows, chart=chart(one.days))


def time(one: Own) -> Section | None:
    """Active time, and what it makes of the labels."""
    if not one.all_time.time.n:
        return None
    found = [window.time for window in _windows(one)]
    cells = {
        "active": [words.duration(each.active_s) for each in found],
        "n": [f"{each.n:,}" for each in found],
        "median": [words.NONE if each.median_s is None else words.duration(each.median_s) for each in found],
        "per_hour": [words.NONE if each.per_hour is None else f"{each.per_hour:.0f}" for each in found],
    }
    rows = _rows(words.TIME_ROWS, cells)
    spent = one.all_time.time
    cap = gettext(words.CAP, cap=words.duration(spent.cap_s))
    if spent.capped:
        cap = joined([cap, gettext(words.CAPPED, capped=spent.capped)])
    return Section(gettext(words.TIME), columns=_columns(words.WINDOWS), rows=rows, notes=(cap,))


def reviews(one: Own) -> Section | None:
    """What reviewers said of the labels, and what came of appeals."""
    if not one.all_time.reviews.decided:
        return None
    rows = _counted(words.REVIEW_ROWS, [window.reviews for window in _windows(one)], always=("decided", "accepted"))
    notes = _said(words.REVIEW_REASONS, [(each.reason, each.n) for each in one.all_time.reviews.reasons])
    link = (f"/train/{one.project}/decisions", gettext(words.REVIEWS_LINK))
    lead, columns = gettext(words.REVIEWS_LEAD), _columns(words.WINDOWS)
    return Section(gettext(words.REVIEWS), lead, columns, rows, notes=notes, link=link)


def known(one: Own) -> Section | None:
    """Answers to gold items, right or not."""
    found = [window.known for window in _windows(one)]
    if not found[-1].n + found[-1].void:
        return None
    title, hint = words.KNOWN_ROWS["right"]
    right = Row(gettext(title), tuple(words.share(each.right, each.n) for each in found), gettext(hint))
    others = {name: row for name, row in words.KNOWN_ROWS.items() if name != "right"}
    link = (f"/train/{one.project}/answers", gettext(words.KNOWN_LINK))
    lead, columns = gettext(words.KNOWN_LEAD), _columns(words.WINDOWS)
    return Section(gettext(words.KNOWN), lead, columns, (right, *_counted(others, found)), link=link)


def accuracy(one: Own) -> Section | None:
    """Accuracy by field, with its interval, beside the others' middle half."""
    rows = tuple(
        Row(
            words.field(each.field),
            (
                f"{each.mean:.0%}",
                gettext(words.BOUNDS, lower=each.lower, upper=each.upper),
                gettext(words.ITEMS, n=each.items),
                words.others(each),
            ),
        )
        for each in one.accuracies
    )
    if not rows:
        return None
    lead, columns = gettext(words.ACCURACY_LEAD), _columns(words.ACCURACY_COLUMNS)
    notes = (gettext(words.ACCURACY_IS_NOT), words.peers_are())
    return Section(gettext(words.ACCURACY), lead, columns, rows, notes=notes)


def models(one: Own) -> Section | None:
    """Which models learned from the person's labels, the newest first."""
    found = one.models[: words.MODELS_SHOWN]
    rows = tuple(Row(gettext(words.MODEL, n=each.number), (words.model(each),), each.version) for each in found)
    if not rows:
        return None
    notes = (gettext(words.MODELS_ARE_NOT),)
    return Section(gettext(words.MODELS), gettext(words.MODELS_LEAD), rows=rows, notes=notes)


SECTIONS: Final[Sequence[Callable[[Own], Section | None]]] = (
    work,
    labels,
    time,
    reviews,
    known,
    accuracy,
    models,
)
"""The parts of the page in their order; one that has nothing to say gives None, and is not shown."""


def chart(days: Sequence[Day]) -> Chart | None:
    """Bars of the daily series; None: all days are empty."""
    most = max((day.labels for day in days), default=0)
    if not most:
        return None
    best = next(day for day in reversed(days) if day.labels == most)
    bars = (
        Bar(10 * n, max(2, round(CHART_HEIGHT * day.labels / most)), f"{day.day}: {day.labels:,}")
        for n, day in enumerate(days)
        if day.labels
    )
    says = words.chart(sum(day.labels for day in days), str(best.day), most)
    return Chart(says, tuple(bars), (str(days[0].day), gettext(words.TODAY)))


@router.get("/me")
def page(request: Request, runtime: RuntimeDep, person: SignedIn) -> Response:
    """Where the person whose browser this is works; there is no address for anybody else's figures."""
    if person is None:
        return RedirectResponse(form_at("/train", request), status_code=303)
    slugs = [project.slug for project, _ in projects_of(runtime, person)]
    told = {name: gettext(text) for name, text in words.PAGE.items()}
    return page_of(request, "train/own.html", words=told, slugs=slugs)


@router.get("/{slug}/own")
def part(request: Request, runtime: RuntimeDep, person: TrainerDep, slug: str) -> HTMLResponse:
    """The person's figures in one project."""
    figures = own(runtime, *place_of(runtime, person, slug))
    sections = [found for make in SECTIONS if (found := make(figures)) is not None]
    nothing = gettext(words.PAGE["nothing"])
    return page_of(request, "train/own_sections.html", sections=sections, nothing=nothing, chart_height=CHART_HEIGHT)


def _windows(one: Own) -> tuple[Window, Window]:
    return one.week, one.all_time


def _counted(
    told: Mapping[str, tuple[str, str]], found: Sequence[object], *, always: Collection[str] = ()
) -> tuple[Row, ...]:
    """Counts by name, a row each; one that is 0 in all windows is left out, but for those that are told always."""
    rows = []
    for name, (title, hint) in told.items():
        counts = [getattr(each, name) for each in found]
        if any(counts) or name in always:
            rows.append(Row(gettext(title), tuple(f"{n:,}" for n in counts), hint and gettext(hint)))
    return tuple(rows)


def _rows(told: Mapping[str, tuple[str, str]], cells: Mapping[str, Sequence[str]]) -> tuple[Row, ...]:
    return tuple(
        Row(gettext(title), tuple(cells[name]), hint and gettext(hint)) for name, (title, hint) in told.items()
    )


def _columns(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(gettext, names))


def _said(sentence: str, reasons: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    told = [(gettext(words.REASON[reason]) if reason in words.REASON else reason, n) for reason, n in reasons]
    listed = ", ".join(f"{reason} ({n:,})" for reason, n in told)
    return (gettext(sentence, reasons=listed),) if listed else ()
