"""The report in plain words, for who does not know the words of this house: what came of it, how sure, what next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel

from models.types import GateState
from serving.language import N_, gettext, ngettext
from serving.monitoring.automation import AutomationReport
from serving.store.records import ItemState

STANDS: Final = {
    GateState.COLD: N_("There is no model yet: people label everything."),
    GateState.SHADOW: N_("A model suggests, and people label everything: that it may be trusted is not proved yet."),
    GateState.OPEN: N_("The gate is open: what the model is sure enough of is labelled without a person."),
    GateState.WATCH: N_("The gate is open, and watched: blind checks or the stream of items look worse than before."),
    GateState.CLOSED: N_("The gate is closed: nothing is labelled without a person until it is proved again."),
}
NEXT: Final = {
    GateState.COLD: N_("Label the items that are asked for first: a model is trained from them by itself."),
    GateState.SHADOW: N_("Label the blind items: they prove how good the model is, and open the gate or say why not."),
    GateState.OPEN: N_("Keep answering the blind checks: they are what shows a change in time."),
    GateState.WATCH: N_("Answer the blind checks first: they decide whether the gate closes."),
    GateState.CLOSED: N_("Read why it was closed, and look at some wrong checks: did the items change, or the labels?"),
}
ODDS: Final = 1000
"""Budgets are told of so many labels."""


def outcome(report: AutomationReport) -> Iterator[str]:
    """How much was automated, how wrong that may be, and what it saved."""
    yield gettext(
        "{accepted:,} of {arrived:,} items were labelled without a person: {rate:.1%}.",
        accepted=report.accepted,
        arrived=report.arrived,
        rate=report.automation_rate,
    )
    sure = f"{100.0 * (1.0 - report.delta):.4g} %"
    if report.gate.accepts and report.certificate is not None:
        yield gettext(
            "Of {odds:,} labels that are accepted, at most {wrong:,.4g} are wrong; we are {sure} sure of that.",
            odds=ODDS,
            wrong=ODDS * report.epsilon,
            sure=sure,
        )
    else:
        yield gettext("Nothing is promised of labels without a person now: the gate accepts none.")
    if report.audits and report.audit_error_upper is not None:
        yield gettext(
            "Blind checks: people labelled {n:,} such items without seeing the model's answer, and {wrong:,} of its "
            "answers were wrong; by these checks alone at most {upper:.1%} are (95 %).",
            n=report.audits,
            wrong=report.audit_errors,
            upper=report.audit_error_upper,
        )
    if report.reopened:
        yield ngettext(
            "{n:,} label was taken back and given to people when checks closed the gate.",
            "{n:,} labels were taken back and given to people when checks closed the gate.",
            report.reopened,
        )
    if report.effort.effective_automation is None:
        yield gettext("How much of people's time that saved is not known yet.")
    else:
        yield gettext("People's time saved: {share:.1%}.", share=report.effort.effective_automation)


def parts_in_words(report: AutomationReport) -> Iterator[tuple[str, str]]:
    """(Name, sentence) of each part of the report that says itself in words."""
    for name, part in report:
        said = getattr(part, "in_words", None) if isinstance(part, BaseModel) else None
        if said and name != "opening":
            yield name.replace("_", " "), said


def to_do(report: AutomationReport) -> Iterator[str]:
    """What to do next, the most pressing first."""
    if report.gate in (GateState.WATCH, GateState.CLOSED):
        yield gettext(NEXT[report.gate])
    if dead := report.states.get(ItemState.DEAD, 0):
        yield ngettext(
            "Look at {n:,} item that was given up: prelabel dead {project}.",
            "Look at {n:,} items that were given up: prelabel dead {project}.",
            dead,
            project=report.project,
        )
    if report.second_opinions_wanted:
        yield ngettext(
            "{n:,} blind item waits for another person's answer.",
            "{n:,} blind items wait for another person's answer.",
            report.second_opinions_wanted,
        )
    certificate = report.certificate
    if certificate is not None and not report.gate.accepts and certificate.needed_labels:
        yield ngettext(
            "About {n:,} more blind label would open the gate, if the error rates stay what they are.",
            "About {n:,} more blind labels would open the gate, if the error rates stay what they are.",
            certificate.needed_labels,
        )
    if report.gate not in (GateState.WATCH, GateState.CLOSED):
        yield gettext(NEXT[report.gate])
    if report.opening is not None:
        yield report.opening.in_words
