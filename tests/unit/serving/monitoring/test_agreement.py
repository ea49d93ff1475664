"""Which answers each alpha is taken from, in a world whose people answer twice."""

from __future__ import annotations

import pytest

from models.people import krippendorff_alpha
from serving.monitoring.agreement import Sample, agreement, in_words, samples
from serving.pipeline.opinions import is_checked
from serving.store.records import BLIND_AUDIT
from tests.support.local_world import LocalWorld, easy, hard
from tests.unit.serving.conftest import MakeWorld

ANNA, BERT = 21, 22
OTHER = {"good": "bad", "bad": "good"}


def right(world: LocalWorld, task: int) -> str:
    return world.gold[world.item(task).data["text"]]


@pytest.fixture
def twice(make: MakeWorld) -> LocalWorld:
    """Blind items are answered by Anna, and by Bert, who errs on each fifth; 20 suggestions, too: on each second."""
    world = make(validation_target=60, train_target=30)
    world.arrive(easy(140))
    world.sync()
    world.tick()
    for place, item in enumerate(world.blind()):
        world.label(item.task_id, user=ANNA)
        label = right(world, item.task_id)
        world.label(item.task_id, OTHER[label] if place % 5 == 0 else label, user=BERT)
    world.sync()
    world.label_wanted(40)
    world.tick()
    world.settle()
    world.arrive(hard(30, seed=1))
    world.sync()
    world.settle()
    shown = [item for item in world.items() if item.route == "suggest" and item.state == "published"][:20]
    for place, item in enumerate(shown):
        world.label(item.task_id, user=ANNA)
        label = right(world, item.task_id)
        world.label(item.task_id, OTHER[label] if place % 2 == 0 else label, user=BERT)
    world.sync()
    return world


def test_each_sample_holds_what_it_says(twice: LocalWorld) -> None:
    found = samples(twice.runtime, twice.project)
    items = {item.id: item for item in twice.items()}
    secret = twice.runtime.sampling_secret(twice.project)
    blind = {item.id for item in twice.blind()}
    drawn = {id for id in blind if is_checked(items[id], secret)}
    assert {id for id, said in found["by_lot"].items() if len(said) == 2} == drawn
    assert 0 < len(drawn) < len(blind)
    assert {id for id, said in found["without_suggestion"].items() if len(said) > 1} == blind
    shown = {id for id, said in found["with_suggestion"].items() if len(said) > 1}
    assert len(shown) == 20
    assert not shown & blind
    assert all(items[id].reason != BLIND_AUDIT for id in drawn)


def test_alpha_is_that_of_the_sample(twice: LocalWorld) -> None:
    report = agreement(twice.runtime, twice.project)
    by: dict[Sample, float | None] = {one.sample: one.alpha for one in report.figures}
    [control] = twice.project.label_config.controls
    for sample, answers in samples(twice.runtime, twice.project).items():
        said = {str(id): {str(a.completed_by): a.regions for a in rows} for id, rows in answers.items()}
        alone = krippendorff_alpha(said, control, draws=0)
        assert by[sample] == (None if alone is None else pytest.approx(alone.alpha))
    unseen = next(one for one in report.figures if one.sample == "without_suggestion")
    assert unseen.alpha == pytest.approx(0.6, abs=0.05), "one in five differs, two about even classes: 1 - 0.2 / 0.5"
    assert (unseen.people, unseen.answers, unseen.level) == (2, 2 * unseen.items, "nominal")
    assert unseen.lower is not None
    assert unseen.upper is not None
    assert unseen.lower < 0.6 < unseen.upper
    assert f"{unseen.items} items" in in_words(unseen)
    shown = next(one for one in report.figures if one.sample == "with_suggestion")
    assert shown.alpha is not None
    assert shown.alpha < 0.55


def test_where_everybody_says_the_same_there_is_no_alpha(world: LocalWorld) -> None:
    [task] = world.arrive([("lovely", "good")])
    world.sync()
    for user in (ANNA, BERT):
        world.label(task, user=user)
    world.sync()
    [one] = agreement(world.runtime, world.project).figures
    assert (one.alpha, one.items, one.answers, one.people) == (None, 1, 2, 2)
    assert "not defined" in in_words(one)


def test_single_answers_say_nothing(world: LocalWorld) -> None:
    world.open(easy(110))
    assert agreement(world.runtime, world.project).figures == ()
