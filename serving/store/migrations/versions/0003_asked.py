"""The list of items that people are asked for, and suggestions in order of their draw."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

LISTED = sa.text("asked IS NOT NULL AND state IN ('received', 'scored', 'decided', 'published')")


def upgrade() -> None:
    op.add_column("item", sa.Column("asked", sa.Integer()))
    op.create_index(
        op.f("ix_item_asked"), "item", ["project_id", "asked"], sqlite_where=LISTED, postgresql_where=LISTED
    )
    op.drop_index(op.f("ix_item_route"), table_name="item")
    op.create_index(op.f("ix_item_route"), "item", ["project_id", "state", "route", "draw"])


def downgrade() -> None:
    op.drop_index(op.f("ix_item_route"), table_name="item")
    op.create_index(op.f("ix_item_route"), "item", ["project_id", "state", "route", "confidence"])
    op.drop_index(op.f("ix_item_asked"), table_name="item")
    op.drop_column("item", "asked")
