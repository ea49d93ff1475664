"""What is decided reaches Label Studio once, whatever happens on the way."""

from __future__ import annotations

import logging

import pytest

from models.errors import AuthenticationError, PlatformError, PlatformRefused, PlatformUnavailable
from models.types import Route
from serving.pipeline import publish
from serving.store.records import ItemState, OutboxKind, OutboxState
from tests.support.local_world import LocalWorld, another_worker, easy, hard


@pytest.fixture
def decided(world: LocalWorld) -> LocalWorld:
    """An open gate, and 30 items more that wait to be sent: acceptances and audits."""
    world.open(easy(110))
    world.arrive(easy(30, seed=1))
    world.sync()
    world.worker.score(world.project)
    world.worker.decide(world.project)
    assert world.states()[ItemState.DECIDED] == 30
    return world


def waiting(world: LocalWorld) -> dict[OutboxKind, int]:
    with world.store.read() as uow:
        counts = uow.outbox.counts(world.id)
    return {kind: n for (kind, state), n in counts.items() if state is OutboxState.PENDING}


@pytest.mark.parametrize(
    "error", [PlatformUnavailable("502"), AuthenticationError("token"), PlatformRefused("no permission")]
)
def test_rows_wait_while_label_studio_is_away(decided: LocalWorld, error: PlatformError) -> None:
    before = waiting(decided)
    for _ in range(8):
        decided.platform.fail_next(1, error)
        with pytest.raises(type(error)):
            publish.run(decided.runtime, decided.project, OutboxKind.SUGGESTION)
        assert waiting(decided) == before
        decided.later(decided.runtime.settings.retry_max_s + 1)
    decided.settle()
    report = decided.audit()
    assert "dead" not in report.states
    assert "decided" not in report.states


def test_waits_grow_up_to_a_limit(decided: LocalWorld) -> None:
    decided.platform.fail_next(1000, PlatformUnavailable("503"))
    tries = []
    for step in range(40):
        try:
            publish.run(decided.runtime, decided.project, OutboxKind.SUGGESTION)
        except PlatformUnavailable:
            tries.append(step * 0.5)
        decided.later(0.5)
    assert tries == [0, 1, 3, 7, 11, 15, 19]


def test_a_write_whose_answer_was_lost_is_not_made_twice(decided: LocalWorld) -> None:
    """The predictions are stored, then the process is killed: nobody settles the rows."""
    stored = decided.platform.publish_predictions

    def and_die(*args: object, **more: object) -> object:
        stored(*args, **more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    decided.platform.publish_predictions = and_die  # type: ignore[assignment,method-assign]
    with pytest.raises(KeyboardInterrupt):
        publish.run(decided.runtime, decided.project, OutboxKind.SUGGESTION)
    decided.platform.publish_predictions = stored  # type: ignore[method-assign]
    other = another_worker(decided)
    decided.later(decided.runtime.settings.publish_lease_s + 1)
    other.publish(decided.project)
    decided.settle()
    decided.audit()


def test_an_acceptance_whose_answer_was_lost_is_not_made_twice(decided: LocalWorld) -> None:
    publish.run(decided.runtime, decided.project, OutboxKind.SUGGESTION)
    accepted = decided.platform.accept

    def and_die(*args: object, **more: object) -> object:
        accepted(*args, **more)  # type: ignore[arg-type]
        raise PlatformUnavailable("the answer timed out")

    decided.platform.accept = and_die  # type: ignore[assignment,method-assign]
    with pytest.raises(PlatformUnavailable):
        publish.run(decided.runtime, decided.project, OutboxKind.ACCEPTANCE)
    decided.platform.accept = accepted  # type: ignore[method-assign]
    decided.settle()
    assert decided.audit().accepted > 40


def test_a_refused_item_dies_alone(decided: LocalWorld) -> None:
    doomed = next(i for i in decided.items() if i.state is ItemState.DECIDED and i.route is Route.ACCEPT)
    decided.platform.refuse_tasks([doomed.task_id])
    decided.settle()
    row = decided.item(doomed.task_id)
    assert row.state is ItemState.DEAD
    assert row.last_error == f"invalid task {doomed.task_id}"
    report = decided.audit()
    assert report.states["dead"] == 1
    assert "decided" not in report.states
    assert decided.annotations(doomed.task_id) == []

    decided.platform.refuse_tasks([])
    with decided.store.begin() as uow:
        assert uow.items.redrive(decided.id, [doomed.id], decided.clock()) == 1
    decided.settle()
    assert decided.item(doomed.task_id).state is ItemState.PUBLISHED
    decided.audit()


def test_a_prediction_that_was_dropped_without_a_word_is_noticed(decided: LocalWorld) -> None:
    doomed = next(i for i in decided.items() if i.state is ItemState.DECIDED and i.route is Route.ACCEPT)
    decided.platform.drop_tasks([doomed.task_id])
    decided.settle()
    assert decided.item(doomed.task_id).state is ItemState.DEAD
    assert "without a word" in (decided.item(doomed.task_id).last_error or "")
    decided.audit()


def test_a_person_who_was_faster_is_not_overwritten(decided: LocalWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Nor is the item dead for a moment: its label has only not been read so far."""
    fast = next(i for i in decided.items() if i.state is ItemState.DECIDED and i.route is Route.ACCEPT)
    decided.label(fast.task_id)
    for _ in range(3):
        decided.worker.publish(decided.project)
        decided.later(decided.runtime.settings.retry_max_s)
        assert decided.annotations(fast.task_id) == [2]
        assert decided.item(fast.task_id).state is ItemState.DECIDED
    assert waiting(decided) == {OutboxKind.ACCEPTANCE: 1}
    decided.sync()
    assert decided.item(fast.task_id).state is ItemState.LABELED
    decided.settle()
    assert waiting(decided) == {}
    assert decided.annotations(fast.task_id) == [2]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    decided.audit()


def test_a_task_that_was_deleted_takes_nobody_down(decided: LocalWorld) -> None:
    gone = [i.task_id for i in decided.items() if i.state is ItemState.DECIDED][:3]
    decided.platform.delete_tasks(gone)
    decided.settle()
    decided.sync()
    assert {decided.item(task).state for task in gone} == {ItemState.GONE}
    decided.audit()


def test_what_another_process_is_sending_is_left_alone(decided: LocalWorld) -> None:
    with decided.store.begin() as uow:
        held = uow.outbox.claim(
            decided.id, OutboxKind.SUGGESTION, limit=500, owner="worker-2", lease_s=180, now=decided.clock()
        )
    assert held
    assert publish.run(decided.runtime, decided.project, OutboxKind.SUGGESTION) == 0
    decided.later(181)
    assert publish.run(decided.runtime, decided.project, OutboxKind.SUGGESTION) == len(held)


def test_changed_data_replaces_the_suggestion(world: LocalWorld) -> None:
    """The same model says something else of the new data: the old prediction must not stay beside the new one."""
    world.open(easy(110))
    world.arrive(hard(40))
    world.sync()
    world.settle()
    task = next(i.task_id for i in world.items() if i.route is Route.SUGGEST and i.state is ItemState.PUBLISHED)
    assert world.versions(task) == [world.project.active_model]
    world.platform.edit_task(task, {"text": "terrible broken sad dark awful cold"})
    world.sync()
    assert world.item(task).state is ItemState.RECEIVED
    assert world.item(task).revision == 2
    world.settle()
    [(version, shown)] = world.platform.predictions(task)
    assert version == world.project.active_model
    assert shown.result[0]["value"] == {"choices": ["bad"]}
    world.audit()


def test_bad_requests_of_one_kind_do_not_stop_the_others(decided: LocalWorld) -> None:
    audits = [i.task_id for i in decided.items() if i.state is ItemState.DECIDED and i.route is Route.AUDIT]
    assert audits

    def refuse(*args: object, **more: object) -> object:
        raise PlatformRefused("predictions are switched off")

    decided.platform.publish_predictions = refuse  # type: ignore[assignment,method-assign]
    with pytest.raises(PlatformRefused):
        decided.worker.publish(decided.project)
    assert {decided.item(task).state for task in audits} == {ItemState.PUBLISHED}
