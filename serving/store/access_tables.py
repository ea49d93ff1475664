"""What people and programs changed, and who is signed in."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, Index, String, Table, Text

from serving.store.tables import Id, Json, Word, metadata

change = Table(
    "change",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Double, nullable=False),
    Column("role", Word, nullable=False),
    Column("actor", String(320)),
    Column("trainer_id", Id, ForeignKey("trainer.id", ondelete="SET NULL"), index=True),
    Column("action", String(200), nullable=False),
    Column("project", String(200)),
    Column("subject", String(200)),
    Column("params", Json),
    Column("reason", Text),
    Column("request", String(64)),
    Index("ix_change_project", "project", "id"),
    Index("ix_change_subject", "subject", "project"),
)
"""``project`` is a name, not a key: what was done to a project outlives it."""

sign_in = Table(
    "sign_in",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("role", Word, nullable=False),
    Column("until", Double, nullable=False),
)
"""``key`` is the SHA-256 of what the browser has: the table is no use to whoever reads it."""
