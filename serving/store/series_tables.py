"""What was measured over time: a few numbers of each stage a minute, and of each window of items that was compared."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Integer, String, Table

from serving.store.tables import Id, metadata

stage_sample = Table(
    "stage_sample",
    metadata,
    Column("project_id", Id, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("slot", BigInteger, primary_key=True),
    Column("stage", String(64), primary_key=True),
    Column("at", Double, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("waiting", BigInteger, nullable=False),
)

drift_window = Table(
    "drift_window",
    metadata,
    Column("project_id", Id, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("newest", Id, primary_key=True),
    Column("figure", String(200), primary_key=True),
    Column("certificate_id", Id, nullable=False),
    Column("at", Double, nullable=False),
    Column("window", Integer, nullable=False),
    Column("psi", Double, nullable=False),
    Column("distance", Double, nullable=False),
    Column("p_value", Double, nullable=False),
    Column("alarm", Boolean, nullable=False),
)
