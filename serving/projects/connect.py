"""Connect a Label Studio project: check the token, read the config, store it, register the webhook, backfill."""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connectors.base import RemoteAnnotation, RemoteProject, User
from connectors.label_studio.address import address_of
from connectors.label_studio.auth import check_token
from connectors.label_studio.client import LabelStudio
from connectors.label_studio.label_config import parse
from connectors.label_studio.webhooks import SECRET_HEADER
from models.base import Budget
from models.costs import Costs
from models.errors import ConfigurationError, PlatformError, PlatformRefused, written
from models.labels import Unmatched
from models.proposals import Proposal, propose, together
from models.registry import assign, reference, unmatched
from models.skills import SkillRule
from models.specs import ModelSpec, learns
from models.types import ControlSpec, LabelConfig
from serving.composition import Platforms, media_of
from serving.language import N_, gettext, ngettext
from serving.pipeline import history, reconcile, standing
from serving.pipeline.runtime import Runtime
from serving.project_file import ProjectFile
from serving.projects import trying
from serving.projects.trying import Plan, Tried
from serving.retold import retold
from serving.secrets import new_secret
from serving.store.records import NewProject, ProjectRow
from serving.validation import wrong_in_words


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for."""

    url: str
    token: str
    platform_project: int
    slug: str | None = None
    spec: ModelSpec | None = None
    """None: n-grams for text, pixels for images."""
    epsilon: float = 0.05
    delta: float = 0.10
    train_target: int = 200
    validation_target: int = 200
    validation_fraction: float = 0.25
    audit_rate: float = 0.05
    validation_people: int = 1
    overlap_people: int = 1
    control_rate: float = 0.02
    tabs: bool = False
    review_rate: float = 0.0
    tolerances: Mapping[str, float] = field(default_factory=dict)
    """Control -> loss up to which an answer counts as right, where it is not its kind's own."""
    skill_rules: tuple[SkillRule, ...] = ()
    """Which items need which skill of whoever labels them."""
    costs: Costs | None = None
    """What people and machines cost."""
    history: Path | None = None
    """File with labels that the team already has (``serving.pipeline.history``)."""


NUMBERS = (
    "epsilon",
    "delta",
    "train_target",
    "validation_target",
    "validation_fraction",
    "audit_rate",
    "validation_people",
    "overlap_people",
    "control_rate",
    "tabs",
    "review_rate",
)
"""What a wish and a project file both say, under the same names."""


def of_file(wish: Wish, file: ProjectFile) -> Wish:
    """Take over what a project file says."""
    return replace(
        wish, **{name: getattr(file, name) for name in ("slug", "spec", "tolerances", "skill_rules", "costs", *NUMBERS)}
    )


def check(wish: Wish, slug: str) -> None:
    """Hold a wish to what a project file is held to.

    Raises:
        ConfigurationError: a number is out of its range, or the name cannot stand in a URL.
    """
    try:
        ProjectFile(slug=slug, title="", label_config="", **{name: getattr(wish, name) for name in NUMBERS})
    except ValidationError as error:
        raise ConfigurationError(wrong_in_words(error)) from None


@dataclass(frozen=True, slots=True)
class Connected:
    """What came of it."""

    project: ProjectRow
    account: str
    """E-mail of the account whose token is used."""
    tasks: int
    history: int
    """Labels taken over from the history file."""
    by_account: int
    """Tasks with a label by that account; see ``Seen``."""
    warnings: list[str] = field(default_factory=list)
    """What works worse than it could, and how to mend it."""


NO_SUGGESTIONS = N_(
    "annotators see no suggestions: in Label Studio, Settings > Annotation, switch on 'Use predictions to prelabel "
    "tasks'"
)
REHEARSED = 4
"""Pages of tasks that a rehearsal reads."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to connect, and how; nothing was written for it."""

    url: str
    token: str
    user: User
    remote: RemoteProject
    platform: LabelStudio
    spec: ModelSpec
    config: LabelConfig
    """With the controls that the model fills."""
    proposals: list[Proposal]
    """Where the model was not named: how it came about."""
    unmatched: list[Unmatched]
    """Classes without a label, labels without a class."""
    by_account: int
    """Tasks with a label by the account itself: they count as written by Prelabel, and teach nothing."""


def look(runtime: Runtime, wish: Wish) -> Seen:
    """Check all that can be checked without writing anything. Whoever gets the platform closes it.

    Raises:
        AuthenticationError: the token is not accepted.
        ConfigurationError: the label config has nothing to predict, or the model cannot fill it.
        PlatformError: Label Studio cannot be reached or refuses.
    """
    url, token = address_of(wish.url), wish.token.strip()
    user = check_token(url, token)
    platform = Platforms(runtime.settings, runtime.vault).open(url, token, wish.platform_project)
    try:
        return _seen(platform, wish, url, token, user)
    except BaseException:
        platform.close()
        raise


def _seen(platform: LabelStudio, wish: Wish, url: str, token: str, user: User) -> Seen:
    try:
        remote = platform.project()
    except PlatformRefused as error:
        raise PlatformRefused(
            f"{user.email} cannot open project {wish.platform_project} of {url} ({error}): take the number from the "
            "project's address in the browser"
        ) from None
    config = parse(remote.label_config)
    if not config.controls:
        raise ConfigurationError(
            "the label config has no control that Prelabel can predict"
            + (f"; not covered yet: {'; '.join(config.unsupported)}" if config.unsupported else "")
        )
    proposals = [] if wish.spec else propose(config)
    spec = wish.spec or together(proposals)
    config = assign(spec, config).tolerating(wish.tolerances)
    lacking = unmatched(spec, config.controls)
    by_account = platform.labelled_by_us()
    return Seen(url, token, user, remote, platform, spec, config, proposals, lacking, by_account)


def remote_project(runtime: Runtime, wish: Wish) -> RemoteProject:
    """The project as Label Studio describes it, whether or not it can be connected.

    Raises:
        AuthenticationError, PlatformError: as ``look``.
    """
    url, token = address_of(wish.url), wish.token.strip()
    with closing(Platforms(runtime.settings, runtime.vault).open(url, token, wish.platform_project)) as platform:
        return platform.project()


def rehearse(runtime: Runtime, wish: Wish, *, tasks: int = 20) -> tuple[Seen, Tried]:
    """What annotators would see of the first tasks, without writing anything anywhere but the models' folder.

    A model that learns is taught by the labels that are in Label Studio already.

    Raises:
        NotTrainableError: it learns, and there are too few labels yet.
        AuthenticationError, ConfigurationError, PlatformError: as ``look``.
    """
    seen = look(runtime, wish)
    with closing(seen.platform), tempfile.TemporaryDirectory(prefix="prelabel-") as folder:
        return seen, predict(runtime, wish, seen, first_tasks(seen), Path(folder), tasks=tasks)


def first_tasks(seen: Seen) -> list[dict[str, Any]]:
    """The first tasks with their labels, as ``trying.run`` takes them: more where a model learns from the labels.

    As in the pipeline, what the account itself wrote is no label, nor is a skip.
    """
    pages = seen.platform.tasks(with_annotations=True)
    return [
        {
            "id": task.id,
            "data": task.data,
            "annotations": [{"result": one.result} for one in task.annotations or () if _counts(one, seen.user)],
        }
        for page in itertools.islice(pages, REHEARSED if learns(seen.spec) else 1)
        for task in page
    ]


def _counts(annotation: RemoteAnnotation, account: User) -> bool:
    """Whether somebody's answer can teach, as ``serving.pipeline.ingest`` has it."""
    theirs = annotation.completed_by != account.id and not annotation.given_back
    return theirs and not annotation.was_cancelled and bool(annotation.result)


def predict(
    runtime: Runtime, wish: Wish, seen: Seen, rows: Sequence[Mapping[str, Any]], folder: Path, *, tasks: int
) -> Tried:
    """Teach by the labelled tasks where the model learns, and predict others; media are fetched into ``folder``.

    Raises:
        NotTrainableError: it learns, and there are too few labels yet.
        ConfigurationError, ModelError, PlatformError: the model cannot be had, or does not answer.
    """
    slug = wish.slug or slug_of(seen.remote.title, wish.platform_project)
    plan = Plan(slug, seen.remote.label_config, seen.spec, seen.config, Budget(epsilon=wish.epsilon, delta=wish.delta))
    attach = media_of(runtime.settings, seen.url, seen.remote.id, seen.platform, seen.config, folder)
    return trying.run(plan, runtime.scorer, rows, attach, limit=tasks)


def connect(runtime: Runtime, wish: Wish, *, read: bool = True) -> Connected:
    """Connect one project; nothing is stored before everything that can be checked has been.

    Args:
        runtime: the composition.
        wish: what the operator asked for.
        read: read all tasks before this returns; else the running pipeline does, as it does with every new project.

    Raises:
        AuthenticationError, ConfigurationError, PlatformError: as ``look``; or the project is connected already.
    """
    seen = look(runtime, wish)
    seen.platform.close()
    user, remote, config, spec = seen.user, seen.remote, seen.config, seen.spec
    slug = wish.slug or slug_of(remote.title, wish.platform_project)
    check(wish, slug)
    new = NewProject(
        slug=slug,
        platform_url=seen.url,
        platform_project=wish.platform_project,
        token=runtime.vault.encrypt(seen.token.encode()),
        webhook_secret=runtime.vault.encrypt(new_secret().encode()),
        sampling_secret=runtime.vault.encrypt(new_secret().encode()),
        service_user=user.id,
        label_config=config,
        label_config_xml=remote.label_config,
        spec=spec,
        epsilon=wish.epsilon,
        delta=wish.delta,
        train_target=wish.train_target,
        validation_target=wish.validation_target,
        validation_fraction=wish.validation_fraction,
        audit_rate=wish.audit_rate,
        validation_people=wish.validation_people,
        overlap_people=wish.overlap_people,
        control_rate=wish.control_rate,
        tabs=wish.tabs,
        review_rate=wish.review_rate,
        skill_rules=wish.skill_rules,
        costs=wish.costs,
    )
    ref = None if learns(spec) else reference(spec, config.controls, name=new.slug)
    with runtime.store.begin() as uow:
        project = uow.projects.add(new, runtime.now())
        past = history.keep(runtime.settings, new.slug, config, wish.history) if wish.history else 0
        if ref is not None:
            uow.models.add(project.id, ref, 0, {}, runtime.now())
            standing.activate(uow, project, ref, actor="connect", numbers={}, now=runtime.now())
    warnings = notes(config, remote.show_suggestions, seen.unmatched)
    try:
        register_webhook(runtime, project)
    except PlatformError as error:
        told = gettext(
            "no webhook, so news arrive only with the poll every {seconds:g} s", seconds=runtime.settings.reconcile_s
        )
        warnings.append(f"{told}: {retold(str(error))}")
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
    if read:
        reconcile.run(runtime, project, full=True)
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
        tasks = sum(uow.items.counts(project.id).values())
    return Connected(project, user.email, tasks, past, seen.by_account, warnings)


def renew_token(runtime: Runtime, project: ProjectRow, token: str) -> User:
    """Use another token of the same account from now on.

    Raises:
        AuthenticationError: the token is not accepted.
        ConfigurationError: it belongs to another account: what ours wrote would be taken for people's labels.
        PlatformError: Label Studio cannot be reached, or does not show the project to this token.
    """
    token = token.strip()
    user = check_token(project.platform_url, token)
    if user.id != project.service_user:
        raise ConfigurationError(
            f"the token belongs to {user.email} (account {user.id}), {project.slug!r} was connected as account "
            f"{project.service_user}: what that account wrote would be taken for people's labels. Use a token of "
            f"account {project.service_user}"
        )
    Platforms(runtime.settings, runtime.vault).open(project.platform_url, token, project.platform_project).project()
    with runtime.store.begin() as uow:
        uow.projects.update(project.id, token=runtime.vault.encrypt(token.encode()))
    return user


def webhook_url(runtime: Runtime, project: ProjectRow) -> str:
    """Where Label Studio sends its events of this project."""
    return f"{runtime.settings.public_url}/hooks/label-studio/{project.slug}"


def register_webhook(runtime: Runtime, project: ProjectRow) -> None:
    """Have exactly one webhook with our secret."""
    secret = runtime.vault.decrypt(project.webhook_secret).decode()
    runtime.platform(project).ensure_webhook(webhook_url(runtime, project), {SECRET_HEADER: secret})


def slug_of(title: str, number: int) -> str:
    """A name for URLs: letters, digits and hyphens of the title, or the project's number."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-")
    return slug if slug and slug[0].isalpha() else f"project-{number}"


def notes(config: LabelConfig, show_suggestions: bool, unmatched: Sequence[Unmatched] = ()) -> list[str]:
    """What an operator should know before people start."""
    found = [retold(str(one)) for one in unmatched]
    if config.unsupported:
        found.append(retold(written(f"not predicted: {'; '.join(config.unsupported)}")))
    if config.by_people:
        ours, theirs = _names(config.controls), _names(config.by_people)
        found.append(gettext("predicted: {ours}; people fill in: {theirs}", ours=ours, theirs=theirs))
    if required := _names([c for c in config.by_people if c.required]):
        found.append(
            gettext("nothing will be accepted without people: {names} must be filled in, by no model", names=required)
        )
    if not show_suggestions:
        found.append(gettext(NO_SUGGESTIONS))
    return found


def not_counting(labels: int, email: str) -> str:
    """What becomes of labels that the account itself gave; '' where there are none.

    Args:
        labels: tasks with a label by the account.
        email: of the account.
    """
    if not labels:
        return ""
    return ngettext(
        "{n:,} label here is by this account ({email}) and will not count: make an account of its own for Prelabel. "
        "All is well only if Prelabel itself made it, when this project was connected before.",
        "{n:,} labels here are by this account ({email}) and will not count: make an account of its own for Prelabel. "
        "All is well only if Prelabel itself made them, when this project was connected before.",
        labels,
        email=email,
    )


def _names(controls: Sequence[ControlSpec]) -> str:
    return ", ".join(control.name for control in controls)
