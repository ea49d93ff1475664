"""Consensus labels as programs get them: pages, CSV, and what is said of all."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from models.errors import NotFoundError
from serving.monitoring.consensus import ConsensusLabel, as_csv, consensus, in_words
from serving.workforce.consensus import Method, hear, judge
from tests.support.local_world import LocalWorld, easy

PEOPLE = (21, 22, 23)
OTHER = {"good": "bad", "bad": "good"}


@pytest.fixture
def thrice(world: LocalWorld) -> LocalWorld:
    """Thirty items before there is a model, by three people: 21 is always right, the others each third time not."""
    tasks = world.arrive(easy(30))
    world.sync()
    for place, task in enumerate(tasks):
        label = world.gold[world.item(task).data["text"]]
        for user in PEOPLE:
            wrong = user != 21 and (place + user) % 3 == 0
            world.label(task, OTHER[label] if wrong else label, user=user)
    world.sync()
    return world


def test_each_item_has_the_label_that_most_say_and_its_certainty(thrice: LocalWorld) -> None:
    found = consensus(thrice.runtime, thrice.project)
    gold = {item.id: thrice.gold[item.data["text"]] for item in thrice.items()}
    assert {row.item: row.label for row in found.labels} == gold
    assert (found.items, found.people, found.fitted_votes, found.model_votes) == (30, 3, 90, 0)
    assert found.model_accuracy is None
    assert found.next_after is None
    assert {row.answers for row in found.labels} == {3}
    unanimous = [row.certainty for row in found.labels if row.agreed == 3]
    split = [row.certainty for row in found.labels if row.agreed == 2]
    assert unanimous
    assert split
    assert min(unanimous) > max(split)
    assert found.mean_certainty == pytest.approx(np.mean([row.certainty for row in found.labels]))
    assert found.uncertain == sum(row.certainty < 0.95 for row in found.labels)
    assert "30 items" in in_words(found)


def test_certainties_are_those_of_the_method(thrice: LocalWorld) -> None:
    with thrice.store.read() as uow:
        heard = hear(uow, thrice.project)
    [control] = thrice.project.label_config.controls
    plain = judge(heard, control, Method.DAWID_SKENE)
    assert plain is not None
    found = consensus(thrice.runtime, thrice.project)
    assert [row.certainty for row in found.labels] == pytest.approx(plain.posterior.max(axis=1))


def test_pages_are_the_whole_in_order(thrice: LocalWorld) -> None:
    whole = consensus(thrice.runtime, thrice.project).labels
    after = 0
    pages: list[ConsensusLabel] = []
    for _ in range(9):
        page = consensus(thrice.runtime, thrice.project, after=after, limit=7)
        assert page.items == 30
        pages += page.labels
        if page.next_after is None:
            break
        after = page.next_after
    assert tuple(pages) == whole
    assert consensus(thrice.runtime, thrice.project, limit=0).next_after == 0


def test_csv_has_a_line_an_item(thrice: LocalWorld) -> None:
    report = consensus(thrice.runtime, thrice.project, limit=2)
    rows = list(csv.DictReader(io.StringIO(as_csv(report))))
    assert [int(row["item"]) for row in rows] == [row.item for row in report.labels]
    assert [float(row["certainty"]) for row in rows] == pytest.approx([row.certainty for row in report.labels])
    assert {row["model"] for row in rows} == {""}


def test_crowdlab_has_nothing_to_say_without_the_model(thrice: LocalWorld) -> None:
    found = consensus(thrice.runtime, thrice.project, method=Method.CROWDLAB)
    assert (found.items, found.labels, found.mean_certainty) == (0, (), None)
    assert "no item" in in_words(found)


def test_an_unknown_control_names_those_that_are_there(world: LocalWorld) -> None:
    with pytest.raises(NotFoundError, match="mood"):
        consensus(world.runtime, world.project, control="colour")
