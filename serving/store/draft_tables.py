"""Projects that somebody is about to connect in the console."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, LargeBinary, String, Table

from serving.store.tables import metadata

draft = Table(
    "draft",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("until", Double, nullable=False),
    Index("ix_draft_until", "until"),
)
