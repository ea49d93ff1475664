"""What only a network can do: tokens, faults, and Label Studio's own ways of reading."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator

import httpx
import pytest

from connectors.bulk import Stored, Wire
from connectors.label_studio.client import LabelStudio, check_token, list_projects
from models.errors import AuthenticationError, PlatformRefused, PlatformUnavailable
from scripts import label_studio
from scripts.label_studio import Server
from tests.support.label_studio import RemoteHands, trainer
from tests.support.predictions import HOOK, XML, human, outgoing

# The SDK, when it refreshes a personal access token.
pytestmark = pytest.mark.filterwarnings("ignore:The `parse_obj` method is deprecated:DeprecationWarning")


@pytest.fixture
def hands(server: Server) -> Iterator[RemoteHands]:
    made = RemoteHands(server, XML, trainer=trainer(server))
    yield made
    made.close()


@pytest.mark.label_studio
def test_both_kinds_of_token(server: Server, hands: RemoteHands) -> None:
    pat = label_studio.personal_access_token(server)
    assert check_token(server.url, server.token) == check_token(server.url + "/", pat)
    assert check_token(server.url, server.token).email == server.username
    assert hands.project_id in [project.id for project in list_projects(server.url, pat)]
    [task_id] = hands.add_tasks([{"text": "a"}])
    platform = LabelStudio(server.url, pat, hands.project_id)
    assert platform.publish_predictions([outgoing(task_id)], check_existing=True).stored == (task_id,)
    platform.close()


@pytest.mark.label_studio
def test_wrong_tokens_are_told_plainly(server: Server, hands: RemoteHands) -> None:
    for token in ("0" * 40, "not a token", "", label_studio.personal_access_token(server)[:-4] + "AAAA"):
        with pytest.raises(AuthenticationError, match="does not know this token") as caught:
            check_token(server.url, token)
        assert not token or token not in str(caught.value)


@pytest.mark.label_studio
def test_switched_off_legacy_tokens_are_told_plainly(server: Server, hands: RemoteHands) -> None:
    pat = label_studio.personal_access_token(server)
    platform = LabelStudio(server.url, server.token, hands.project_id)
    _switch_legacy(server, pat, on=False)
    try:
        for call in (lambda: check_token(server.url, server.token), platform.project):
            with pytest.raises(AuthenticationError, match="Access Token Settings"):
                call()
        assert check_token(server.url, pat).id
    finally:
        _switch_legacy(server, pat, on=True)
        platform.close()


def _switch_legacy(server: Server, pat: str, *, on: bool) -> None:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30.0) as http:
        access = http.post("/api/token/refresh/", json={"refresh": pat}).json()["access"]
        body = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": on, "api_token_ttl_days": 3650}
        http.post("/api/jwt/settings", json=body, headers={"Authorization": f"Bearer {access}"}).raise_for_status()


@pytest.mark.label_studio
def test_labels_that_people_gave_with_our_account_are_told_from_what_was_accepted(
    server: Server, hands: RemoteHands
) -> None:
    platform = LabelStudio(server.url, server.token, hands.project_id)
    accepted, theirs, by_hand, imported, skipped, *_ = hands.add_tasks([{"text": f"text {n}"} for n in range(7)])
    assert (platform.labelled_by_us(), platform.labelled_by_us(by_hand=True)) == (0, 0)
    platform.publish_predictions([outgoing(accepted)], check_existing=False)
    platform.accept([accepted], model_version="v1")
    hands.annotate(theirs, human("good"))
    for task, more in ((by_hand, {"lead_time": 2.5}), (imported, {}), (skipped, {"was_cancelled": True})):
        body = {"result": human("bad"), **more}
        hands.admin.post(f"/api/tasks/{task}/annotations/", json=body).raise_for_status()
    assert platform.labelled_by_us() == 3, "accepted, by hand, without a time"
    assert platform.labelled_by_us(by_hand=True) == 1
    platform.close()


@pytest.mark.label_studio
def test_missing_project(server: Server) -> None:
    platform = LabelStudio(server.url, server.token, 999_999)
    calls: list[Callable[[], object]] = [
        platform.project,
        lambda: list(platform.tasks()),
        lambda: platform.publish_predictions([outgoing(1)], check_existing=False),
        lambda: platform.accept([1], model_version="v1"),
        lambda: platform.set_model_version("v1"),
    ]
    for call in calls:
        with pytest.raises(PlatformRefused, match="404"):
            call()
    platform.close()


@pytest.mark.label_studio
def test_stored_reads_the_same_both_ways(server: Server, hands: RemoteHands, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole list where it is short, the asked tasks where it is long."""
    ids = hands.add_tasks([{"text": str(number)} for number in range(260)])
    platform = LabelStudio(server.url, server.token, hands.project_id)
    for version in ("v1", "v1,v2", "v"):
        platform.publish_predictions([outgoing(i, version=version) for i in ids[:255]], check_existing=False)
    short = platform.stored(ids, "v1")
    monkeypatch.setattr("connectors.label_studio.reader.WHOLE_LIST", 0)
    assert platform.stored(ids, "v1") == short
    assert [item.task_id for item in short] == ids[:255]
    platform.close()


def forget(server: Server, task_id: int, **columns: int) -> None:
    """As Label Studio leaves a task when it was killed, or its database locked, before it had counted."""
    setting = ", ".join(f"{name} = {value}" for name, value in columns.items())
    with contextlib.closing(sqlite3.connect(server.data_dir / label_studio.DATABASE, timeout=20)) as database, database:
        database.execute(f"UPDATE task SET {setting} WHERE id = ?", (task_id,))


@pytest.mark.label_studio
def test_accepted_but_uncounted_is_accepted_and_counted(server: Server, hands: RemoteHands) -> None:
    """Its task would seem undone to people."""
    ids = hands.add_tasks([{"text": str(number)} for number in range(4)])
    platform = LabelStudio(server.url, server.token, hands.project_id)
    platform.publish_predictions([outgoing(task_id) for task_id in ids], check_existing=False)
    platform.accept(ids[:3], model_version="v1")
    forget(server, ids[0], total_annotations=0, is_labeled=0)
    forget(server, ids[1], is_labeled=0)
    assert sorted(platform.accept(ids[:3], model_version="v1").stored) == ids[:3]
    assert sorted(platform.uncounted()) == ids[:2]
    platform.recount(ids[:1])
    assert platform.uncounted() == ids[1:2]
    platform.recount(ids[1:2])
    assert platform.uncounted() == []
    tasks = {task.id: task for page in platform.tasks(with_annotations=True) for task in page}
    assert [tasks[task_id].total_annotations for task_id in ids] == [1, 1, 1, 0]
    assert [len(tasks[task_id].annotations or ()) for task_id in ids] == [1, 1, 1, 0]
    for task_id in ids:
        assert hands.admin.get(f"/api/tasks/{task_id}/").json()["is_labeled"] is (task_id != ids[3])
    platform.close()


@pytest.mark.label_studio
def test_a_task_for_several_people_is_not_done_with_our_annotation(server: Server, hands: RemoteHands) -> None:
    hands.admin.patch(f"/api/projects/{hands.project_id}/", json={"maximum_annotations": 2}).raise_for_status()
    ids = hands.add_tasks([{"text": str(number)} for number in range(2)])
    platform = LabelStudio(server.url, server.token, hands.project_id)
    platform.publish_predictions([outgoing(task_id) for task_id in ids], check_existing=False)
    assert sorted(platform.accept(ids, model_version="v1").stored) == ids
    assert platform.uncounted() == []
    platform.close()


def test_annotations_are_found_that_the_counters_forgot(server: Server, hands: RemoteHands) -> None:
    """Under load Label Studio was seen to write 0 over the count of an annotation that had just come."""
    ids = hands.add_tasks([{"text": str(number)} for number in range(2)])
    platform = LabelStudio(server.url, server.token, hands.project_id)
    platform.publish_predictions([outgoing(task_id) for task_id in ids], check_existing=False)
    platform.accept(ids, model_version="v1")
    forget(server, ids[0], total_annotations=0)
    forget(server, ids[1], total_annotations=0, is_labeled=0)
    read = {task.id: task for page in platform.tasks(with_annotations=True) for task in page}
    assert [len(read[task_id].annotations or ()) for task_id in ids] == [1, 0]
    found = platform.annotations([*ids, 10**8])
    assert {task_id: [a.task_id for a in annotations] for task_id, annotations in found.items()} == {
        task_id: [task_id] for task_id in ids
    }
    platform.close()


def test_second_annotations_of_ours_are_removed_and_nobody_elses(server: Server, hands: RemoteHands) -> None:
    """Of two calls of which one was given up, both can have made an annotation."""
    ids = hands.add_tasks([{"text": str(number)} for number in range(2)])
    platform = LabelStudio(server.url, server.token, hands.project_id)
    platform.publish_predictions([outgoing(task_id) for task_id in ids], check_existing=False)
    platform.accept(ids, model_version="v1")
    parent = hands.admin.get(f"/api/tasks/{ids[0]}/").json()["predictions"][0]
    again = {"result": parent["result"], "parent_prediction": parent["id"]}
    hands.admin.post(f"/api/tasks/{ids[0]}/annotations/", json=again).raise_for_status()
    assert platform.duplicate_predictions("v1") == 1
    assert {id: len(found) for id, found in platform.annotations(ids).items()} == dict.fromkeys(ids, 1)
    assert platform.duplicate_predictions("v1") == 0
    platform.close()


def _calls(platform: LabelStudio) -> list[Callable[[], object]]:
    wire = Wire(1, [], 0.5, "v1")
    return [
        platform.whoami,
        platform.project,
        lambda: list(platform.tasks(with_annotations=True)),
        platform.task_ids,
        lambda: platform.annotations([1]),
        lambda: platform.publish_predictions([outgoing(1)], check_existing=True),
        lambda: platform.send([wire]),
        lambda: platform.correct(Stored(1, 1, [], 0.1), wire),
        lambda: platform.remove(Stored(1, 1, [], 0.1)),
        lambda: platform.remove_predictions("v1"),
        lambda: platform.remove_task_predictions([1]),
        lambda: platform.duplicate_predictions("v1"),
        lambda: platform.accept([1], model_version="v1"),
        lambda: platform.retract([1]),
        lambda: platform.set_model_version("v1"),
        lambda: platform.ensure_webhook(HOOK, {}),
        lambda: platform.remove_webhook(HOOK),
    ]


@pytest.mark.parametrize("token", ["0" * 40, "legacy"])
def test_nothing_there_is_unavailable(token: str) -> None:
    platform = LabelStudio(f"http://127.0.0.1:{label_studio.free_port()}", token, 1)
    for call in _calls(platform):
        with pytest.raises(PlatformUnavailable, match="cannot be reached") as caught:
            call()
        assert token not in str(caught.value)
    platform.close()


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://a", "http://", "http://[::1", "", "http://a:b"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(PlatformRefused, match="http://host:port"):
        check_token(url, "0" * 40)
