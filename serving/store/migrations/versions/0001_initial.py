"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

AWAITS_BLIND = sa.text("blind AND state IN ('received', 'scored', 'decided', 'published')")
AWAITS_TRAINING = sa.text("fold = 'train' AND route IS NULL AND state IN ('received', 'scored')")
MAY_BE_DRAWN = sa.text("fold = 'validation'")
LEASED = sa.text("lease_owner IS NOT NULL")


def upgrade() -> None:
    _meta()
    _project()
    _item()
    _prediction()
    _decision()
    _outbox()
    _label()
    _model_version()
    _certificate()
    _gate_event()
    _stage_stat()
    _lease()


def downgrade() -> None:
    op.drop_table("lease")
    op.drop_table("stage_stat")
    op.drop_table("gate_event")
    op.drop_table("certificate")
    op.drop_table("model_version")
    op.drop_table("label")
    op.drop_table("outbox")
    op.drop_table("decision")
    op.drop_table("prediction")
    op.drop_table("item")
    op.drop_table("project")
    op.drop_table("meta")


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )


def _project() -> None:
    op.create_table(
        "project",
        sa.Column("id", ID, nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("platform_url", sa.String(length=1000), nullable=False),
        sa.Column("platform_project", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("webhook_secret", sa.LargeBinary(), nullable=False),
        sa.Column("sampling_secret", sa.LargeBinary(), nullable=False),
        sa.Column("service_user", sa.BigInteger(), nullable=False),
        sa.Column("label_config", JSON, nullable=False),
        sa.Column("label_config_xml", sa.Text(), nullable=False),
        sa.Column("spec", JSON, nullable=False),
        sa.Column("epsilon", sa.Double(), nullable=False),
        sa.Column("delta", sa.Double(), nullable=False),
        sa.Column("train_target", sa.Integer(), nullable=False),
        sa.Column("validation_target", sa.Integer(), nullable=False),
        sa.Column("validation_fraction", sa.Double(), nullable=False),
        sa.Column("audit_rate", sa.Double(), nullable=False),
        sa.Column("validation_cut", sa.Double(), nullable=False),
        sa.Column("gate_state", sa.String(length=32), nullable=False),
        sa.Column("gate_reason", sa.Text(), nullable=False),
        sa.Column("active_model", sa.String(length=200), nullable=True),
        sa.Column("watermark", sa.Double(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("platform_url", "platform_project", name=op.f("uq_project_platform_url_platform_project")),
        sa.UniqueConstraint("slug", name=op.f("uq_project_slug")),
        sqlite_autoincrement=True,  # an id is never given again: a stage may still run for a project that is gone
    )


def _item() -> None:
    op.create_table(
        "item",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("fold", sa.String(length=32), nullable=False),
        sa.Column("draw", sa.Double(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=200), nullable=True),
        sa.Column("lease_until", sa.Double(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.Double(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("route", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("inclusion", sa.Double(), nullable=True),
        sa.Column("prediction_id", ID, nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("model_version", sa.String(length=200), nullable=True),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_item_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("project_id", "task_id", name=op.f("uq_item_project_id_task_id")),
    )
    op.create_index(
        "ix_item_blind",
        "item",
        ["project_id", "draw"],
        unique=False,
        sqlite_where=AWAITS_BLIND,
        postgresql_where=AWAITS_BLIND,
    )
    op.create_index(
        "ix_item_draw",
        "item",
        ["project_id", "draw"],
        unique=False,
        sqlite_where=MAY_BE_DRAWN,
        postgresql_where=MAY_BE_DRAWN,
    )
    op.create_index(
        "ix_item_lease", "item", ["lease_owner"], unique=False, sqlite_where=LEASED, postgresql_where=LEASED
    )
    op.create_index("ix_item_model", "item", ["project_id", "model_version"], unique=False)
    op.create_index("ix_item_queue", "item", ["project_id", "state", "priority", "id"], unique=False)
    op.create_index("ix_item_route", "item", ["project_id", "state", "route", "confidence"], unique=False)
    op.create_index(
        "ix_item_training",
        "item",
        ["project_id", "draw"],
        unique=False,
        sqlite_where=AWAITS_TRAINING,
        postgresql_where=AWAITS_TRAINING,
    )


def _prediction() -> None:
    op.create_table(
        "prediction",
        sa.Column("id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("model_version", sa.String(length=200), nullable=False),
        sa.Column("prediction", JSON, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_prediction_item_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prediction")),
        sa.UniqueConstraint(
            "item_id", "revision", "model_version", name=op.f("uq_prediction_item_id_revision_model_version")
        ),
    )


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("prediction_id", ID, nullable=True),
        sa.Column("certificate_id", ID, nullable=True),
        sa.Column("route", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("numbers", JSON, nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("inclusion", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_decision_item_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_item_id"), "decision", ["item_id"], unique=False)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("model_version", sa.String(length=200), nullable=False),
        sa.Column("prediction_id", ID, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("lease_owner", sa.String(length=200), nullable=True),
        sa.Column("lease_until", sa.Double(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.Double(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_outbox_item_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_outbox_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint(
            "item_id", "revision", "kind", "model_version", name=op.f("uq_outbox_item_id_revision_kind_model_version")
        ),
    )
    op.create_index(
        "ix_outbox_lease", "outbox", ["lease_owner"], unique=False, sqlite_where=LEASED, postgresql_where=LEASED
    )
    op.create_index("ix_outbox_queue", "outbox", ["project_id", "kind", "state", "id"], unique=False)


def _label() -> None:
    op.create_table(
        "label",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), nullable=False),
        sa.Column("completed_by", sa.BigInteger(), nullable=False),
        sa.Column("regions", JSON, nullable=False),
        sa.Column("was_cancelled", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("lead_time", sa.Double(), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("inclusion", sa.Double(), nullable=True),
        sa.Column("prediction_id", ID, nullable=True),
        sa.Column("loss", sa.Double(), nullable=True),
        sa.Column("remote_updated_at", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_label_item_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_label_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("project_id", "annotation_id", name=op.f("uq_label_project_id_annotation_id")),
    )
    op.create_index(op.f("ix_label_item_id"), "label", ["item_id"], unique=False)
    op.create_index("ix_label_role", "label", ["project_id", "role", "item_id"], unique=False)


def _model_version() -> None:
    op.create_table(
        "model_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("ref", JSON, nullable=False),
        sa.Column("n_train", sa.Integer(), nullable=False),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("activated_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_model_version_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_version")),
        sa.UniqueConstraint("project_id", "version", name=op.f("uq_model_version_project_id_version")),
    )


def _certificate() -> None:
    op.create_table(
        "certificate",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("model_version", sa.String(length=200), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("label_config_digest", sa.String(length=64), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("n_validation", sa.Integer(), nullable=False),
        sa.Column("epsilon", sa.Double(), nullable=False),
        sa.Column("delta", sa.Double(), nullable=False),
        sa.Column("selective_upper", sa.Double(), nullable=True),
        sa.Column("overall_upper", sa.Double(), nullable=True),
        sa.Column("coverage", sa.Double(), nullable=False),
        sa.Column("needed_labels", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_certificate_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
    )
    op.create_index(op.f("ix_certificate_project_id"), "certificate", ["project_id"], unique=False)


def _gate_event() -> None:
    op.create_table(
        "gate_event",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("before", sa.String(length=32), nullable=False),
        sa.Column("after", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("numbers", JSON, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_gate_event_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_event")),
    )
    op.create_index(op.f("ix_gate_event_project_id"), "gate_event", ["project_id"], unique=False)


def _stage_stat() -> None:
    op.create_table(
        "stage_stat",
        sa.Column("project_id", ID, nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_stage_stat_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "stage", name=op.f("pk_stage_stat")),
    )


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
