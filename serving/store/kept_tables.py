"""Figures as they were counted last; see ``serving.store.tables``."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, Table

from serving.store.tables import Id, Json, Word, metadata

kept_figure = Table(
    "kept_figure",
    metadata,
    Column("project_id", Id, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Word, primary_key=True),
    Column("value", Json, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("at", Double, nullable=False),
)
