"""Certificates, and the trail of the gate's states."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, case, func, insert, select, update

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
        trial: bool = False,
    ) -> CertificateRow:
        """Store the answer of one test, open or not: every test spends its delta. For ``trial`` see the record."""
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
            "trial": trial,
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
        """The certificate that the gate may stand on: the newest of the active model, else the newest; trials are none.

        They differ after a roll-back: the newest is then of the model that was active before.
        """
        active = select(project.c.active_model).where(project.c.id == project_id).scalar_subquery()
        own = case((certificate.c.model_version == active, 1), else_=0)
        mine = (certificate.c.project_id == project_id, certificate.c.trial.is_(False))
        row = self._conn.execute(
            select(certificate).where(*mine).order_by(own.desc(), certificate.c.id.desc()).limit(1)
        )
        found = row.one_or_none()
        return None if found is None else to_certificate(found)

    def take_up(self, project_id: int, version: str) -> CertificateRow | None:
        """The newest certificate of a version that becomes the active one; its trials are trials no longer.

        What they say holds as before, and the delta is spent (docs/decisions/0021). None: it was never tested.
        """
        mine = (certificate.c.project_id == project_id, certificate.c.model_version == version)
        self._conn.execute(update(certificate).where(*mine, certificate.c.trial.is_(True)).values(trial=False))
        row = self._conn.execute(select(certificate).where(*mine).order_by(certificate.c.id.desc()).limit(1))
        found = row.one_or_none()
        return None if found is None else to_certificate(found)

    def certificates(self, project_id: int) -> list[CertificateRow]:
        """Every test, trials among them, oldest first."""
        query = select(certificate).where(certificate.c.project_id == project_id).order_by(certificate.c.id)
        return [to_certificate(row) for row in self._conn.execute(query)]

    def tests(self, project_id: int) -> int:
        """Certificates so far, open or not, trials among them: each has spent its share of delta."""
        query = select(func.count()).select_from(certificate).where(certificate.c.project_id == project_id)
        return self._conn.scalar(query) or 0

    def transition(
        self, project_id: int, after: GateState, *, reason: str, actor: str, numbers: dict[str, Any], now: float
    ) -> GateEvent:
        """Set the gate's state and write down who did it, why, and with which numbers."""
        take_turn(self._conn)
        before = self._state(project_id)
        values = {"gate_state": after, "gate_reason": reason}
        self._conn.execute(update(project).where(project.c.id == project_id).values(values))
        return self._write(GateEvent(project_id, before, after, reason, actor, numbers, now))

    def note(self, project_id: int, *, reason: str, actor: str, numbers: dict[str, Any], now: float) -> GateEvent:
        """Write down what happened beside the gate: its state stays, and so does the reason for it."""
        take_turn(self._conn)
        state = self._state(project_id)
        return self._write(GateEvent(project_id, state, state, reason, actor, numbers, now))

    def _state(self, project_id: int) -> GateState:
        query = select(project.c.gate_state).where(project.c.id == project_id).with_for_update(key_share=True)
        found = self._conn.scalar(query)
        if found is None:
            raise NotFoundError(f"there is no project {project_id}")
        return GateState(found)

    def _write(self, event: GateEvent) -> GateEvent:
        values = {field.name: getattr(event, field.name) for field in fields(event)}
        self._conn.execute(insert(gate_event).values(values))
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
