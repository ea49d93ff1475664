"""A person at the desk: who they are by their own Label Studio token, and the item that Label Studio keeps for them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import closing

from connectors.base import Annotator, Claim
from connectors.label_studio.person import deep_link
from models.errors import AuthenticationError, PlatformError
from serving.language import gettext
from serving.pipeline.runtime import Runtime
from serving.store.gold import TESTS
from serving.store.people_records import DeskRow, Nothing, TrainerRow, WorkRow
from serving.store.records import ProjectRow
from serving.workforce.hand_out import give_back, next_for
from serving.workforce.reviewing import people_there

log = logging.getLogger(__name__)
TRIES = 3
"""Items that may turn out to be taken in Label Studio before a person is asked to wait."""


def sign_in(runtime: Runtime, url: str, token: str) -> TrainerRow:
    """Who this is by the token, which is kept, encrypted; a desk at every project of that Label Studio they may see.

    Raises:
        AuthenticationError: Label Studio does not know the token, or no connected project may be seen with it.
    """
    with runtime.store.read() as uow:
        projects = [project for project in uow.projects.list() if project.platform_url == url]
    seen, user = [], None
    for project in projects:
        with closing(runtime.annotator(project, token)) as account:
            user = user or account.whoami()
            if account.may_see_project():
                seen.append(project)
    if user is None or not seen:
        raise AuthenticationError(gettext("no connected project may be seen with this token: ask your operator"))
    now = runtime.now()
    with runtime.store.begin() as uow:
        person = uow.people.add(url, user.id, email=user.email, name=user.email, now=now)
        uow.people.keep_token(person.id, runtime.vault.encrypt(token.encode()))
        for project in seen:
            uow.people.seat_if_new(project.id, person.id)
        return uow.people.get(person.id)


def projects_of(runtime: Runtime, person: TrainerRow) -> list[tuple[ProjectRow, DeskRow]]:
    """Where the person works."""
    with runtime.store.read() as uow:
        projects = [project for project in uow.projects.list() if project.platform_url == person.platform_url]
        desks = {project.id: uow.people.desk(project.id, person.id) for project in projects}
    return [(project, desk) for project in projects if (desk := desks[project.id]) is not None]


def take(runtime: Runtime, project: ProjectRow, desk: DeskRow) -> tuple[WorkRow, str] | Nothing:
    """What the person is to do now, locked for them in Label Studio, and where to do it.

    Raises:
        PlatformError: Label Studio does not answer; the lease stays.
    """
    for _ in range(TRIES):
        work = next_for(runtime, project, desk)
        if isinstance(work, Nothing):
            return work
        task = offer(runtime, project, work)
        with closing(_account(runtime, project, desk.trainer)) as account:
            claim = account.claim(task)
            if claim is Claim.HELD:
                return work, account.stream_link(task)
        if claim is Claim.TAKEN and work.kind not in TESTS:  # a lock that somebody left behind; our lease decides
            return work, link(project, task)
        log.info("an item could not be had in Label Studio", extra={"task": task, "claim": claim.value})
        give_back(runtime, work, f"label studio: {claim.value}", unasked=True)
    return Nothing.EMPTY


def offer(runtime: Runtime, project: ProjectRow, work: WorkRow) -> int:
    """Let Label Studio's stream offer the task once more where somebody has labelled it; the task.

    Raises:
        PlatformError: Label Studio does not answer.
    """
    with runtime.store.read() as uow:
        item, people = uow.items.get(work.item_id), uow.gold.people_on(work.item_id)
        wanted = people_there(uow, [item])
    if work.kind in TESTS:
        runtime.platform(project).ask_again({item.task_id: people + 1})
    elif wanted.get(item.task_id, 1) > 1:  # of blind ones it is told when they are asked
        runtime.platform(project).ask_again(wanted)
    return item.task_id


def let_go(runtime: Runtime, project: ProjectRow, person: TrainerRow, work: WorkRow, reason: str) -> bool:
    """The person gives the item back, with a reason; Label Studio lets it go, too, or does so by itself in a day."""
    if not give_back(runtime, work, reason):
        return False
    with runtime.store.read() as uow:
        task = uow.items.get(work.item_id).task_id
    try:
        with closing(_account(runtime, project, person)) as account:
            account.release(task)
    except PlatformError as error:
        log.warning("Label Studio keeps a lock", extra={"task": task, "reason": str(error)})
    return True


def _account(runtime: Runtime, project: ProjectRow, person: TrainerRow) -> Annotator:
    assert person.token is not None, "pages ask for a sign-in first"
    return runtime.annotator(project, runtime.vault.decrypt(person.token).decode())


def link(project: ProjectRow, task: int) -> str:
    """Where the task can be opened by anybody."""
    return deep_link(project.platform_url, project.platform_project, task)


def stream(project: ProjectRow) -> str:
    """Label Studio's label stream: of what others have answered it shows nothing but the task."""
    return f"{project.platform_url}/projects/{project.platform_project}/data?labeling=1"


def platform_urls(projects: Sequence[ProjectRow]) -> list[str]:
    """Label Studios where people may have an account, in the order of their first project."""
    return list(dict.fromkeys(project.platform_url for project in projects))
