"""Connected projects."""

from __future__ import annotations

from dataclasses import fields
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from models.costs import Costs
from models.errors import ConfigurationError, NotFoundError, fragment, written
from models.skills import SkillRule
from models.specs import ModelSpec
from models.types import GateState, LabelConfig
from serving.store.records import NewProject, ProjectRow, SuggestionBound
from serving.store.rows import to_project
from serving.store.sql import take_turn
from serving.store.tables import project

Projects = list[ProjectRow]


class ProjectChanges(TypedDict, total=False):
    """What may change in a connected project."""

    token: bytes
    webhook_secret: bytes
    sampling_secret: bytes
    service_user: int
    label_config: LabelConfig
    label_config_xml: str
    spec: ModelSpec
    epsilon: float
    delta: float
    train_target: int
    validation_target: int
    validation_fraction: float
    audit_rate: float
    validation_people: int
    overlap_people: int
    control_rate: float
    tabs: bool
    suggestion_bound: SuggestionBound | None
    review_rate: float
    costs: Costs | None
    validation_cut: float
    skill_rules: tuple[SkillRule, ...]
    active_model: str | None
    challenger: str | None
    pinned: bool
    shadow: str | None
    watermark: float
    paused: bool
    valid_since: float
    tolerance_since: float
    announced: int


class ProjectRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, new: NewProject, now: float) -> ProjectRow:
        """Connect a project, with a cold gate.

        Raises:
            ConfigurationError: the slug is taken, or the platform's project is connected already.
        """
        values = {field.name: getattr(new, field.name) for field in fields(new)}
        values |= {
            "validation_cut": 0.0,
            "gate_state": GateState.COLD,
            "gate_reason": "no model yet",
            "active_model": None,
            "challenger": None,
            "watermark": 0.0,
            "paused": False,
            "valid_since": 0.0,
            "tolerance_since": 0.0,
            "announced": 0,
            "created_at": now,
        }
        try:
            with self._conn.begin_nested():
                row = self._conn.execute(insert(project).values(values).returning(project)).one()
        except IntegrityError as error:
            raise self._taken(new) from error
        return to_project(row)

    def get(self, project_id: int) -> ProjectRow:
        """Raises NotFoundError, with the projects that there are."""
        return self._one(project.c.id == project_id, written(f"there is no project {project_id}"))

    def hold(self, project_id: int) -> ProjectRow:
        """The project as it is, and as it stays until this transaction ends. Raises NotFoundError."""
        take_turn(self._conn)
        return self.get(project_id)

    def by_slug(self, slug: str) -> ProjectRow:
        """Raises NotFoundError, with the projects that there are."""
        return self._one(project.c.slug == slug, written(f"there is no project {slug!r}"))

    def update(self, project_id: int, **changes: Unpack[ProjectChanges]) -> ProjectRow:
        take_turn(self._conn)
        unknown = set(changes) - set(ProjectChanges.__annotations__)
        if unknown:
            raise TypeError(f"a project has no changeable {', '.join(sorted(unknown))}")
        if changes:
            self._conn.execute(update(project).where(project.c.id == project_id).values(**changes))
        return self.get(project_id)

    def remove(self, project_id: int) -> None:
        """Forget the project and everything of it; nothing happens in Label Studio."""
        take_turn(self._conn)
        self._conn.execute(delete(project).where(project.c.id == project_id))

    def list(self) -> Projects:
        """All projects by slug."""
        return [to_project(row) for row in self._conn.execute(select(project).order_by(project.c.slug))]

    def _one(self, condition: ColumnElement[bool], missing: str) -> ProjectRow:
        row = self._conn.execute(select(project).where(condition)).one_or_none()
        if row is None:
            slugs = self._conn.scalars(select(project.c.slug).order_by(project.c.slug)).all()
            known = ", ".join(slugs) or fragment("none yet")
            raise NotFoundError(f"{missing}; connected are: {known}")
        return to_project(row)

    def _taken(self, new: NewProject) -> ConfigurationError:
        same = (project.c.platform_url == new.platform_url) & (project.c.platform_project == new.platform_project)
        columns = (project.c.slug, project.c.platform_url, project.c.platform_project)
        query = select(*columns).where(or_(same, project.c.slug == new.slug)).order_by(same.desc())
        slug, url, number = self._conn.execute(query).first() or (new.slug, new.platform_url, new.platform_project)
        if (url, number) == (new.platform_url, new.platform_project):
            return ConfigurationError(f"project {number} of {url} is connected already, as {slug!r}")
        return ConfigurationError(
            f"the name {slug!r} is connected already, to project {number} of {url}: choose another"
        )
