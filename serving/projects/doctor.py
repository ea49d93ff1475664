"""Checks a connected project from end to end; every finding names the setting to change."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from connectors.base import Platform, RemoteProject, User
from connectors.label_studio.client import LabelStudio
from connectors.label_studio.label_config import parse
from connectors.label_studio.webhooks import SECRET_HEADER
from models.errors import AuthenticationError, ConfigurationError, PlatformError
from models.registry import assign
from models.types import Frozen
from serving.language import gettext, ngettext
from serving.monitoring.monitor import monitor
from serving.pipeline import reconcile
from serving.pipeline.runtime import Runtime
from serving.projects import checks
from serving.projects.checks import Check
from serving.projects.connect import NO_SUGGESTIONS, notes, register_webhook, webhook_url
from serving.retold import retold
from serving.store.records import ItemState, ProjectRow

SUPPORTED = ("1.23",)
"""Label Studio versions whose behaviour was measured."""

FOLLOWED_S = 60.0
"""How long after the first suggestion of a version annotators may still be shown the one before, seconds."""
POLLS = 4
"""The same in polls, each of which has Label Studio follow, where these are slower."""


class Finding(Frozen):
    """One check."""

    project: str
    check: str
    ok: bool
    detail: str
    """What was found, in the language of now; what Label Studio said is in its own."""
    advice: str = ""
    """What to change; empty when all is well."""


def supported(version: str) -> bool:
    """Whether this version of Label Studio was measured."""
    return version.startswith(SUPPORTED)


def examine(runtime: Runtime, project: ProjectRow, *, fix: bool = False) -> list[Finding]:
    """All checks of one project. Those that need Label Studio are left out when it does not answer."""
    found: list[Finding] = []

    def note(check: Check, ok: bool, detail: str, /, **values: object) -> None:
        advice = check.advise(project=project.slug, **values)
        found.append(Finding(project=project.slug, check=check.name, ok=ok, detail=detail, advice="" if ok else advice))

    platform = runtime.platform(project)
    assert isinstance(platform, LabelStudio)
    try:
        user = platform.whoami()
        remote = platform.project()
    except AuthenticationError as error:
        told = retold(str(error))
        note(checks.TOKEN, False, told, error=told)
        return found
    except PlatformError as error:
        told = retold(str(error))
        note(checks.REACHABLE, False, told, error=told, url=project.platform_url)
        return found
    note(checks.TOKEN, True, gettext("accepted, as {email}", email=user.email), error="")
    _account(platform, user, note)
    _version(platform, note)
    _config(project, remote, note)
    _service(runtime, project, note)
    _addresses(runtime, project, platform, note)
    _webhook(runtime, project, platform, fix, note)
    _model_version(runtime, project, platform, remote, fix, note)
    _work(runtime, project, note)
    return found


Note = Callable[..., None]


def _account(platform: LabelStudio, user: User, note: Note) -> None:
    labels = platform.labelled_by_us(by_hand=True)
    detail = gettext("nobody labels with Prelabel's account")
    if labels:
        detail = ngettext(
            "{n:,} task was labelled by hand with {email}",
            "{n:,} tasks were labelled by hand with {email}",
            labels,
            email=user.email,
        )
    note(checks.ACCOUNT, not labels, detail, detail=detail)


def _version(platform: LabelStudio, note: Note) -> None:
    version = platform.version()
    note(checks.VERSION, supported(version), f"Label Studio {version}", version=version, measured=", ".join(SUPPORTED))


def _config(project: ProjectRow, remote: RemoteProject, note: Note) -> None:
    try:
        config = assign(project.spec, parse(remote.label_config))
    except ConfigurationError as error:
        told = retold(str(error))
        note(checks.LABEL_CONFIG, False, told, error=told)
        return
    names = ", ".join(control.name for control in config.controls)
    note(checks.LABEL_CONFIG, True, gettext("predicted: {names}", names=names), error="")
    for warning in notes(config, remote.show_suggestions):
        note(checks.SUGGESTIONS, warning != gettext(NO_SUGGESTIONS), warning, warning=warning)


def _service(runtime: Runtime, project: ProjectRow, note: Note) -> None:
    """Go the way that Label Studio's events go, with one that means nothing."""
    url = webhook_url(runtime, project)
    secret = runtime.vault.decrypt(project.webhook_secret).decode()
    try:
        answer = httpx.post(
            url, json={"action": "PING"}, headers={SECRET_HEADER: secret}, timeout=10.0, trust_env=False
        )
        ok, detail = answer.status_code == 202, gettext("{url} answers {status}", url=url, status=answer.status_code)
    except httpx.HTTPError as error:
        ok, detail = False, f"{url}: {type(error).__name__}"
    note(checks.SERVICE, ok, detail, detail=detail)


def _addresses(runtime: Runtime, project: ProjectRow, platform: LabelStudio, note: Note) -> None:
    problem = retold(platform.address_problem(webhook_url(runtime, project)))
    fine = gettext("Label Studio may call {url}", url=runtime.settings.public_url)
    note(checks.ADDRESSES, not problem, problem or fine)


def _webhook(runtime: Runtime, project: ProjectRow, platform: LabelStudio, fix: bool, note: Note) -> None:
    url = webhook_url(runtime, project)
    secret = runtime.vault.decrypt(project.webhook_secret).decode()
    try:
        if fix:
            register_webhook(runtime, project)
        problem = retold(platform.webhook_problem(url, {SECRET_HEADER: secret}))
    except PlatformError as error:
        problem = retold(str(error))
    note(checks.WEBHOOK, not problem, problem or gettext("active, to {url}", url=url), problem=problem)


def _model_version(
    runtime: Runtime, project: ProjectRow, platform: Platform, remote: RemoteProject, fix: bool, note: Note
) -> None:
    """Nothing where no suggestions are shown: switching them off empties the version, and none is seen anyhow."""
    if fix:
        reconcile.keep_model_version(runtime, project, platform, remote)
        remote = platform.project()
    if not remote.show_suggestions:
        return
    with runtime.store.read() as uow:
        pushed = uow.projects.get(project.id).active_model  # after Label Studio was asked: it only follows
        since = uow.models.get(project.id, pushed).activated_at if pushed else None
        sent = uow.outbox.first_suggestion(project.id, pushed) if pushed else None
    followed = max(FOLLOWED_S, POLLS * runtime.settings.reconcile_s)
    due = sent is not None and runtime.now() - max(sent, since or 0.0) > followed
    seen = repr(remote.model_version) if remote.model_version else gettext("no version")
    detail = gettext("Label Studio shows predictions of {version}", version=seen)
    if sent is not None and not due and remote.model_version != pushed:
        detail = gettext("{now}; those of {pushed} follow by themselves", now=detail, pushed=repr(pushed))
    note(
        checks.MODEL_VERSION,
        not due or remote.model_version == pushed,
        detail,
        shown=repr(remote.model_version),
        pushed=repr(pushed),
    )


def _work(runtime: Runtime, project: ProjectRow, note: Note) -> None:
    with runtime.store.read() as uow:
        dead = uow.items.counts(project.id).get(ItemState.DEAD, 0)
        seen = monitor(runtime, uow, project, uow.gate.latest(project.id))
    note(checks.DEAD_ITEMS, not dead, gettext("{n} items were given up", n=dead))
    if seen is not None and project.gate_state.accepts:
        detail = gettext(
            "{n} audits are to be answered, {overdue} of them are overdue", n=seen.unanswered, overdue=seen.overdue
        )
        note(checks.AUDITS, not seen.overdue, detail, overdue=seen.overdue)
    reason = retold(project.gate_reason)
    note(checks.PAUSED, not project.paused, reason if project.paused else gettext("work goes on"), reason=reason)
