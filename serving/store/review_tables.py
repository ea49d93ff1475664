"""The tables of reviews and appeals, beside those of ``serving.store.tables``."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text, text

from serving.store.tables import HELD, Id, Json, Word, metadata

PENDING = "state = 'pending'"
"""Labels that a reviewer is to look at."""
OPEN = "closed_at IS NULL"
"""Reviews of which something may still come."""


def _parent(table: str, *, index: bool = False) -> Column[int]:
    return Column(f"{table}_id", Id, ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False, index=index)


def _person(name: str) -> Column[int]:
    """Whoever is forgotten leaves what they decided."""
    return Column(name, Id, ForeignKey("trainer.id", ondelete="SET NULL"), index=True)


review = Table(
    "review",
    metadata,
    Column("id", Id, primary_key=True),
    _parent("project"),
    _parent("item", index=True),
    _parent("label", index=True),
    Column("author", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", Word, nullable=False),
    Column("drawn_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    _person("reviewer_id"),
    Column("decided_by", Word),
    Column("decided_at", Double),
    Column("code", Word),
    Column("evidence", Json),
    Column("note", Text, nullable=False),
    Column("judged", Json),
    Column("fix_id", Id),
    Column("appealed_at", Double),
    Column("appeal", Text),
    _person("second_id"),
    Column("answered_by", Word),
    Column("answered_at", Double),
    Column("answer", Text, nullable=False),
    Column("closed_at", Double),
    Index("ix_review_pending", "label_id", unique=True, sqlite_where=text(PENDING), postgresql_where=text(PENDING)),
    Index("ix_review_due", "project_id", "state", "due_at", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    Index("ix_review_author", "project_id", "author"),
    Index("ix_review_project", "project_id", "state", "id"),
)

review_turn = Table(
    "review_turn",
    metadata,
    Column("id", Id, primary_key=True),
    _parent("project"),
    _parent("item"),
    _parent("review"),
    _parent("trainer"),
    Column("appeal", Boolean, nullable=False),
    Column("state", Word, nullable=False),
    Column("granted_at", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("ended_at", Double),
    Column("why", Text, nullable=False),
    Index("ix_review_turn_held", "review_id", unique=True, sqlite_where=text(HELD), postgresql_where=text(HELD)),
    Index(
        "ix_review_turn_mine",
        "trainer_id",
        "project_id",
        unique=True,
        sqlite_where=text(HELD),
        postgresql_where=text(HELD),
    ),
    Index("ix_review_turn_review", "review_id", "trainer_id"),
    Index("ix_review_turn_item", "item_id", "trainer_id"),
    Index("ix_review_turn_trainer", "trainer_id", "project_id", "granted_at"),
    Index("ix_review_turn_until", "project_id", "state", "until"),
)
