"""Challengers: a model version that is tried beside the one that predicts; and changed tolerances."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("project", sa.Column("challenger", sa.String(length=200), nullable=True))
    op.add_column("project", sa.Column("tolerance_since", sa.Double(), server_default="0", nullable=False))
    op.add_column("model_version", sa.Column("rejected_at", sa.Double(), nullable=True))
    op.add_column("certificate", sa.Column("trial", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("certificate", "trial")
    op.drop_column("model_version", "rejected_at")
    op.drop_column("project", "tolerance_since")
    op.drop_column("project", "challenger")
