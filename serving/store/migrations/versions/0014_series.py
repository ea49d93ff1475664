"""Stages by the minute, and the windows of items that were compared with the blind sample."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "stage_sample",
        sa.Column("project_id", ID, sa.ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("slot", sa.BigInteger(), primary_key=True),
        sa.Column("stage", sa.String(64), primary_key=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "drift_window",
        sa.Column("project_id", ID, sa.ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("newest", ID, primary_key=True),
        sa.Column("figure", sa.String(200), primary_key=True),
        sa.Column("certificate_id", ID, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("psi", sa.Double(), nullable=False),
        sa.Column("distance", sa.Double(), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=False),
        sa.Column("alarm", sa.Boolean(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("drift_window")
    op.drop_table("stage_sample")
