"""Several people's blind answers: how many are wanted, and what a certificate assumed of the people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
SEVERAL_WANTED = sa.text("opinions > 1")


def upgrade() -> None:
    op.add_column("project", sa.Column("validation_people", sa.Integer(), server_default="1", nullable=False))
    op.add_column("item", sa.Column("opinions", sa.Integer(), server_default="1", nullable=False))
    op.create_index(
        op.f("ix_item_opinions"),
        "item",
        ["project_id", "draw"],
        unique=False,
        sqlite_where=SEVERAL_WANTED,
        postgresql_where=SEVERAL_WANTED,
    )
    op.add_column("certificate", sa.Column("noise", JSON))


def downgrade() -> None:
    op.drop_column("certificate", "noise")
    op.drop_index(op.f("ix_item_opinions"), table_name="item")
    op.drop_column("item", "opinions")
    op.drop_column("project", "validation_people")
