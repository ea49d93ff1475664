"""Figures that the pipeline counts, for pages to read; an index of work that was handed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "kept_figure",
        sa.Column("project_id", ID, sa.ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
    )

    done = sa.text("state IN ('done', 'late')")
    op.create_index("ix_work_handed_in", "work", ["project_id", "id"], sqlite_where=done, postgresql_where=done)


def downgrade() -> None:
    op.drop_index("ix_work_handed_in", "work")
    op.drop_table("kept_figure")
