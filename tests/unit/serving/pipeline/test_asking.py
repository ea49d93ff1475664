"""Which items people are asked for: unsure ones with a random control between them, and never the validation fold."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from connectors.label_studio.label_config import parse
from models.errors import MediaError, MediaUnavailable
from models.ordering import CANDIDATES, control_from
from models.specs import HeadSpec
from models.types import Fold, Item, Route
from serving.pipeline import asking, certifying
from serving.pipeline.asking import REFILL, SHORTEST
from serving.store.records import ItemRow, ItemState, LabelRole, ProjectRow
from tests.support.local_world import LocalWorld, easy, hard
from tests.unit.serving.conftest import MakeWorld

PICTURES = (
    '<View><Image name="image" value="$image"/><Choices name="look" toName="image" choice="single" required="true">'
    '<Choice value="dark"/><Choice value="bright"/></Choices></View>'
)


def listed(world: LocalWorld) -> list[ItemRow]:
    """What is on the list and can be labelled now, in its order."""
    rows = [row for row in world.wanted() if row.asked is not None]
    assert [row.asked for row in rows] == sorted(row.asked for row in rows if row.asked is not None)
    return rows


def is_control(world: LocalWorld, row: ItemRow) -> bool:
    return row.draw >= control_from(world.project.validation_fraction)


def refresh(world: LocalWorld, size: int = 0) -> bool:
    world.later()
    return asking.refresh(world.runtime, world.project, lambda: size)


@pytest.fixture
def closed(world: LocalWorld) -> LocalWorld:
    """A gate that stays closed: half of the items are hard. Everything is scored and shown."""
    world.open(easy(250) + hard(250), labels=60)
    assert world.project.active_model is not None
    assert not world.moving()
    world.tick()
    return world


class TestWithAModel:
    def test_unsure_items_come_first_and_the_control_between_them(self, closed: LocalWorld) -> None:
        rows = listed(closed)
        assert len(rows) == SHORTEST
        ours = [row for row in rows if not is_control(closed, row)]
        assert len(rows) - len(ours) == SHORTEST // 10
        pool = [i for i in closed.items() if i.fold is Fold.TRAIN and i.state is ItemState.PUBLISHED]
        assert np.mean([row.confidence for row in ours]) < np.mean([row.confidence for row in pool])
        waiting = sorted((i.draw, i.id) for i in pool if is_control(closed, i))
        control = [row.id for row in rows if is_control(closed, row)]
        assert control == [id for _, id in waiting[: len(control)]], "in order of draw, whatever they hold"

    def test_the_validation_fold_is_never_listed_and_comes_last(self, closed: LocalWorld) -> None:
        assert {row.fold for row in listed(closed)} == {Fold.TRAIN}
        rows = [row for row in closed.wanted() if not row.blind]
        folds = [row.fold for row in rows]
        first = folds.index(Fold.VALIDATION)
        assert set(folds[:first]) == {Fold.TRAIN}
        assert set(folds[first:]) == {Fold.VALIDATION}
        draws = [row.draw for row in rows[first:]]
        assert draws == sorted(draws, reverse=True), "the next to be drawn blind are the last to be shown"

    def test_a_list_is_worked_off_before_the_next_is_made(self, closed: LocalWorld) -> None:
        before = [row.id for row in listed(closed)]
        assert not refresh(closed)
        for row in listed(closed)[: SHORTEST - REFILL]:
            closed.label(row.task_id)
        closed.sync()
        assert [row.id for row in listed(closed)] == before[-REFILL:]
        assert not refresh(closed)
        closed.label(listed(closed)[0].task_id)
        closed.sync()
        assert refresh(closed)
        assert len(listed(closed)) == SHORTEST
        assert len(set(before[:-REFILL]) & {row.id for row in listed(closed)}) == 0

    def test_skipped_items_do_not_stop_it(self, closed: LocalWorld) -> None:
        for row in listed(closed)[REFILL - 1 :]:
            closed.label(row.task_id)
        closed.sync()
        assert len(listed(closed)) == REFILL - 1
        assert refresh(closed)
        assert len(listed(closed)) == SHORTEST

    def test_where_everything_is_listed_already_nothing_is_done(self, closed: LocalWorld) -> None:
        for row in [row for row in closed.wanted() if row.fold is Fold.TRAIN][:-4]:
            closed.label(row.task_id)
        closed.sync()
        assert sum(refresh(closed) for _ in range(3)) <= 1

    def test_a_new_model_makes_a_new_list(self, closed: LocalWorld) -> None:
        old = closed.project.active_model
        for row in listed(closed)[:15]:
            closed.label(row.task_id)
        closed.sync()
        assert closed.train() is not None
        assert closed.project.active_model != old
        assert listed(closed) == []
        assert not refresh(closed), "nothing of the new model is shown yet"
        closed.settle()
        closed.tick()
        assert listed(closed)
        assert {row.model_version for row in listed(closed)} == {closed.project.active_model}

    def test_as_many_as_the_next_head_takes(self, closed: LocalWorld) -> None:
        with closed.store.begin() as uow:
            uow.asking.clear(closed.id)
        assert refresh(closed, 80)
        assert len(listed(closed)) == 80

    def test_a_model_that_came_meanwhile_is_not_asked_for_the_old_one(self, closed: LocalWorld) -> None:
        with closed.store.begin() as uow:
            uow.asking.clear(closed.id)
        stale = replace(closed.project, active_model="moods-000000000000")
        assert not asking.refresh(closed.runtime, stale, lambda: 50)
        assert listed(closed) == []

    def test_what_is_asked_for_trains_and_never_certifies(self, closed: LocalWorld) -> None:
        rows = listed(closed)[:20]
        for row in rows:
            closed.label(row.task_id)
        closed.sync()
        with closed.store.read() as uow:
            roles = {label.item_id: label.role for label in uow.labels.for_project(closed.id)}
            sample = {item.id for item, _ in certifying.validation_sample(uow, closed.project)}
        assert {roles[row.id] for row in rows} == {LabelRole.CORRECTION}
        assert not sample & {row.id for row in rows}


def test_the_blind_sample_is_the_same_whatever_people_are_asked_for(make: MakeWorld) -> None:
    """After corrections in our order, the next blind items are those that the draw alone names."""
    world = make()
    world.open(easy(150) + hard(150), labels=60)
    world.tick()
    for row in [row for row in world.wanted() if not row.blind][:120]:
        world.label(row.task_id)
    world.sync()
    blind = {i.id for i in world.items() if i.inclusion is not None}
    fold = sorted((i.draw, i.id) for i in world.items() if i.fold is Fold.VALIDATION and i.id not in blind)
    world.change(validation_target=world.project.validation_target + 10)
    world.tick()
    drawn = {i.id for i in world.items() if i.inclusion is not None} - blind
    assert drawn == {id for _, id in fold[: len(drawn)]}
    assert drawn


def test_words_are_asked_for_in_order_of_draw_while_there_is_no_model(world: LocalWorld) -> None:
    world.arrive(easy(100))
    world.sync()
    world.tick()
    seeds = [row for row in world.wanted() if not row.blind]
    assert [row.draw for row in seeds] == sorted(row.draw for row in seeds)
    assert listed(world) == []


def picture(look: int, n: int) -> str:
    """Of four looks, with a grain of its own; as a data URI."""
    array = np.random.default_rng(100 * look + n).integers(0, 20, (16, 16))
    array[:, 8:] += 200 * (look & 1)
    array[8:] += 100 * (look >> 1)
    stream = io.BytesIO()
    Image.fromarray(array.clip(0, 255).astype(np.uint8)).save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


@pytest.fixture
def gallery(make: MakeWorld) -> LocalWorld:
    """Pictures, most of them alike."""
    world = make(spec=HeadSpec(encoder="pixels"), label_config=parse(PICTURES), label_config_xml=PICTURES)
    world.platform.set_label_config(PICTURES)
    world.platform.add_tasks([{"image": picture(0, n)} for n in range(200)])
    world.platform.add_tasks([{"image": picture(look, n)} for look in (1, 2, 3) for n in range(6)])
    world.later()
    return world


def looks(rows: Sequence[ItemRow]) -> set[str]:
    known = {picture(look, n): str(look) for look in range(4) for n in range(200 if look == 0 else 6)}
    return {known[row.data["image"]] for row in rows}


class TestSeeds:
    def test_pictures_that_differ_come_first(self, gallery: LocalWorld) -> None:
        gallery.sync()
        gallery.tick()
        rows = listed(gallery)
        assert len(rows) == SHORTEST
        candidates = sorted(
            (i.draw, i.id) for i in gallery.items() if i.fold is Fold.TRAIN and not is_control(gallery, i)
        )[: CANDIDATES * SHORTEST]
        assert {row.id for row in rows} <= {id for _, id in candidates}
        there = looks([i for i in gallery.items() if i.id in {id for _, id in candidates}])
        assert looks(rows[: len(there)]) == there, "one of each before a second of any"

    def test_nothing_is_listed_before_all_tasks_were_read(self, gallery: LocalWorld) -> None:
        assert gallery.project.watermark == 0.0
        assert not refresh(gallery)

    def test_without_media_people_are_asked_in_order_of_draw(self, gallery: LocalWorld) -> None:
        gallery.sync()
        calls: list[int] = []

        class Away:
            def attach(self, project: ProjectRow, items: Sequence[Item]) -> list[Item | MediaError]:
                calls.append(len(items))
                return [MediaUnavailable("503") for _ in items]

        runtime = replace(gallery.runtime, media=Away())
        for _ in range(3):
            assert not asking.refresh(runtime, gallery.project, lambda: 20)
        assert len(calls) == 1, "it is not tried again at once"
        assert len([row for row in gallery.wanted() if not row.blind]) > 100
        gallery.later(gallery.runtime.settings.retry_max_s)
        asking.refresh(runtime, gallery.project, lambda: 20)
        assert len(calls) == 2

    def test_the_first_head_ends_the_list_of_seeds(self, gallery: LocalWorld, tmp_path: Path) -> None:
        gallery.sync()
        gallery.tick()
        for n, row in enumerate([row for row in gallery.wanted() if not row.blind][:20]):
            gallery.platform.annotate(
                row.task_id,
                [
                    {
                        "from_name": "look",
                        "to_name": "image",
                        "type": "choices",
                        "value": {"choices": ["dark" if n % 2 else "bright"]},
                    }
                ],
                user_id=2,
            )
        gallery.sync()
        gallery.tick()
        assert gallery.project.active_model is not None
        left = [i for i in gallery.items() if i.asked is not None]
        assert {i.state for i in left} == {ItemState.LABELED}
        assert len(left) == 20
        gallery.settle()
        gallery.tick()
        rows = listed(gallery)
        assert len(rows) == SHORTEST
        assert all(row.route is Route.SUGGEST for row in rows)
