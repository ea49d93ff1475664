"""Reviews of labels, appeals, and the turns of those who decide them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("project", sa.Column("review_rate", sa.Double(), server_default="0", nullable=False))
    op.add_column("label", sa.Column("set_aside", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("desk", sa.Column("reviews", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "review",
        sa.Column("id", ID, primary_key=True),
        *(_parent(name) for name in ("project", "item", "label")),
        sa.Column("author", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("drawn_at", "due_at")),
        _person("reviewer_id"),
        sa.Column("decided_by", sa.String(32)),
        sa.Column("decided_at", sa.Double()),
        sa.Column("code", sa.String(32)),
        sa.Column("evidence", JSON),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("judged", JSON),
        sa.Column("fix_id", ID),
        sa.Column("appealed_at", sa.Double()),
        sa.Column("appeal", sa.Text()),
        _person("second_id"),
        sa.Column("answered_by", sa.String(32)),
        sa.Column("answered_at", sa.Double()),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.Double()),
    )
    for name in ("item_id", "label_id", "reviewer_id", "second_id"):
        op.create_index(f"ix_review_{name}", "review", [name])
    _partial("ix_review_pending", "review", ["label_id"], "state = 'pending'", unique=True)
    _partial("ix_review_due", "review", ["project_id", "state", "due_at"], "closed_at IS NULL")
    op.create_index("ix_review_author", "review", ["project_id", "author"])
    op.create_index("ix_review_project", "review", ["project_id", "state", "id"])
    op.create_table(
        "review_turn",
        sa.Column("id", ID, primary_key=True),
        *(_parent(name) for name in ("project", "item", "review", "trainer")),
        sa.Column("appeal", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("granted_at", "until")),
        sa.Column("ended_at", sa.Double()),
        sa.Column("why", sa.Text(), nullable=False),
    )
    _partial("ix_review_turn_held", "review_turn", ["review_id"], "state = 'held'", unique=True)
    _partial("ix_review_turn_mine", "review_turn", ["trainer_id", "project_id"], "state = 'held'", unique=True)
    op.create_index("ix_review_turn_review", "review_turn", ["review_id", "trainer_id"])
    op.create_index("ix_review_turn_item", "review_turn", ["item_id", "trainer_id"])
    op.create_index("ix_review_turn_trainer", "review_turn", ["trainer_id", "project_id", "granted_at"])
    op.create_index("ix_review_turn_until", "review_turn", ["project_id", "state", "until"])


def downgrade() -> None:
    op.drop_table("review_turn")
    op.drop_table("review")
    op.drop_column("desk", "reviews")
    op.drop_column("label", "set_aside")
    op.drop_column("project", "review_rate")


def _parent(table: str) -> sa.Column[int]:
    return sa.Column(f"{table}_id", ID, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)


def _person(name: str) -> sa.Column[int]:
    return sa.Column(name, ID, sa.ForeignKey("trainer.id", ondelete="SET NULL"))


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
