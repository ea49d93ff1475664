"""Which version annotators see: what follows by itself is no finding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from serving.projects import checks
from serving.projects.doctor import FOLLOWED_S, POLLS, _model_version
from tests.support.local_world import LocalWorld, easy, hard


def seen(world: LocalWorld, *, fix: bool = False, **remote: Any) -> list[tuple[bool, str]]:
    """(well, detail) of the check; none where it was left out."""
    found: list[tuple[bool, str]] = []

    def note(check: checks.Check, ok: bool, detail: str, /, **values: object) -> None:
        assert check is checks.MODEL_VERSION
        assert check.advise(project=world.project.slug, **values)
        found.append((ok, detail))

    there = replace(world.platform.project(), **remote)
    _model_version(world.runtime, world.project, world.platform, there, fix, note)
    return found


@pytest.fixture
def predicted(world: LocalWorld) -> LocalWorld:
    """A model predicts, and its suggestions are there."""
    world.open(easy(110))
    world.arrive(hard(20))
    world.sync()
    world.settle()
    return world


def followed(world: LocalWorld) -> float:
    return max(FOLLOWED_S, POLLS * world.runtime.settings.reconcile_s)


def test_a_new_version_is_followed_by_itself_within_a_few_polls(predicted: LocalWorld) -> None:
    pushed = repr(predicted.project.active_model)
    predicted.clock.now = first(predicted) + followed(predicted) - 1.0
    assert seen(predicted, model_version="") == [
        (True, f"Label Studio shows predictions of no version; those of {pushed} follow by themselves")
    ]
    predicted.later(2.0)
    assert seen(predicted, model_version="") == [(False, "Label Studio shows predictions of no version")]


def test_one_that_was_taken_up_again_has_as_much_time(predicted: LocalWorld) -> None:
    predicted.clock.now = first(predicted) + 10 * followed(predicted)
    assert not seen(predicted, model_version="the one before")[0][0]
    with predicted.store.begin() as uow:
        uow.models.activate(predicted.id, str(predicted.project.active_model), predicted.clock())
    assert seen(predicted, model_version="the one before")[0][0]
    predicted.later(followed(predicted) + 1.0)
    assert not seen(predicted, model_version="the one before")[0][0]


def test_what_was_chosen_by_hand_is_found_and_mended(predicted: LocalWorld) -> None:
    predicted.later(10 * followed(predicted))
    pushed = predicted.project.active_model
    assert seen(predicted, model_version="another") == [(False, "Label Studio shows predictions of 'another'")]
    assert seen(predicted, fix=True) == [(True, f"Label Studio shows predictions of {pushed!r}")]
    assert predicted.platform.project().model_version == pushed
    assert seen(predicted)[0][0]


def test_where_no_suggestions_are_shown_no_version_is_looked_for(predicted: LocalWorld) -> None:
    predicted.later(10 * followed(predicted))
    assert seen(predicted, show_suggestions=False) == []


def test_before_the_first_suggestion_any_version_will_do(world: LocalWorld) -> None:
    assert seen(world, model_version="another") == [(True, "Label Studio shows predictions of 'another'")]


def test_a_version_that_came_while_label_studio_was_asked(predicted: LocalWorld) -> None:
    """The project was read before the version changed, and Label Studio after it."""
    stale = replace(predicted.project, active_model="the one before")
    found: list[bool] = []
    there = predicted.platform.project()
    _model_version(
        predicted.runtime, stale, predicted.platform, there, False, lambda check, ok, *_, **__: found.append(ok)
    )
    assert found == [True]


def first(world: LocalWorld) -> float:
    with world.store.read() as uow:
        at = uow.outbox.first_suggestion(world.id, str(world.project.active_model))
    assert at is not None
    return at
