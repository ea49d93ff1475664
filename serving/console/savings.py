"""What is saved, line by line: each number with how it is counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from models.costs import Costs
from serving.console.figures import NONE, Figure
from serving.language import N_, gettext, ngettext
from serving.monitoring.savings import Amount, SavingsReport
from serving.store.spending import Kind

SPENT: Final = {
    Kind.SUGGESTED: N_("first labels of items with a suggestion"),
    Kind.AGAIN: N_("further labels of the same items: second opinions, overlap"),
    Kind.GOLD: N_("answers to items whose answer was known"),
    Kind.REVIEW: N_("reviews of labels, from hand-out to decision"),
    Kind.DROPPED: N_("skips, and labels that were deleted or set aside"),
    Kind.BY_HAND: N_("not taken off, since by hand it is the same: first labels without a suggestion, blind ones too"),
}
NAMES: Final = {
    Kind.SUGGESTED: N_("with a suggestion"),
    Kind.AGAIN: N_("again"),
    Kind.GOLD: N_("known items"),
    Kind.REVIEW: N_("reviews"),
    Kind.DROPPED: N_("dropped"),
    Kind.BY_HAND: N_("by hand"),
}


def lines(saved: SavingsReport, costs: Costs | None) -> Iterator[Figure]:
    """What it would have taken by hand, what it took, and what is left."""
    yield Figure(
        gettext("people's time saved"),
        _hours(saved.saved_hours),
        gettext("by hand, less all that is taken off below; interval of {share:.0%}", share=saved.confidence),
    )
    if saved.told_hours is not None and costs is not None and costs.item_seconds is not None:
        yield Figure(
            gettext("the same, as was said"),
            _plain(saved.told_hours),
            gettext("if an item takes {seconds:g} s by hand: nobody has measured that", seconds=costs.item_seconds),
        )
    yield Figure(gettext("money saved"), _money(saved), _priced(costs))
    yield Figure(
        gettext("by hand it would have taken"),
        _hours(saved.by_hand_hours),
        gettext(
            "{accepted:,} accepted items and {suggested:,} labelled with a suggestion, at the mean time of {control:,} "
            "items of the same confidence that had no suggestion by lot",
            accepted=saved.accepted,
            suggested=saved.suggested,
            control=saved.control,
        ),
    )
    for kind, means in SPENT.items():
        one = saved.spent.get(kind.value)
        if one is not None:
            timed = ngettext("{n:,} label", "{n:,} labels", one.labels)
            if one.timed < one.labels:
                timed += gettext(", {n:,} of them timed", n=one.timed)
            yield Figure(gettext(NAMES[kind]), _plain(one.hours), f"{gettext(means)}: {timed}")
    yield Figure(
        gettext("compute"),
        _plain(saved.compute_hours),
        gettext("in which stages and trainings were busy, waiting for Label Studio among it"),
    )


def _hours(one: Amount | None) -> str:
    if one is None:
        return NONE
    return gettext("{estimate:,.1f} h ({lower:,.1f} to {upper:,.1f})", **one.model_dump())


def _plain(hours: float) -> str:
    return gettext("{hours:,.2f} h", hours=hours)


def _money(saved: SavingsReport) -> str:
    if saved.saved_money is None:
        return NONE
    values = saved.saved_money.model_dump()
    return gettext("{currency} {estimate:,.2f} ({lower:,.2f} to {upper:,.2f})", currency=saved.currency, **values)


def _priced(costs: Costs | None) -> str:
    if costs is None or costs.person_hour is None:
        return gettext("what an hour of a person costs is not known yet: say it on the page of costs")
    person = gettext("{sum:g} {currency} an hour of a person", sum=costs.person_hour, currency=costs.currency)
    if costs.compute_hour is None:
        return person + gettext("; what an hour of compute costs is not known, and not taken off")
    return person + gettext("; less {sum:g} an hour of compute", sum=costs.compute_hour)
