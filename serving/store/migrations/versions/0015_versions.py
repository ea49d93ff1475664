"""Which model a person chose, what scores in its shadow, and how fast each version is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("project", sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("project", sa.Column("shadow", sa.String(200), nullable=True))
    op.add_column("model_version", sa.Column("scored_items", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("model_version", sa.Column("scored_seconds", sa.Double(), nullable=False, server_default="0"))


def downgrade() -> None:
    for table, column in (
        ("model_version", "scored_seconds"),
        ("model_version", "scored_items"),
        ("project", "shadow"),
        ("project", "pinned"),
    ):
        op.drop_column(table, column)
