"""What a person gets where Label Studio's locks say something else than our leases."""

from __future__ import annotations

import pytest

from connectors.base import Claim
from connectors.memory import MemoryAnnotator
from models.errors import AuthenticationError, PlatformUnavailable
from models.fair_queue import Kind
from models.skills import FieldOfWork
from models.types import Route
from serving.monitoring.own import own
from serving.store.people_records import DeskRow, Nothing, TrainerRow, WorkRow, WorkState
from serving.store.records import SuggestionBound
from serving.workforce import qualification
from serving.workforce.desk import let_go, projects_of, sign_in, take
from serving.workforce.gold_set import put_in
from tests.support.local_world import LocalWorld, easy, hard
from tests.unit.serving.conftest import MakeWorld

URL = "http://127.0.0.1:9"


@pytest.fixture
def anna(world: LocalWorld) -> TrainerRow:
    world.arrive(easy(4))
    world.sync()
    return sign_in(world.runtime, URL, "user 21")


def desk(world: LocalWorld, person: TrainerRow) -> DeskRow:
    [(_, found)] = projects_of(world.runtime, person)
    return found


def given(world: LocalWorld, person: TrainerRow) -> tuple[WorkRow, str]:
    found = take(world.runtime, world.project, desk(world, person))
    assert not isinstance(found, Nothing)
    return found


def task_of(world: LocalWorld, work: WorkRow) -> int:
    with world.store.read() as uow:
        return uow.items.get(work.item_id).task_id


def test_signing_in_again_changes_no_seat(world: LocalWorld, anna: TrainerRow) -> None:
    with world.store.begin() as uow:
        uow.people.seat(world.id, anna.id, daily_cap=3)
    again = sign_in(world.runtime, URL, "user 21")
    assert again.id == anna.id
    assert desk(world, again).daily_cap == 3


def test_who_signs_in_late_starts_where_the_others_are(world: LocalWorld, anna: TrainerRow) -> None:
    for _ in range(2):
        work, _ = given(world, anna)
        world.label(task_of(world, work), user=21)
        world.sync()
    bert = sign_in(world.runtime, URL, "user 22")
    given(world, bert)
    assert desk(world, bert).offered == desk(world, anna).offered + 1


def test_a_control_and_an_unsure_item_look_alike_and_tell_nothing_of_the_model(make: MakeWorld) -> None:
    world = make(control_rate=0.4)
    world.open(hard(150))
    sure = sorted(row.confidence or 0.0 for row in world.items() if row.route is Route.SUGGEST)
    world.change(suggestion_bound=SuggestionBound(sure[len(sure) // 2], 30, 30, 1.0, 0.0))
    with world.store.begin() as uow:
        uow.effort.decide_again(world.id, start=0.0, end=1.0, now=world.clock())
    world.settle()
    anna = sign_in(world.runtime, URL, "user 21")
    seen: set[str | None] = set()
    for _ in range(60):
        found = take(world.runtime, world.project, desk(world, anna))
        if isinstance(found, Nothing):
            break
        work, _ = found
        row = world.item(task_of(world, work))
        if row.unaided:
            assert work.why["code"] == "no_suggestion"
            assert "confidence" not in work.why
            assert not world.versions(row.task_id)
        elif not row.blind:
            assert work.why["confidence"] == row.confidence
        seen.add(row.reason)
        world.label(row.task_id, user=21)
        world.sync()
    assert {"suggestion_control", "no_suggestion", "suggestion_spared"} <= seen


def test_who_may_see_no_project_is_told_so(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryAnnotator, "may_see_project", lambda _: False)
    with pytest.raises(AuthenticationError, match="ask your operator"):
        sign_in(world.runtime, URL, "user 21")
    with pytest.raises(AuthenticationError, match="ask your operator"):
        sign_in(world.runtime, "http://elsewhere", "user 21")


def test_a_lock_that_somebody_left_behind_holds_up_nobody(world: LocalWorld, anna: TrainerRow) -> None:
    tasks = {item.task_id for item in world.items()}
    assert all(world.platform.claim(task, 99) is Claim.HELD for task in tasks)
    work, url = given(world, anna)
    assert url == f"{URL}/projects/1/data?task={task_of(world, work)}"


def test_what_is_done_or_gone_in_label_studio_is_passed_over(world: LocalWorld, anna: TrainerRow) -> None:
    first, *_ = (item.task_id for item in world.wanted())
    world.platform.delete_tasks([first])
    work, _ = given(world, anna)
    assert task_of(world, work) != first
    with world.store.read() as uow:
        states = [piece.state for piece in uow.work.of_trainer(anna.id, limit=9)]
    assert states == [WorkState.HELD, WorkState.RELEASED]
    mine = own(world.runtime, world.project, desk(world, anna)).all_time.work
    assert (mine.offered, mine.given_back, mine.unavailable) == (2, 0, 1), "the person gave nothing back"


def test_an_outage_while_giving_back_keeps_nobody(
    world: LocalWorld, anna: TrainerRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, _ = given(world, anna)

    def away(*_: object) -> None:
        raise PlatformUnavailable("down")

    monkeypatch.setattr(MemoryAnnotator, "release", away)
    assert let_go(world.runtime, world.project, anna, work, "not my field")
    assert not let_go(world.runtime, world.project, anna, work, "not my field")


def test_a_test_is_never_opened_where_its_answer_stands(world: LocalWorld, anna: TrainerRow) -> None:
    """Gold items were labelled before: only the label stream hides that. One that cannot be had there is let go."""
    tasks = [item.task_id for item in world.items()]
    for task in tasks:
        world.label(task)
    world.sync()
    with world.store.begin() as uow:
        for task, row in uow.items.by_task(world.id, tasks).items():
            put_in(uow, world.project, row, regions=None, field=FieldOfWork(domain="law"), now=float(task))
        qualification.start(uow, desk(world, anna), FieldOfWork(domain="law"), world.runtime.settings, world.clock())
    work, url = given(world, anna)
    assert work.kind is Kind.QUALIFICATION
    assert "data?task=" not in url
    for place in (1, 2):
        world.platform.ask_again({tasks[place]: 2})
        assert world.platform.claim(tasks[place], 99) is Claim.HELD
    world.label(task_of(world, work), user=21)
    world.sync()
    again, url = given(world, anna)
    assert task_of(world, again) == tasks[3]
    assert (again.why["place"], "data?task=" in url) == (2, False), "what could not be had is not held against anybody"
