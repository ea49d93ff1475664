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
from serving.language import N_, gettext
from serving.monitoring.monitor import monitor
from serving.pipeline import reconcile
from serving.pipeline.runtime import Runtime
from serving.projects.connect import NO_SUGGESTIONS, notes, register_webhook, webhook_url
from serving.projects.reaching import TOKENS
from serving.store.records import ItemState, OutboxKind, OutboxState, ProjectRow

SUPPORTED = ("1.23",)
"""Label Studio versions whose behaviour was measured."""

PRIVATE_ADDRESSES = N_(
    "Label Studio will not call private addresses. Start it with USE_DEFAULT_BANNED_SUBNETS=false "
    "USER_ADDITIONAL_BANNED_SUBNETS=169.254.0.0/16, or give Prelabel a public_url that it may call"
)
CHECKS = {
    "token": N_("token"),
    "reachable": N_("reachable"),
    "version": N_("version"),
    "label config": N_("label config"),
    "service": N_("service"),
    "addresses": N_("addresses"),
    "webhook": N_("webhook"),
    "model_version": N_("version that annotators see"),
    "dead items": N_("dead items"),
    "audits": N_("audits"),
    "paused": N_("paused"),
}
"""Every check -> its name on pages."""
MENDED = ("webhook", "model_version")
"""Checks that ``fix`` mends."""


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

    def note(check: str, ok: bool, detail: str, advice: str = "") -> None:
        found.append(Finding(project=project.slug, check=check, ok=ok, detail=detail, advice="" if ok else advice))

    platform = runtime.platform(project)
    assert isinstance(platform, LabelStudio)
    try:
        user = platform.whoami()
        remote = platform.project()
    except AuthenticationError as error:
        told = gettext(TOKENS.get(str(error), str(error)))
        advice = gettext("{problem}. Then `prelabel token {name} --token ...` with the new one")
        note("token", False, told, advice.format(problem=told, name=project.slug))
        return found
    except PlatformError as error:
        advice = gettext("{problem}; check that Label Studio runs at {url}", problem=error, url=project.platform_url)
        note("reachable", False, str(error), advice)
        return found
    note("token", True, gettext("accepted, as {email}", email=user.email))
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
        supported(version),
        f"Label Studio {version}",
        gettext(
            "Label Studio {version} was not measured, {known} was: run the contract tests first",
            version=version,
            known=", ".join(SUPPORTED),
        ),
    )


def _config(project: ProjectRow, remote: RemoteProject, note: Note) -> None:
    try:
        config = assign(project.spec, parse(remote.label_config))
    except ConfigurationError as error:
        note(
            "label config",
            False,
            str(error),
            gettext("mend the labeling interface in Label Studio: {problem}", problem=error),
        )
        return
    names = ", ".join(control.name for control in config.controls)
    note("label config", True, gettext("predicted: {names}", names=names), "")
    for warning in notes(config, remote.show_suggestions):
        note("label config", warning != gettext(NO_SUGGESTIONS), warning, warning)


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
    note(
        "service",
        ok,
        detail,
        gettext(
            "{problem}: start `prelabel serve` with these settings (data_dir, port), or set public_url "
            "(PRELABEL_PUBLIC_URL) to where it runs",
            problem=detail,
        ),
    )


def _addresses(runtime: Runtime, project: ProjectRow, platform: LabelStudio, note: Note) -> None:
    problem = platform.address_problem(webhook_url(runtime, project))
    fine = gettext("Label Studio may call {url}", url=runtime.settings.public_url)
    note("addresses", not problem, problem or fine, gettext(PRIVATE_ADDRESSES))


def _webhook(runtime: Runtime, project: ProjectRow, platform: LabelStudio, fix: bool, note: Note) -> None:
    url = webhook_url(runtime, project)
    secret = runtime.vault.decrypt(project.webhook_secret).decode()
    try:
        if fix:
            register_webhook(runtime, project)
        problem = platform.webhook_problem(url, {SECRET_HEADER: secret})
    except PlatformError as error:
        problem = str(error)
    fine = gettext("active, to {url}", url=url)
    advice = gettext("{problem}; run `prelabel doctor {name} --fix`", problem=problem, name=project.slug)
    note("webhook", not problem, problem or fine, advice)


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
        gettext("Label Studio shows predictions of {version}", version=repr(remote.model_version or "no version")),
        gettext(
            "annotators see predictions of {shown}, we push {pushed}: run `prelabel doctor {name} --fix`, or choose it "
            "in Settings > Annotation > Live predictions",
            shown=repr(remote.model_version),
            pushed=repr(project.active_model),
            name=project.slug,
        ),
    )


def _work(runtime: Runtime, project: ProjectRow, note: Note) -> None:
    with runtime.store.read() as uow:
        dead = uow.items.counts(project.id).get(ItemState.DEAD, 0)
        seen = monitor(runtime, uow, project, uow.gate.latest(project.id))
    note(
        "dead items",
        not dead,
        gettext("{n} items were given up", n=dead),
        gettext("`prelabel dead {name}` says why; after mending it, `prelabel redrive {name}`", name=project.slug),
    )
    if seen is not None and project.gate_state.accepts:
        note(
            "audits",
            not seen.overdue,
            gettext(
                "{n} audits are to be answered, {overdue} of them are overdue", n=seen.unanswered, overdue=seen.overdue
            ),
            gettext(
                "{overdue} audits are overdue, and the monitor waits for the oldest: they come first in the queue",
                overdue=seen.overdue,
            ),
        )
    note(
        "paused",
        not project.paused,
        project.gate_reason if project.paused else gettext("work goes on"),
        gettext("the project is paused: {reason}", reason=project.gate_reason),
    )
