"""The tables, and the indexes that the hot queries stand on.

Times are seconds since the epoch (UTC); JSON is stored as text on SQLite and as JSONB on PostgreSQL.
``prediction_id`` and ``certificate_id`` are soft references: rows of history that are never removed one by one.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column of type INTEGER."""
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Word = String(32)

MAY_BE_DRAWN = "fold = 'validation'"
"""Literal, like the next six: these are the conditions of partial indexes."""
AWAITS_BLIND = "blind AND state IN ('received', 'scored', 'decided', 'published')"
"""Items that people must label without seeing a suggestion."""
AWAITS_TRAINING = "fold = 'train' AND route IS NULL AND state IN ('received', 'scored')"
"""Items that people may label before there is a model to suggest anything."""
AUDITED = "reason = 'blind_audit'"
"""Decisions that drew an item for a blind audit."""
SEVERAL_WANTED = "opinions > 1"
"""Items that more than one person is asked about."""
LISTED = "asked IS NOT NULL AND state IN ('received', 'scored', 'decided', 'published')"
"""Items on the list of what to ask people for that no person has labelled yet."""

HELD = "state = 'held'"
"""Items that are in somebody's hands."""
HANDED_IN = "state IN ('done', 'late')"
"""Work of which a label came."""


def _pk() -> Column[int]:
    return Column("id", Id, primary_key=True)


def _parent(table: str, *, index: bool = False) -> Column[int]:
    return Column(f"{table}_id", Id, ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False, index=index)


def _lease() -> tuple[Column[str], Column[float], Column[int], Column[float], Column[str]]:
    return (
        Column("lease_owner", String(200)),
        Column("lease_until", Double, nullable=False, server_default="0"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("not_before", Double, nullable=False, server_default="0"),
        Column("last_error", Text),
    )


def _field_of_work() -> tuple[Column[str], Column[str], Column[str]]:
    """An empty word: any."""
    return (
        Column("domain", String(64), nullable=False),
        Column("language", String(64), nullable=False),
        Column("task", String(64), nullable=False),
    )


meta = Table("meta", metadata, Column("key", String(64), primary_key=True), Column("value", Text, nullable=False))

project = Table(
    "project",
    metadata,
    _pk(),
    Column("slug", String(200), nullable=False),
    Column("platform_url", String(1000), nullable=False),
    Column("platform_project", BigInteger, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("webhook_secret", LargeBinary, nullable=False),
    Column("sampling_secret", LargeBinary, nullable=False),
    Column("service_user", BigInteger, nullable=False),
    Column("label_config", Json, nullable=False),
    Column("label_config_xml", Text, nullable=False),
    Column("spec", Json, nullable=False),
    Column("epsilon", Double, nullable=False),
    Column("delta", Double, nullable=False),
    Column("train_target", Integer, nullable=False),
    Column("validation_target", Integer, nullable=False),
    Column("validation_fraction", Double, nullable=False),
    Column("audit_rate", Double, nullable=False),
    Column("validation_people", Integer, nullable=False, server_default="1"),
    Column("overlap_people", Integer, nullable=False, server_default="1"),
    Column("control_rate", Double, nullable=False, server_default="0"),
    Column("tabs", Boolean, nullable=False, server_default=false()),
    Column("suggestion_bound", Json),
    Column("review_rate", Double, nullable=False, server_default="0"),
    Column("validation_cut", Double, nullable=False),
    Column("skill_rules", Json),
    Column("costs", Json),
    Column("gate_state", Word, nullable=False),
    Column("gate_reason", Text, nullable=False),
    Column("active_model", String(200)),
    Column("challenger", String(200)),
    Column("pinned", Boolean, nullable=False, server_default=false()),
    Column("shadow", String(200)),
    Column("watermark", Double, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("valid_since", Double, nullable=False, server_default="0"),
    Column("tolerance_since", Double, nullable=False, server_default="0"),
    Column("announced", BigInteger, nullable=False, server_default="0"),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("slug"),
    UniqueConstraint("platform_url", "platform_project"),
    sqlite_autoincrement=True,
)

item = Table(
    "item",
    metadata,
    _pk(),
    _parent("project"),
    Column("task_id", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("data", Json, nullable=False),
    Column("fold", Word, nullable=False),
    Column("draw", Double, nullable=False),
    Column("state", Word, nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("revision", Integer, nullable=False),
    *_lease(),
    Column("route", Word),
    Column("reason", String(200)),
    Column("blind", Boolean, nullable=False),
    Column("inclusion", Double),
    Column("opinions", Integer, nullable=False, server_default="1"),
    Column("prediction_id", Id),
    Column("confidence", Double),
    Column("model_version", String(200)),
    Column("asked", Integer),
    Column("need_id", Id),
    Column("settled", Boolean, nullable=False, server_default=false()),
    Column("received_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    UniqueConstraint("project_id", "task_id"),
    Index("ix_item_queue", "project_id", "state", "priority", "id"),
    Index("ix_item_route", "project_id", "state", "route", "draw"),
    Index(
        "ix_item_draw",
        "project_id",
        "draw",
        sqlite_where=text(MAY_BE_DRAWN),
        postgresql_where=text(MAY_BE_DRAWN),
    ),
    Index("ix_item_model", "project_id", "model_version"),
    Index(
        "ix_item_blind",
        "project_id",
        "draw",
        sqlite_where=text(AWAITS_BLIND),
        postgresql_where=text(AWAITS_BLIND),
    ),
    Index(
        "ix_item_training",
        "project_id",
        "draw",
        sqlite_where=text(AWAITS_TRAINING),
        postgresql_where=text(AWAITS_TRAINING),
    ),
    Index(
        "ix_item_opinions",
        "project_id",
        "draw",
        sqlite_where=text(SEVERAL_WANTED),
        postgresql_where=text(SEVERAL_WANTED),
    ),
    Index(
        "ix_item_asked",
        "project_id",
        "asked",
        sqlite_where=text(LISTED),
        postgresql_where=text(LISTED),
    ),
    Index(
        "ix_item_lease",
        "lease_owner",
        sqlite_where=text("lease_owner IS NOT NULL"),
        postgresql_where=text("lease_owner IS NOT NULL"),
    ),
)

prediction = Table(
    "prediction",
    metadata,
    _pk(),
    _parent("item"),
    Column("revision", Integer, nullable=False),
    Column("model_version", String(200), nullable=False),
    Column("prediction", Json, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("item_id", "revision", "model_version"),
)

decision = Table(
    "decision",
    metadata,
    _pk(),
    _parent("item", index=True),
    Column("revision", Integer, nullable=False),
    Column("prediction_id", Id),
    Column("certificate_id", Id),
    Column("route", Word, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("numbers", Json, nullable=False),
    Column("blind", Boolean, nullable=False),
    Column("inclusion", Double),
    Column("created_at", Double, nullable=False),
    Index("ix_decision_audit", "certificate_id", "id", sqlite_where=text(AUDITED), postgresql_where=text(AUDITED)),
)

outbox = Table(
    "outbox",
    metadata,
    _pk(),
    _parent("project"),
    _parent("item"),
    Column("revision", Integer, nullable=False),
    Column("kind", Word, nullable=False),
    Column("model_version", String(200), nullable=False),
    Column("prediction_id", Id, nullable=False),
    Column("state", Word, nullable=False),
    *_lease(),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    UniqueConstraint("item_id", "revision", "kind", "model_version"),
    Index("ix_outbox_queue", "project_id", "kind", "state", "id"),
    Index(
        "ix_outbox_lease",
        "lease_owner",
        sqlite_where=text("lease_owner IS NOT NULL"),
        postgresql_where=text("lease_owner IS NOT NULL"),
    ),
)

label = Table(
    "label",
    metadata,
    _pk(),
    _parent("project"),
    _parent("item", index=True),
    Column("annotation_id", BigInteger, nullable=False),
    Column("completed_by", BigInteger, nullable=False),
    Column("regions", Json, nullable=False),
    Column("was_cancelled", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("set_aside", Boolean, nullable=False, server_default=false()),
    Column("lead_time", Double),
    Column("role", Word, nullable=False),
    Column("inclusion", Double),
    Column("prediction_id", Id),
    Column("loss", Double),
    Column("remote_updated_at", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("project_id", "annotation_id"),
    Index("ix_label_role", "project_id", "role", "item_id"),
    Index("ix_label_newest", "project_id", "id"),
    Index("ix_label_person", "completed_by"),
)

effort = Table(
    "effort",
    metadata,
    Column("project_id", Id, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("label_id", Id, nullable=False),
    Column("found", Json, nullable=False),
    Column("at", Double, nullable=False),
)

model_version = Table(
    "model_version",
    metadata,
    _pk(),
    _parent("project"),
    Column("version", String(200), nullable=False),
    Column("ref", Json, nullable=False),
    Column("n_train", Integer, nullable=False),
    Column("metrics", Json, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("activated_at", Double),
    Column("rejected_at", Double),
    Column("scored_items", BigInteger, nullable=False, server_default="0"),
    Column("scored_seconds", Double, nullable=False, server_default="0"),
    UniqueConstraint("project_id", "version"),
)

certificate = Table(
    "certificate",
    metadata,
    _pk(),
    _parent("project", index=True),
    Column("model_version", String(200), nullable=False),
    Column("model_sha256", String(64), nullable=False),
    Column("label_config_digest", String(64), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("threshold", Double),
    Column("n", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("n_validation", Integer, nullable=False),
    Column("trial", Boolean, nullable=False, server_default=false()),
    Column("epsilon", Double, nullable=False),
    Column("delta", Double, nullable=False),
    Column("selective_upper", Double),
    Column("overall_upper", Double),
    Column("coverage", Double, nullable=False),
    Column("needed_labels", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("noise", Json),
)

gate_event = Table(
    "gate_event",
    metadata,
    _pk(),
    _parent("project", index=True),
    Column("before", Word, nullable=False),
    Column("after", Word, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("numbers", Json, nullable=False),
    Column("at", Double, nullable=False),
)

stage_stat = Table(
    "stage_stat",
    metadata,
    Column("project_id", Id, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("stage", String(64), primary_key=True),
    Column("items", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("until", Double, nullable=False),
)

trainer = Table(
    "trainer",
    metadata,
    _pk(),
    Column("platform_url", String(1000), nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("email", String(320), nullable=False),
    Column("name", String(200), nullable=False),
    Column("token", LargeBinary),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("platform_url", "user_id"),
)

skill = Table(
    "skill",
    metadata,
    _pk(),
    _parent("trainer"),
    *_field_of_work(),
    Column("level", Integer, nullable=False),
    Column("source", Word, nullable=False),
    Column("updated_at", Double, nullable=False),
    UniqueConstraint("trainer_id", "domain", "language", "task", "source"),
)

accuracy = Table(
    "accuracy",
    metadata,
    _pk(),
    _parent("trainer"),
    *_field_of_work(),
    Column("unsure", Boolean, nullable=False),
    Column("agreed", Double, nullable=False),
    Column("differed", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    UniqueConstraint("trainer_id", "domain", "language", "task", "unsure"),
)

need = Table(
    "need",
    metadata,
    _pk(),
    _parent("project"),
    *_field_of_work(),
    Column("level", Integer, nullable=False),
    UniqueConstraint("project_id", "domain", "language", "task", "level"),
)

desk = Table(
    "desk",
    metadata,
    _pk(),
    _parent("project"),
    _parent("trainer", index=True),
    Column("offered", Double, nullable=False, server_default="0"),
    Column("waits_since", Double),
    Column("seen_at", Double, nullable=False),
    Column("daily_cap", Integer),
    Column("reviews", Boolean, nullable=False, server_default=false()),
    Column("pause", Json),
    UniqueConstraint("project_id", "trainer_id"),
)

flow = Table(
    "flow",
    metadata,
    Column("project_id", Id, ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Word, primary_key=True),
    Column("skilled", Boolean, primary_key=True),
    Column("tag", Double, nullable=False),
    Column("served", BigInteger, nullable=False),
)

work = Table(
    "work",
    metadata,
    _pk(),
    _parent("project"),
    _parent("item"),
    _parent("trainer"),
    Column("kind", Word, nullable=False),
    Column("state", Word, nullable=False),
    Column("why", Json, nullable=False),
    Column("granted_at", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("beat_at", Double, nullable=False),
    Column("extended", Boolean, nullable=False),
    Column("ended_at", Double),
    Index("ix_work_held", "item_id", unique=True, sqlite_where=text(HELD), postgresql_where=text(HELD)),
    Index("ix_work_item", "item_id", "trainer_id"),
    Index("ix_work_trainer", "trainer_id", "project_id", "granted_at"),
    Index("ix_work_until", "project_id", "state", "until"),
    Index("ix_work_handed_in", "project_id", "id", sqlite_where=text(HANDED_IN), postgresql_where=text(HANDED_IN)),
)
