"""Gold items, qualifications, pauses, and skills by source."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
IN_USE = sa.text("retired_at IS NULL")
UNDER_WAY = sa.text("ended_at IS NULL")
FIELD = ("domain", "language", "task")


def _pk() -> sa.Column[int]:
    return sa.Column("id", ID, primary_key=True)


def _parent(table: str) -> sa.Column[int]:
    return sa.Column(f"{table}_id", ID, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)


def _field_of_work() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(64), nullable=False) for name in FIELD]


def upgrade() -> None:
    op.add_column("desk", sa.Column("pause", JSON))
    op.create_table(
        "gold",
        _pk(),
        _parent("project"),
        _parent("item"),
        *_field_of_work(),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("regions", JSON, nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("retired_at", sa.Double()),
        sa.Column("retired_reason", sa.Text()),
    )
    op.create_index(
        op.f("ix_gold_item"), "gold", ["item_id"], unique=True, sqlite_where=IN_USE, postgresql_where=IN_USE
    )
    op.create_index(op.f("ix_gold_project"), "gold", ["project_id", "item_id"])
    op.create_index(
        op.f("ix_gold_rotation"),
        "gold",
        ["project_id", "uses", "id"],
        sqlite_where=IN_USE,
        postgresql_where=IN_USE,
    )
    op.create_table(
        "qualification",
        _pk(),
        _parent("project"),
        _parent("trainer"),
        *_field_of_work(),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double()),
        sa.Column("level", sa.Integer()),
    )
    op.create_index(op.f("ix_qualification_trainer_id"), "qualification", ["trainer_id"])
    op.create_index(
        op.f("ix_qualification_under_way"),
        "qualification",
        ["project_id", "trainer_id"],
        unique=True,
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
    op.create_table(
        "gold_answer",
        _pk(),
        _parent("gold"),
        _parent("trainer"),
        sa.Column("qualification_id", ID),
        sa.Column("regions", JSON, nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.Double(), nullable=False),
        sa.Column("disputed_at", sa.Double()),
        sa.Column("dispute", sa.Text()),
        sa.Column("ruled_at", sa.Double()),
        sa.Column("ruling", sa.String(32)),
        sa.Column("ruling_reason", sa.Text()),
        sa.UniqueConstraint("trainer_id", "gold_id"),
    )
    op.create_index(op.f("ix_gold_answer_gold_id"), "gold_answer", ["gold_id"])
    op.create_index(op.f("ix_gold_answer_qualification"), "gold_answer", ["qualification_id"])
    _skills_by((*FIELD, "source"), _skills())


def downgrade() -> None:
    highest: dict[tuple[object, ...], sa.Row[tuple[object, ...]]] = {}
    for row in _skills():
        key = (row.trainer_id, row.domain, row.language, row.task)
        if key not in highest or highest[key].level < row.level:
            highest[key] = row
    _skills_by(FIELD, list(highest.values()))
    for table in ("gold_answer", "qualification", "gold"):
        op.drop_table(table)
    op.drop_column("desk", "pause")


def _skills() -> Sequence[sa.Row[tuple[object, ...]]]:
    query = sa.text("SELECT trainer_id, domain, language, task, level, source, updated_at FROM skill ORDER BY id")
    return op.get_bind().execute(query).all()


def _skills_by(unique: Sequence[str], rows: Sequence[sa.Row[tuple[object, ...]]]) -> None:
    """The table made anew: SQLite cannot change a constraint."""
    op.drop_table("skill")
    made = op.create_table(
        "skill",
        _pk(),
        _parent("trainer"),
        *_field_of_work(),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.UniqueConstraint("trainer_id", *unique),
    )
    op.bulk_insert(made, [dict(row._mapping) for row in rows])
