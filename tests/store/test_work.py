"""Leases of people, on both databases."""

from __future__ import annotations

import pytest

from models.fair_queue import Kind
from models.people.effort import LEASE_FEWEST
from models.skills import FieldOfWork, Need
from models.types import Route
from serving.settings import Settings
from serving.store.people_records import Nothing, WorkRow, WorkState
from serving.store.work import HandedIn
from serving.workforce.hand_out import extend, give_back
from tests.store.people import SETTINGS, Desks, skill
from tests.store.world import World

ANNA, BERT, CARL = 11, 12, 13


@pytest.fixture
def desks(world: World) -> Desks:
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    return Desks(world)


def state(desks: Desks, work: WorkRow) -> WorkState:
    with desks.world.store.read() as uow:
        return uow.work.get(work.id).state


def test_nobody_gets_what_another_has(world: World, desks: Desks) -> None:
    world.published(1, 2)
    desks.join(ANNA), desks.join(BERT)
    first, second = desks.given(ANNA), desks.given(BERT)
    assert {first.item_id, second.item_id} == set(world.ids(1, 2))
    assert desks.given(ANNA) == desks.given(ANNA), "who holds something gets the same again"
    assert desks.given(ANNA).id == first.id
    assert first.until == world.now + 100.0


def test_done_is_done(world: World, desks: Desks) -> None:
    world.published(1)
    desks.join(ANNA), desks.join(BERT)
    work = desks.given(ANNA)
    assert desks.ask(BERT) is Nothing.EMPTY
    desks.hand_in(ANNA, work)
    assert state(desks, work) is WorkState.DONE
    assert desks.ask(ANNA) is Nothing.EMPTY


def test_a_lease_ends_and_late_work_still_counts(world: World, desks: Desks) -> None:
    world.published(1)
    desks.join(ANNA), desks.join(BERT)
    work = desks.given(ANNA)
    world.now += 100.0
    again = desks.given(BERT)
    assert (again.item_id, state(desks, work)) == (work.item_id, WorkState.EXPIRED)
    desks.hand_in(ANNA, work)
    assert state(desks, work) is WorkState.LATE
    assert state(desks, again) is WorkState.HELD, "the other may finish"
    desks.hand_in(BERT, again)
    assert state(desks, again) is WorkState.DONE


def test_an_items_history_has_whose_hands_it_was_in(world: World, desks: Desks) -> None:
    world.published(1)
    desks.join(ANNA), desks.join(BERT)
    work = desks.given(ANNA)
    world.now += 100.0
    desks.given(BERT)
    with world.store.read() as uow:
        told = uow.items.explain(world.project, 1)["work"]
    assert [(one["user_id"], one["state"], one["given_back"]) for one in told] == [
        (ANNA, "expired", None),
        (BERT, "held", None),
    ]
    assert (told[0]["granted_at"], told[0]["until"]) == (work.granted_at, work.until)
    assert told[0]["code"] == work.why["code"]


def test_what_expired_may_come_again_to_the_only_person(world: World, desks: Desks) -> None:
    world.published(1)
    desks.join(ANNA)
    work = desks.given(ANNA)
    world.now += 100.0
    assert desks.given(ANNA).item_id == work.item_id


def test_a_silent_page_gives_the_item_up(world: World) -> None:
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    desks = Desks(world, SETTINGS.model_copy(update={"people_silent_s": 20.0}))
    world.published(1)
    desks.join(ANNA), desks.join(BERT)
    work = desks.given(ANNA)
    for _ in range(3):
        world.now += 15.0
        with world.store.begin() as uow:
            assert uow.work.beat(work.id, world.now)
    assert desks.ask(BERT) is Nothing.EMPTY
    world.now += 20.0
    assert desks.given(BERT).item_id == work.item_id
    with world.store.begin() as uow:
        assert not uow.work.beat(work.id, world.now)


def test_one_extension(world: World, desks: Desks) -> None:
    world.published(1)
    desks.join(ANNA)
    work = desks.given(ANNA)
    world.now += 90.0
    assert extend(desks.runtime, work)
    assert not extend(desks.runtime, work)
    assert desks.given(ANNA).until == work.until + 100.0


def test_what_was_given_back_goes_to_somebody_else(world: World, desks: Desks) -> None:
    world.published(1)
    desks.join(ANNA), desks.join(BERT)
    work = desks.given(ANNA)
    assert give_back(desks.runtime, work, "not my field")
    assert not give_back(desks.runtime, work, "not my field")
    assert desks.ask(ANNA) is Nothing.EMPTY
    assert desks.given(BERT).item_id == work.item_id
    with world.store.read() as uow:
        assert uow.work.get(work.id).why["given_back"] == "not my field"


def test_an_item_goes_to_who_has_the_skill(world: World, desks: Desks) -> None:
    world.published(1, 2)
    medical = FieldOfWork(domain="medical", language="de")
    with world.store.begin() as uow:
        assert uow.people.set_needs(world.project, {world.ids(1)[0]: Need(medical, 2)}) == 1
        assert uow.people.set_needs(world.project, {world.ids(1)[0]: Need(medical, 2)}) == 0
    desks.join(ANNA)
    desks.join(BERT, skill(1, domain="medical"), skill(5, domain="law"))
    desks.join(CARL, skill(2, domain="medical"))
    assert desks.given(ANNA).item_id == world.ids(2)[0]
    assert desks.ask(BERT) is Nothing.EMPTY
    work = desks.given(CARL)
    assert work.item_id == world.ids(1)[0]
    assert work.why["needs"] == "medical/de/any from level 2"


def test_who_has_been_offered_less_comes_first(world: World, desks: Desks) -> None:
    world.published(*range(1, 7))
    desks.join(ANNA), desks.join(BERT)
    for _ in range(3):
        desks.hand_in(ANNA, desks.given(ANNA))
        desks.hand_in(BERT, desks.given(BERT))
    assert desks.ask(ANNA) is Nothing.EMPTY
    desks.join(CARL)
    assert desks.ask(CARL) is Nothing.EMPTY
    assert desks.desk(CARL).offered == desks.desk(ANNA).offered, "a newcomer starts where the others are"
    world.published(7)
    assert desks.given(ANNA).item_id == world.ids(7)[0], "she asks first, and nobody has been offered less"
    world.published(8)
    world.now += 1.0
    assert desks.ask(BERT) is Nothing.OTHERS_FIRST, "as much was offered to Carl, who asked before"
    assert desks.given(CARL).item_id == world.ids(8)[0]


def test_of_one_item_the_person_with_less_gets_it(world: World, desks: Desks) -> None:
    world.published(1)
    desks.join(ANNA), desks.join(BERT)
    desks.ask(BERT)
    desks.hand_in(BERT, desks.given(BERT))
    assert desks.ask(BERT) is Nothing.EMPTY
    assert desks.ask(ANNA) is Nothing.EMPTY
    with world.store.begin() as uow:
        uow.work.sit(desks.desk(ANNA), offered=0.0, waits_since=world.now, now=world.now)
    world.published(2)
    assert desks.ask(BERT) is Nothing.OTHERS_FIRST
    assert desks.given(ANNA).item_id == world.ids(2)[0]
    world.now += 31.0
    world.published(3)
    assert desks.given(BERT).item_id == world.ids(3)[0], "who has gone holds up nobody"


def test_a_cap_a_day(world: World, desks: Desks) -> None:
    world.published(1, 2, 3)
    desks.join(ANNA, cap=2)
    for _ in range(2):
        desks.hand_in(ANNA, desks.given(ANNA))
    assert desks.ask(ANNA) is Nothing.CAP
    world.now += 86_400.0
    assert isinstance(desks.ask(ANNA), WorkRow)


def test_leases_follow_what_people_take(world: World, desks: Desks) -> None:
    world.published(*range(1, LEASE_FEWEST + 2))
    desks.join(ANNA)
    for _ in range(LEASE_FEWEST):
        work = desks.given(ANNA)
        assert work.until == world.now + 100.0
        world.now += 50.0
        desks.hand_in(ANNA, work)
    assert desks.given(ANNA).until == pytest.approx(world.now + 150.0)


def test_blind_items_say_nothing_of_what_they_check(world: World, desks: Desks) -> None:
    world.receive()
    world.published(1, 2)
    with world.store.begin() as uow:
        uow.items.restart(world.project, states=tuple(world.states()), to=next(iter(world.states())), now=world.now)
    world.now += 1
    desks.join(ANNA)
    kinds = set()
    for number, reason in ((3, "blind_audit"), (4, "validation")):
        from tests.store.world import task

        world.receive(task(number))
        world.score()
        world.decide(Route.AUDIT, (), reason=reason, limit=1)
        work = desks.given(ANNA)
        kinds.add(work.kind)
        assert work.why["code"] == "quality"
        assert "confidence" not in work.why
        desks.hand_in(ANNA, work)
    assert kinds == {Kind.AUDIT, Kind.VALIDATION}


def test_a_person_can_be_forgotten(world: World, desks: Desks) -> None:
    world.published(1)
    person = desks.join(ANNA, skill(3, domain="law"))
    work = desks.given(ANNA)
    desks.hand_in(ANNA, work)
    with world.store.begin() as uow:
        uow.people.keep_token(person.trainer.id, b"secret")
        uow.people.erase(person.trainer.id)
        assert uow.people.by_user(person.trainer.platform_url, ANNA) is None
        assert uow.people.skills([person.trainer.id]) == {}
        assert uow.people.desks(world.project) == []


def test_settings_bound_the_lease() -> None:
    settings = Settings()
    assert settings.people_lease_min_s <= settings.people_lease_s <= settings.people_lease_max_s


def test_a_delivery_of_many_labels_ends_the_leases_among_them(world: World, desks: Desks) -> None:
    world.published(1)
    desks.join(ANNA)
    work = desks.given(ANNA)
    others = [HandedIn(work.item_id + n, ANNA, skipped=False) for n in range(1, 2500)]
    with world.store.begin() as uow:
        assert uow.work.handed_in(world.project, [HandedIn(work.item_id, BERT, skipped=False), *others], 0.0) == 0
        mine = HandedIn(work.item_id, ANNA, skipped=False)
        assert uow.work.handed_in(world.project, [*others, mine], world.now) == 1
    assert state(desks, work) is WorkState.DONE
