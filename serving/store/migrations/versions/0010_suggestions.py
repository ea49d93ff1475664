"""Suggestions that are hidden by lot or for their confidence, what they save, and tabs for queues."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("project", sa.Column("control_rate", sa.Double(), server_default="0", nullable=False))
    op.add_column("project", sa.Column("tabs", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("project", sa.Column("suggestion_bound", JSON))
    op.create_table(
        "effort",
        sa.Column("project_id", ID, sa.ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("label_id", ID, nullable=False),
        sa.Column("found", JSON, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
    )
    op.create_index("ix_label_newest", "label", ["project_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_label_newest", table_name="label")
    op.drop_table("effort")
    for name in ("suggestion_bound", "tabs", "control_rate"):
        op.drop_column("project", name)
