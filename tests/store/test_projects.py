from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from models.costs import Costs
from models.errors import ConfigurationError, NotFoundError
from models.gate.drift import Drift
from models.people.effort import Effort
from models.people.skill import Skill
from models.skills import FieldOfWork, Need
from models.specs import TransformersSpec
from models.types import Choices, GateState, Region, Route
from serving.store.changes import NewChange
from serving.store.effort import Look
from serving.store.engine import Store
from serving.store.gold_records import GoldSource
from serving.store.health import Trouble
from serving.store.people_records import Ground
from serving.store.records import LabelRole
from serving.store.series import Level, Part
from serving.store.tables import metadata
from tests.store.people import Desks, skill
from tests.store.world import CONFIG, World, model_ref, new_project, task


def test_a_project_comes_back_as_it_was_stored(store: Store) -> None:
    new = new_project()
    with store.begin() as uow:
        added = uow.projects.add(new, 12.5)
    with store.read() as uow:
        assert uow.projects.get(added.id) == uow.projects.by_slug("reviews") == added
        assert uow.projects.list() == [added]
    assert {name: getattr(added, name) for name in new.__slots__} == {
        name: getattr(new, name) for name in new.__slots__
    }
    assert (added.gate_state, added.active_model, added.created_at) == (GateState.COLD, None, 12.5)


def test_the_same_platform_project_is_refused_by_the_name_it_has(store: Store) -> None:
    with store.begin() as uow:
        uow.projects.add(new_project("first"), 0.0)
    with store.begin() as uow:
        with pytest.raises(
            ConfigurationError, match=r"project 1 of http://127\.0\.0\.1:8080 is connected already, as 'first'"
        ):
            uow.projects.add(new_project("second"), 0.0)
        with pytest.raises(ConfigurationError, match="'first' is connected already, to project 1"):
            uow.projects.add(new_project("first", number=2), 0.0)
        uow.projects.add(new_project("third", number=3), 0.0)
    with store.read() as uow:
        assert [p.slug for p in uow.projects.list()] == ["first", "third"]


def test_an_unknown_project_names_the_known_ones(world: World) -> None:
    with world.store.read() as uow:
        with pytest.raises(NotFoundError, match="'shop'; connected are: reviews"):
            uow.projects.by_slug("shop")
        with pytest.raises(NotFoundError, match="connected are: reviews"):
            uow.projects.get(4711)


def test_update_changes_what_is_named_and_nothing_else(world: World) -> None:
    config = CONFIG.model_copy(update={"digest": "1" * 64})
    spec = TransformersSpec(source="some/model", label_map={"LABEL_0": "a"})
    with world.store.begin() as uow:
        before = uow.projects.get(world.project)
        after = uow.projects.update(
            world.project, label_config=config, spec=spec, paused=True, watermark=3.5, active_model="m1", token=b"new"
        )
    assert after == replace(
        before, label_config=config, spec=spec, paused=True, watermark=3.5, active_model="m1", token=b"new"
    )
    with world.store.begin() as uow:
        assert uow.projects.update(world.project, active_model=None).active_model is None
        assert uow.projects.update(world.project).paused
        with pytest.raises(TypeError, match="gate_state"):
            uow.projects.update(world.project, gate_state="open")  # type: ignore[call-arg]


def test_removing_a_project_leaves_nothing_of_it(world: World) -> None:
    other = World(world.store, "other", number=2)
    for each in (world, other):
        each.published(1, 2)
        each.label(1, 10, role=LabelRole.CORRECTION)
        [first] = each.ids(1)
        with world.store.begin() as uow:
            uow.models.add(each.project, model_ref(), 10, {}, 0.0)
            uow.gate.transition(each.project, GateState.SHADOW, reason="r", actor="a", numbers={}, now=0.0)
            uow.stats.add(each.project, "score", 3, 0.5)
            uow.projects.update(each.project, active_model="m1")
            uow.people.set_needs(each.project, {first: Need(FieldOfWork("law"))})
        desks = Desks(each)
        desks.join(5, skill(domain="law"))
        desks.given(5)
        person = desks.desk(5).trainer.id
        with world.store.begin() as uow:
            uow.people.keep_compared({Ground(person, FieldOfWork("law"), False): Skill.of(1, 0)}, 0.0)
            uow.reviews.draw([(uow.labels.by_annotation(each.project, [10])[10], 1)], due_at=9.0, now=0.0)
            [row] = uow.reviews.page(each.project)
            uow.reviews.give(row, person, until=9.0, now=0.0)
            field, said = FieldOfWork("law"), (Region(control="label", value=Choices(labels=("a",))),)
            gold = uow.gold.add(
                each.project, first, field=field, revision=1, regions=said, source=GoldSource.OPERATOR, now=0.0
            )
            attempt = uow.qualifications.start(each.project, person, field, wanted=4, now=0.0)
            uow.gold.answer(gold, person, qualification_id=attempt.id, regions=said, is_right=True, now=0.0)
            uow.kept.put(each.project, "counts", {}, seconds=0.0, at=0.0)
            trouble = Trouble(stage="score", project_id=each.project, code="c", reason="r", since=0.0, at=0.0)
            uow.health.beat(f"p{each.project}", {"score": 0.0}, [trouble], forget=0.0)
            uow.effort.keep(each.project, Look(1, Effort(None, (), None, 0, 0), 0.0))
            uow.changes.add(NewChange("cli", "gate.close", project=f"p{each.project}"), 0.0)
            uow.sign_ins.add(f"key-{each.project}", "operator", until=9e9, now=0.0)
            uow.series.keep(each.project, 0, 0.0, {Part.SCORE: Level(1, 1.0, 1)})
            uow.series.keep_window(each.project, 1, 1, {"confidence": Drift(0.1, 0.1, 0.5, 60, 60, alarm=False)}, 0.0)
    with world.store.begin() as uow:
        uow.projects.remove(world.project)
    with world.store.engine.connect() as conn:
        left = {t.name: conn.scalar(select(func.count()).select_from(t)) for t in metadata.sorted_tables}
    assert {name: n for name, n in left.items() if name not in ("meta", "lease", "certificate")} == {
        "project": 1,
        "item": 2,
        "prediction": 2,
        "decision": 2,
        "outbox": 3,
        "label": 1,
        "model_version": 1,
        "gate_event": 1,
        "stage_stat": 1,
        "trainer": 1,
        "skill": 1,
        "need": 1,
        "desk": 1,
        "flow": 1,
        "work": 1,
        "accuracy": 1,
        "review": 1,
        "review_turn": 1,
        "gold": 1,
        "gold_answer": 1,
        "qualification": 1,
        "effort": 1,
        "stage_sample": 1,
        "drift_window": 1,
        "heartbeat": 2,
        "draft": 0,
        "kept_figure": 1,
        "trouble": 1,
        "change": 2,
        "sign_in": 2,
    }, "a trainer is the Label Studio's, a heartbeat its process's, and what was done outlives a project"
    assert other.item(2).route is Route.SUGGEST


def test_the_same_task_number_may_be_in_two_projects(world: World) -> None:
    other = World(world.store, "other", number=2)
    world.receive(task(1))
    other.receive(task(1, text="else"))
    assert world.item(1).id != other.item(1).id
    assert world.item(1).data["text"] == "good"


def test_a_held_project_stays_as_it_is(store: Store) -> None:
    """Whoever looks before a leap, such as opening a gate, must not be overtaken by somebody who closes it."""
    world = World(store)
    order: list[str] = []
    started = threading.Event()

    def close() -> None:
        started.set()
        with store.begin() as uow:
            uow.gate.transition(world.project, GateState.CLOSED, reason="x", actor="ada", numbers={}, now=world.now)
        order.append("closed")

    with store.begin() as uow:
        assert uow.projects.hold(world.project).gate_state is GateState.COLD
        thread = threading.Thread(target=close)
        thread.start()
        assert started.wait(10)
        time.sleep(0.2)
        assert uow.projects.get(world.project).gate_state is GateState.COLD
        order.append("looked")
    thread.join(10)
    assert order == ["looked", "closed"]


def test_costs_are_kept_and_forgotten(world: World) -> None:
    costs = Costs(person_hour=30.5, currency="CNY")
    with world.store.begin() as uow:
        assert uow.projects.get(world.project).costs is None
        assert uow.projects.update(world.project, costs=costs).costs == costs
        assert uow.projects.add(replace(new_project("second", number=2), costs=costs), 0.0).costs == costs
    with world.store.begin() as uow:
        assert uow.projects.get(world.project).costs == costs
        assert uow.projects.update(world.project, costs=None).costs is None
