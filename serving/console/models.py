"""``/projects/{project}/models``: the model versions of a project side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from models.errors import ModelError
from models.gate.sequence import percent
from models.specs import HeadSpec, ModelSpec, OcrSpec, PreferenceSpec, SeveralSpec, SpeechSpec, TaggerSpec, learns
from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.console.items import when
from serving.console.pages import page_of
from serving.console.staff import StaffDep
from serving.pipeline import challenge
from serving.pipeline.standing import standing_of
from serving.store.records import LABELS_BY, CertificateRow, GateEvent, ModelVersionRow, ProjectRow

SIDE_BY_SIDE = 6
STANDS = {
    "active": "Active: it predicts now",
    "challenger": "On trial beside the active one",
    "rejected": "Rejected: tried, and not better",
    "former": "Predicted before",
    "": "Never predicted",
}
NONE = "–"

router = APIRouter(prefix="/projects", tags=["console"], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the comparison."""

    name: str
    means: str
    """How it is defined."""
    values: list[str]
    """One a version."""


@router.get("/{slug}/models")
def index(
    request: Request,
    runtime: RuntimeDep,
    role: StaffDep,
    project: ProjectDep,
    skip: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> HTMLResponse:
    """The newest versions, or those behind the newest ``skip``."""
    with runtime.store.read() as uow:
        rows = list(reversed(uow.models.list(project.id)))
        certificates, events = uow.gate.certificates(project.id), uow.gate.events(project.id)
        trial = challenge.progress(runtime, uow, project)
    shown = rows[skip : skip + SIDE_BY_SIDE]
    facts = compare(shown, project, certificates, events)
    values: dict[str, Any] = {"versions": shown, "facts": facts, "trial": trial, "count": len(rows), "skip": skip}
    more = skip + SIDE_BY_SIDE if len(rows) > skip + SIDE_BY_SIDE else None
    return page_of(
        request,
        "console/models.html",
        project=project,
        role=role.value,
        more=more,
        learns=learns(project.spec),
        **values,
    )


def compare(
    rows: Sequence[ModelVersionRow],
    project: ProjectRow,
    certificates: Sequence[CertificateRow],
    events: Sequence[GateEvent],
) -> list[Fact]:
    """What is known of each version, a line a figure."""
    tests = {one.model_version: one for one in certificates}  # the newest of each
    why = {row.ref.version: rejection(row, events) for row in rows}
    each: list[tuple[str, str, list[str]]] = [
        ("Standing", "", [STANDS[standing_of(row, project)] for row in rows]),
        ("Made", "UTC", [when(row.created_at) for row in rows]),
        ("Last put to work", "UTC", [_when(row.activated_at) for row in rows]),
        ("Rejected", "UTC, and why", [_joined(_when(row.rejected_at), why[row.ref.version]) for row in rows]),
        ("Trained on", "labels; 0: it is used as it was made", [str(row.n_train) for row in rows]),
    ]
    each += [(name, means, [of(tests.get(row.ref.version)) for row in rows]) for name, means, of in CERTIFIED]
    each += [(name, means, [of(row) for row in rows]) for name, means, of in MEASURED]
    return [Fact(*line) for line in each]


def rejection(row: ModelVersionRow, events: Sequence[GateEvent]) -> str:
    """The reason that was written down when it was rejected; empty: it was not."""
    if row.rejected_at is None:
        return ""
    mine = [one for one in events if one.numbers.get("challenger") == row.ref.version and one.at == row.rejected_at]
    return mine[-1].reason if mine else "the reason is not in the gate's trail"


def _when(at: float | None) -> str:
    return when(at) if at is not None else NONE


def _joined(first: str, second: str) -> str:
    return f"{first}: {second}" if second else first


def _test(one: CertificateRow | None) -> str:
    if one is None:
        return "Not tested yet"
    return f"{'Trial' if one.trial else 'Certificate'} of {when(one.created_at)}: {one.reason}"


def _coverage(one: CertificateRow | None) -> str:
    return percent(one.coverage) if one is not None and one.open else NONE


def _error(one: CertificateRow | None) -> str:
    if one is None or not one.n:
        return NONE
    bound = "no bound" if one.selective_upper is None else f"at most {percent(one.selective_upper)}"
    return f"{percent(one.errors / one.n)} seen; {bound} with confidence {percent(1.0 - one.delta)}"


def _sample(one: CertificateRow | None) -> str:
    return NONE if one is None else f"{one.n}, {one.errors} wrong; of {one.n_validation} drawn"


def _threshold(one: CertificateRow | None) -> str:
    return NONE if one is None or one.threshold is None else f"{one.threshold:.4f}"


CERTIFIED = (
    ("Newest test", "of the gate, with its own share of delta", _test),
    ("Certified automation", "share of the items that waited then which it would accept", _coverage),
    ("Error of what it accepts", "on the blind sample, and its upper bound", _error),
    ("n", "blind answers above the threshold", _sample),
    ("Threshold", "confidence from which items are accepted", _threshold),
)


def _accuracy(row: ModelVersionRow) -> str:
    held = row.metrics.get("accuracy")
    return NONE if held is None else f"{held:.1%}"


def _confidence(row: ModelVersionRow) -> str:
    expected: Mapping[str, float] = row.metrics.get("expected") or {}
    tried = ", ".join(f"{name} {share:.1%}" for name, share in expected.items())
    kind = row.metrics.get("confidence")
    return NONE if kind is None else f"{kind}{f' (of: {tried})' if tried else ''}"


def _others(row: ModelVersionRow) -> str:
    hidden = {LABELS_BY, "accuracy", "expected", "confidence", "n"}
    held = {name: one for name, one in row.metrics.items() if name not in hidden and one not in (None, {}, [])}
    return "; ".join(f"{name}: {_short(one)}" for name, one in held.items()) or NONE


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(one)}" for name, one in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _kind(row: ModelVersionRow) -> str:
    spec = row.ref.spec
    named = [str(held) for name in ("kind", "encoder", "source") if (held := getattr(spec, name, None))]
    return ", ".join(named)


def licence_of(spec: ModelSpec) -> str:
    """As it can be told without a download."""
    if isinstance(spec, SeveralSpec):
        return "; ".join(dict.fromkeys(licence_of(part.spec) for part in spec.parts))
    source = getattr(spec, "source", None)
    own = isinstance(spec, HeadSpec | TaggerSpec | PreferenceSpec | OcrSpec | SpeechSpec)
    if not own and not (isinstance(source, str) and Path(source).is_dir()):
        return "on its model card" if source else NONE
    from models.catalogue import licence

    try:
        return licence(spec)
    except ModelError as error:
        return f"cannot be read: {error}"


MEASURED = (
    ("Accuracy", "cross-validated on the train labels", _accuracy),
    ("Confidence", "its kind, and the coverage that each kind was expected to certify", _confidence),
    ("Other figures", "kept when it was trained", _others),
    ("Kind", "", _kind),
    ("Fills", "controls", lambda row: ", ".join(one.name for one in row.ref.controls)),
    ("sha256", "of its content", lambda row: row.ref.sha256),
    ("Licence", "of its network", lambda row: licence_of(row.ref.spec)),
    ("Runs on", "asked for", lambda row: str(getattr(row.ref.spec, "provider", NONE))),
)
