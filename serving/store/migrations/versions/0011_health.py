"""Heartbeats of the pipeline's processes, and what their stages fail at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("process", sa.String(200), primary_key=True),
        sa.Column("stage", sa.String(64), primary_key=True),
        sa.Column("beat_at", sa.Double(), nullable=False),
    )
    op.create_table(
        "trouble",
        sa.Column("process", sa.String(200), primary_key=True),
        sa.Column("stage", sa.String(64), primary_key=True),
        sa.Column("project_id", ID, sa.ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("trouble")
    op.drop_table("heartbeat")
