"""People who label: skills, what items need, and who has which item."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
HELD = sa.text("state = 'held'")


def _pk() -> sa.Column[int]:
    return sa.Column("id", ID, primary_key=True)


def _parent(table: str) -> sa.Column[int]:
    return sa.Column(f"{table}_id", ID, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)


def _field_of_work() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(64), nullable=False) for name in ("domain", "language", "task")]


def upgrade() -> None:
    op.add_column("project", sa.Column("skill_rules", JSON))
    op.add_column("item", sa.Column("need_id", ID))
    op.create_table(
        "trainer",
        _pk(),
        sa.Column("platform_url", sa.String(1000), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("token", sa.LargeBinary()),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.UniqueConstraint("platform_url", "user_id"),
    )
    op.create_table(
        "skill",
        _pk(),
        _parent("trainer"),
        *_field_of_work(),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.UniqueConstraint("trainer_id", "domain", "language", "task"),
    )
    op.create_table(
        "need",
        _pk(),
        _parent("project"),
        *_field_of_work(),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.UniqueConstraint("project_id", "domain", "language", "task", "level"),
    )
    op.create_table(
        "desk",
        _pk(),
        _parent("project"),
        _parent("trainer"),
        sa.Column("offered", sa.Double(), server_default="0", nullable=False),
        sa.Column("waits_since", sa.Double()),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.Column("daily_cap", sa.Integer()),
        sa.UniqueConstraint("project_id", "trainer_id"),
    )
    op.create_index(op.f("ix_desk_trainer_id"), "desk", ["trainer_id"])
    op.create_table(
        "flow",
        sa.Column("project_id", ID, sa.ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("skilled", sa.Boolean(), primary_key=True),
        sa.Column("tag", sa.Double(), nullable=False),
        sa.Column("served", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "work",
        _pk(),
        _parent("project"),
        _parent("item"),
        _parent("trainer"),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("why", JSON, nullable=False),
        sa.Column("granted_at", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("beat_at", sa.Double(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.Double()),
    )
    op.create_index(op.f("ix_work_held"), "work", ["item_id"], unique=True, sqlite_where=HELD, postgresql_where=HELD)
    op.create_index(op.f("ix_work_item"), "work", ["item_id", "trainer_id"])
    op.create_index(op.f("ix_work_trainer"), "work", ["trainer_id", "project_id", "granted_at"])
    op.create_index(op.f("ix_work_until"), "work", ["project_id", "state", "until"])


def downgrade() -> None:
    for table in ("work", "flow", "desk", "need", "skill", "trainer"):
        op.drop_table(table)
    op.drop_column("item", "need_id")
    op.drop_column("project", "skill_rules")
