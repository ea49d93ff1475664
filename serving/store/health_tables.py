"""Heartbeats of the pipeline's processes, and what their stages fail at: a few rows each, written every few seconds."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, String, Table, Text

from serving.store.tables import Id, Word, metadata

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("process", String(200), primary_key=True),
    Column("stage", String(64), primary_key=True),
    Column("beat_at", Double, nullable=False),
)

trouble = Table(
    "trouble",
    metadata,
    Column("process", String(200), primary_key=True),
    Column("stage", String(64), primary_key=True),
    Column("project_id", Id, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("code", Word, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("at", Double, nullable=False),
)
