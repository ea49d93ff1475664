"""Who votes on an item, and what follows, on both databases; the data of Dawid & Skene (1979) go through it all."""

from __future__ import annotations

import pytest

from models.people import Vote, dawid_skene
from models.types import Choices, ControlSpec, Fold, InputSpec, LabelConfig, Medium, Region
from serving.store.records import LabelRole
from serving.workforce.consensus import Heard, Method, control_of, counted, hear, judge, key, voices, votes_of
from tests.store.world import CONTROL, World, prediction, task
from tests.unit.models.people.test_consensus import ANAESTHETISTS, PUBLISHED_MARGINALS

ANNA, BERT, CARL = 11, 12, 13
GRADES = ControlSpec(
    name="label",
    kind="choices",
    labels=("1", "2", "3", "4"),
    input=InputSpec(name="text", field="text", medium=Medium.TEXT),
)


def said(label: str) -> tuple[Region, ...]:
    return (Region(control="label", value=Choices(labels=(label,))),)


def blind(world: World, number: int, **answers: str) -> None:
    """A drawn item that the model m1 has scored, and people's blind answers."""
    world.receive(task(number, fold=Fold.VALIDATION, draw=number / 1e6))
    with world.store.begin() as uow:
        uow.items.set_blind(world.project, cut=0.5, now=world.now)
    for user, label in answers.items():
        answer(world, number, int(user.removeprefix("u")), label, role=LabelRole.VALIDATION)


def answer(world: World, number: int, user: int, label: str, **more: object) -> None:
    world.now += 1.0
    world.label(number, int(world.now * 10), completed_by=user, regions=said(label), **more)


def model_says(world: World, number: int, label: str, *, version: str = "m1") -> None:
    """The item's current prediction, as the pipeline stores it."""
    [id] = world.ids(number)
    one = prediction(id, version=version, label=label, confidence=0.8)
    with world.store.begin() as uow:
        made = uow.items.record_prediction(id, one, world.now)
    with world.store.engine.begin() as conn:
        conn.exec_driver_sql(f"UPDATE item SET prediction_id = {made}, model_version = '{version}' WHERE id = {id}")


def heard_by_task(world: World) -> dict[int, Heard]:
    with world.store.read() as uow:
        return {one.item.task_id: one for one in hear(uow, uow.projects.get(world.project))}


@pytest.fixture
def active(world: World) -> World:
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    return world


def test_the_model_has_a_voice_beside_blind_answers_only(active: World) -> None:
    blind(active, 1, u11="a", u12="b")
    model_says(active, 1, "b")
    active.published(2)
    answer(active, 2, ANNA, "a")
    answer(active, 2, BERT, "b")
    found = heard_by_task(active)
    assert [(one.blind, one.said is not None, len(one.answers)) for one in (found[1], found[2])] == [
        (True, True, 2),
        (False, False, 2),
    ]
    assert {name: row.argmax() for name, row in voices(list(found.values()), CONTROL).items()} == {key(found[1]): 1}


def test_only_the_active_model_speaks_and_of_the_item_as_it_is(active: World) -> None:
    for number, version in ((1, "m1"), (2, "m0"), (3, "m1")):
        blind(active, number, u11="a", u12="b")
        model_says(active, number, "a", version=version)
    with active.store.engine.begin() as conn:
        conn.exec_driver_sql(f"UPDATE item SET revision = revision + 1 WHERE id = {active.ids(3)[0]}")
    assert {number: one.said is not None for number, one in heard_by_task(active).items()} == {
        1: True,
        2: False,
        3: False,
    }


def test_who_saw_the_suggestion_does_not_vote_on_a_blind_item(active: World) -> None:
    blind(active, 1, u11="a", u12="b")
    answer(active, 1, CARL, "b", role=LabelRole.CORRECTION)
    [one] = heard_by_task(active).values()
    assert {answer.completed_by for answer in one.answers} == {ANNA, BERT}


def test_of_one_person_the_first_blind_answer_counts_and_else_the_newest(active: World) -> None:
    blind(active, 1, u11="a", u12="b")
    answer(active, 1, ANNA, "b", role=LabelRole.VALIDATION)
    active.published(2)
    for user, label in ((ANNA, "a"), (BERT, "b"), (ANNA, "b")):
        answer(active, 2, user, label)
    found = heard_by_task(active)
    assert votes_of([found[1]], CONTROL) == [Vote(key(found[1]), "11", "a"), Vote(key(found[1]), "12", "b")]
    assert {(vote.person, vote.label) for vote in votes_of([found[2]], CONTROL)} == {("11", "b"), ("12", "b")}


def test_a_skip_and_an_empty_answer_are_no_votes(active: World) -> None:
    blind(active, 1, u11="a", u12="b")
    answer(active, 1, CARL, "a", role=LabelRole.VALIDATION, was_cancelled=True)
    active.now += 1.0
    active.label(1, 99_999, completed_by=14, regions=(), role=LabelRole.VALIDATION)
    [one] = heard_by_task(active).values()
    assert [vote.person for vote in votes_of([one], CONTROL)] == ["11", "12"]


def test_one_blind_answer_beside_the_model_is_learned_from(active: World) -> None:
    """Else both would be judged by the items alone that were asked again because they differed."""
    for number in range(1, 9):
        blind(active, number, u11="ab"[number % 2])
        model_says(active, number, "ab"[number % 2])
    blind(active, 9, u11="a", u12="b")
    heard = list(heard_by_task(active).values())
    found = judge(heard, CONTROL, Method.DAWID_SKENE)
    assert found is not None
    assert len(found.items) == 9
    assert found.model_accuracy is not None
    assert found.model_accuracy > 0.9
    assert found.people == ("11", "12")
    votes = counted(heard, CONTROL, Method.DAWID_SKENE)
    assert len(votes) == len(found.supported) == 10
    split = {vote.label: sure for vote, sure in zip(votes, found.supported, strict=True) if vote.item == key(heard[8])}
    assert split["b"] < 0.05 < split["a"], "who agreed with the model eight times speaks louder than a stranger"


def test_crowdlab_wants_the_model_and_two_people(active: World) -> None:
    blind(active, 1, u11="a")
    model_says(active, 1, "a")
    blind(active, 2, u11="a", u12="a")
    assert judge(list(heard_by_task(active).values()), CONTROL, Method.CROWDLAB) is None
    model_says(active, 2, "a")
    found = judge(list(heard_by_task(active).values()), CONTROL, Method.CROWDLAB)
    assert found is not None
    assert set(found.items) == {key(one) for one in heard_by_task(active).values()}
    assert {label for label, _ in found.labels().values()} == {"a"}


def test_nothing_follows_from_single_answers(active: World) -> None:
    active.published(1)
    answer(active, 1, ANNA, "a")
    assert heard_by_task(active) == {}
    assert judge([], CONTROL, Method.DAWID_SKENE) is None


def test_the_anaesthetists_of_1979_through_the_store(world: World) -> None:
    """45 patients, the five observers as people, of observer 1 the third reading: the newest answer counts."""
    with world.store.begin() as uow:
        uow.projects.update(world.project, label_config=LabelConfig(digest="1" * 64, controls=(GRADES,)))
    forms = ANAESTHETISTS.split()
    world.receive(*(task(number) for number in range(len(forms))))
    for number, row in enumerate(forms):
        for observer, grade in zip("1112345", row, strict=True):
            answer(world, number, int(observer), grade, role=LabelRole.TRAIN)
    with world.store.read() as uow:
        project = uow.projects.get(world.project)
        heard = hear(uow, project)
    found = judge(heard, control_of(project.label_config, None), Method.DAWID_SKENE)
    votes = [
        Vote(f"{number:02}", observer, grade)
        for number, row in enumerate(forms)
        for observer, grade in zip("12345", row[2:], strict=True)
    ]
    expected = dawid_skene(votes, ("1", "2", "3", "4"))
    assert found is not None
    assert found.posterior == pytest.approx(expected.posterior, abs=1e-9)
    assert found.posterior.mean(axis=0) == pytest.approx(PUBLISHED_MARGINALS, abs=0.03)
