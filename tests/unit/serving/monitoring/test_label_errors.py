"""Labels that are likely to be wrong: only those that the model did not learn from."""

from __future__ import annotations

import pytest

from models.errors import NotFoundError
from serving.monitoring.label_errors import label_errors
from serving.store.records import ItemState
from tests.support.local_world import LocalWorld, easy


def test_a_label_that_the_model_does_not_believe_is_found(world: LocalWorld) -> None:
    world.open(easy(160))
    before = label_errors(world.runtime, world.project)
    shown = next(row for row in world.items() if row.state is ItemState.PUBLISHED and not row.blind)
    right = world.gold[shown.data["text"]]
    world.label(shown.task_id, "bad" if right == "good" else "good")
    world.sync()
    after = label_errors(world.runtime, world.project, control=before.control)
    assert after.judged == before.judged + 1
    [found] = [one for one in after.rows if one.item.task_id == shown.task_id]
    assert (found.model, found.seen) == (right, True)
    assert found.quality == pytest.approx(1.0 - (shown.confidence or 0.0))
    assert [one.quality for one in after.rows] == sorted(one.quality for one in after.rows)


def test_a_label_that_the_model_learned_from_is_not_judged(world: LocalWorld) -> None:
    world.open(easy(160))
    with world.store.read() as uow:
        labels = {label.id: label for label in uow.labels.for_project(world.id)}
        pairs = uow.browse.compared(world.id, look=1000).rows
    learned = [
        label
        for label, said in pairs
        if not labels[label.id].role.blind and said.created_at > labels[label.id].created_at
    ]
    found = label_errors(world.runtime, world.project)
    assert found.compared == len(pairs)
    assert found.judged == len(pairs) - len(learned)


def test_a_control_that_is_not_there_is_named(world: LocalWorld) -> None:
    with pytest.raises(NotFoundError, match="nothing"):
        label_errors(world.runtime, world.project, control="nothing")
