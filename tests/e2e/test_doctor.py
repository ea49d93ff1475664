"""``prelabel doctor``: every finding is provoked for real, and its advice mends it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.label_studio.webhooks import SECRET_HEADER
from scripts import label_studio
from scripts.demo.stack import Service
from tests.support.world import World, add_world, mood_texts, prelabel, soon

pytestmark = [pytest.mark.label_studio, pytest.mark.ray]
TASKS = 30
Wreck = Callable[[World], None]


def doctor(world: World, *more: str, settings: dict[str, str] | None = None) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code, and what is wrong: check -> finding."""
    said = prelabel(world.service, "doctor", world.slug, "--json", *more, settings=settings)
    findings = said.json()
    wrong = {found["check"]: found for found in findings if not found["ok"]}
    assert all(found["advice"] for found in wrong.values()), wrong
    assert not any(found["advice"] for found in findings if found["ok"])
    return said.code, wrong


@pytest.fixture(scope="module")
def account(studio: label_studio.Server) -> str:
    """Legacy token of the account that the project is connected with."""
    return label_studio.create_user(studio, "prelabel@example.com", "label-these-well")


@pytest.fixture(scope="module")
def patient(studio: label_studio.Server, service: Service, account: str) -> World:
    world = add_world(studio, service, "patient", mood_texts(TASKS, seed=10), labelled=16)
    said = world.connect("--train-target", "6", "--validation-target", "4", token=account)
    assert said.code == 0, said.err
    world.learned(TASKS)
    return world


def test_a_healthy_project(patient: World) -> None:
    assert doctor(patient) == (0, {})
    said = prelabel(patient.service, "doctor", "patient")
    assert said.code == 0
    assert "wrong" not in said.out
    for check in (
        "token",
        "account",
        "version",
        "label config",
        "service",
        "addresses",
        "webhook",
        "model_version",
        "dead items",
    ):
        assert check in said.out, said.out


def delete(world: World) -> None:
    with world.admin() as http:
        http.delete(f"/api/webhooks/{world.hooks()[0]['id']}/").raise_for_status()


def patch(world: World, **changes: Any) -> None:
    hook = world.hooks()[0]
    kept = {"actions": hook["actions"], "send_for_all_actions": False}  # what is left out, Label Studio empties
    with world.admin() as http:
        http.patch(f"/api/webhooks/{hook['id']}/", json=kept | changes).raise_for_status()


def second(world: World) -> None:
    with world.admin() as http:
        http.post("/api/webhooks/", json={"project": world.project, "url": world.hooks()[0]["url"]}).raise_for_status()


@pytest.mark.parametrize(
    ("wreck", "problem"),
    [
        (delete, "there are 0 webhooks"),
        (second, "there are 2 webhooks"),
        (lambda world: patch(world, is_active=False), "switched off"),
        (lambda world: patch(world, headers={SECRET_HEADER: "guessed"}), "secret header is not ours"),
        (lambda world: patch(world, actions=["TASKS_CREATED"]), "ANNOTATION_CREATED"),
    ],
    ids=["deleted", "doubled", "switched off", "another secret", "events missing"],
)
def test_the_webhook(patient: World, wreck: Wreck, problem: str) -> None:
    wreck(patient)
    code, wrong = doctor(patient)
    assert (code, list(wrong)) == (1, ["webhook"])
    assert problem in wrong["webhook"]["detail"]
    assert "prelabel doctor patient --fix" in wrong["webhook"]["advice"]
    assert doctor(patient, "--fix") == (0, {})
    (hook,) = patient.hooks()
    assert hook["is_active"]
    assert hook["headers"][SECRET_HEADER] != "guessed"


def test_a_person_labels_with_our_account(patient: World, account: str) -> None:
    task = next(task["id"] for task in patient.tasks() if not task["annotations"])
    result = [{"from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": ["good"]}}]
    label = {"result": result, "lead_time": 3.5}
    headers = {"Authorization": f"Token {account}"}
    with httpx.Client(base_url=patient.studio.url, headers=headers, trust_env=False, timeout=30.0) as http:
        made = http.post(f"/api/tasks/{task}/annotations/", json=label).raise_for_status().json()
        code, wrong = doctor(patient)
        assert (code, list(wrong)) == (1, ["account"])
        assert "1 task was labelled by hand with prelabel@example.com" in wrong["account"]["advice"]
        http.delete(f"/api/annotations/{made['id']}/").raise_for_status()
    assert doctor(patient) == (0, {})


def test_suggestions_that_nobody_sees(patient: World) -> None:
    patient.change(show_collab_predictions=False)
    try:
        code, wrong = doctor(patient)
    finally:
        patient.change(show_collab_predictions=True)
    assert (code, list(wrong)) == (1, ["label config"])
    assert "Settings > Annotation" in wrong["label config"]["advice"]
    assert "Use predictions to prelabel tasks" in wrong["label config"]["advice"]
    soon(lambda: doctor(patient) == (0, {}) or None)  # Label Studio emptied the version; the next poll sets it again


def test_a_dead_item(patient: World) -> None:
    with patient.admin() as http:
        poison = [{"data": {"text": ["not", "a text"]}}]
        http.post(f"/api/projects/{patient.project}/import", json=poison).raise_for_status()
    soon(lambda: patient.report()["states"].get("dead"))
    code, wrong = doctor(patient)
    assert (code, list(wrong)) == (1, ["dead items"])
    assert "prelabel dead patient" in wrong["dead items"]["advice"]
    assert "prelabel redrive patient" in wrong["dead items"]["advice"]
    (row,) = prelabel(patient.service, "dead", "patient", "--json").json()
    assert "text" in row["reason"]
    with patient.admin() as http:
        http.patch(f"/api/tasks/{row['task']}/", json={"data": {"text": "splendid warm mended"}}).raise_for_status()
    soon(lambda: not patient.report()["states"].get("dead") or None)
    patient.settled(TASKS + 1)
    assert doctor(patient) == (0, {})


def test_a_config_without_anything_to_predict(studio: label_studio.Server, service: Service) -> None:
    world = add_world(studio, service, "bare", mood_texts(3, seed=11))
    assert world.connect().code == 0
    before = world.remote()["label_config"]
    world.change(label_config='<View><Text name="text" value="$text"/><TextArea name="answer" toName="text"/></View>')
    soon(lambda: world.summary()["paused"] or None)
    code, wrong = doctor(world)
    assert (code, sorted(wrong)) == (1, ["label config", "paused"])
    assert "fills Choices" in wrong["label config"]["advice"]
    world.change(label_config=before)
    soon(lambda: not world.summary()["paused"] or None)
    assert doctor(world) == (0, {})


def test_a_server_that_blocks_private_addresses(strict_studio: label_studio.Server, service: Service) -> None:
    world = add_world(strict_studio, service, "guarded", mood_texts(3, seed=12))
    said = world.connect()
    assert said.code == 0, said.err
    for more in ([], ["--fix"]):
        code, wrong = doctor(world, *more)
        assert (code, sorted(wrong)) == (1, ["addresses", "webhook"])
        assert "USE_DEFAULT_BANNED_SUBNETS=false" in wrong["addresses"]["advice"]
        assert "USER_ADDITIONAL_BANNED_SUBNETS=169.254.0.0/16" in wrong["addresses"]["advice"]
    assert world.hooks() == []


def test_a_service_that_does_not_run_and_a_version_changed_by_hand(patient: World, tmp_path: Path) -> None:
    """The running service would mend the version at once: so the project moves to an installation that is stopped."""
    (tmp_path / "prelabel").mkdir()
    with (
        closing(sqlite3.connect(patient.service.data_dir / "prelabel.db")) as here,
        closing(sqlite3.connect(tmp_path / "prelabel" / "prelabel.db")) as there,
    ):
        here.backup(there)
    shutil.copy(patient.service.data_dir / "secret.key", tmp_path / "prelabel")
    moved = replace(patient, service=replace(patient.service, data_dir=tmp_path / "prelabel"))
    assert prelabel(patient.service, "disconnect", "patient").code == 0

    # Another installation answers there, which does not know the project.
    code, wrong = doctor(moved)
    assert (code, sorted(wrong)) == (1, ["service", "webhook"])
    assert "404" in wrong["service"]["detail"]

    stopped = {"PRELABEL_PORT": str(label_studio.free_port())}
    patient.change(model_version="")
    code, wrong = soon(lambda: told if "model_version" in (told := doctor(moved, settings=stopped))[1] else None)
    assert (code, sorted(wrong)) == (1, ["model_version", "service", "webhook"])
    assert "start `prelabel serve`" in wrong["service"]["advice"]
    assert "PRELABEL_PUBLIC_URL" in wrong["service"]["advice"]
    assert "Settings > Annotation" in wrong["model_version"]["advice"]
    assert "prelabel doctor patient --fix" in wrong["model_version"]["advice"]
    code, wrong = doctor(moved, "--fix", settings=stopped)
    assert (code, list(wrong)) == (1, ["service"])
    shown = {p["model_version"] for found in patient.predictions().values() for p in found}
    assert patient.remote()["model_version"] in shown


def test_a_revoked_token(studio: label_studio.Server, service: Service, account: str) -> None:
    world = add_world(studio, service, "locked-out", mood_texts(3, seed=13))
    assert world.connect(token=account).code == 0
    revoke = httpx.post(
        f"{studio.url}/api/current-user/reset-token/",
        headers={"Authorization": f"Token {account}"},
        trust_env=False,
        timeout=60,
    )
    fresh = revoke.raise_for_status().json()["token"]
    code, wrong = doctor(world)
    assert (code, list(wrong)) == (1, ["token"])
    assert "Account & Settings" in wrong["token"]["advice"]
    assert "prelabel token locked-out" in wrong["token"]["advice"]
    assert account not in str(wrong)

    other = prelabel(service, "token", "locked-out", "--token", studio.token)
    assert other.code == 1
    assert studio.username in other.err
    renewed = prelabel(service, "token", "locked-out", "--token", f" {fresh}\n", "--json")
    assert renewed.json() == {"project": "locked-out", "account": "prelabel@example.com"}
    assert doctor(world) == (0, {})
