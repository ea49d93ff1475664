"""One suite for both platforms: a real Label Studio and its twin in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import httpx
import pytest

from connectors.base import OutgoingPrediction, Platform, RemoteTask
from connectors.label_studio.client import WEBHOOK_ACTIONS, LabelStudio
from connectors.label_studio.label_config import parse
from connectors.memory import MemoryPlatform
from models.errors import PlatformRefused
from models.types import Prediction
from scripts.label_studio import Server
from tests.support.label_studio import RemoteHands, trainer
from tests.support.predictions import HOOK, XML, human, labels_of, outgoing

OTHER_XML = XML.replace("bad", "poor")


class Hands(Protocol):
    """What people do on the platform."""

    def add_tasks(self, data: list[dict[str, Any]]) -> list[int]: ...
    def edit_task(self, task_id: int, data: dict[str, Any]) -> None: ...
    def delete_tasks(self, task_ids: list[int]) -> None: ...
    def annotate(self, task_id: int, result: list[dict[str, Any]], *, was_cancelled: bool = False) -> int: ...
    def edit_annotation(self, annotation_id: int, result: list[dict[str, Any]]) -> None: ...
    def set_label_config(self, label_config: str) -> None: ...


class World:
    """A platform and people's hands on it."""

    def __init__(self, platform: LabelStudio | MemoryPlatform, hands: Hands) -> None:
        self.platform, self.hands = platform, hands

    def texts(self, count: int) -> list[int]:
        return self.hands.add_tasks([{"text": f"text {number}"} for number in range(count)])

    def predictions(self, task_id: int) -> list[tuple[str, tuple[str, ...], float | None]]:
        """(model version, labels, score)."""
        if isinstance(self.hands, RemoteHands):
            return [(version, labels_of(result), score) for version, result, score in self.hands.predictions(task_id)]
        assert isinstance(self.platform, MemoryPlatform)
        return [(version, labels_of(item.result), item.score) for version, item in self.platform.predictions(task_id)]

    def tasks(self, updated_after: float | None = None) -> dict[int, RemoteTask]:
        pages = self.platform.tasks(updated_after=updated_after, with_annotations=True)
        return {task.id: task for page in pages for task in page}

    def annotations(self, task_id: int) -> list[tuple[int, tuple[str, ...]]]:
        """(author, labels)."""
        found = self.tasks()[task_id].annotations
        assert found is not None
        return [(item.completed_by, labels_of(item.result)) for item in found]


@pytest.fixture(params=["memory", pytest.param("label_studio", marks=pytest.mark.label_studio)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        memory = MemoryPlatform(XML)
        yield World(memory, memory)
        return
    server: Server = request.getfixturevalue("server")
    hands = RemoteHands(server, XML, trainer=trainer(server))
    platform = LabelStudio(server.url, server.token, hands.project_id)
    yield World(platform, hands)
    platform.close()
    hands.close()


def test_both_satisfy_the_protocol(world: World) -> None:
    def takes(platform: Platform) -> str:
        return platform.whoami().email

    assert "@" in takes(world.platform)


def test_published_once_however_often_it_is_sent(world: World) -> None:
    ids = world.texts(3)
    batch = [outgoing(task_id) for task_id in ids]
    for _ in range(2):
        result = world.platform.publish_predictions(batch, check_existing=True)
        assert sorted(result.stored) == ids
        assert result.refused == ()
    assert [world.predictions(task_id) for task_id in ids] == [[("v1", ("good",), 0.9)]] * 3


def test_publishing_what_was_partly_there_fills_the_gap(world: World) -> None:
    ids = world.texts(4)
    world.platform.publish_predictions([outgoing(task_id) for task_id in ids[:2]], check_existing=False)
    result = world.platform.publish_predictions([outgoing(task_id) for task_id in ids], check_existing=True)
    assert sorted(result.stored) == ids
    assert all(len(world.predictions(task_id)) == 1 for task_id in ids)


def test_other_content_of_the_same_version_replaces(world: World) -> None:
    [task_id, other] = world.texts(2)
    world.platform.publish_predictions([outgoing(task_id), outgoing(other)], check_existing=True)
    result = world.platform.publish_predictions([outgoing(task_id, "bad", 0.6)], check_existing=True)
    assert result.stored == (task_id,)
    assert world.predictions(task_id) == [("v1", ("bad",), 0.6)]
    assert world.predictions(other) == [("v1", ("good",), 0.9)]


def test_unknown_task_takes_no_neighbour_down(world: World) -> None:
    ids = world.texts(20)
    batch = [outgoing(task_id) for task_id in ids]
    batch.insert(7, outgoing(max(ids) + 1000))
    result = world.platform.publish_predictions(batch, check_existing=False)
    assert sorted(result.stored) == ids
    [refusal] = result.refused
    assert refusal.task_id == max(ids) + 1000
    assert "does not exist" in refusal.reason
    assert all(len(world.predictions(task_id)) == 1 for task_id in ids)


def test_invalid_prediction_takes_no_neighbour_down(world: World) -> None:
    ids = world.texts(5)
    batch = [outgoing(task_id, "no such label" if task_id == ids[2] else "bad") for task_id in ids]
    result = world.platform.publish_predictions(batch, check_existing=False)
    assert sorted(result.stored) == sorted(set(ids) - {ids[2]})
    [refusal] = result.refused
    assert refusal.task_id == ids[2]
    assert "no such label" in refusal.reason


def test_silent_drop_is_noticed(world: World) -> None:
    ids = world.texts(4)
    world.platform.publish_predictions([outgoing(ids[0])], check_existing=False)  # the config is known now
    world.hands.set_label_config(OTHER_XML)
    if isinstance(world.platform, MemoryPlatform):
        world.platform.set_label_config(XML)
        world.platform.drop_tasks(ids[1:2])
    batch = [outgoing(task_id, "bad" if task_id == ids[1] else "good") for task_id in ids[1:]]
    result = world.platform.publish_predictions(batch, check_existing=False)
    assert sorted(result.stored) == ids[2:]
    assert [refusal.task_id for refusal in result.refused] == [ids[1]]
    assert "label config" in result.refused[0].reason


def test_one_batch_one_version_one_prediction_a_task(world: World) -> None:
    [task_id, other] = world.texts(2)
    for batch in ([outgoing(task_id), outgoing(task_id)], [outgoing(task_id), outgoing(other, version="v2")]):
        with pytest.raises(ValueError, match="one prediction a task"):
            world.platform.publish_predictions(batch, check_existing=False)


def test_empty_calls_touch_nothing(world: World) -> None:
    """Label Studio takes an empty selection for every task."""
    ids = world.texts(2)
    world.platform.publish_predictions([outgoing(task_id) for task_id in ids], check_existing=False)
    assert world.platform.publish_predictions([], check_existing=True).stored == ()
    assert world.platform.accept([], model_version="v1").stored == ()
    world.platform.remove_task_predictions([])
    world.platform.retract([])
    assert [len(world.predictions(task_id)) for task_id in ids] == [1, 1]
    assert [world.annotations(task_id) for task_id in ids] == [[], []]


def test_empty_prediction_is_stored_and_accepted(world: World) -> None:
    [task_id] = world.texts(1)
    nothing = Prediction(key="1", regions=(), confidence=0.7, model_version="v1")
    assert world.platform.publish_predictions([OutgoingPrediction(task_id, nothing)], check_existing=True).stored
    assert world.predictions(task_id) == [("v1", (), 0.7)]
    assert world.platform.accept([task_id], model_version="v1").stored == (task_id,)
    assert [labels for _, labels in world.annotations(task_id)] == [()]


def test_accepted_once_however_often(world: World) -> None:
    ids = world.texts(3)
    world.platform.publish_predictions([outgoing(task_id, "bad") for task_id in ids], check_existing=False)
    for _ in range(2):
        result = world.platform.accept(ids[:2], model_version="v1")
        assert sorted(result.stored) == ids[:2]
        assert result.refused == ()
    me = world.platform.whoami().id
    assert [world.annotations(task_id) for task_id in ids] == [[(me, ("bad",))], [(me, ("bad",))], []]
    assert world.tasks()[ids[0]].total_annotations == 1


def test_accept_leaves_a_persons_label_alone(world: World) -> None:
    [mine, theirs, skipped] = world.texts(3)
    world.platform.publish_predictions([outgoing(i) for i in (mine, theirs, skipped)], check_existing=False)
    world.hands.annotate(theirs, human("bad"))
    world.hands.annotate(skipped, [], was_cancelled=True)
    result = world.platform.accept([mine, theirs, skipped], model_version="v1")
    assert sorted(result.stored) == [mine, skipped]
    [refusal] = result.refused
    assert (refusal.task_id, refusal.overtaken) == (theirs, True)
    assert "person" in refusal.reason
    assert [labels for _, labels in world.annotations(theirs)] == [("bad",)]


def test_accept_refuses_what_it_cannot(world: World) -> None:
    [bare, other] = world.texts(2)
    world.platform.publish_predictions([outgoing(other, version="v0")], check_existing=False)
    result = world.platform.accept([bare, other, other + 1000], model_version="v1")
    assert result.stored == ()
    reasons = {refusal.task_id: refusal.reason for refusal in result.refused}
    assert "no prediction of 'v1'" in reasons[bare]
    assert "no prediction of 'v1'" in reasons[other]
    assert "does not exist" in reasons[other + 1000]
    assert not any(refusal.overtaken for refusal in result.refused)


def test_retract_gives_the_task_back_and_spares_people(world: World) -> None:
    [mine, theirs] = world.texts(2)
    world.platform.publish_predictions([outgoing(mine), outgoing(theirs)], check_existing=False)
    world.platform.accept([mine], model_version="v1")
    world.hands.annotate(theirs, human("bad"))
    world.platform.retract([mine, theirs])
    assert world.annotations(mine) == []
    assert [labels for _, labels in world.annotations(theirs)] == [("bad",)]
    assert world.platform.accept([mine], model_version="v1").stored == (mine,)
    assert len(world.annotations(mine)) == 1


def test_what_stands_is_counted_and_listed(world: World) -> None:
    [accepted, shown, skipped, theirs, bare] = world.texts(5)
    platform = world.platform
    assert platform.standing(["v1"]) == (0, 0)
    assert platform.predicted_tasks("v1") == platform.annotated_tasks() == set()
    batch = [outgoing(i) for i in (accepted, shown, skipped, theirs)]
    platform.publish_predictions(batch, check_existing=False)
    platform.publish_predictions([outgoing(i, version="v2") for i in (shown, bare)], check_existing=False)
    world.hands.annotate(theirs, human("bad"))
    world.hands.annotate(skipped, [], was_cancelled=True)
    platform.accept([accepted, skipped], model_version="v1")
    assert platform.standing(["v1"]) == (4, 2)
    assert platform.standing(["v2"]) == (2, 2)
    assert platform.standing(["v1", "v2", "v3"]) == (6, 2)
    assert platform.predicted_tasks("v1") == {accepted, shown, skipped, theirs}
    assert platform.predicted_tasks("v2") == {shown, bare}
    assert platform.annotated_tasks() == {accepted, skipped}
    platform.retract([accepted])
    platform.remove_task_predictions([shown])
    assert platform.standing(["v1"]) == (3, 1)
    assert platform.annotated_tasks() == {skipped}


def test_doubled_predictions_are_reduced_to_the_oldest(world: World) -> None:
    ids = world.texts(3)
    world.platform.publish_predictions([outgoing(task_id) for task_id in ids], check_existing=False)
    world.platform.publish_predictions([outgoing(ids[0], "bad")], check_existing=False)
    world.platform.publish_predictions([outgoing(ids[1], version="v2")], check_existing=False)
    assert world.platform.duplicate_predictions("v1") == 1
    assert world.platform.duplicate_predictions("v1") == 0
    assert world.predictions(ids[0]) == [("v1", ("good",), 0.9)]
    assert [version for version, _, _ in world.predictions(ids[1])] == ["v1", "v2"]


def test_doubled_predictions_do_not_become_two_annotations(world: World) -> None:
    [task_id, other] = world.texts(2)
    for _ in range(2):
        world.platform.publish_predictions([outgoing(task_id), outgoing(other)], check_existing=False)
    assert sorted(world.platform.accept([task_id, other], model_version="v1").stored) == [task_id, other]
    assert len(world.annotations(task_id)) == len(world.annotations(other)) == 1


def test_checking_removes_doubles_too(world: World) -> None:
    [task_id] = world.texts(1)
    for _ in range(2):
        world.platform.publish_predictions([outgoing(task_id)], check_existing=False)
    world.platform.publish_predictions([outgoing(task_id)], check_existing=True)
    assert world.predictions(task_id) == [("v1", ("good",), 0.9)]


def test_predictions_are_removed_by_version_and_by_task(world: World) -> None:
    ids = world.texts(3)
    for version in ("v1", "v2"):
        batch = [outgoing(task_id, version=version) for task_id in ids]
        world.platform.publish_predictions(batch, check_existing=False)
    world.platform.remove_predictions("v1")
    world.platform.remove_predictions("never there")
    assert [[version for version, _, _ in world.predictions(task_id)] for task_id in ids] == [["v2"]] * 3
    world.platform.remove_task_predictions(ids[:2])
    assert [len(world.predictions(task_id)) for task_id in ids] == [0, 0, 1]


def test_model_version_is_shown_once_it_exists(world: World) -> None:
    [task_id] = world.texts(1)
    with pytest.raises(PlatformRefused):
        world.platform.set_model_version("v1")
    world.platform.publish_predictions([outgoing(task_id)], check_existing=False)
    world.platform.set_model_version("v1")
    project = world.platform.project()
    assert project.model_version == "v1"
    assert project.task_count == 1
    assert project.show_suggestions
    assert parse(project.label_config) == parse(XML)


def test_tasks_and_ids(world: World) -> None:
    ids = world.texts(7)
    assert world.platform.task_ids() == set(ids)
    listed = [task for page in world.platform.tasks() for task in page]
    assert [task.id for task in listed] == ids
    assert listed[3].data == {"text": "text 3"}
    assert all(task.annotations is None for task in listed)
    world.hands.delete_tasks(ids[:1])
    assert world.platform.task_ids() == set(ids[1:])


def test_updated_after_finds_edits_andlabels_of(world: World) -> None:
    ids = world.texts(6)
    first = world.hands.annotate(ids[0], human("good"))
    watermark = max(task.updated_at for task in world.tasks().values())
    # Inclusive: what changed at the watermark itself comes again.
    assert ids[0] in world.tasks(watermark)
    world.hands.edit_task(ids[1], {"text": "edited"})
    world.hands.annotate(ids[2], human("bad"))
    world.hands.annotate(ids[3], [], was_cancelled=True)
    world.hands.edit_annotation(first, human("bad"))
    pages = list(world.platform.tasks(updated_after=watermark + 1e-6, with_annotations=True))
    found = [task for page in pages for task in page]
    assert [task.id for task in found] == [ids[1], ids[2], ids[3], ids[0]]
    assert [task.updated_at for task in found] == sorted(task.updated_at for task in found)
    by_id = {task.id: task for task in found}
    assert by_id[ids[1]].data == {"text": "edited"}
    [label] = by_id[ids[2]].annotations or ()
    assert labels_of(label.result) == ("bad",)
    assert label.completed_by != world.platform.whoami().id
    [skip] = by_id[ids[3]].annotations or ()
    assert skip.was_cancelled
    [edited] = by_id[ids[0]].annotations or ()
    assert (edited.id, labels_of(edited.result)) == (first, ("bad",))
    assert edited.updated_at > watermark


def test_changes_counts_and_dates_what_updated_after_would_find(world: World) -> None:
    ids = world.texts(5)
    moments = {task.id: task.updated_at for task in world.tasks().values()}
    assert world.platform.changes(min(moments.values())) == (5, max(moments.values()))
    assert world.platform.changes(max(moments.values()) + 1.0) == (0, 0.0)
    mark = world.hands.annotate(ids[0], human("good"))
    count, newest = world.platform.changes(max(moments.values()) + 1e-6)
    assert (count, newest) == (1, world.tasks()[ids[0]].updated_at)
    world.hands.edit_annotation(mark, human("bad"))
    assert world.platform.changes(newest + 1e-6) == (1, world.tasks()[ids[0]].updated_at)
    world.hands.delete_tasks([ids[4]])
    assert world.platform.changes(min(moments.values()))[0] == 4


def test_updated_after_finds_what_was_accepted(world: World) -> None:
    ids = world.texts(3)
    world.platform.publish_predictions([outgoing(task_id) for task_id in ids], check_existing=False)
    watermark = max(task.updated_at for task in world.tasks().values())
    world.platform.accept(ids[:2], model_version="v1")
    assert set(world.tasks(watermark + 1e-6)) == set(ids[:2])


def test_pages_hold_all_when_more_than_a_page_changes_at_one_instant(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.label_studio.reader.PAGE", 20)
    ids = world.texts(90)
    watermark = max(task.updated_at for task in world.tasks().values()) + 1e-6
    world.platform.publish_predictions([outgoing(task_id) for task_id in ids], check_existing=False)
    assert len(world.platform.accept(ids, model_version="v1").stored) == 90
    world.hands.annotate(ids[5], human("bad"))
    world.hands.annotate(ids[50], human("bad"))
    found = [task.id for page in world.platform.tasks(updated_after=watermark) for task in page]
    assert sorted(found) == ids
    assert found[-2:] == [ids[5], ids[50]]
    assert [task.id for page in world.platform.tasks() for task in page] == ids


def test_one_webhook_whatever_is_called(world: World) -> None:
    first = world.platform.ensure_webhook(HOOK, {"X-Secret": "one"})
    assert world.platform.ensure_webhook(HOOK, {"X-Secret": "two"}) == first
    other = world.platform.ensure_webhook(f"{HOOK}2", {})
    assert other != first
    world.platform.remove_webhook(f"{HOOK}2")
    world.platform.remove_webhook(f"{HOOK}2")
    if isinstance(world.hands, RemoteHands):
        [hook] = world.hands.webhooks()
        assert (hook["id"], hook["url"], hook["headers"]) == (first, HOOK, {"X-Secret": "two"})
        assert hook["is_active"]
        assert hook["send_payload"]
        assert set(hook["actions"]) == set(WEBHOOK_ACTIONS)
    else:
        assert isinstance(world.platform, MemoryPlatform)
        assert [(hook.id, hook.headers) for hook in world.platform.webhooks] == [(first, {"X-Secret": "two"})]


def test_many_threads_at_once(world: World) -> None:
    ids = world.texts(40)
    problems: list[Exception] = []

    def work(part: list[int]) -> None:
        try:
            world.platform.publish_predictions([outgoing(task_id) for task_id in part], check_existing=True)
            assert world.platform.project().title
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(ids[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert all(len(world.predictions(task_id)) == 1 for task_id in ids)


def test_a_task_is_offered_to_others_until_enough_have_labelled_it(world: World) -> None:
    """In the platform's own stream, before anything else, and without what others said. What it offers it lends."""
    task_id = world.texts(6)[3]
    with ExitStack() as stack:
        one, two, three, four, five = (stack.enter_context(Person(world, n)) for n in range(1, 6))
        one.label(task_id)
        world.platform.ask_again({task_id: 2, task_id + 1000: 2})
        assert one.next() != task_id, "the same person is not asked twice"
        assert two.next() == task_id
        two.label(task_id)
        assert three.next() != task_id
        world.platform.ask_again({task_id: 3})
        assert four.next() == task_id
        world.platform.ask_again({task_id: 2})
        assert five.next() != task_id, "it is taken back"
    assert len(world.annotations(task_id)) == 2


class Person:
    """Somebody who labels what the platform's stream offers."""

    def __init__(self, world: World, number: int) -> None:
        self._platform, self._hands, self._number = world.platform, world.hands, number
        if isinstance(world.hands, RemoteHands):
            server = world.hands.server
            headers = {"Authorization": f"Token {trainer(server, f'person-{number}')}"}
            self._http = httpx.Client(base_url=server.url, headers=headers, timeout=60.0, trust_env=False)

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self._hands, RemoteHands):
            self._http.close()

    def label(self, task_id: int) -> None:
        if isinstance(self._platform, MemoryPlatform):
            self._platform.annotate(task_id, human("good"), user_id=100 + self._number)
            return
        body = {"result": human("good"), "lead_time": 1.0}
        self._http.post(f"/api/tasks/{task_id}/annotations/", json=body).raise_for_status()

    def next(self) -> int | None:
        if isinstance(self._platform, MemoryPlatform):
            return next(iter(self._platform.offered(100 + self._number)), None)
        assert isinstance(self._hands, RemoteHands)
        params: dict[str, str | int] = {"id": "next_task", "project": self._hands.project_id}
        found = self._http.post("/api/dm/actions/", params=params, json={})
        if found.status_code == 404:
            return None
        task = found.raise_for_status().json()
        assert task["annotations"] == []
        return int(task["id"])
