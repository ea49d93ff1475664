"""Database rows -> records. JSON comes as text (``Store`` leaves it undecoded), so pydantic parses it in one go."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from pydantic_core import from_json
from sqlalchemy import Row

from models.base import ModelRef
from models.costs import Costs
from models.fair_queue import Kind
from models.gate.noise import Noise
from models.people.effort import Effort
from models.people.reviews import Code, Diff, Evidence, Gold, Rule
from models.skills import SkillRule
from models.specs import ModelSpec
from models.types import Fold, GateState, LabelConfig, Prediction, Region, Route
from serving.store.people_records import WorkRow, WorkState
from serving.store.records import (
    CertificateRow,
    GateEvent,
    ItemRow,
    ItemState,
    LabelRole,
    LabelRow,
    OutboxKind,
    OutboxRow,
    OutboxState,
    PredictionRow,
    ProjectRow,
    SuggestionBound,
)
from serving.store.review_records import By, ReviewRow, ReviewState, TurnRow
from serving.store.version_records import ModelVersionRow

WHY: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
RULES: TypeAdapter[tuple[SkillRule, ...]] = TypeAdapter(tuple[SkillRule, ...])
SPEC: TypeAdapter[ModelSpec] = TypeAdapter(ModelSpec)
NOISE: TypeAdapter[Noise] = TypeAdapter(Noise)
BOUND: TypeAdapter[SuggestionBound] = TypeAdapter(SuggestionBound)
EFFORT: TypeAdapter[Effort] = TypeAdapter(Effort)
EVIDENCE: TypeAdapter[Rule | Gold | Diff] = TypeAdapter(Evidence)
REGIONS: TypeAdapter[tuple[Region, ...]] = TypeAdapter(tuple[Region, ...])


def to_project(row: Row[Any]) -> ProjectRow:
    values = dict(row._mapping)
    values["label_config"] = LabelConfig.model_validate_json(row.label_config)
    values["spec"] = SPEC.validate_json(row.spec)
    values["gate_state"] = GateState(row.gate_state)
    values["skill_rules"] = RULES.validate_json(row.skill_rules) if row.skill_rules is not None else ()
    bound = row.suggestion_bound
    values["suggestion_bound"] = BOUND.validate_json(bound) if bound is not None else None
    values["costs"] = Costs.model_validate_json(row.costs) if row.costs is not None else None
    return ProjectRow(**values)


def to_item(row: Row[Any], *, claimed: int = 0) -> ItemRow:
    """``claimed`` is added to the attempts: the row was read before the claim that counts it."""
    return ItemRow(
        id=row.id,
        project_id=row.project_id,
        task_id=row.task_id,
        digest=row.digest,
        data=from_json(row.data),
        fold=Fold(row.fold),
        draw=row.draw,
        state=ItemState(row.state),
        revision=row.revision,
        attempts=row.attempts + claimed,
        not_before=row.not_before,
        last_error=row.last_error,
        route=Route(row.route) if row.route is not None else None,
        reason=row.reason,
        blind=row.blind,
        inclusion=row.inclusion,
        opinions=row.opinions,
        prediction_id=row.prediction_id,
        confidence=row.confidence,
        model_version=row.model_version,
        asked=row.asked,
        received_at=row.received_at,
        updated_at=row.updated_at,
    )


def to_prediction(row: Row[Any]) -> PredictionRow:
    return PredictionRow(
        id=row.id,
        item_id=row.item_id,
        revision=row.revision,
        prediction=Prediction.model_validate_json(row.prediction),
        created_at=row.created_at,
    )


def to_outbox(row: Row[Any]) -> OutboxRow:
    """A row that is being claimed: this claim is counted."""
    return OutboxRow(
        id=row.id,
        project_id=row.project_id,
        item_id=row.item_id,
        task_id=row.task_id,
        kind=OutboxKind(row.kind),
        model_version=row.model_version,
        prediction=Prediction.model_validate_json(row.prediction),
        state=OutboxState(row.state),
        attempts=row.attempts + 1,
        last_error=row.last_error,
        created_at=row.created_at,
        revision=row.revision,
    )


def to_label(row: Row[Any], prefix: str = "") -> LabelRow:
    """``prefix`` is that of the columns, where items and labels are read together."""
    get = row._mapping
    return LabelRow(
        id=get[f"{prefix}id"],
        project_id=get[f"{prefix}project_id"],
        item_id=get[f"{prefix}item_id"],
        annotation_id=get[f"{prefix}annotation_id"],
        completed_by=get[f"{prefix}completed_by"],
        regions=REGIONS.validate_json(get[f"{prefix}regions"]),
        was_cancelled=get[f"{prefix}was_cancelled"],
        lead_time=get[f"{prefix}lead_time"],
        role=LabelRole(get[f"{prefix}role"]),
        inclusion=get[f"{prefix}inclusion"],
        prediction_id=get[f"{prefix}prediction_id"],
        loss=get[f"{prefix}loss"],
        remote_updated_at=get[f"{prefix}remote_updated_at"],
        created_at=get[f"{prefix}created_at"],
        deleted=get[f"{prefix}deleted"],
        set_aside=get[f"{prefix}set_aside"],
    )


def to_model_version(row: Row[Any]) -> ModelVersionRow:
    return ModelVersionRow(
        id=row.id,
        project_id=row.project_id,
        ref=ModelRef.model_validate_json(row.ref),
        n_train=row.n_train,
        metrics=from_json(row.metrics),
        created_at=row.created_at,
        activated_at=row.activated_at,
        rejected_at=row.rejected_at,
        scored_items=row.scored_items,
        scored_seconds=row.scored_seconds,
    )


def to_certificate(row: Row[Any]) -> CertificateRow:
    values = dict(row._mapping)
    values["noise"] = NOISE.validate_json(row.noise) if row.noise is not None else None
    return CertificateRow(**values)


def to_gate_event(row: Row[Any]) -> GateEvent:
    return GateEvent(
        project_id=row.project_id,
        before=GateState(row.before),
        after=GateState(row.after),
        reason=row.reason,
        actor=row.actor,
        numbers=from_json(row.numbers),
        at=row.at,
    )


def to_work(row: Row[Any]) -> WorkRow:
    values = dict(row._mapping)
    values["kind"], values["state"] = Kind(row.kind), WorkState(row.state)
    values["why"] = WHY.validate_json(row.why)
    return WorkRow(**values)


def to_review(row: Row[Any]) -> ReviewRow:
    values = dict(row._mapping)
    values["state"] = ReviewState(row.state)
    for name, kind in (("decided_by", By), ("answered_by", By), ("code", Code)):
        values[name] = kind(values[name]) if values[name] is not None else None
    values["evidence"] = EVIDENCE.validate_json(row.evidence) if row.evidence is not None else None
    values["judged"] = REGIONS.validate_json(row.judged) if row.judged is not None else None
    return ReviewRow(**values)


def to_turn(row: Row[Any]) -> TurnRow:
    return TurnRow(**{**row._mapping, "state": WorkState(row.state)})
