"""What is known of model versions, a line a figure: tests, training, speed and cost, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from models.base import ModelRef
from models.costs import Costs
from models.errors import ModelError
from models.gate.sequence import percent
from models.specs import (
    HeadSpec,
    JudgeSpec,
    ModelSpec,
    OcrSpec,
    PipelineSpec,
    PreferenceSpec,
    RewardSpec,
    SeveralSpec,
    SpeechSpec,
    TaggerSpec,
    TokenClassifierSpec,
    TransformersSpec,
)
from serving.console.moments import moment
from serving.language import N_, gettext
from serving.pipeline.standing import standing_of
from serving.retold import retold
from serving.store.records import LABELS_BY, CertificateRow, GateEvent, ProjectRow
from serving.store.version_records import ModelVersionRow

STANDS: Final = {
    "active": N_("Active: it predicts now"),
    "pinned": N_("Active: it predicts now, chosen by hand"),
    "challenger": N_("On trial beside the active one"),
    "shadow": N_("Scores in the shadow of the active one"),
    "rejected": N_("Rejected: tried, or rolled back"),
    "former": N_("Predicted before"),
    "": N_("Never predicted"),
}
NONE: Final = "–"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the comparison, in the language of now."""

    name: str
    means: str
    """How it is defined."""
    values: list[str]
    """One a version."""


def compare(
    rows: Sequence[ModelVersionRow],
    project: ProjectRow,
    certificates: Sequence[CertificateRow],
    events: Sequence[GateEvent],
) -> list[Fact]:
    """What is known of each version, a line a figure."""
    tests = {one.model_version: one for one in certificates}  # the newest of each
    why = {row.ref.version: rejection(row, events) for row in rows}
    costs = project.costs
    each: list[tuple[str, str, list[str]]] = [
        (gettext("Standing"), "", [_standing(row, project) for row in rows]),
        (gettext("Made"), "", [moment(row.created_at) for row in rows]),
        (gettext("Last put to work"), "", [_when(row.activated_at) for row in rows]),
        (
            gettext("Rejected"),
            gettext("when, and why"),
            [_joined(_when(row.rejected_at), why[row.ref.version]) for row in rows],
        ),
        (
            gettext("Trained on"),
            gettext("labels; 0: it is used as it was made"),
            [f"{row.n_train:,}" for row in rows],
        ),
    ]
    each += [
        (gettext(name), gettext(means) if means else "", [of(tests.get(row.ref.version)) for row in rows])
        for name, means, of in CERTIFIED
    ]
    each += [
        (
            gettext("Speed"),
            gettext("items that one scorer does in a second, loading and waiting apart"),
            [speed_of(row) for row in rows],
        ),
        (
            gettext("Compute for 1,000 items"),
            gettext("seconds of one scorer, times the price of an hour of the machine"),
            [compute_of(row, costs) for row in rows],
        ),
    ]
    each += [
        (gettext(name), gettext(means) if means else "", [of(row) for row in rows]) for name, means, of in MEASURED
    ]
    return [Fact(*line) for line in each]


def rejection(row: ModelVersionRow, events: Sequence[GateEvent]) -> str:
    """The reason that was written down when it was rejected or rolled back; empty: it was not."""
    if row.rejected_at is None:
        return ""
    version = row.ref.version
    mine = [
        one
        for one in events
        if one.at == row.rejected_at and version in (one.numbers.get("challenger"), one.numbers.get("before"))
    ]
    return retold(mine[-1].reason) if mine else gettext("the reason is not in the gate's trail")


def speed_of(row: ModelVersionRow) -> str:
    """Measured speed, with what it was measured on."""
    if row.speed is None:
        return gettext("not measured: it has scored nothing since speeds are measured")
    speed = f"{row.speed:,.0f}" if row.speed >= 10 else f"{row.speed:.2g}"
    items, seconds = f"{row.scored_items:,}", f"{row.scored_seconds:,.2f}"
    return gettext("{speed} ({items} items in {seconds} s)", speed=speed, items=items, seconds=seconds)


def compute_of(row: ModelVersionRow, costs: Costs | None) -> str:
    """What scoring 1,000 items takes and costs."""
    if row.speed is None:
        return NONE
    each = 1_000 / row.speed
    seconds = f"{each:,.2f}"
    if costs is None or costs.compute_hour is None:
        return gettext("{seconds} s; no price given", seconds=seconds)
    price = f"{Decimal(f'{each * costs.compute_hour / 3600:.2g}'):f} {costs.currency}"
    return gettext("{price} ({seconds} s)", price=price, seconds=seconds)


def _standing(row: ModelVersionRow, project: ProjectRow) -> str:
    stands = standing_of(row, project)
    if row.ref.version == project.shadow:
        stands = "shadow"
    return gettext(STANDS["pinned" if stands == "active" and project.pinned else stands])


def _when(at: float | None) -> str:
    return moment(at) if at is not None else NONE


def _joined(first: str, second: str) -> str:
    return f"{first}: {second}" if second else first


def _test(one: CertificateRow | None) -> str:
    if one is None:
        return gettext("Not tested yet")
    said = gettext("Trial of {time}: {reason}") if one.trial else gettext("Certificate of {time}: {reason}")
    return said.format(time=moment(one.created_at), reason=retold(one.reason))


def _coverage(one: CertificateRow | None) -> str:
    return percent(one.coverage) if one is not None and one.open else NONE


def _error(one: CertificateRow | None) -> str:
    if one is None or not one.n:
        return NONE
    seen, sure = percent(one.errors / one.n), percent(1.0 - one.delta)
    if one.selective_upper is None:
        return gettext("{seen} seen; no bound with confidence {sure}", seen=seen, sure=sure)
    upper = percent(one.selective_upper)
    return gettext("{seen} seen; at most {upper} with confidence {sure}", seen=seen, upper=upper, sure=sure)


def _sample(one: CertificateRow | None) -> str:
    if one is None:
        return NONE
    return gettext("{n}, {errors} wrong; of {drawn} drawn", n=one.n, errors=one.errors, drawn=one.n_validation)


def _threshold(one: CertificateRow | None) -> str:
    return NONE if one is None or one.threshold is None else f"{one.threshold:.4f}"


CERTIFIED: Final[tuple[tuple[str, str, Callable[[CertificateRow | None], str]], ...]] = (
    (N_("Newest test"), N_("of the gate, with its own share of delta"), _test),
    (N_("Certified automation"), N_("share of the items that waited then which it would accept"), _coverage),
    (N_("Error of what it accepts"), N_("on the blind sample, and its upper bound"), _error),
    (N_("n"), N_("blind answers above the threshold"), _sample),
    (N_("Threshold"), N_("confidence from which items are accepted"), _threshold),
)


def _accuracy(row: ModelVersionRow) -> str:
    held = row.metrics.get("accuracy")
    return NONE if held is None else f"{held:.1%}"


def _confidence(row: ModelVersionRow) -> str:
    expected = row.metrics.get("expected") or {}
    tried = ", ".join(f"{name} {share:.1%}" for name, share in expected.items())
    kind = row.metrics.get("confidence")
    if kind is None:
        return NONE
    return gettext("{kind} (of: {tried})", kind=kind, tried=tried) if tried else str(kind)


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
        return gettext("on its model card") if source else gettext("not stated")
    from models.catalogue import OWN, UNKNOWN, licence

    try:
        told = licence(spec)
    except ModelError as error:
        return gettext("cannot be read: {error}", error=error)
    return {OWN: gettext("own code"), UNKNOWN: gettext("not stated")}.get(told, told)


def runs_on(spec: ModelSpec) -> str:
    """Library and device that it asks for; another one stops it with an error."""
    match spec:
        case SeveralSpec():
            return "; ".join(dict.fromkeys(runs_on(part.spec) for part in spec.parts))
        case JudgeSpec():
            return gettext("a language model at {host}", host=urlsplit(spec.url).netloc)
        case HeadSpec() | TaggerSpec() | PreferenceSpec() if spec.encoder != "minilm":
            return gettext("own code, cpu")
        case TransformersSpec(runtime="torch") | TokenClassifierSpec() | PipelineSpec() | RewardSpec():
            return f"torch, {spec.provider}"
        case _:
            return f"onnxruntime, {getattr(spec, 'provider', 'cpu')}"


def size_of(ref: ModelRef) -> str:
    """Of its own files; parts that come with a package are not counted."""
    held = [folder for one in (ref.parts or (ref,)) if (folder := _folder(one)) is not None]
    if not held:
        return gettext("comes with a package, or is elsewhere")
    if gone := [folder for folder in held if not folder.is_dir()]:
        return gettext("its files are gone: {folder}", folder=gone[0].name)
    total = sum(file.stat().st_size for folder in held for file in folder.rglob("*") if file.is_file())
    return f"{total / 1e6:,.1f} MB" if total >= 1e5 else f"{total / 1e3:,.1f} kB"


def _folder(ref: ModelRef) -> Path | None:
    if ref.path is not None:
        return Path(ref.path)
    source = getattr(ref.spec, "source", None)
    return Path(source) if isinstance(source, str) and Path(source).is_dir() else None


MEASURED: Final[tuple[tuple[str, str, Callable[[ModelVersionRow], str]], ...]] = (
    (N_("Accuracy"), N_("cross-validated on the train labels"), _accuracy),
    (N_("Confidence"), N_("its kind, and the coverage that each kind was expected to certify"), _confidence),
    (N_("Other figures"), N_("kept when it was trained"), _others),
    (N_("Kind"), "", _kind),
    (N_("Fills"), N_("controls"), lambda row: ", ".join(one.name for one in row.ref.controls)),
    ("sha256", N_("of its content"), lambda row: row.ref.sha256),
    (N_("Size"), N_("of its own files"), lambda row: size_of(row.ref)),
    (N_("Licence"), N_("of its network"), lambda row: licence_of(row.ref.spec)),
    (N_("Runs on"), N_("library and device; another one stops it"), lambda row: runs_on(row.ref.spec)),
)
