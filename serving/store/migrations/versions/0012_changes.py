"""What people and programs changed, and who is signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("id", ID, primary_key=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(320)),
        sa.Column("trainer_id", ID, sa.ForeignKey("trainer.id", ondelete="SET NULL")),
        sa.Column("action", sa.String(200), nullable=False),
        sa.Column("project", sa.String(200)),
        sa.Column("subject", sa.String(200)),
        sa.Column("params", JSON),
        sa.Column("reason", sa.Text()),
        sa.Column("request", sa.String(64)),
    )
    op.create_index("ix_change_project", "change", ["project", "id"])
    op.create_index("ix_change_subject", "change", ["subject", "project"])
    op.create_index("ix_change_trainer_id", "change", ["trainer_id"])
    op.create_table(
        "sign_in",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("sign_in")
    op.drop_table("change")
