"""The automation rate of a project, with what makes it believable beside it."""

from __future__ import annotations

from pydantic import Field

from models.gate.bounds import binomial_upper
from models.gate.noise import Noise
from models.ordering import control_from
from models.types import Frozen, GateState, Route
from serving.monitoring.effort import EffortReport, effort
from serving.monitoring.monitor import MonitorReport, monitor
from serving.monitoring.opening import Opening
from serving.monitoring.opening import look as look_ahead
from serving.monitoring.ordering import OrderingReport, ordering
from serving.monitoring.people_quality import PeopleQuality, people_quality
from serving.monitoring.savings import SavingsReport, judge, read
from serving.pipeline.runtime import Runtime
from serving.store.records import CertificateRow, ItemState, LabelRole, ProjectRow


class LabelCounts(Frozen):
    """Items that people labelled, by what the label may be used for."""

    train: int
    """Labelled without a suggestion, and drawn for nothing that certifies."""
    validation: int
    """Labelled blind to certify the gate."""
    audit: int
    """Labelled blind although the gate would have accepted them."""
    correction: int
    """Labelled while a suggestion was shown."""
    gold: int
    """Answered by somebody to hear how good that person is: the item had its answer before."""


class CertificateReport(Frozen):
    """The proof on which the gate stands, or why there is none."""

    open: bool
    threshold: float | None
    n: int
    """Validation items at or above the threshold."""
    errors: int
    """Errors among them."""
    n_validation: int
    """All blind labels of the sample."""
    epsilon: float
    delta: float
    """The delta that this test spent; all tests of a project together spend no more than the project's."""
    selective_upper: float | None
    """Upper bound of the share of wrong labels among accepted items, at confidence 1 - delta."""
    coverage: float
    needed_labels: int
    model_version: str
    reason: str
    noise: Noise | None
    """What was assumed of the people whose blind labels it stands on, and measured of them."""
    assumption: str | None
    """The same in words."""


class AutomationReport(Frozen):
    """The numbers of one project.

    ``accepted`` items got their label without a person, audited ones are not among them; ``automation_rate`` is
    accepted / arrived.
    """

    project: str
    arrived: int
    labeled: LabelCounts
    accepted: int
    suggested: int
    """Items that were given to a person and not blind; some of them are shown without their suggestion (``effort``)."""
    automation_rate: float
    epsilon: float
    """The project's error budget on accepted items."""
    delta: float
    """The project's probability of missing it, shared by all its certificates."""
    gate: GateState
    gate_reason: str
    opening: Opening | None = None
    """What the gate waits for; None: it accepts."""
    certificate: CertificateReport | None
    validation_people: int
    """How many different people may be asked about one blind validation item."""
    second_opinions_wanted: int
    """Blind items that wait for an answer by another person."""
    audits: int
    """Audited items whose blind label is in."""
    audit_errors: int
    audit_error_upper: float | None
    """Upper bound of the error among acceptable items from the audits alone, confidence 95 %."""
    monitor: MonitorReport | None
    """None until a certificate has opened the gate."""
    reopened: int
    """Acceptances that were taken back and given to people when audits closed the gate, in all."""
    suggestions_unchanged: float | None
    """Share of labelled suggestions that people left as they were; None while there are none."""
    effort: EffortReport
    """What suggestions save people, and where none is shown."""
    savings: SavingsReport
    """What the service saves in people's time and money, against all done by hand."""
    ordering: OrderingReport
    """How train labels were asked for, and what that was worth."""
    people: PeopleQuality
    """How far people agree, and how sure their consensus is."""
    states: dict[str, int]
    items_per_second: dict[str, float] = Field(default_factory=dict)
    """Items by busy seconds, for each stage."""


def report(runtime: Runtime, project: ProjectRow) -> AutomationReport:
    """The numbers of one project, all but those of people from one reading of the store."""
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
        states = uow.items.counts(project.id)
        routes = uow.items.route_counts(project.id)
        labels = uow.labels.counts(project.id)
        certificate = uow.gate.latest(project.id)
        audits = uow.labels.audit_losses(project.id)
        compared, unchanged = uow.labels.corrected(project.id)
        stages = uow.stats.totals(project.id)
        accepted = uow.items.accepted(project.id)
        watched = monitor(runtime, uow, project, certificate)
        events = uow.gate.events(project.id)
        version = project.active_model or ""
        again = sum(uow.opinions.waiting(project.id, version, audits=kind) for kind in (True, False))
        answers = uow.asking.answers(project.id, control_from=control_from(project.validation_fraction))
        look = uow.effort.last(project.id)
        spent = read(uow, project)
        ahead = look_ahead(runtime, uow, project)
    arrived = sum(n for state, n in states.items() if state is not ItemState.GONE)
    audited = _wrong(audits, project.validation_people)
    errors = sum(audited)
    return AutomationReport(
        project=project.slug,
        arrived=arrived,
        labeled=LabelCounts(**{role.value: labels.get(role, 0) for role in LabelRole}),
        accepted=accepted,
        suggested=routes.get(Route.SUGGEST, 0),
        automation_rate=accepted / arrived if arrived else 0.0,
        epsilon=project.epsilon,
        delta=project.delta,
        gate=project.gate_state,
        gate_reason=project.gate_reason,
        opening=ahead,
        certificate=_certificate(certificate),
        validation_people=project.validation_people,
        second_opinions_wanted=again,
        audits=len(audited),
        audit_errors=errors,
        audit_error_upper=binomial_upper(errors, len(audited), 0.05) if audited else None,
        monitor=watched,
        reopened=sum(event.numbers.get("reopened", 0) for event in events),
        suggestions_unchanged=unchanged / compared if compared else None,
        effort=effort(
            project,
            look,
            accepted=accepted,
            labelled=sum(labels.values()),
            corrected=labels.get(LabelRole.CORRECTION, 0),
        ),
        savings=judge(spent, project.costs),
        ordering=ordering(answers),
        people=people_quality(runtime, project),
        states={state.value: n for state, n in states.items()},
        items_per_second={stage: items / seconds for stage, (items, seconds) in stages.items() if seconds > 0},
    )


def _wrong(audits: list[tuple[int, int, float]], people: int) -> list[bool]:
    """Of each audited item whether it was wrong: not upheld by most of those who may be asked and have been."""
    losses: dict[int, dict[int, float]] = {}
    for item_id, person, loss in audits:
        losses.setdefault(item_id, {}).setdefault(person, loss)
    given = [list(said.values())[:people] for said in losses.values()]
    return [sum(loss == 0 for loss in said) * 2 <= len(said) for said in given]


def _certificate(row: CertificateRow | None) -> CertificateReport | None:
    if row is None:
        return None
    fields = {name: getattr(row, name) for name in CertificateReport.model_fields}
    return CertificateReport(**fields)
