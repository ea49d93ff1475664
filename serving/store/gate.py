"""Certificates, and the trail of the gate's states."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from models.errors import NotFoundError
from models.gate.noise import Noise
from models.types import GateState
from serving.store.records import CertificateRow, GateEvent
from serving.store.rows import to_certificate, to_gate_event
from serving.store.sql import take_turn
from serving.store.tables import certificate, gate_event, project


class GateRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add_certificate(
        self,
        project_id: int,
        *,
        model_version: str,
        model_sha256: str,
        label_config_digest: str,
        open: bool,
        threshold: float | None,
        n: int,
        errors: int,
        epsilon: float,
        delta: float,
        selective_upper: float | None,
        overall_upper: float | None,
        coverage: float,
        needed_labels: int,
        reason: str,
        now: float,
        n_validation: int = 0,
        noise: Noise | None = None,
    ) -> CertificateRow:
        """Store the answer of one test, open or not: every test spends its delta."""
        values: dict[str, Any] = {
            "project_id": project_id,
            "model_version": model_version,
            "model_sha256": model_sha256,
            "label_config_digest": label_config_digest,
            "open": open,
            "threshold": threshold,
            "n": n,
            "errors": errors,
            "n_validation": n_validation,
            "epsilon": epsilon,
            "delta": delta,
            "selective_upper": selective_upper,
            "overall_upper": overall_upper,
            "coverage": coverage,
            "needed_labels": needed_labels,
            "reason": reason,
            "created_at": now,
            "noise": asdict(noise) if noise is not None else None,
        }
        return to_certificate(self._conn.execute(insert(certificate).values(values).returning(certificate)).one())

    def latest(self, project_id: int) -> CertificateRow | None:
        query = select(certificate).where(certificate.c.project_id == project_id).order_by(certificate.c.id.desc())
        row = self._conn.execute(query.limit(1)).one_or_none()
        return None if row is None else to_certificate(row)

    def tests(self, project_id: int) -> int:
        """Certificates so far, open or not."""
        query = select(func.count()).select_from(certificate).where(certificate.c.project_id == project_id)
        return self._conn.scalar(query) or 0

    def transition(
        self, project_id: int, after: GateState, *, reason: str, actor: str, numbers: dict[str, Any], now: float
    ) -> GateEvent:
        """Set the gate's state and write down who did it, why, and with which numbers."""
        take_turn(self._conn)
        mine = project.c.id == project_id
        before = self._conn.scalar(select(project.c.gate_state).where(mine).with_for_update(key_share=True))
        if before is None:
            raise NotFoundError(f"there is no project {project_id}")
        self._conn.execute(update(project).where(mine).values(gate_state=after, gate_reason=reason))
        event = GateEvent(project_id, GateState(before), after, reason, actor, numbers, now)
        self._conn.execute(
            insert(gate_event).values(
                project_id=project_id,
                before=before,
                after=after,
                reason=reason,
                actor=actor,
                numbers=numbers,
                at=now,
            )
        )
        return event

    def news(self, project_id: int, *, after: int, limit: int) -> dict[int, GateEvent]:
        """Id -> change, of those after the one with this id, oldest first."""
        mine = (gate_event.c.project_id == project_id, gate_event.c.id > after)
        query = select(gate_event).where(*mine).order_by(gate_event.c.id).limit(limit)
        return {row.id: to_gate_event(row) for row in self._conn.execute(query)}

    def events(self, project_id: int) -> list[GateEvent]:
        """All changes, oldest first."""
        query = select(gate_event).where(gate_event.c.project_id == project_id).order_by(gate_event.c.id)
        return [to_gate_event(row) for row in self._conn.execute(query)]
