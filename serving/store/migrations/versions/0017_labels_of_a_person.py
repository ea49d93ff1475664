"""An index of a person's labels, for that person's own page: it read all labels of the project."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_index("ix_label_person", "label", ["completed_by"])


def downgrade() -> None:
    op.drop_index("ix_label_person", "label")
