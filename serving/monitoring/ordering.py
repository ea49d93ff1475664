"""What asking in our order was worth against random order, as far as a project's own labels can tell.

A tenth of the requests stays in random order. Under each model both kinds are asked for in the same proportion, so the
model's error rates on them are comparable: how much more often our order finds an error is measured. How many labels
that saves is not: an error found is not always an error that can be learned from.
"""

from __future__ import annotations

from pydantic import computed_field

from models.gate.ratio import rate_ratio
from models.types import Frozen
from serving.language import gettext, joined
from serving.store.asking import Answers
from serving.store.records import Arm

ENOUGH = 30
"""Corrections of the random control below which nothing is said."""
DELTA = 0.05
"""Probability with which the interval may miss the true ratio."""
NONE = Answers(0, 0, 0)


class OrderingReport(Frozen):
    """Labels of the train fold by how they were asked for, and what that order was worth."""

    asked_by_informativeness: int
    """Labelled items that were listed for what they would teach; seeds that were spread are among them."""
    asked_at_random: int
    """Labelled items of the random control."""
    not_listed: int
    """Labelled items that were on no list: seeds in order of draw, and what people chose themselves."""
    informative_compared: int
    """Of those asked for by informativeness: corrections of a suggestion."""
    informative_errors: int
    """Suggestions among these that people changed."""
    random_compared: int
    random_errors: int
    error_ratio: float | None
    """Measured: the share of errors where we ordered over that in random order. None: not known yet."""
    error_ratio_lower: float | None
    error_ratio_upper: float | None
    """Interval at confidence 95 % or more; None with a ratio: no upper bound can be given."""
    estimated_labels_saved_in_errors_found: float | None
    """Estimated: labels that random order would have taken beyond ours to find as many errors. Not a measurement, and
    not the labels that a model as good would have taken. Negative: our order cost labels. None: not known yet."""
    estimated_labels_saved_lower: float | None
    estimated_labels_saved_upper: float | None
    """The interval of the ratio, in labels."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def in_words(self) -> str:
        """Said when it is asked for: a report that is kept for several viewers holds no words."""
        return _words(self)


def ordering(answers: dict[Arm, Answers]) -> OrderingReport:
    """The report of what ``AskingRepository.answers`` has counted."""
    ours, random = answers.get(Arm.INFORMATIVE, NONE), answers.get(Arm.RANDOM, NONE)
    found = (
        rate_ratio(ours.errors, ours.compared, random.errors, random.compared, delta=DELTA)
        if _known(ours, random)
        else None
    )
    ratio, lower, upper = (found.ratio, found.lower, found.upper) if found is not None else (None, None, None)
    return OrderingReport(
        asked_by_informativeness=ours.labels,
        asked_at_random=random.labels,
        not_listed=answers.get(Arm.UNLISTED, NONE).labels,
        informative_compared=ours.compared,
        informative_errors=ours.errors,
        random_compared=random.compared,
        random_errors=random.errors,
        error_ratio=ratio,
        error_ratio_lower=lower,
        error_ratio_upper=upper,
        estimated_labels_saved_in_errors_found=_saved(ours, ratio),
        estimated_labels_saved_lower=_saved(ours, lower),
        estimated_labels_saved_upper=_saved(ours, upper),
    )


def summary(report: OrderingReport) -> str:
    """The report in a line or two, for tables."""
    return (
        f"{report.asked_by_informativeness} train labels by informativeness, {report.asked_at_random} at random as a "
        f"control, {report.not_listed} not listed. {report.in_words}"
    )


def _known(ours: Answers, random: Answers) -> bool:
    return ours.compared > 0 and random.compared >= ENOUGH and random.errors > 0


def _saved(ours: Answers, ratio: float | None) -> float | None:
    return None if ratio is None else ours.compared * (ratio - 1.0)


def _words(report: OrderingReport) -> str:
    ratio, lower, upper = report.error_ratio, report.error_ratio_lower, report.error_ratio_upper
    if ratio is None or lower is None:
        return gettext("Not known yet: {missing}.", missing=_missing(report))
    return joined(
        [
            gettext(
                "Our order found {errors} errors of the model in {compared} suggestions, random order {random_errors} "
                "in {random_compared}: {ratio:.1f} times as often (95 %: {interval}).",
                errors=report.informative_errors,
                compared=report.informative_compared,
                random_errors=report.random_errors,
                random_compared=report.random_compared,
                ratio=ratio,
                interval=gettext("{lower:.1f} or more", lower=lower)
                if upper is None
                else gettext("{lower:.1f} to {upper:.1f}", lower=lower, upper=upper),
            ),
            _estimate(report.informative_compared * (ratio - 1.0)),
            gettext("How many labels a model saves by it is not known from a project's labels."),
        ]
    )


def _estimate(saved: float) -> str:
    if saved >= 0:
        return gettext(
            "An estimate from that: to find as many, random order would have taken about {n:,.0f} labels more.", n=saved
        )
    return gettext(
        "An estimate from that: to find as many, random order would have taken about {n:,.0f} labels fewer.", n=-saved
    )


def _missing(report: OrderingReport) -> str:
    if report.random_compared < ENOUGH:
        return gettext(
            "{n} corrections in random order are in, and {enough} are needed", n=report.random_compared, enough=ENOUGH
        )
    if not report.informative_compared:
        return gettext("no correction that we ordered is in")
    return gettext("no error was found in random order, in {n} corrections", n=report.random_compared)
