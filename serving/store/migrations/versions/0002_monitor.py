"""The monitor: since when proofs count, what was announced, and audits by certificate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

AUDITED = sa.text("reason = 'blind_audit'")


def upgrade() -> None:
    op.add_column("project", sa.Column("valid_since", sa.Double(), server_default="0", nullable=False))
    op.add_column("project", sa.Column("announced", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(
        op.f("ix_decision_audit"),
        "decision",
        ["certificate_id", "id"],
        unique=False,
        sqlite_where=AUDITED,
        postgresql_where=AUDITED,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_decision_audit"), table_name="decision")
    op.drop_column("project", "announced")
    op.drop_column("project", "valid_since")
