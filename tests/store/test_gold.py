"""Gold items: given now and then, marked once, disputed, given up; on both databases."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from models.errors import ConflictError
from models.fair_queue import Kind
from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork
from serving.store.gold_records import GoldSource, Ruling
from serving.store.people_records import Ground, Nothing, WorkRow
from serving.store.records import ItemState, LabelRole, OutboxKind
from serving.store.work import Open
from serving.workforce import gold as marks
from serving.workforce.gold_set import proposals, put_in
from tests.store.golden import AUTHOR, LAW, Golden, always, said
from tests.store.people import skill
from tests.store.world import World, prediction, task

ANNA, BERT, CARL = 11, 12, 13


@pytest.fixture
def golden(world: World) -> Golden:
    """Everybody may do everything, and half of what they get is gold."""
    return Golden(world, always())


def accuracy(golden: Golden, user: int, field: FieldOfWork = LAW) -> Accuracy | None:
    with golden.world.store.read() as uow:
        trainer = golden.desk(user).trainer.id
        return uow.people.accuracies([trainer]).get((trainer, field))


def until_gold(golden: Golden, user: int, label: str = "b", *, tries: int = 40) -> WorkRow:
    """The person works on until gold comes."""
    for _ in range(tries):
        work = golden.given(user)
        if work.kind is Kind.GOLD:
            return work
        golden.answer(user, work, label)
    raise AssertionError("no gold came")


def test_gold_comes_unmarked_and_blind(world: World, golden: Golden) -> None:
    [gold] = golden.gold(1)
    world.published(*range(2, 30))
    golden.join(ANNA, skill(1, domain="law"))
    work = until_gold(golden, ANNA)
    assert work.item_id == gold.item_id
    assert {"code", "waited_s", "needs"} == set(work.why)
    assert work.why["code"] == "quality"
    assert golden.given(ANNA) == work, "who holds it gets the same again"


def test_an_answer_changes_the_person_and_not_the_item(world: World, golden: Golden) -> None:
    golden.gold(1)
    world.published(*range(2, 30))
    golden.join(ANNA, skill(1, domain="law"))
    work = until_gold(golden, ANNA)
    before = asdict(world.item(1))
    golden.answer(ANNA, work, "b")
    assert asdict(world.item(1)) == before
    assert accuracy(golden, ANNA) == Accuracy.of(0, 1)
    [mark] = golden.answers(ANNA)
    assert (mark.is_right, mark.counts, mark.regions) == (False, True, said("b"))
    with world.store.read() as uow:
        assert uow.work.get(work.id).state == "done"
        assert uow.labels.counts(world.project)[LabelRole.GOLD] == 1
        assert work.item_id not in {row.item_id for row in uow.labels.for_project(world.project) if row.role == "gold"}
        assert [row.completed_by for row in uow.opinions.said([work.item_id])[work.item_id]] == [AUTHOR]
        assert work.item_id in {item.id for item, row in uow.labels.training(world.project) if row.regions == said("a")}
        assert uow.gold.people_on(work.item_id) == 2
    for _ in range(40):
        again = golden.ask(ANNA)
        if isinstance(again, Nothing):
            break
        assert again.kind is not Kind.GOLD, "nobody gets it twice"
        golden.answer(ANNA, again, "a")


def test_a_mark_is_made_once(world: World, golden: Golden) -> None:
    golden.gold(1)
    world.published(*range(2, 30))
    golden.join(ANNA, skill(1, domain="law"))
    work = until_gold(golden, ANNA)
    golden.answer(ANNA, work, "a")
    golden.answer(ANNA, work, "b")
    assert accuracy(golden, ANNA) == Accuracy.of(1, 0)
    assert len(golden.answers(ANNA)) == 1


def test_a_skip_is_no_answer_and_a_label_by_others_no_test(world: World, golden: Golden) -> None:
    golden.gold(1)
    world.published(*range(2, 30))
    golden.join(ANNA, skill(1, domain="law")), golden.join(BERT)
    work = until_gold(golden, ANNA)
    golden.answer(ANNA, work, "a", skipped=True)
    golden.answer(BERT, work, "b")
    assert golden.answers(ANNA) == golden.answers(BERT) == []
    with world.store.read() as uow:
        assert [row.completed_by for row in uow.opinions.said([work.item_id])[work.item_id]] == [AUTHOR, BERT]


def test_the_least_used_comes_first_and_not_for_ever(world: World) -> None:
    golden = Golden(world, always(gold_uses=2))
    golds = golden.gold(1, 2)
    desks = [golden.join(user, skill(1, domain="law")) for user in (ANNA, BERT, CARL)]
    with world.store.begin() as uow:
        uow.gold.use(golds[0].id)
        assert [row.id for row, _ in uow.gold.unseen(world.project, desks[0], most=2, limit=9)] == [
            golds[1].id,
            golds[0].id,
        ]
        uow.gold.use(golds[0].id)
        assert [row.id for row, _ in uow.gold.unseen(world.project, desks[0], most=2, limit=9)] == [golds[1].id]


def test_who_labelled_it_or_lacks_the_skill_does_not_get_it(world: World, golden: Golden) -> None:
    golden.gold(1)
    golden.join(AUTHOR, skill(1, domain="law")), golden.join(BERT)
    with world.store.read() as uow:
        assert uow.gold.unseen(world.project, golden.desk(AUTHOR), most=9, limit=9) == []
        assert uow.gold.unseen(world.project, golden.desk(BERT), most=9, limit=9, needs=[]) == []
        assert len(uow.gold.unseen(world.project, golden.desk(BERT), most=9, limit=9)) == 1


def test_no_gold_without_a_rate_and_its_share(world: World) -> None:
    golden = Golden(world, always(0.0))
    golden.gold(*range(1, 4))
    world.published(*range(10, 20))
    golden.join(ANNA, skill(1, domain="law"))
    for _ in range(10):
        work = golden.given(ANNA)
        assert work.kind is not Kind.GOLD
        golden.answer(ANNA, work, "a")


def test_a_suggestion_is_taken_away_first(world: World, golden: Golden) -> None:
    world.published(1, *range(2, 30))
    world.label(1, 500, completed_by=AUTHOR, regions=said("a"))
    golden.join(ANNA)
    with world.store.begin() as uow:
        put_in(uow, golden.project, uow.items.get(world.ids(1)[0]), regions=None, field=None, now=world.now)
    for _ in range(20):
        work = golden.given(ANNA)
        assert work.kind is not Kind.GOLD, "its suggestion is still there"
        golden.answer(ANNA, work, "a")
    world.now += 1
    assert len(world.send(OutboxKind.WITHDRAWAL)) == 1
    assert world.item(1).state is ItemState.LABELED
    assert until_gold(golden, ANNA).item_id == world.ids(1)[0]


def test_what_changed_or_has_no_label_is_no_gold(world: World, golden: Golden) -> None:
    golden.gold(1)
    world.receive(task(2), task(1, text="changed"))
    desk = golden.join(ANNA, skill(1, domain="law"))
    with world.store.begin() as uow:
        assert uow.gold.unseen(world.project, desk, most=9, limit=9) == []
        with pytest.raises(ConflictError, match="label it first"):
            put_in(uow, golden.project, uow.items.get(world.ids(2)[0]), regions=None, field=None, now=0.0)


def test_several_people_who_agree_propose_an_item(world: World, golden: Golden) -> None:
    world.published(1, 2, 3)
    for number, labels in ((1, "aab"), (2, "aaa"), (3, "a")):
        for place, label in enumerate(labels):
            world.label(number, 100 * number + place, completed_by=50 + place, regions=said(label))
    with world.store.begin() as uow:
        uow.opinions.ask(dict.fromkeys(world.ids(1, 2, 3), 3))
        [found] = proposals(uow, golden.project, limit=9)
        assert (found.item.task_id, found.people, found.regions) == (2, 3, said("a"))
        gold = put_in(uow, golden.project, found.item, regions=None, field=None, now=world.now)
        assert gold.source is GoldSource.AGREEMENT
        assert proposals(uow, golden.project, limit=9) == []


def mark(golden: Golden, user: int, number: int, label: str) -> None:
    """The person was given the gold of a task, and answers."""
    world = golden.world
    with world.store.begin() as uow:
        found = Open(world.ids(number)[0], None, Kind.GOLD)
        work = uow.work.hand(golden.desk(user), found, why={}, until=world.now + 100.0, now=world.now)
    golden.answer(user, work, label)


def test_a_withdrawn_gold_leaves_no_trace_in_anybody(world: World, golden: Golden) -> None:
    """Accuracies, levels and what was learned from others are bit for bit those of a world without it."""
    golds = golden.gold(*range(1, 9))
    for user in (ANNA, BERT):
        golden.join(user)
    for number in range(2, 9):
        mark(golden, ANNA, number, "a")
        mark(golden, BERT, number, "ab"[number % 2])
    trainer = golden.desk(ANNA).trainer.id
    others = Accuracy().seen(0.8, 2).seen(0.7, 3)
    with world.store.begin() as uow:
        uow.people.keep_compared({Ground(trainer, LAW, False): others}, world.now)
    before = {user: (accuracy(golden, user), golden.desk(user).skills) for user in (ANNA, BERT)}
    assert golden.level(ANNA, "results") == 2
    mark(golden, ANNA, 1, "b")
    mark(golden, BERT, 1, "a")
    assert golden.level(ANNA, "results") == 1
    assert {user: accuracy(golden, user) for user in (ANNA, BERT)} != {user: one for user, (one, _) in before.items()}
    with world.store.begin() as uow:
        marks.rule(uow, golds[0], Ruling.WITHDRAWN, "the statute changed", world.now)
    assert {user: (accuracy(golden, user), golden.desk(user).skills) for user in (ANNA, BERT)} == before
    with world.store.read() as uow:
        assert uow.gold.get(golds[0].id).retired_reason == "withdrawn: the statute changed"
        assert uow.people.compared([trainer]) == {Ground(trainer, LAW, False): others}


def test_disputes_are_looked_at_and_give_a_gold_up(world: World, golden: Golden) -> None:
    [gold] = golden.gold(1)
    users = range(30, 36)
    for user in users:
        golden.join(user)
        mark(golden, user, 1, "b")
    answers = [golden.answers(user)[0] for user in users]
    with world.store.begin() as uow:
        assert not marks.dispute(uow, answers[0], "a is a typo", world.now)
        with pytest.raises(ConflictError, match="before"):
            marks.dispute(uow, answers[0], "a is a typo", world.now)
        assert marks.rule(uow, gold, Ruling.UPHELD, "the book says so", world.now) == 1
        assert uow.gold.tallies([gold.id])[gold.id].disputes == 0
        for one in answers[1:4]:
            assert not marks.dispute(uow, one, "no", world.now)
        assert marks.dispute(uow, answers[4], "no", world.now), "4 of 6"
        assert "4 of 6 people disputed it" in str(uow.gold.get(gold.id).retired_reason)
        with pytest.raises(ConflictError, match="no longer"):
            marks.dispute(uow, uow.gold.get_answer(answers[5].id), "no", world.now)
    assert accuracy(golden, 30) == Accuracy()


def test_who_is_right_elsewhere_gives_a_wrong_gold_up(world: World, golden: Golden) -> None:
    golds = golden.gold(*range(1, 7))
    users = range(30, 36)
    for user in users:
        golden.join(user)
        for number in range(2, 7):
            mark(golden, user, number, "a")
    for user in users[:4]:
        mark(golden, user, 1, "b")
    with world.store.read() as uow:
        assert uow.gold.get(golds[0].id).retired_at is None, "four are too few"
    mark(golden, users[4], 1, "b")
    with world.store.read() as uow:
        assert "5 of 5 people who are right elsewhere" in str(uow.gold.get(golds[0].id).retired_reason)
    assert accuracy(golden, users[0]) == Accuracy.of(5, 0)


def test_people_of_whom_nothing_is_known_give_no_gold_up(world: World, golden: Golden) -> None:
    [gold] = golden.gold(1)
    for user in range(30, 38):
        golden.join(user)
        mark(golden, user, 1, "b")
    with world.store.read() as uow:
        assert uow.gold.get(gold.id).retired_at is None


def test_marks_go_with_the_person(world: World, golden: Golden) -> None:
    [gold] = golden.gold(1)
    person = golden.join(ANNA)
    mark(golden, ANNA, 1, "b")
    with world.store.begin() as uow:
        uow.people.erase(person.trainer.id)
        assert uow.gold.answers(gold_id=gold.id) == []


def test_nothing_in_particular_gives_no_level(world: World, golden: Golden) -> None:
    golden.gold(*range(1, 9), field=FieldOfWork())
    golden.join(ANNA)
    for number in range(1, 9):
        mark(golden, ANNA, number, "a")
    assert accuracy(golden, ANNA, FieldOfWork()) == Accuracy.of(8, 0)
    assert golden.desk(ANNA).skills == ()


def test_marks_count_apart_where_the_model_was_unsure(world: World, golden: Golden) -> None:
    golden.gold(1, 2)
    golden.join(ANNA)
    mark(golden, ANNA, 1, "a")
    mark(golden, ANNA, 2, "b")
    trainer = golden.desk(ANNA).trainer.id
    with world.store.begin() as uow:
        [doubted] = world.ids(2)
        uow.items.record_prediction(doubted, prediction("2", confidence=0.6), world.now)
        assert uow.people.grounds([trainer], sure=0.8) == {
            Ground(trainer, LAW, False): Accuracy.of(1, 0),
            Ground(trainer, LAW, True): Accuracy.of(0, 1),
        }
        uow.people.keep_compared({Ground(trainer, LAW, True): Accuracy.of(3, 0)}, world.now)
        assert uow.people.grounds([trainer], sure=0.8)[Ground(trainer, LAW, True)] == Accuracy.of(3, 1)
        assert uow.people.accuracies([trainer]) == {(trainer, LAW): Accuracy.of(4, 1)}, "the prior counts once"
