"""Checks a connected project from end to end; every finding names the setting to change."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from connectors.base import RemoteProject
from connectors.label_studio.client import LabelStudio
from connectors.label_studio.label_config import parse
from connectors.label_studio.webhooks import SECRET_HEADER
from models.errors import AuthenticationError, ConfigurationError, PlatformError
from models.registry import assign
from models.types import Frozen
from serving.monitoring.monitor import monitor
from serving.pipeline import reconcile
from serving.pipeline.runtime import Runtime
from serving.projects.connect import notes, register_webhook, webhook_url
from serving.store.records import ItemState, OutboxKind, OutboxState, ProjectRow

SUPPORTED = ("1.23",)
"""Label Studio versions whose behaviour was measured."""

PRIVATE_ADDRESSES = (
    "Label Studio will not call private addresses. Start it with USE_DEFAULT_BANNED_SUBNETS=false "
    "USER_ADDITIONAL_BANNED_SUBNETS=169.254.0.0/16, or give Prelabel a public_url that it may call"
)


class Finding(Frozen):
    """One check."""

    project: str
    check: str
    ok: bool
    detail: str
    advice: str = ""
    """What to change; empty when all is well."""


def examine(runtime: Runtime, project: ProjectRow, *, fix: bool = False) -> list[Finding]:
    """All checks of one project. Those that need Label Studio are left out when it does not answer."""
    found: list[Finding] = []

    def note(check: str, ok: bool, detail: str, advice: str = "") -> None:
        found.append(Finding(project=project.slug, check=check, ok=ok, detail=detail, advice="" if ok else advice))

    platform = runtime.platform(project)
    assert isinstance(platform, LabelStudio)
    try:
        user = platform.whoami()
        remote = platform.project()
    except AuthenticationError as error:
        note("token", False, str(error), f"{error}. Then `prelabel token {project.slug} --token ...` with the new one")
        return found
    except PlatformError as error:
        note("reachable", False, str(error), f"{error}; check that Label Studio runs at {project.platform_url}")
        return found
    note("token", True, f"accepted, as {user.email}")
    _version(platform, note)
    _config(project, remote, note)
    _service(runtime, project, note)
    _addresses(runtime, project, platform, note)
    _webhook(runtime, project, platform, fix, note)
    _model_version(runtime, project, platform, remote, fix, note)
    _work(runtime, project, note)
    return found


Note = Callable[..., None]


def _version(platform: LabelStudio, note: Note) -> None:
    version = platform.version()
    note(
        "version",
        version.startswith(SUPPORTED),
        f"Label Studio {version}",
        f"Label Studio {version} was not measured, {', '.join(SUPPORTED)} was: run the contract tests first",
    )


def _config(project: ProjectRow, remote: RemoteProject, note: Note) -> None:
    try:
        config = assign(project.spec, parse(remote.label_config))
    except ConfigurationError as error:
        note("label config", False, str(error), f"mend the labeling interface in Label Studio: {error}")
        return
    note("label config", True, f"predicted: {', '.join(control.name for control in config.controls)}", "")
    for warning in notes(config, remote.show_suggestions):
        note("label config", remote.show_suggestions or not warning.startswith("annotators"), warning, warning)


def _service(runtime: Runtime, project: ProjectRow, note: Note) -> None:
    """Go the way that Label Studio's events go, with one that means nothing."""
    url = webhook_url(runtime, project)
    secret = runtime.vault.decrypt(project.webhook_secret).decode()
    try:
        answer = httpx.post(
            url, json={"action": "PING"}, headers={SECRET_HEADER: secret}, timeout=10.0, trust_env=False
        )
        ok, detail = answer.status_code == 202, f"{url} answers {answer.status_code}"
    except httpx.HTTPError as error:
        ok, detail = False, f"{url}: {type(error).__name__}"
    note(
        "service",
        ok,
        detail,
        f"{detail}: start `prelabel serve` with these settings (data_dir, port), or set public_url "
        "(PRELABEL_PUBLIC_URL) to where it runs",
    )


def _addresses(runtime: Runtime, project: ProjectRow, platform: LabelStudio, note: Note) -> None:
    problem = platform.address_problem(webhook_url(runtime, project))
    note("addresses", not problem, problem or f"Label Studio may call {runtime.settings.public_url}", PRIVATE_ADDRESSES)


def _webhook(runtime: Runtime, project: ProjectRow, platform: LabelStudio, fix: bool, note: Note) -> None:
    url = webhook_url(runtime, project)
    secret = runtime.vault.decrypt(project.webhook_secret).decode()
    try:
        if fix:
            register_webhook(runtime, project)
        problem = platform.webhook_problem(url, {SECRET_HEADER: secret})
    except PlatformError as error:
        problem = str(error)
    note(
        "webhook", not problem, problem or f"active, to {url}", f"{problem}; run `prelabel doctor {project.slug} --fix`"
    )


def _model_version(
    runtime: Runtime, project: ProjectRow, platform: LabelStudio, remote: RemoteProject, fix: bool, note: Note
) -> None:
    if fix:
        reconcile.keep_model_version(runtime, project, platform, remote)
        remote = platform.project()
    with runtime.store.read() as uow:
        counts = uow.outbox.counts(project.id, model_version=project.active_model) if project.active_model else {}
    sent = counts.get((OutboxKind.SUGGESTION, OutboxState.SENT), 0)
    ok = not sent or remote.model_version == project.active_model
    note(
        "model_version",
        ok,
        f"Label Studio shows predictions of {remote.model_version or 'no version'!r}",
        f"annotators see predictions of {remote.model_version!r}, we push {project.active_model!r}: run "
        f"`prelabel doctor {project.slug} --fix`, or choose it in Settings > Annotation > Live predictions",
    )


def _work(runtime: Runtime, project: ProjectRow, note: Note) -> None:
    with runtime.store.read() as uow:
        dead = uow.items.counts(project.id).get(ItemState.DEAD, 0)
        seen = monitor(runtime, uow, project, uow.gate.latest(project.id))
    note(
        "dead items",
        not dead,
        f"{dead} items were given up",
        f"`prelabel dead {project.slug}` says why; after mending it, `prelabel redrive {project.slug}`",
    )
    if seen is not None and project.gate_state.accepts:
        note(
            "audits",
            not seen.overdue,
            f"{seen.unanswered} audits are to be answered, {seen.overdue} of them are overdue",
            f"{seen.overdue} audits are overdue, and the monitor waits for the oldest: they come first in the queue",
        )
    note("paused", not project.paused, project.gate_reason, f"the project is paused: {project.gate_reason}")
