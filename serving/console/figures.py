"""The numbers of the automation report in words: each with how it is defined and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from serving.language import N_, gettext
from serving.monitoring.automation import AutomationReport, CertificateReport
from serving.monitoring.monitor import MonitorReport, lines
from serving.retold import retold
from serving.store.records import ItemState

NONE: Final = "–"
QUEUE: Final = {
    ItemState.RECEIVED: N_("to be scored"),
    ItemState.SCORED: N_("to be decided"),
    ItemState.DECIDED: N_("to be written to Label Studio"),
    ItemState.PUBLISHED: N_("Label Studio shows what was decided"),
    ItemState.LABELED: N_("labelled by a person"),
    ItemState.DEAD: N_("given up, with a reason"),
    ItemState.GONE: N_("deleted in Label Studio"),
}
STAGES: Final = {"score": ItemState.RECEIVED, "decide": ItemState.SCORED, "publish": ItemState.DECIDED}
"""Stage -> the state of what waits for it."""
STAGE_NAMES: Final = (
    N_("score"),
    N_("publish_suggestion"),
    N_("publish_acceptance"),
    N_("publish_withdrawal"),
    N_("publish_retraction"),
    N_("pull"),
)
LABELS: Final = {
    "train": N_("without a suggestion, drawn for nothing that certifies"),
    "validation": N_("blind, to certify the gate"),
    "audit": N_("blind, although the gate would have accepted them"),
    "correction": N_("while a suggestion was shown"),
    "gold": N_("to hear how good a person is: the answer was known before"),
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
            gettext("automation rate"),
            f"{report.automation_rate:.1%}",
            gettext(
                "{accepted:,} accepted of {arrived:,} arrived; audited items are not among the accepted, deleted tasks "
                "not among the arrived",
                accepted=report.accepted,
                arrived=report.arrived,
            ),
        ),
        certified(report.certificate),
        _audited(report),
        Figure(
            gettext("suggestions left unchanged"),
            NONE if report.suggestions_unchanged is None else f"{report.suggestions_unchanged:.1%}",
            gettext(
                "of {n:,} items labelled with a suggestion shown; people lean towards what they see, so that this "
                "proves nothing of the model",
                n=report.labeled.correction,
            ),
        ),
        Figure(
            gettext("taken back"),
            f"{report.reopened:,}",
            gettext("acceptances given to people when audits closed the gate, in all"),
        ),
        Figure(gettext("people's time saved"), _share(report.effort.effective_automation), report.effort.in_words),
        Figure(
            gettext("order of what people are asked for"),
            _ratio(report.ordering.error_ratio),
            report.ordering.in_words,
        ),
    ]


def _audited(report: AutomationReport) -> Figure:
    name = gettext("error by audits alone")
    if not report.audits or report.audit_error_upper is None:
        return Figure(name, NONE, gettext("no audit is answered yet"))
    means = gettext(
        "{errors:,} wrong of {audits:,} audits answered; at most {upper:.2%} (95 %). Audits are acceptable items, "
        "labelled blind instead",
        errors=report.audit_errors,
        audits=report.audits,
        upper=report.audit_error_upper,
    )
    return Figure(name, f"{report.audit_errors / report.audits:.2%}", means)


def certified(certificate: CertificateReport | None) -> Figure:
    """The selective error: as seen on the blind labels, with its bound."""
    name = gettext("selective error")
    if certificate is None or not certificate.n:
        return Figure(name, NONE, gettext("no certificate yet: it takes a model, and blind labels"))
    bound = NONE if certificate.selective_upper is None else f"{certificate.selective_upper:.2%}"
    return Figure(
        name,
        gettext("{share:.2%}, at most {bound}", share=certificate.errors / certificate.n, bound=bound),
        gettext(
            _TESTED if certificate.threshold is None else _ABOVE,
            errors=certificate.errors,
            n=certificate.n,
            threshold=certificate.threshold,
            all=certificate.n_validation,
            sure=1 - certificate.delta,
            epsilon=certificate.epsilon,
        ),
    )


_ABOVE = N_(
    "{errors:,} wrong of {n:,} blind labels at or above confidence {threshold:.4f}, of {all:,} in all; the bound holds "
    "with probability {sure:.2%}, the budget is {epsilon:.2%}"
)
_TESTED = N_(
    "{errors:,} wrong of {n:,} blind labels tested, of {all:,} in all; the bound holds with probability {sure:.2%}, "
    "the budget is {epsilon:.2%}"
)


def labels(report: AutomationReport) -> list[Figure]:
    """Items that people labelled, by what the label may be used for."""
    counts = report.labeled.model_dump()
    return [Figure(gettext(name), f"{counts[name]:,}", gettext(said)) for name, said in LABELS.items()]


def queue(report: AutomationReport) -> list[Figure]:
    """Where items stand."""
    return [
        Figure(gettext(state.value), f"{report.states.get(state, 0):,}", gettext(said)) for state, said in QUEUE.items()
    ]


def stages(report: AutomationReport) -> list[tuple[str, str, str]]:
    """(Stage, items by busy second, items that wait for it) of each stage that has worked."""
    return [
        (gettext(stage), f"{rate:,.1f}", f"{report.states.get(STAGES[stage], 0):,}" if stage in STAGES else NONE)
        for stage, rate in report.items_per_second.items()
    ]


def noise(report: AutomationReport) -> list[Figure]:
    """How often people are wrong themselves."""
    certificate = report.certificate
    asked = Figure(
        gettext("people asked about a blind item"),
        f"{report.validation_people}",
        gettext("at most; {n:,} items wait for another person's answer", n=report.second_opinions_wanted),
    )
    if certificate is None or certificate.assumption is None:
        return [asked]
    return [asked, Figure(gettext("the certificate assumes"), "", retold(certificate.assumption))]


def watched(seen: MonitorReport | None) -> Iterator[Figure]:
    """What the monitor sees in the audits, and whether the stream drifts."""
    if seen is None:
        yield Figure(gettext("monitor"), NONE, gettext("watches audits once a certificate has opened the gate"))
        return
    for name, said in lines(seen):
        yield Figure(name, "", said)
    if seen.drift is None:
        yield Figure(
            gettext("drift"), NONE, gettext("compared once a window of items has arrived since the certificate")
        )


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.1%}"


def _ratio(value: float | None) -> str:
    return NONE if value is None else gettext("{ratio:.2f} times", ratio=value)
