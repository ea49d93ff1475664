"""What the service saves: people's time, and money, against all items done by hand.

By hand every item takes one label without a suggestion. Against that stand the time that people really spent (second
opinions, known items, reviews, skips among it) and the time for which the stages and the trainings were busy. Blind
items, audits among them, save nothing: their first label is what they would have taken by hand as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.costs import Costs
from models.gate.arrays import Flags, Floats
from models.people.savings import DOUBT, ByHand, Stratum, by_hand, strata, usual
from models.types import Frozen
from serving.language import ENGLISH, gettext, joined, speaking
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.records import LabelRole, ProjectRow
from serving.store.spending import Given, Kind, Spent

NEWEST: Final = 5_000
"""Labels by whose times it is told what a break is."""
MOST: Final = 5_000
"""Items whose confidence is looked up, of the control and of those with a suggestion each."""
HOUR_S: Final = 3600.0


class Amount(Frozen):
    """A number with its interval."""

    estimate: float
    lower: float
    upper: float


class SpentReport(Frozen):
    """What people's time went to."""

    labels: int
    timed: int
    """Of these, with a time that counts as work; the others are taken to have lasted as these did on average."""
    hours: float


class SavingsReport(Frozen):
    """Savings since the project was connected, net of everything that is known to be spent."""

    confidence: float
    """Of the intervals."""
    accepted: int
    """Items that took nobody's time."""
    suggested: int
    """Items whose first label was given with a suggestion."""
    control: int
    """Items without a suggestion by lot by whose times the others are judged."""
    wanted: int
    """How many more of these it takes before anything is known; 0: it is."""
    by_hand_hours: Amount | None
    """What the accepted and the suggested items would have taken by hand. None: not known yet."""
    spent: dict[str, SpentReport]
    """By what it went to: ``suggested``, ``by_hand``, ``again``, ``gold``, ``dropped``, ``review``."""
    longest_seconds: float | None
    """Times above it are breaks, and do not count; None: too few are known to tell."""
    saved_hours: Amount | None
    """Of people; below 0 they are lost. None: not known yet."""
    compute_hours: float
    """In which stages and trainings were busy, waiting for Label Studio among it."""
    saved_money: Amount | None
    """Net of compute where its price is known. None: not known yet, or an hour of a person has no price."""
    currency: str | None
    net: bool
    """Whether compute is taken off the money: its price is known."""
    told_hours: float | None = None
    """What would be saved of people's time if every item took as long by hand as the operator said. None: that was
    not said, or there is nothing to save yet."""
    in_words: str = ""
    """In English, whatever the language of now: reports are kept for all who ask."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the store says of people's time."""

    accepted: int
    suggested: int
    parts: Sequence[Stratum]
    spent: Mapping[Kind, Spent]
    longest: float
    """Seconds."""
    compute_s: float


def savings(runtime: Runtime, project: ProjectRow) -> SavingsReport:
    """What one project has saved."""
    with runtime.store.read() as uow:
        found = read(uow, project)
    return judge(found, project.costs)


def read(uow: UnitOfWork, project: ProjectRow) -> Found:
    """Everything that ``judge`` needs. Of many items some thousands stand for all, evenly spread over time."""
    given = Labels.of(uow.spending.given(project.id))
    longest = usual(given.seconds[-NEWEST:])
    first, timed = given.first(), (given.seconds > 0.0) & (given.seconds <= longest)
    hidden = np.isin(given.items, np.array(sorted(uow.spending.unaided(project.id)), dtype=np.int64))
    lot = np.isin(given.roles, [LabelRole.VALIDATION, LabelRole.AUDIT]) | ((given.roles == LabelRole.TRAIN) & hidden)
    suggested = np.flatnonzero(first & (given.roles == LabelRole.CORRECTION))
    control = _some(np.flatnonzero(first & lot & timed))
    looked_at = _some(suggested)
    sure = uow.spending.confidences(
        {int(id) for id in given.items[np.concatenate([control, looked_at])]}, project.active_model or ""
    )
    control = np.array([n for n in control if int(given.items[n]) in sure], dtype=np.int64)
    tests = uow.gate.certificates(project.id)
    threshold = next((one.threshold for one in reversed(tests) if one.open and not one.trial), None)
    accepted = uow.items.accepted(project.id)
    parts = strata(
        [sure[int(id)] for id in given.items[looked_at] if int(id) in sure],
        [sure[int(id)] for id in given.items[control]],
        given.seconds[control],
        items=suggested.size,
        accepted=accepted,
        threshold=threshold,
    )
    reviews = uow.spending.reviews(project.id, longest=longest)
    spent = given.spent(first, timed) | ({Kind.REVIEW: reviews} if reviews.n else {})
    busy = sum(seconds for _, seconds in uow.stats.totals(project.id).values())
    trained = sum(float(row.metrics.get("seconds", 0.0)) for row in uow.models.list(project.id))
    return Found(accepted, int(suggested.size), parts, spent, longest, busy + trained)


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels in the order in which they came, as vectors of one length."""

    items: NDArray[np.int64]
    roles: NDArray[np.str_]
    seconds: Floats
    """NaN: not known."""
    live: Flags

    @classmethod
    def of(cls, given: Sequence[Given]) -> Labels:
        return cls(
            items=np.array([one.item_id for one in given], dtype=np.int64),
            roles=np.array([one.role for one in given], dtype=np.str_),
            seconds=np.array([one.seconds for one in given], dtype=np.float64),
            live=np.array([one.live for one in given], dtype=np.bool_),
        )

    def first(self) -> Flags:
        """The first label of each item, of those that say what it is."""
        found = np.zeros(self.items.size, dtype=np.bool_)
        places = np.flatnonzero(self.live)
        found[places[np.unique(self.items[places], return_index=True)[1]]] = True
        return found

    def spent(self, first: Flags, timed: Flags) -> dict[Kind, Spent]:
        """Every label is of one kind; kinds that never were are left out."""
        gold, aided = self.roles == LabelRole.GOLD, self.roles == LabelRole.CORRECTION
        kinds = {
            Kind.SUGGESTED: first & aided,
            Kind.BY_HAND: first & ~aided,
            Kind.AGAIN: self.live & ~first,
            Kind.GOLD: gold,
            Kind.DROPPED: ~self.live & ~gold,
        }
        return {
            kind: Spent(int(mine.sum()), int((mine & timed).sum()), float(self.seconds[mine & timed].sum()))
            for kind, mine in kinds.items()
            if mine.any()
        }


def _some(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most ``MOST`` of them, at equal distances."""
    if places.size <= MOST:
        return places
    return places[np.linspace(0, places.size - 1, MOST).round().astype(np.int64)]


def judge(found: Found, costs: Costs | None) -> SavingsReport:
    """From what was read to what is saved."""
    spent = {kind: _hours(one) for kind, one in found.spent.items()}
    hand = by_hand(found.parts) if found.accepted or found.suggested else None
    extra = sum(hours for kind, hours in spent.items() if kind is not Kind.BY_HAND)
    hours = _times(hand, 1.0 / HOUR_S) if hand is not None else None
    saved = _less(hours, extra) if hours is not None else None
    compute = found.compute_s / HOUR_S
    said = SavingsReport(
        confidence=1.0 - DOUBT,
        accepted=found.accepted,
        suggested=found.suggested,
        control=sum(one.seconds.size for one in found.parts),
        wanted=sum(one.wanted for one in found.parts),
        by_hand_hours=hours,
        spent={
            kind.value: SpentReport(labels=one.n, timed=one.timed, hours=spent[kind])
            for kind, one in found.spent.items()
        },
        longest_seconds=found.longest if found.longest < float("inf") else None,
        saved_hours=saved,
        compute_hours=compute,
        saved_money=None,
        currency=None,
        net=False,
    )
    return priced(said, costs)


def priced(said: SavingsReport, costs: Costs | None) -> SavingsReport:
    """The same at these costs; hours stay as they were counted."""
    money = None
    if said.saved_hours is not None and costs is not None and costs.person_hour is not None:
        money = _less(_times(said.saved_hours, costs.person_hour), said.compute_hours * (costs.compute_hour or 0.0))
    known = {
        "told_hours": _told(said, costs),
        "saved_money": money,
        "currency": costs.currency if money is not None and costs is not None else None,
        "net": money is not None and costs is not None and costs.compute_hour is not None,
    }
    said = said.model_copy(update=known)
    with speaking(ENGLISH):
        return said.model_copy(update={"in_words": words(said)})


def _told(said: SavingsReport, costs: Costs | None) -> float | None:
    items = said.accepted + said.suggested
    if costs is None or costs.item_seconds is None or not items:
        return None
    spent = sum(one.hours for kind, one in said.spent.items() if kind != Kind.BY_HAND)
    return items * costs.item_seconds / HOUR_S - spent


def _hours(one: Spent) -> float:
    """Labels without a time that counts are taken to have lasted as the others of their kind."""
    return one.n * one.seconds / one.timed / HOUR_S if one.timed else 0.0


def _times(one: ByHand | Amount, factor: float) -> Amount:
    estimate = one.seconds if isinstance(one, ByHand) else one.estimate
    return Amount(estimate=estimate * factor, lower=one.lower * factor, upper=one.upper * factor)


def _less(one: Amount, spent: float) -> Amount:
    return Amount(estimate=one.estimate - spent, lower=one.lower - spent, upper=one.upper - spent)


def _as_told(hours: float) -> str:
    return gettext(
        "If an item takes as long by hand as was said, {hours:,.1f} hours of people; nobody has measured that.",
        hours=hours,
    )


def words(saved: SavingsReport) -> str:
    """The same in a sentence or two, in the language of now."""
    if not saved.accepted and not saved.suggested:
        return gettext("Nothing is saved yet: nothing was accepted, or labelled with a suggestion.")
    if saved.saved_hours is None:
        text = gettext(
            "Not known yet: it takes {n} more labels of items without a suggestion, drawn by lot (blind items, audits, "
            "the control).",
            n=saved.wanted,
        )
        return text if saved.told_hours is None else joined([text, _as_told(saved.told_hours)])
    said = gettext(
        "{estimate:,.1f} hours of people ({share:.0%}: {lower:,.1f} to {upper:,.1f}).",
        share=saved.confidence,
        **saved.saved_hours.model_dump(),
    )
    if saved.saved_money is None:
        return said
    values = {"currency": saved.currency, **saved.saved_money.model_dump()}
    if saved.net:
        text = gettext("{currency} {estimate:,.2f} ({lower:,.2f} to {upper:,.2f}), net of compute.", **values)
    else:
        text = gettext(
            "{currency} {estimate:,.2f} ({lower:,.2f} to {upper:,.2f}), without what compute costs.", **values
        )
    return f"{said} {text}"
