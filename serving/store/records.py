"""Rows as the rest of the service sees them: frozen, typed, free of SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from models.costs import Costs
from models.gate.noise import Noise
from models.people.showing import Showing
from models.skills import SkillRule
from models.specs import ModelSpec
from models.types import Fold, GateState, LabelConfig, Prediction, Region, Route

BLIND_AUDIT = "blind_audit"
"""Reason code of items that would have been accepted and were drawn for a blind check instead."""
LABELS_BY = "labels_by"
"""Among a model version's metrics: Label Studio's user id -> how many of this person's labels it was trained on. It is
about people: events and lists of versions leave it out."""

ACT = "act"
"""Among an event's numbers: what was done to a model version. Such an event closes and opens nothing by hand."""

UNAIDED = frozenset(kind.value for kind in Showing if kind.hidden)
"""Reason codes of items whose suggestion people do not see, though they are not blind: they certify nothing."""
LABEL_REJECTED = "label_rejected"
"""Reason code of items whose label a reviewer rejected: other people get them, and nobody else."""


class ItemState(StrEnum):
    """Where an item stands; see docs/decisions/0002."""

    RECEIVED = "received"
    """To be scored, as soon as the project has a model."""
    SCORED = "scored"
    """Has a prediction of the active model; to be decided."""
    DECIDED = "decided"
    """Has a route; outbox rows wait to be sent."""
    PUBLISHED = "published"
    """Label Studio shows what was decided (for a blind route: nothing)."""
    LABELED = "labeled"
    """A person's label is stored."""
    DEAD = "dead"
    """Given up, with a reason; an operator can re-drive it."""
    GONE = "gone"
    """The task was deleted in Label Studio."""


WAITING = (ItemState.SCORED, ItemState.DECIDED, ItemState.PUBLISHED)
"""States of items that the gate accepts or could accept: a model has scored them, and nobody has labelled them."""


class OutboxKind(StrEnum):
    """What is written to Label Studio."""

    SUGGESTION = "suggestion"
    """A prediction that annotators see."""
    ACCEPTANCE = "acceptance"
    """An annotation by our account; follows the suggestion of the same version."""
    WITHDRAWAL = "withdrawal"
    """Every prediction of the task is removed: it turned blind."""
    RETRACTION = "retraction"
    """Our annotation is removed, if there is one: the item is not accepted after all."""


class OutboxState(StrEnum):
    """``pending -> sent | dead | cancelled``."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"
    CANCELLED = "cancelled"
    """Overtaken: a person labelled the item first, or a newer decision replaced it."""


class Stand(StrEnum):
    """What has to hold of a task in Label Studio once its item is published."""

    SHOWN = "shown"
    """It has a prediction of the active model."""
    HIDDEN = "hidden"
    """It has none: its label is to be given blind."""
    ACCEPTED = "accepted"
    """It has an annotation by our account."""
    UNLABELED = "unlabeled"
    """It has none by our account, though there may have been one."""


class LabelRole(StrEnum):
    """What a human label may be used for."""

    TRAIN = "train"
    """Given without a suggestion, on an item that was drawn for nothing that certifies."""
    VALIDATION = "validation"
    """Blind, on an item drawn for validation: certifies, never trains."""
    AUDIT = "audit"
    """Blind, on an item that the gate would have accepted."""
    CORRECTION = "correction"
    """Given while a suggestion was shown."""
    GOLD = "gold"
    """Answers an item whose answer is known, to hear how good the person is: of use for nothing else."""

    @property
    def blind(self) -> bool:
        """Whether it answers a blind item: whoever gave it had seen nothing of what the model says."""
        return self in (LabelRole.VALIDATION, LabelRole.AUDIT)


class Arm(StrEnum):
    """How a person came to label an item of the train fold."""

    INFORMATIVE = "informative"
    """Listed for what its label would teach."""
    RANDOM = "random"
    """Listed in random order: the control."""
    UNLISTED = "unlisted"
    """Not on a list: in order of the draw, or as people chose."""


@dataclass(frozen=True, slots=True)
class SuggestionBound:
    """Below which confidence no suggestion is shown, and what the last look that moved it saw."""

    below: float
    """In (0, 1]."""
    shown: int
    """Labels of items whose suggestion was shown, below the bound."""
    hidden: int
    """The same without one."""
    saved_seconds: float
    """What an item takes less without its suggestion; above 0."""
    at: float
    """Since when, epoch seconds."""


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A connected Label Studio project."""

    id: int
    slug: str
    """Name in URLs and on the command line; unique."""
    platform_url: str
    platform_project: int
    """Label Studio's project id."""
    token: bytes
    """Label Studio token, encrypted (``serving.secrets``)."""
    webhook_secret: bytes
    """Encrypted; compared with the webhook's secret header."""
    sampling_secret: bytes
    """Encrypted key of the hash that draws folds, validation and audits."""
    service_user: int
    """Label Studio user id of the token's account: marks our own writes."""
    label_config: LabelConfig
    label_config_xml: str
    spec: ModelSpec
    epsilon: float
    delta: float
    train_target: int
    """Train labels to collect before the first head is trained."""
    validation_target: int
    """Blind validation labels to collect before the gate is certified."""
    validation_fraction: float
    """Share of arriving items whose fold is validation, in (0, 1)."""
    audit_rate: float
    """Probability with which an acceptable item is audited blind instead, in [0, 1)."""
    validation_people: int
    """How many different people may be asked about one blind validation item, >= 1."""
    overlap_people: int
    """How many different people may be asked about one item that is not blind, experts apart; 1: off."""
    control_rate: float
    """Share of the suggestions that are hidden, or spared from being hidden, by lot, in [0, 0.5); 0: all are shown."""
    tabs: bool
    """Whether Label Studio has a tab for each queue."""
    validation_cut: float
    """Items of the validation fold whose ``draw`` is below this are labelled blind: their inclusion probability."""
    gate_state: GateState
    gate_reason: str
    active_model: str | None
    """``version`` of the active model; None while cold."""
    challenger: str | None
    """``version`` of the model that is tried beside it, to take its place if it certifies more."""
    watermark: float
    """Newest remote ``updated_at`` that reconcile has seen, epoch seconds."""
    paused: bool
    valid_since: float
    """When audits last showed that the stream had changed, epoch seconds; 0: never. Certificates made before, and blind
    labels of items that arrived before, prove nothing any more."""
    tolerance_since: float
    """When epsilon or delta was last changed, epoch seconds; 0: never. Certificates made before are for another one."""
    announced: int
    """Id of the newest gate event that was announced, or passed over."""
    created_at: float
    skill_rules: tuple[SkillRule, ...] = ()
    """Which items need which skill of whoever labels them; the first counts that holds."""
    suggestion_bound: SuggestionBound | None = None
    review_rate: float = 0.0
    """Share of the labels that were not given blind which another person looks at, in [0, 1]."""
    pinned: bool = False
    """A person chose the active model: nothing takes its place by itself before a person lets go of it."""
    shadow: str | None = None
    """``version`` of the model that a person lets score beside the active one: it is not tested, and takes no place."""
    costs: Costs | None = None
    """What people and machines cost; None: nobody has said."""


@dataclass(frozen=True, slots=True)
class NewProject:
    """What ``connect`` stores."""

    slug: str
    platform_url: str
    platform_project: int
    token: bytes
    webhook_secret: bytes
    sampling_secret: bytes
    service_user: int
    label_config: LabelConfig
    label_config_xml: str
    spec: ModelSpec
    epsilon: float
    delta: float
    train_target: int
    validation_target: int
    validation_fraction: float
    audit_rate: float
    validation_people: int = 1
    overlap_people: int = 1
    control_rate: float = 0.0
    tabs: bool = False
    skill_rules: tuple[SkillRule, ...] = ()
    review_rate: float = 0.0
    costs: Costs | None = None


@dataclass(frozen=True, slots=True)
class NewItem:
    """One task as it arrives."""

    task_id: int
    digest: str
    """sha256 of the canonical JSON of ``data``, hex."""
    data: dict[str, Any]
    fold: Fold
    draw: float
    """Keyed hash of the task in [0, 1), independent of its content."""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item."""

    id: int
    project_id: int
    task_id: int
    digest: str
    data: dict[str, Any]
    fold: Fold
    draw: float
    state: ItemState
    revision: int
    """Counts changes of ``data``; 1 at first."""
    attempts: int
    """Claims since the last success."""
    not_before: float
    last_error: str | None
    """Why the last attempt failed, or why the item is dead."""
    route: Route | None
    reason: str | None
    """Reason code of the route."""
    blind: bool
    """No suggestion may be shown on any path."""
    inclusion: float | None
    """Probability with which the item was drawn for its blind label; None when it was not drawn."""
    prediction_id: int | None
    """The prediction that the route was decided on."""
    confidence: float | None
    model_version: str | None
    received_at: float
    updated_at: float
    opinions: int = 1
    """How many different people are to answer it."""
    asked: int | None = None
    """Place on the list of items that people were asked for; None: not on it. Kept with the label."""

    @property
    def unaided(self) -> bool:
        """Whether people are to label it without its suggestion, though it is not blind."""
        return not self.blind and self.route is Route.SUGGEST and self.reason in UNAIDED


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """A stored prediction."""

    id: int
    item_id: int
    revision: int
    prediction: Prediction
    created_at: float


@dataclass(frozen=True, slots=True)
class Decision:
    """A route with the numbers behind it."""

    item_id: int
    prediction_id: int | None
    route: Route
    reason: str
    numbers: dict[str, float]
    blind: bool
    inclusion: float | None = None
    certificate_id: int | None = None
    outbox: tuple[OutboxKind, ...] = ()
    """What must be written to Label Studio for it; empty: the item is published at once."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One write that Label Studio still has to hear of."""

    id: int
    project_id: int
    item_id: int
    task_id: int
    kind: OutboxKind
    model_version: str
    prediction: Prediction
    state: OutboxState
    attempts: int
    """Claims so far, this one included: 1 means that it was certainly never sent."""
    last_error: str | None
    created_at: float
    revision: int = 1
    """Of the item's data; above 1, a prediction of the same model version may be there for the old data."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One human annotation."""

    id: int
    project_id: int
    item_id: int
    annotation_id: int
    """Label Studio's annotation id; unique within the project."""
    completed_by: int
    regions: tuple[Region, ...]
    was_cancelled: bool
    lead_time: float | None
    """Seconds."""
    role: LabelRole
    inclusion: float | None
    prediction_id: int | None
    """The prediction it is compared with: the one shown, or the one the route was decided on."""
    loss: float | None
    """Item loss of that prediction against this label, in [0, 1]; None when there is nothing to compare."""
    remote_updated_at: float
    created_at: float
    deleted: bool = False
    set_aside: bool = False
    """A review says that it does not count."""

    @property
    def counts(self) -> bool:
        """Whether anything may be made of it."""
        return not (self.deleted or self.was_cancelled or self.set_aside)


@dataclass(frozen=True, slots=True)
class NewLabel:
    """An annotation as it arrives."""

    item_id: int
    annotation_id: int
    completed_by: int
    regions: tuple[Region, ...]
    was_cancelled: bool
    lead_time: float | None
    role: LabelRole
    inclusion: float | None
    prediction_id: int | None
    loss: float | None
    remote_updated_at: float


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A stored answer of ``models.gate.certify`` (open or not), with all that it was computed for."""

    id: int
    project_id: int
    model_version: str
    model_sha256: str
    label_config_digest: str
    open: bool
    threshold: float | None
    n: int
    errors: int
    epsilon: float
    delta: float
    """The delta that this test spent."""
    selective_upper: float | None
    overall_upper: float | None
    coverage: float
    needed_labels: int
    reason: str
    created_at: float
    n_validation: int = 0
    """Drawn validation items that the test looked at, accepted by its threshold or not."""
    trial: bool = False
    """Of a challenger that was rejected: it opens nothing, and has spent its delta all the same."""
    noise: Noise | None = None
    """What was assumed of the people whose labels it stands on, and measured; None: made before this was kept."""

    @property
    def people(self) -> int:
        """How many different people might be asked about one blind item."""
        return self.noise.people if self.noise is not None else 1

    @property
    def assumption(self) -> str | None:
        """Whose word was taken for the truth, and how noisy it is, for an operator to read."""
        return self.noise.assumption() if self.noise is not None else None


@dataclass(frozen=True, slots=True)
class GateEvent:
    """One change of the gate, or what happened beside it (``before`` and ``after`` are then alike): the audit trail."""

    project_id: int
    before: GateState
    after: GateState
    reason: str
    actor: str
    """``prelabel`` or who asked for it."""
    numbers: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0

    @property
    def of_gate(self) -> bool:
        """Whether it was done to the gate itself, not to a model version."""
        return ACT not in self.numbers


@dataclass(frozen=True, slots=True)
class Audit:
    """One item that was drawn for a blind audit under a certificate, and what people said of it."""

    decision_id: int
    """Of the decision that drew it: audits are in the order in which they were drawn."""
    certificate_id: int
    item_id: int
    task_id: int
    drawn_at: float
    """Epoch seconds."""
    prediction_id: int | None
    """The prediction that would have been accepted."""
    awaited: bool
    """People are still to answer; of an unanswered audit, False says that its task, or its data, is gone."""
    current: bool
    """Its task, with the data that it was drawn for, is still there: more people can answer."""
    label_id: int | None
    """The label that answers it: the first that is no skip, else a skip; None while there is none."""
    skipped: bool
    loss: float | None
    """Of that prediction against that label, in [0, 1]; None where it is to be computed."""


@dataclass(frozen=True, slots=True)
class ReceiveResult:
    """What came of a delivery of tasks."""

    new: int
    changed: int
    """Known tasks whose data differs: they start again."""
    unchanged: int
