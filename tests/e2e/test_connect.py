"""``prelabel connect`` and ``disconnect`` against real Label Studio servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from connectors.label_studio.webhooks import SECRET_HEADER
from scripts import label_studio
from scripts.demo.stack import Service
from tests.support.http_server import HttpServer, Reply
from tests.support.world import CONFIG, Said, World, add_world, mood_texts, prelabel, soon

pytestmark = [pytest.mark.label_studio, pytest.mark.ray]
TASKS, LABELLED = 40, 16


@pytest.fixture(scope="module")
def mood(studio: label_studio.Server, service: Service) -> World:
    return add_world(studio, service, "mood", mood_texts(TASKS, seed=2), labelled=LABELLED)


@pytest.fixture(scope="module")
def connected(mood: World) -> Said:
    return mood.connect("--train-target", "6", "--validation-target", "8")


def fails(said: Said, code: str, *words: str) -> None:
    """A plain line that says what is wrong, and nothing else."""
    assert said.code == 1, said
    assert said.err.startswith(f"error ({code}): "), said.err
    assert said.err.count("\n") == 1, said.err
    assert not said.out
    for word in words:
        assert word in said.err, said.err


def test_what_is_there_is_taken_over(mood: World, connected: Said) -> None:
    said = connected.json()
    assert (said["project"], said["account"], said["tasks"]) == ("mood", mood.studio.username, TASKS)
    assert said["warnings"] == []
    report = mood.report()
    assert report["arrived"] == TASKS
    assert report["states"]["labeled"] == LABELLED
    assert sum(report["labeled"].values()) == LABELLED
    labelled = {task["id"] for task in mood.tasks() if task["annotations"]}
    assert labelled == {task for task, item in mood.items().items() if item["state"] == "labeled"}


def test_there_is_one_webhook_with_the_secret(mood: World, connected: Said) -> None:
    (hook,) = mood.hooks()
    assert hook["url"] == f"{mood.service.url}/hooks/label-studio/mood"
    assert hook["is_active"]
    assert hook["headers"] == {SECRET_HEADER: connected.json()["ml_backend"]["password"]}
    assert len(hook["headers"][SECRET_HEADER]) >= 32


def test_annotators_see_the_version_that_is_pushed(mood: World, connected: Said) -> None:
    assert connected.code == 0, connected.err
    mood.learned(TASKS)
    version = mood.summary()["model_version"]
    assert version
    assert {p["model_version"] for shown in mood.predictions().values() for p in shown} == {version}
    assert mood.audited()["published/suggest"] > 0


def test_a_new_task_comes_in_by_webhook(mood: World, connected: Said) -> None:
    assert connected.code == 0, connected.err
    mood.send(mood_texts(3, seed=3))
    mood.settled(TASKS + 3)
    mood.audited()


def test_connecting_twice_is_refused(mood: World, connected: Said) -> None:
    assert connected.code == 0, connected.err
    again = mood.connect()
    fails(again, "configuration", "connected already, as 'mood'")
    assert len(mood.hooks()) == 1
    assert mood.summary()["model_version"]


def test_an_added_choice_is_followed(mood: World, connected: Said) -> None:
    """The model is trained anew for the changed control, and a label of the new choice is understood."""
    assert connected.code == 0, connected.err
    total = mood.report()["arrived"]
    mood.change(label_config=CONFIG.replace('<Choice value="bad"/>', '<Choice value="bad"/><Choice value="mixed"/>'))

    def trained_anew() -> bool | None:
        events = prelabel(mood.service, "gate", "status", "mood", "--json").json()["events"]
        states = [event["to"] for event in events]
        return True if states[-2:] == ["cold", "shadow"] and "label config changed" in events[-2]["reason"] else None

    soon(trained_anew)
    mood.learned(total)
    mood.audited()
    (text,) = mood.send([("neither warm nor cold", "mixed")])
    mood.settled(total + 1)
    task = next(task for task in mood.tasks() if task["data"]["text"] == text)
    mood.label(task["id"], text)
    soon(lambda: mood.items()[task["id"]]["state"] == "labeled" or None)
    with mood.service.client() as http:
        told = http.get(f"/api/v1/projects/mood/tasks/{task['id']}").raise_for_status().json()
    assert told["labels"][-1]["regions"][0]["value"]["labels"] == ["mixed"]


def test_disconnect_and_connect_again(mood: World, connected: Said) -> None:
    assert connected.code == 0, connected.err
    tasks = mood.report()["arrived"]
    gone = prelabel(mood.service, "disconnect", "mood", "--json")
    assert (gone.code, gone.json()) == (0, {"removed": "mood"}), gone.err
    assert mood.hooks() == []
    fails(prelabel(mood.service, "report", "mood"), "not_found", "there is no project 'mood'", "connected are:")
    again = mood.connect("--train-target", "6", "--validation-target", "8")
    assert again.code == 0, again.err
    assert again.json()["tasks"] == tasks
    assert len(mood.hooks()) == 1
    mood.learned(tasks)
    mood.audited()


def test_a_personal_access_token_on_a_server_that_blocks_private_addresses(
    strict_studio: label_studio.Server, service: Service
) -> None:
    """No webhook can be had; the poll alone brings everything in. Then legacy tokens are switched off."""
    world = add_world(strict_studio, service, "strict", mood_texts(24, seed=5), labelled=16)
    pat = label_studio.personal_access_token(strict_studio)
    said = world.connect("--train-target", "6", "--validation-target", "4", token=pat)
    assert said.code == 0, said.err
    (warning,) = said.json()["warnings"]
    assert "no webhook" in warning
    assert "USE_DEFAULT_BANNED_SUBNETS=false" in warning
    assert world.hooks() == []
    assert pat not in said.out + said.err
    world.learned(24)
    world.send(mood_texts(2, seed=6))
    world.settled(26)
    world.audited()

    with legacy_tokens_off(strict_studio, pat):
        refused = world.connect()
        accepted = world.connect(token=pat)
    fails(refused, "authentication", "legacy tokens switched off", "Organization > Access Token Settings")
    assert strict_studio.token not in refused.err
    fails(accepted, "configuration", "connected already")


@contextmanager
def legacy_tokens_off(server: label_studio.Server, pat: str) -> Iterator[None]:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as http:
        access = http.post("/api/token/refresh/", json={"refresh": pat}).raise_for_status().json()["access"]
        http.headers["Authorization"] = f"Bearer {access}"
        settings = http.get("/api/jwt/settings").raise_for_status().json()
        http.post("/api/jwt/settings", json=settings | {"legacy_api_tokens_enabled": False}).raise_for_status()
        try:
            yield
        finally:
            http.post("/api/jwt/settings", json=settings | {"legacy_api_tokens_enabled": True}).raise_for_status()


@pytest.fixture
def web_site() -> Iterator[str]:
    with HttpServer() as server:
        server.routes["/api/current-user/whoami"] = Reply(
            b"<html>It works!</html>", headers={"Content-Type": "text/html"}
        )
        yield server.url


WRONG = "0123456789abcdef" * 2 + "01234567"


def test_a_wrong_token(mood: World) -> None:
    for token in (WRONG, "not a token"):
        said = mood.connect("--name", "wrong", token=token)
        fails(said, "authentication", "does not know this token", "Account & Settings")
        assert token not in said.err


@pytest.mark.parametrize("where", ["nothing", "a web site", "prelabel", "no address"])
def test_not_a_label_studio(where: str, service: Service, web_site: str) -> None:
    nothing = f"http://127.0.0.1:{label_studio.free_port()}"
    url = {"nothing": nothing, "a web site": web_site, "prelabel": service.url, "no address": "ftp://label-studio"}[
        where
    ]
    said = prelabel(service, "connect", "--url", url, "--token", WRONG, "--project", "1")
    code = "platform_unavailable" if where == "nothing" else "platform_refused"
    fails(said, code, url, "cannot be reached" if where == "nothing" else "is not a")
    assert WRONG not in said.err


def test_no_such_project(studio: label_studio.Server, service: Service) -> None:
    said = prelabel(service, "connect", "--url", studio.url, "--token", studio.token, "--project", "987654")
    fails(said, "platform_refused", "987654")
    assert studio.token not in said.err


def test_nothing_to_predict(mood: World, studio: label_studio.Server) -> None:
    body = {
        "title": "free text",
        "label_config": '<View><Text name="t" value="$text"/><TextArea name="answer" toName="t"/></View>',
    }
    with mood.admin() as http:
        project = http.post("/api/projects/", json=body).raise_for_status().json()["id"]
    said = prelabel(mood.service, "connect", "--url", studio.url, "--token", studio.token, "--project", str(project))
    fails(said, "configuration", "no model is proposed", "docs/label-types.md")
    with mood.service.client() as http:
        assert project not in {row["label_studio_project"] for row in http.get("/api/v1/projects").json()}
    assert httpx.get(f"{mood.service.url}/healthz", trust_env=False, timeout=30).status_code == 200
