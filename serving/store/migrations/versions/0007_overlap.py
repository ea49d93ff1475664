"""Several people for items that are not blind, and how often each person is right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("project", sa.Column("overlap_people", sa.Integer(), server_default="1", nullable=False))
    op.add_column("item", sa.Column("settled", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "accuracy",
        sa.Column("id", ID, primary_key=True),
        sa.Column("trainer_id", ID, sa.ForeignKey("trainer.id", ondelete="CASCADE"), nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("domain", "language", "task")),
        sa.Column("unsure", sa.Boolean(), nullable=False),
        sa.Column("agreed", sa.Double(), nullable=False),
        sa.Column("differed", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.UniqueConstraint("trainer_id", "domain", "language", "task", "unsure"),
    )


def downgrade() -> None:
    op.drop_table("accuracy")
    op.drop_column("item", "settled")
    op.drop_column("project", "overlap_people")
