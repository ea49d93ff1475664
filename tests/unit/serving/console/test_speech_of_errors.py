"""Pages that show errors say them in the reader's language; what another program or a person said stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from serving import console
from serving.api.application import create_app
from serving.console import staff
from serving.console.speech import COOKIE
from serving.language import ERROR, messages_of
from serving.validation import FIELDS
from tests.support import marked
from tests.support.audited import stream
from tests.support.local_world import CONFIG, LocalWorld, easy
from tests.support.studio_twin import TOKEN, StudioTwin
from tests.unit.serving.console.connected import HTMX, beside, connect
from tests.unit.serving.console.heard import whole
from tests.unit.serving.projects.test_versions import another

MODELS = "/projects/moods/models"
WHY = {"reason": "12345"}
TWIN = (
    "Moods",
    "Person",
    "Example",
    "EUR",
    "ConnectError",
    "URL",
    "Connection refused Errno",
    "hooks label studio",
    "pixels",
)


@pytest.fixture
def connected(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[StudioTwin, TestClient]]:
    """A Label Studio with a connected project ``person``, and a browser that asks for the marked language."""
    marked.speak(monkeypatch)
    staff._failures.clear()
    with (
        beside(world) as twin,
        TestClient(create_app(world.runtime), headers={"Origin": "http://testserver"}) as spoken,
    ):
        spoken.post("/sign-in", data={"token": "operator-token"})
        connect(world, spoken, twin, 2)
        spoken.cookies.set(COOKIE, marked.TAG)
        yield twin, spoken


def findings(spoken: TestClient) -> str:
    return spoken.get("/projects/person/doctor/findings").text


def test_of_acts_on_versions_that_do_not_go(world: LocalWorld, spoken: TestClient) -> None:
    world.open(easy(110))
    stream(world, easy(30, seed=8))
    active, second = str(world.project.active_model), another(world)
    spoken.post("/sign-in", data={"token": "operator-token"})
    for path, version in (
        ("promote", active),
        ("promote", "moods-0"),
        ("shadow", second),
        ("shadow", "moods-0"),
        ("shadow/drop", ""),
        ("release", ""),
    ):
        page = spoken.post(f"{MODELS}/{path}", data=WHY | {"version": version}).text
        assert 'role="alert"' in page
        whole(page, world)
    with world.store.begin() as uow:
        now = uow.projects.get(world.id).label_config
        more = tuple(one.model_copy(update={"labels": (*one.labels, "new")}) for one in now.controls)
        uow.projects.update(world.id, label_config=now.model_copy(update={"controls": more}))
    page = spoken.post(f"{MODELS}/promote", data=WHY | {"version": second}).text
    assert 'role="alert"' in page
    whole(page, world)


def test_of_a_webhook_that_is_missing_or_wrong(world: LocalWorld, connected: tuple[StudioTwin, TestClient]) -> None:
    twin, spoken = connected
    [hook] = twin.hooks.values()
    events = [str(one) for one in hook["actions"]]
    kept = dict(hook)
    wrongs: tuple[dict[str, Any], ...] = (
        {"is_active": False},
        {"actions": events[:1], "send_for_all_actions": False},
        {"headers": {}},
    )
    for wrong in wrongs:
        twin.hooks[1] = kept | wrong
        whole(findings(spoken), world, *TWIN, *events)
    twin.hooks.clear()
    page = findings(spoken)
    assert "0" in page
    whole(page, world, *TWIN, *events)


def test_of_a_label_config_that_does_not_fit(world: LocalWorld, connected: tuple[StudioTwin, TestClient]) -> None:
    twin, spoken = connected
    for config in (CONFIG, "<View/>", "<View><Choices/></View>", "no xml"):
        twin.projects[2].label_config = config
        whole(findings(spoken), world, *TWIN, "Choices View Start tag expected not found line column string")


def test_of_a_label_studio_that_is_gone_or_refuses(world: LocalWorld, connected: tuple[StudioTwin, TestClient]) -> None:
    twin, spoken = connected
    with world.store.begin() as uow:
        project = uow.projects.by_slug("person")
        uow.projects.update(project.id, token=world.runtime.vault.encrypt(b"another"))
    whole(findings(spoken), world, *TWIN)
    del twin.projects[2]
    whole(findings(spoken), world, *TWIN, "Not found detail")


def test_of_dead_letters(world: LocalWorld, spoken: TestClient) -> None:
    """One for each message of an error that there is."""
    texts = [_with_sevens(message) for message in messages_of(ERROR)]
    world.arrive(easy(len(texts)))
    world.sync()
    rows = world.items()
    with world.store.begin() as uow:
        reasons = dict(zip([row.task_id for row in rows], texts, strict=False))
        uow.items.bury_tasks(world.id, reasons, world.clock())
    spoken.post("/sign-in", data={"token": "operator-token"})
    seen = 0
    after = ""
    while True:
        page = spoken.get(f"/projects/moods/items/dead{after}").text
        whole(page, world, "<type> <content>")
        seen += page.count('class="words"')
        more = re.search(r'href="(\?after=\d+)" rel="next"', page)
        if more is None:
            break
        after = more[1]
    assert seen >= len(texts)


WRONG = (
    ("gate/tolerance", {"epsilon_percent": "x", "delta_percent": "100"}),
    ("gate/tolerance", {"epsilon_percent": "0", "delta_percent": "10", "reason": "1"}),
    ("gate/close", {"reason": "1" * 501}),
    ("gate/reopen", WHY),
    ("models/promote", {"version": "", "reason": ""}),
    ("costs", {"person_hour": "x", "compute_hour": "-1", "item_seconds": "0", "currency": "1" * 13}),
    ("costs", {"person_hour": "nan", "currency": "1  2"}),
    ("costs", {"currency": "1" * 41}),
)


@pytest.mark.parametrize(("path", "form"), WRONG)
def test_of_forms_with_wrong_input(world: LocalWorld, spoken: TestClient, path: str, form: dict[str, str]) -> None:
    spoken.post("/sign-in", data={"token": "operator-token"})
    for headers in (HTMX, {"Accept": "text/html"}):
        answer = spoken.post(f"/projects/moods/{path}", data=form, headers=headers)
        assert 'class="problem"' in answer.text
        whole(answer.text, world)


def test_of_addresses_that_lead_nowhere(world: LocalWorld, spoken: TestClient) -> None:
    spoken.post("/sign-in", data={"token": "operator-token"})
    for path in ("none", "moods/items/7", "moods/items/x", "moods/items?least=2", "moods/items/7/media/text"):
        answer = spoken.get(f"/projects/{path}", headers={"Accept": "text/html"})
        assert answer.status_code >= 400
        whole(answer.text, world, "none")


def test_of_the_wizards_numbers(world: LocalWorld, connected: tuple[StudioTwin, TestClient]) -> None:
    twin, spoken = connected
    spoken.post("/connect/account", data={"url": twin.url, "token": TOKEN}, headers=HTMX)
    spoken.post("/connect/project", data={"project": "1"}, headers=HTMX)
    spoken.post("/connect/model", data={"slug": "twelve"}, headers=HTMX)
    for path, form in (
        ("budget", {"wrong": "20", "sure": "95", "control_rate": "60"}),
        ("budget", {"wrong": "20", "sure": "95", "train_target": "1", "validation_fraction": "100"}),
        ("budget", {"wrong": "x", "sure": "100", "validation_people": "2.5"}),
        ("costs", {"person_hour": "x", "currency": "1" * 13}),
        ("model", {"slug": "No!", "encoder": "pixels"}),
        ("model", {"slug": "twelve", "encoder": "classifier", "classifier": "/no/such/folder"}),
    ):
        page = spoken.post(f"/connect/{path}", data=form, headers=HTMX).text
        assert 'class="problem"' in page
        whole(page, world, *TWIN, "no such folder OSError HFValidationError")


def test_every_field_of_a_form_has_a_name_in_every_language() -> None:
    modules = [import_module(f"serving.console.{one.name}") for one in iter_modules(console.__path__)]
    routes = [route for module in modules if hasattr(module, "router") for route in module.router.routes]
    sent = {name for route in routes if isinstance(route, APIRoute) for name in _sent(route.dependant)}
    assert sent <= set(FIELDS)


def _sent(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in (*dependant.body_params, *dependant.query_params))
    for one in dependant.dependencies:
        yield from _sent(one)


def _with_sevens(message: str) -> str:
    return message.format(**{name: "7" for name in re.findall(r"\{(\w+)\}", message)})
