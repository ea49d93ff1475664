"""Which model version predicts, and which scores in its shadow, by hand; every act is an event with who and why.

What a person lets predict is pinned: nothing takes its place by itself before a person lets go of it. What follows from
another active model is in ``serving.pipeline.standing.activate``; why an earlier certificate counts again, in
docs/decisions/0021.
"""

from __future__ import annotations

from models.base import ModelRef
from models.errors import ConfigurationError, ConflictError
from models.registry import assign, reference, verify
from models.specs import ModelSpec, learns
from models.types import ControlSpec, Route
from serving.pipeline import learn
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import activate
from serving.projects.gate import check_name
from serving.store.engine import UnitOfWork
from serving.store.records import ACT, ItemState, ProjectRow
from serving.store.version_records import ModelVersionRow

PROMOTE, ROLL_BACK, SHADOW, DROP, RELEASE, ADD = "promote", "roll_back", "shadow", "drop_shadow", "release", "add"
"""What stands in an event's numbers as ``act``."""


def promote(runtime: Runtime, project: ProjectRow, version: str, *, reason: str, actor: str) -> ProjectRow:
    """Let a version predict from now on, pinned; a trial that is under way ends.

    The gate closes until the version has a certificate of its own, or opens by one that it has.

    Raises:
        NotFoundError: there is no such version.
        ConfigurationError: it predicts already, was made for other controls, or the name is not a person's.
        ConflictError: another model predicts than when ``project`` was read.
        ModelError, PlatformUnavailable: its files are not there, are others, or cannot be loaded.
    """
    return _place(runtime, project, version, act=PROMOTE, reason=reason, actor=actor)


def roll_back(
    runtime: Runtime, project: ProjectRow, version: str | None = None, *, reason: str, actor: str
) -> ProjectRow:
    """Let a version predict that predicted before; None: the one before. The one of now counts as rejected.

    Raises:
        ConfigurationError: it never predicted, or as ``promote``.
        NotFoundError, ConflictError, ModelError, PlatformUnavailable: as ``promote``.
    """
    with runtime.store.read() as uow:
        rows = uow.models.list(project.id)
        wanted = uow.models.get(project.id, version) if version is not None else before(rows, project)
    if wanted is None or wanted.activated_at is None:
        if version is not None:
            raise ConfigurationError(f"there is nothing to roll back to: {version} has never predicted")
        if project.active_model is None:
            raise ConfigurationError("there is nothing to roll back to: no model has predicted yet")
        raise ConfigurationError(f"there is nothing to roll back to: none but {project.active_model} has predicted")
    return _place(runtime, project, wanted.ref.version, act=ROLL_BACK, reason=reason, actor=actor)


def before(rows: list[ModelVersionRow], project: ProjectRow) -> ModelVersionRow | None:
    """The version that predicted last, of those that are not active and that fit today's controls."""
    former = [
        row
        for row in rows
        if row.activated_at is not None and row.ref.version != project.active_model and fits(row.ref, project)
    ]
    return max(former, key=lambda row: row.activated_at or 0.0, default=None)


def shadow(runtime: Runtime, project: ProjectRow, version: str, *, reason: str, actor: str) -> ProjectRow:
    """Let a version score beside the active one, without a test and without a say, in place of the shadow of now.

    Raises:
        ConfigurationError: it is active, on trial or the shadow already, or as ``promote``.
        NotFoundError, ModelError, PlatformUnavailable: as ``promote``.
    """
    check_name(actor)
    ref = _usable(runtime, project, version)
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        if current.active_model is None:
            raise ConfigurationError("no model predicts yet, beside which it could score")
        if version in (current.active_model, current.challenger, current.shadow):
            raise ConfigurationError(f"{version} scores already")
        _check_controls(ref, current)
        place = f" in place of {current.shadow}" if current.shadow is not None else ""
        after = uow.projects.update(project.id, shadow=version)
        _note(runtime, uow, after, SHADOW, f"model {version} scores in the shadow{place}. {reason}", actor, version)
    return after


def drop_shadow(runtime: Runtime, project: ProjectRow, *, reason: str, actor: str) -> ProjectRow:
    """Let nothing score beside the active model any more; what was said stays.

    Raises:
        ConfigurationError: nothing does, or the name is not a person's.
    """
    check_name(actor)
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        if current.shadow is None:
            raise ConfigurationError("no model scores in the shadow")
        after = uow.projects.update(project.id, shadow=None)
        why = f"model {current.shadow} scores in the shadow no longer. {reason}"
        _note(runtime, uow, after, DROP, why, actor, current.shadow)
    return after


def release(runtime: Runtime, project: ProjectRow, *, reason: str, actor: str) -> ProjectRow:
    """Let go of a choice by hand: models are trained and tried by themselves again.

    Raises:
        ConfigurationError: nothing is pinned, or the name is not a person's.
    """
    check_name(actor)
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        if not current.pinned:
            raise ConfigurationError("no person chose the model that predicts: there is nothing to let go of")
        after = uow.projects.update(project.id, pinned=False)
        why = f"model {current.active_model} may be replaced by itself again. {reason}"
        _note(runtime, uow, after, RELEASE, why, actor, current.active_model or "")
    return after


def add(runtime: Runtime, project: ProjectRow, spec: ModelSpec, *, reason: str, actor: str) -> ModelVersionRow:
    """Make a version of another model known, trained on the project's labels where it learns. Nothing uses it yet.

    A model from elsewhere must not have seen the blind labels: it would be examined on what it was taught.

    Raises:
        ConfigurationError: it fills other controls than the project's model, or the name is not a person's.
        NotTrainableError: it learns, and the labels do not allow it.
        ModelError: it is not there.
    """
    check_name(actor)
    config = project.label_config
    filled = assign(spec, config).controls
    if _by_name(filled) != _by_name(config.controls):
        told = [", ".join(one.name for one in some) for some in (filled, config.controls)]
        raise ConfigurationError(f"it fills {told[0]}, and what predicts fills {told[1]}: both have to fill the same")
    if learns(spec):
        report, metrics = learn.fit(runtime, project, spec)
        ref, n = report.ref, report.n
    else:
        ref, n, metrics = reference(spec, config.controls, name=project.slug), 0, {}
    with runtime.store.begin() as uow:
        current, now = uow.projects.hold(project.id), runtime.now()
        _check_controls(ref, current)
        made = uow.models.add(project.id, ref, n, metrics, now)
        if made.created_at == now:
            _note(runtime, uow, current, ADD, f"model {ref.version} is known from now on. {reason}", actor, ref.version)
    return made


def fits(ref: ModelRef, project: ProjectRow) -> bool:
    """Whether it fills the controls that the project's models fill now."""
    return _by_name(ref.controls) == _by_name(project.label_config.controls)


def _place(runtime: Runtime, project: ProjectRow, version: str, *, act: str, reason: str, actor: str) -> ProjectRow:
    """Activate and pin. What the model before was to accept, and is not yet written, is scored and decided anew."""
    check_name(actor)
    if version == project.active_model:
        raise ConfigurationError(f"{version} predicts already")
    ref = _usable(runtime, project, version)
    with runtime.store.begin() as uow:
        current, now = uow.projects.hold(project.id), runtime.now()
        if current.active_model != project.active_model:
            raise ConflictError(f"{current.active_model} predicts since you looked: look again")
        _check_controls(ref, current)
        if act == ROLL_BACK and current.active_model is not None:
            uow.models.reject(project.id, current.active_model, now)
        numbers = {"challenger_dropped": current.challenger} if current.challenger not in (None, version) else {}
        activate(uow, current, ref, actor=actor, numbers=numbers, now=now, act=act, why=reason)
        unwritten = (ItemState.DECIDED,)
        uow.items.restart(project.id, states=unwritten, to=ItemState.RECEIVED, now=now, route=Route.ACCEPT)
        return uow.projects.update(project.id, pinned=True)


def _usable(runtime: Runtime, project: ProjectRow, version: str) -> ModelRef:
    """Its reference, once its files are read and compared, and the scorer has loaded it."""
    with runtime.store.read() as uow:
        ref = uow.models.get(project.id, version).ref
    _check_controls(ref, project)
    verify(ref)
    runtime.scorer.score(ref, [])
    return ref


def _check_controls(ref: ModelRef, project: ProjectRow) -> None:
    if not fits(ref, project):
        raise ConfigurationError(
            f"{ref.version} was made for another label config: what it fills is not what is to be filled now"
        )


def _by_name(controls: tuple[ControlSpec, ...]) -> list[ControlSpec]:
    return sorted(controls, key=lambda one: one.name)


def _note(
    runtime: Runtime, uow: UnitOfWork, project: ProjectRow, act: str, reason: str, actor: str, version: str
) -> None:
    numbers = {ACT: act, "model_version": version, "active": project.active_model}
    uow.gate.note(project.id, reason=reason, actor=actor, numbers=numbers, now=runtime.now())
