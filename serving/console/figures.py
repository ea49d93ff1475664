"""The numbers of the automation report in words: each with how it is defined and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from serving.monitoring.automation import AutomationReport, CertificateReport
from serving.monitoring.monitor import MonitorReport, lines
from serving.store.records import ItemState

NONE: Final = "–"
QUEUE: Final = {
    ItemState.RECEIVED: "to be scored",
    ItemState.SCORED: "to be decided",
    ItemState.DECIDED: "to be written to Label Studio",
    ItemState.PUBLISHED: "Label Studio shows what was decided",
    ItemState.LABELED: "labelled by a person",
    ItemState.DEAD: "given up, with a reason",
    ItemState.GONE: "deleted in Label Studio",
}
STAGES: Final = {"score": ItemState.RECEIVED, "decide": ItemState.SCORED, "publish": ItemState.DECIDED}
"""Stage -> the state of what waits for it."""
LABELS: Final = {
    "train": "without a suggestion, drawn for nothing that certifies",
    "validation": "blind, to certify the gate",
    "audit": "blind, although the gate would have accepted them",
    "correction": "while a suggestion was shown",
    "gold": "to hear how good a person is: the answer was known before",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number."""

    name: str
    value: str
    means: str
    """How it is defined, and of how many."""


def head(report: AutomationReport) -> list[Figure]:
    """How much is automated, and how wrong that may be."""
    return [
        Figure(
            "automation rate",
            f"{report.automation_rate:.1%}",
            f"{report.accepted:,} accepted of {report.arrived:,} arrived; audited items are not among the accepted, "
            "deleted tasks not among the arrived",
        ),
        certified(report.certificate),
        Figure(
            "error by audits alone",
            NONE if not report.audits else f"{report.audit_errors / report.audits:.2%}",
            "no audit is answered yet"
            if report.audit_error_upper is None
            else f"{report.audit_errors:,} wrong of {report.audits:,} audits answered; at most "
            f"{report.audit_error_upper:.2%} (95 %). Audits are acceptable items, labelled blind instead",
        ),
        Figure(
            "suggestions left unchanged",
            NONE if report.suggestions_unchanged is None else f"{report.suggestions_unchanged:.1%}",
            f"of {report.labeled.correction:,} items labelled with a suggestion shown; people lean towards what they "
            "see, so that this proves nothing of the model",
        ),
        Figure("taken back", f"{report.reopened:,}", "acceptances given to people when audits closed the gate, in all"),
        Figure("people's time saved", _share(report.effort.effective_automation), report.effort.in_words),
        Figure("order of what people are asked for", _ratio(report.ordering.error_ratio), report.ordering.in_words),
    ]


def certified(certificate: CertificateReport | None) -> Figure:
    """The selective error: as seen on the blind labels, with its bound."""
    name = "selective error"
    if certificate is None or not certificate.n:
        return Figure(name, NONE, "no certificate yet: it takes a model, and blind labels")
    bound = NONE if certificate.selective_upper is None else f"{certificate.selective_upper:.2%}"
    where = f"at or above confidence {certificate.threshold:.4f}" if certificate.threshold is not None else "tested"
    return Figure(
        name,
        f"{certificate.errors / certificate.n:.2%}, at most {bound}",
        f"{certificate.errors:,} wrong of {certificate.n:,} blind labels {where}, of {certificate.n_validation:,} in "
        f"all; the bound holds with probability {1 - certificate.delta:.2%}, the budget is {certificate.epsilon:.2%}",
    )


def labels(report: AutomationReport) -> list[Figure]:
    """Items that people labelled, by what the label may be used for."""
    counts = report.labeled.model_dump()
    return [Figure(name, f"{counts[name]:,}", said) for name, said in LABELS.items()]


def queue(report: AutomationReport) -> list[Figure]:
    """Where items stand."""
    return [Figure(state.value, f"{report.states.get(state, 0):,}", said) for state, said in QUEUE.items()]


def stages(report: AutomationReport) -> list[tuple[str, str, str]]:
    """(Stage, items by busy second, items that wait for it) of each stage that has worked."""
    return [
        (stage, f"{rate:,.1f}", f"{report.states.get(STAGES[stage], 0):,}" if stage in STAGES else NONE)
        for stage, rate in report.items_per_second.items()
    ]


def noise(report: AutomationReport) -> list[Figure]:
    """How often people are wrong themselves."""
    certificate = report.certificate
    asked = Figure(
        "people asked about a blind item",
        f"{report.validation_people}",
        f"at most; {report.second_opinions_wanted:,} items wait for another person's answer",
    )
    if certificate is None or certificate.assumption is None:
        return [asked]
    return [asked, Figure("the certificate assumes", "", certificate.assumption)]


def watched(seen: MonitorReport | None) -> Iterator[Figure]:
    """What the monitor sees in the audits, and whether the stream drifts."""
    if seen is None:
        yield Figure("monitor", NONE, "watches audits once a certificate has opened the gate")
        return
    for name, said in lines(seen):
        yield Figure(name, "", said)
    if seen.drift is None:
        yield Figure("drift", NONE, "compared once a window of items has arrived since the certificate")


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.1%}"


def _ratio(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f} times"
