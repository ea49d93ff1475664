"""What suggestions save people, and where none is shown: what the last look found."""

from __future__ import annotations

from pydantic import computed_field

from models.types import Frozen
from serving.language import gettext, joined
from serving.store.effort import Look
from serving.store.records import ProjectRow


class RangeReport(Frozen):
    """What a suggestion does to the time an item takes, at confidences of one range."""

    up_to: float
    """Upper end; the range before it ends where this one begins."""
    factor: float
    """Time with a suggestion over that without (geometric means)."""
    lower: float
    upper: float
    """Bounds of the factor, 99 % each."""
    saved_seconds: float
    """Of one item; below 0 the suggestion costs time."""
    labels_shown: int
    labels_hidden: int


class EffortReport(Frozen):
    """What suggestions save, against items that were without one by lot."""

    control_rate: float
    """Share of the suggestions that is hidden, or spared from being hidden, by lot; 0: off."""
    suggest_from: float | None
    """Confidence below which no suggestion is shown; None: there is no such bound."""
    labels_shown: int
    """Labels of items whose suggestion was shown that the last look read."""
    labels_hidden: int
    """The same of blind items, of the control, and of items below the bound."""
    saved_seconds: float | None
    """What a suggestion that is shown saves an item, on average. None: not known yet."""
    factor: float | None
    """Time with a suggestion over that without, at the same confidence."""
    factor_lower: float | None
    factor_upper: float | None
    saved_below_seconds: float | None
    """What an item below the bound saves because it shows none; None: there is no bound."""
    ranges: list[RangeReport]
    effective_automation: float | None
    """Share of people's time that is saved: accepted items save all of what one takes without a suggestion, items with
    a suggestion 1 - factor of it, all others nothing. Of what was accepted or labelled. None: not known yet."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def in_words(self) -> str:
        """Said when it is asked for: a report that is kept for several viewers holds no words."""
        return _words(self)


def effort(project: ProjectRow, look: Look | None, *, accepted: int, labelled: int, corrected: int) -> EffortReport:
    """The report of the last look.

    Args:
        project: whose suggestions.
        look: None: there was none.
        accepted: items that were accepted without a person.
        labelled: items that people labelled.
        corrected: of these, with a suggestion shown.
    """
    found = look.found if look is not None and project.control_rate > 0.0 else None
    bound, overall = project.suggestion_bound, found.overall if found is not None else None
    saved = found.saved_seconds() if found is not None else None
    done = accepted + labelled
    automation = (accepted + (1.0 - overall.factor) * corrected) / done if overall is not None and done else None
    return EffortReport(
        control_rate=project.control_rate,
        suggest_from=bound.below if bound is not None else None,
        labels_shown=found.shown if found is not None else 0,
        labels_hidden=found.hidden if found is not None else 0,
        saved_seconds=saved,
        factor=overall.factor if overall is not None else None,
        factor_lower=overall.lower if overall is not None else None,
        factor_upper=overall.upper if overall is not None else None,
        saved_below_seconds=bound.saved_seconds if bound is not None else None,
        ranges=[
            RangeReport(
                up_to=one.end,
                factor=one.time.factor,
                lower=one.time.lower,
                upper=one.time.upper,
                saved_seconds=one.saved_seconds,
                labels_shown=one.shown,
                labels_hidden=one.hidden,
            )
            for one in (found.ranges if found is not None else ())
        ],
        effective_automation=automation,
    )


def _words(report: EffortReport) -> str:
    if report.control_rate == 0.0:
        return gettext("Not measured: control_rate is 0, and every suggestion is shown.")
    if report.factor is None or report.saved_seconds is None:
        return gettext(
            "Not known yet: {shown} labels with a suggestion and {hidden} without were looked at, and it takes 20 of "
            "each at a confidence.",
            shown=report.labels_shown,
            hidden=report.labels_hidden,
        )
    told = [
        gettext(
            "With its suggestion an item takes {factor:.2f} of the time (99 %: {lower:.2f} to {upper:.2f}) and saves "
            "{saved:.1f} s; labels with one: {shown}, without: {hidden}.",
            factor=report.factor,
            lower=report.factor_lower,
            upper=report.factor_upper,
            saved=report.saved_seconds,
            shown=report.labels_shown,
            hidden=report.labels_hidden,
        )
    ]
    if report.effective_automation is not None:
        told.append(gettext("In people's time {share:.1%} of the work is saved.", share=report.effective_automation))
    return joined([*told, _bound(report)])


def _bound(report: EffortReport) -> str:
    if report.suggest_from is None:
        return gettext("No suggestion is hidden for its confidence.")
    return gettext(
        "Below a confidence of {below:.2f} none is shown: that saves {saved:.1f} s an item.",
        below=report.suggest_from,
        saved=report.saved_below_seconds,
    )
