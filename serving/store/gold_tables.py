"""Tables of gold items, of what people answered to them, and of qualifications; see ``serving.store.tables``."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, Integer, Table, Text, UniqueConstraint, text

from serving.store.tables import Id, Json, Word, _field_of_work, _parent, _pk, metadata

IN_USE = "retired_at IS NULL"
"""Gold items that are given out: the condition of partial indexes, like the next."""
UNDER_WAY = "ended_at IS NULL"
"""Qualifications that somebody is at."""

gold = Table(
    "gold",
    metadata,
    _pk(),
    _parent("project"),
    _parent("item"),
    *_field_of_work(),
    Column("revision", Integer, nullable=False),
    Column("regions", Json, nullable=False),
    Column("source", Word, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("retired_at", Double),
    Column("retired_reason", Text),
    Index("ix_gold_project", "project_id", "item_id"),
    Index("ix_gold_item", "item_id", unique=True, sqlite_where=text(IN_USE), postgresql_where=text(IN_USE)),
    Index("ix_gold_rotation", "project_id", "uses", "id", sqlite_where=text(IN_USE), postgresql_where=text(IN_USE)),
)

qualification = Table(
    "qualification",
    metadata,
    _pk(),
    _parent("project"),
    _parent("trainer", index=True),
    *_field_of_work(),
    Column("wanted", Integer, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("level", Integer),
    Index(
        "ix_qualification_under_way",
        "project_id",
        "trainer_id",
        unique=True,
        sqlite_where=text(UNDER_WAY),
        postgresql_where=text(UNDER_WAY),
    ),
)

gold_answer = Table(
    "gold_answer",
    metadata,
    _pk(),
    _parent("gold", index=True),
    _parent("trainer"),
    Column("qualification_id", Id),
    Column("regions", Json, nullable=False),
    Column("is_right", Boolean, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("answered_at", Double, nullable=False),
    Column("disputed_at", Double),
    Column("dispute", Text),
    Column("ruled_at", Double),
    Column("ruling", Word),
    Column("ruling_reason", Text),
    UniqueConstraint("trainer_id", "gold_id"),
    Index("ix_gold_answer_qualification", "qualification_id"),
)
