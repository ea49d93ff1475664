"""What the monitor of an open gate sees, for the report."""

from __future__ import annotations

from collections.abc import Iterator

from models.types import Frozen
from serving.language import N_, gettext
from serving.pipeline import drift, watch
from serving.pipeline.decide import audit_rate
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.records import CertificateRow, ProjectRow


class DriftReport(Frozen):
    """One figure of the newest items against the blind sample; see ``models.gate.drift``."""

    psi: float
    """Population stability index, >= 0."""
    distance: float
    """Kolmogorov-Smirnov distance of numbers, total variation of answers; in [0, 1]."""
    p_value: float
    window: int
    """Items compared."""
    alarm: bool


class MonitorReport(Frozen):
    """The audits of what is accepted, under the newest certificate and those before that the monitor did not end."""

    statistic: float
    """How strongly they speak for an error above epsilon, >= 0; after a closing, where it stood then or later."""
    watch_level: float
    """Where the gate goes to watch: within epsilon, at most one false alarm in so many audits."""
    close_level: float
    """Where it closes; the same."""
    audits: int
    """Audits that count: answered, and none before them unanswered."""
    errors: int
    """Wrong ones among them."""
    behind: int
    """Answered, but drawn after one that is not: they count once it is answered."""
    unanswered: int
    overdue: int
    """Unanswered, and drawn longer ago than ``audit_due_s``."""
    audit_rate: float
    """Share of what is acceptable that is audited now."""
    drift: dict[str, DriftReport] | None
    """By figure: ``confidence``, ``answer``, ``input_...``. None until a window of items has arrived since the
    certificate."""


def monitor(
    runtime: Runtime, uow: UnitOfWork, project: ProjectRow, certificate: CertificateRow | None
) -> MonitorReport | None:
    """What the monitor sees now; None where the newest certificate opened no gate."""
    if certificate is None or not certificate.open:
        return None
    settings = runtime.settings
    seen = watch.read(uow, project, watch.watched(uow, project, certificate))
    compared = drift.compare(uow, project, certificate, window=settings.drift_window)
    return MonitorReport(
        statistic=seen.value,
        watch_level=settings.monitor_watch,
        close_level=settings.monitor_close,
        audits=len(seen.audits),
        errors=int(seen.losses.sum()),
        behind=seen.behind,
        unanswered=len(seen.unanswered),
        overdue=seen.overdue(settings, runtime.now()),
        audit_rate=audit_rate(project, settings),
        drift=None
        if compared is None
        else {
            name: DriftReport(psi=d.psi, distance=d.distance, p_value=d.p_value, window=d.recent, alarm=d.alarm)
            for name, d in compared.figures.items()
        },
    )


def lines(seen: MonitorReport) -> Iterator[tuple[str, str]]:
    """The same for people: a name and a sentence each."""
    yield (
        gettext("monitor"),
        gettext(
            "statistic {statistic:,.1f} over {audits} audits, {errors} wrong; watch at {watch:,.0f}, close at "
            "{close:,.0f}; {rate:.1%} is audited",
            statistic=seen.statistic,
            audits=seen.audits,
            errors=seen.errors,
            watch=seen.watch_level,
            close=seen.close_level,
            rate=seen.audit_rate,
        ),
    )
    if seen.unanswered:
        yield (
            gettext("audits to answer"),
            gettext(
                "{unanswered}, of which {overdue} overdue; {behind} answered ones wait for them",
                unanswered=seen.unanswered,
                overdue=seen.overdue,
                behind=seen.behind,
            ),
        )
    for name, one in (seen.drift or {}).items():
        yield (
            gettext(name.replace("_", " ")),
            gettext(_DRIFTS if one.alarm else _STAYS, psi=one.psi, distance=one.distance, window=one.window),
        )


FIGURES = (
    N_("confidence"),
    N_("answer"),
    N_("input characters"),
    N_("input letters"),
    N_("input ascii"),
    N_("input brightness"),
    N_("input contrast"),
    N_("input seconds"),
    N_("input loudness"),
    N_("input question characters"),
)
"""Of the stream, by their names."""
_DRIFTS = N_("drifts: PSI {psi:.3f}, distance {distance:.2f} over {window} items")
_STAYS = N_("no drift: PSI {psi:.3f}, distance {distance:.2f} over {window} items")
