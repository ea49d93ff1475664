"""Model versions by hand: who predicts, who scores in the shadow, and what follows for the gate."""

from __future__ import annotations

from shutil import rmtree

import pytest

from models.errors import ConfigurationError, ConflictError, ModelError, NotFoundError
from models.specs import HeadSpec, OcrSpec
from models.types import Fold, GateState, Route
from serving.pipeline import challenge, learn, score, shadow, watch
from serving.pipeline.standing import held, standing_of
from serving.projects import gate, versions
from serving.store.records import ACT, CertificateRow, GateEvent, ItemState
from serving.store.version_records import ModelVersionRow
from tests.support.audited import stream
from tests.support.local_world import CONFIG, LocalWorld, easy
from tests.unit.serving.conftest import MakeWorld

WHO = {"reason": "a better idea", "actor": "ada"}


def events(world: LocalWorld) -> list[GateEvent]:
    with world.store.read() as uow:
        return uow.gate.events(world.id)


def certificates(world: LocalWorld) -> list[CertificateRow]:
    with world.store.read() as uow:
        return uow.gate.certificates(world.id)


def row_of(world: LocalWorld, version: str) -> ModelVersionRow:
    with world.store.read() as uow:
        return uow.models.get(world.id, version)


def said_by(world: LocalWorld, version: str) -> int:
    """Items of which a version has said something."""
    with world.store.read() as uow:
        return len(uow.challenge.scored([item.id for item in world.items()], version))


def another(world: LocalWorld, n: int = 10) -> str:
    """People label ``n`` items of the train fold, and a head is trained; its version."""
    rows = [i for i in world.items() if i.fold is Fold.TRAIN and i.state is ItemState.PUBLISHED]
    rows.sort(key=lambda row: row.route is not Route.SUGGEST)
    for row in rows[:n]:
        world.label(row.task_id)
    world.sync()
    made = world.train()
    assert made is not None
    return made.version


@pytest.fixture
def opened(world: LocalWorld) -> LocalWorld:
    """An open gate."""
    world.open(easy(110))
    assert world.project.gate_state is GateState.OPEN
    return world


@pytest.fixture
def own(make: MakeWorld) -> tuple[LocalWorld, str, str]:
    """As ``two``, with model files that no other test reads."""
    world = make(audit_rate=0.1)
    world.open(easy(110))
    stream(world, easy(30, seed=8))
    return world, str(world.project.active_model), another(world)


@pytest.fixture
def two(opened: LocalWorld) -> tuple[LocalWorld, str, str]:
    """An open gate, its version, and a challenger that has been given something to score."""
    stream(opened, easy(30, seed=8))
    new = another(opened)
    assert opened.project.challenger == new
    return opened, str(opened.project.active_model), new


class TestPromote:
    def test_the_gate_closes_until_the_version_has_a_certificate_of_its_own(
        self, two: tuple[LocalWorld, str, str]
    ) -> None:
        world, old, new = two
        accepted = world.report().accepted
        after = versions.promote(world.runtime, world.project, new, **WHO)
        assert (after.active_model, after.challenger, after.pinned) == (new, None, True)
        assert after.gate_state is GateState.SHADOW
        assert "nothing is accepted before it is certified" in after.gate_reason
        assert after.gate_reason.endswith("a better idea")
        event = events(world)[-1]
        assert (event.actor, event.numbers[ACT]) == ("ada", "promote")
        assert (event.numbers["model_version"], event.numbers["before"]) == (new, old)
        world.arrive(easy(10, seed=9))
        world.sync()
        world.settle()
        assert world.audit().accepted == accepted, "what was accepted stays, and nothing is added"
        assert len(certificates(world)) == 1
        world.tick()
        world.settle()
        first, second = certificates(world)
        assert (second.model_version, second.trial) == (new, False)
        assert second.delta < first.delta
        assert world.project.gate_state is GateState.OPEN
        assert world.audit().accepted > accepted

    def test_what_is_decided_and_not_yet_written_is_decided_by_the_new_model(
        self, two: tuple[LocalWorld, str, str]
    ) -> None:
        world, _, new = two
        accepted = world.report().accepted
        world.arrive(easy(20, seed=3))
        world.sync()
        world.worker.score(world.project)
        world.worker.decide(world.project)
        assert any(i.route is Route.ACCEPT and i.state is ItemState.DECIDED for i in world.items())
        versions.promote(world.runtime, world.project, new, **WHO)
        world.settle()
        assert world.audit().accepted == accepted

    def test_a_chunk_in_flight_is_scored_again_and_not_lost(self, two: tuple[LocalWorld, str, str]) -> None:
        world, _, new = two
        late = world.arrive(easy(20, seed=4))
        world.sync()

        def meanwhile() -> None:
            world.scorer.before = lambda: None
            versions.promote(world.runtime, world.project, new, **WHO)

        world.scorer.before = meanwhile
        world.worker.score(world.project)
        assert world.project.active_model == new
        assert {world.item(task).state for task in late} == {ItemState.RECEIVED}
        world.settle()
        assert {world.item(task).model_version for task in late if not world.item(task).blind} == {new}
        world.audit()

    def test_a_decision_in_flight_accepts_nothing_for_a_model_that_predicts_no_more(
        self, two: tuple[LocalWorld, str, str]
    ) -> None:
        world, _, new = two
        world.arrive(easy(20, seed=5))
        world.sync()
        world.worker.score(world.project)
        stale = world.project
        versions.promote(world.runtime, world.project, new, **WHO)
        assert world.worker.decide(stale) == 0, "they are to be scored anew first"
        world.settle()
        world.audit()

    def test_a_trial_that_is_open_counts_and_is_watched(self, two: tuple[LocalWorld, str, str]) -> None:
        world, old, new = two
        for _ in range(10):
            world.tick()
            if world.project.challenger is None:
                break
        trial = certificates(world)[-1]
        assert (trial.model_version, trial.open, trial.trial) == (new, True, True)
        after = versions.promote(world.runtime, world.project, new, **WHO)
        assert after.gate_state is GateState.OPEN
        assert f"certificate {trial.id} holds still" in after.gate_reason
        world.settle()
        world.tick()
        assert [one.model_version for one in certificates(world)] == [old, new], "no delta is spent again"
        with world.store.read() as uow:
            assert {one.id for one in watch.watched(uow, world.project)} == {one.id for one in certificates(world)}
        stream(world, easy(20, seed=6))
        assert world.audit().accepted > 0

    def test_who_has_looked_at_another_model_is_told(self, two: tuple[LocalWorld, str, str]) -> None:
        world, old, new = two
        seen = world.project
        versions.promote(world.runtime, seen, new, **WHO)
        with pytest.raises(ConflictError, match="predicts since you looked"):
            versions.promote(world.runtime, seen, new, **WHO)
        with pytest.raises(ConfigurationError, match="predicts already"):
            versions.promote(world.runtime, world.project, new, **WHO)
        with pytest.raises(NotFoundError, match=old):
            versions.promote(world.runtime, world.project, "moods-0", **WHO)
        with pytest.raises(ConfigurationError, match="no person"):
            versions.promote(world.runtime, world.project, old, reason="because", actor="prelabel")


class TestRollBack:
    def test_the_certificate_from_before_counts_again_and_spends_nothing(
        self, two: tuple[LocalWorld, str, str]
    ) -> None:
        world, old, new = two
        [first] = certificates(world)
        versions.promote(world.runtime, world.project, new, **WHO)
        world.settle()
        after = versions.roll_back(world.runtime, world.project, **WHO)
        assert (after.active_model, after.gate_state, after.pinned) == (old, GateState.OPEN, True)
        assert f"certificate {first.id} holds still" in after.gate_reason
        world.settle()
        world.tick()
        assert certificates(world) == [first]
        report = world.audit()
        assert report.accepted > 0
        stream(world, easy(20, seed=6))
        assert world.audit().accepted > report.accepted
        assert standing_of(row_of(world, new), world.project) == "rejected"
        world.sync()
        assert world.platform.project().model_version == old

    def test_it_takes_the_version_before_or_the_one_that_is_named(self, two: tuple[LocalWorld, str, str]) -> None:
        world, old, new = two
        with pytest.raises(ConfigurationError, match="nothing to roll back to"):
            versions.roll_back(world.runtime, world.project, **WHO)
        with pytest.raises(ConfigurationError, match=f"{new} has never predicted"):
            versions.roll_back(world.runtime, world.project, new, **WHO)
        versions.promote(world.runtime, world.project, new, **WHO)
        world.later()
        assert versions.roll_back(world.runtime, world.project, old, **WHO).active_model == old
        world.later()
        assert versions.roll_back(world.runtime, world.project, **WHO).active_model == new
        world.settle()
        world.audit()

    def test_without_its_files_nothing_changes(self, own: tuple[LocalWorld, str, str]) -> None:
        world, old, new = own
        versions.promote(world.runtime, world.project, new, **WHO)
        before = world.project
        rmtree(row_of(world, old).ref.path or "")
        with pytest.raises(ModelError, match="cannot be read"):
            versions.roll_back(world.runtime, world.project, **WHO)
        assert world.project == before

    def test_other_files_under_its_name_are_refused(self, own: tuple[LocalWorld, str, str]) -> None:
        world, old, new = own
        versions.promote(world.runtime, world.project, new, **WHO)
        where = row_of(world, old).ref.path or ""
        with open(f"{where}/manifest.json", encoding="utf-8") as file:
            text = file.read()
        with open(f"{where}/manifest.json", "w", encoding="utf-8") as file:
            file.write(text.replace('"n": ', '"n": 1'))
        with pytest.raises(ModelError, match="holds"):
            versions.roll_back(world.runtime, world.project, **WHO)
        assert world.project.active_model == new

    def test_a_certificate_for_another_budget_does_not_count(self, two: tuple[LocalWorld, str, str]) -> None:
        world, old, new = two
        versions.promote(world.runtime, world.project, new, **WHO)
        world.later()
        gate.tolerate(world.runtime, world.project, epsilon=0.2, reason="a laxer client", actor="ada")
        world.later()
        after = versions.roll_back(world.runtime, world.project, **WHO)
        assert after.gate_state is GateState.SHADOW
        world.settle()
        world.tick()
        assert [one.model_version for one in certificates(world)] == [old, old]
        assert certificates(world)[-1].epsilon == 0.2

    def test_a_watch_goes_on(self, two: tuple[LocalWorld, str, str]) -> None:
        world, _, new = two
        versions.promote(world.runtime, world.project, new, **WHO)
        world.settle()
        world.tick()
        with world.store.begin() as uow:
            uow.gate.transition(
                world.id, GateState.WATCH, reason="drift", actor="prelabel", numbers={}, now=world.clock()
            )
        assert versions.roll_back(world.runtime, world.project, **WHO).gate_state is GateState.WATCH

    def test_what_a_person_closed_stays_closed(self, two: tuple[LocalWorld, str, str]) -> None:
        world, _, new = two
        gate.close(world.runtime, world.project, reason="not today", actor="ada")
        after = versions.promote(world.runtime, world.project, new, **WHO)
        assert (after.gate_state, after.gate_reason) == (GateState.CLOSED, "not today")
        world.later()
        after = versions.roll_back(world.runtime, world.project, **WHO)
        assert (after.gate_state, after.gate_reason) == (GateState.CLOSED, "not today")
        after = world.project
        gate.reopen(world.runtime, after, reason="today", actor="ada")
        assert world.project.gate_state is GateState.OPEN


class TestTestedBefore:
    @pytest.fixture
    def failed(self, make: MakeWorld) -> tuple[LocalWorld, str, str]:
        """A closed gate, whose test failed, and the version that came after it."""
        world = make(epsilon=0.01)
        world.open(easy(110))
        assert world.project.gate_state is GateState.CLOSED
        old = str(world.project.active_model)
        new = another(world)
        assert world.project.active_model == new
        return world, old, new

    def test_the_same_labels_test_it_only_once(self, failed: tuple[LocalWorld, str, str]) -> None:
        world, _, _ = failed
        world.settle()
        world.tick()
        spent = len(certificates(world))
        after = versions.roll_back(world.runtime, world.project, **WHO)
        assert after.gate_state is GateState.CLOSED
        assert "it was tested before" in after.gate_reason
        with world.store.read() as uow:
            assert held(uow, after) is None, "no person closed the gate"
        for _ in range(3):
            world.settle()
            world.tick()
        assert len(certificates(world)) == spent

    def test_more_labels_test_it_again(self, failed: tuple[LocalWorld, str, str]) -> None:
        world, old, _ = failed
        versions.roll_back(world.runtime, world.project, **WHO)
        gate.extend(world.runtime, world.project, labels=4)
        for _ in range(3):
            world.tick()
            world.settle()
            world.label_wanted(blind_only=True)
        world.tick()
        assert certificates(world)[-1].model_version == old
        assert certificates(world)[-1].n_validation > 40


class TestShadow:
    def test_it_scores_and_nothing_follows(self, two: tuple[LocalWorld, str, str]) -> None:
        world, old, new = two
        with world.store.begin() as uow:
            uow.projects.update(world.id, challenger=None)
        before = {item.task_id: (item.route, item.model_version, item.state) for item in world.items()}
        after = versions.shadow(world.runtime, world.project, new, **WHO)
        assert (after.shadow, after.active_model, after.gate_state) == (new, old, GateState.OPEN)
        for _ in range(5):
            world.tick()
        assert {item.task_id: (item.route, item.model_version, item.state) for item in world.items()} == before
        assert len(certificates(world)) == 1
        with world.store.read() as uow:
            seen = shadow.progress(world.runtime, uow, world.project)
            assert seen is not None
            assert seen.scored == seen.items == len(shadow.wanted(uow, world.project))
        assert said_by(world, new) == seen.items
        assert row_of(world, new).scored_items == seen.items
        assert all(new not in world.versions(item.task_id) for item in world.items()), "Label Studio hears of nothing"

    def test_it_can_be_dropped_replaced_or_promoted(self, two: tuple[LocalWorld, str, str]) -> None:
        world, old, new = two
        with pytest.raises(ConfigurationError, match="scores already"):
            versions.shadow(world.runtime, world.project, new, **WHO)  # it is on trial
        with pytest.raises(ConfigurationError, match="no model scores"):
            versions.drop_shadow(world.runtime, world.project, **WHO)
        versions.promote(world.runtime, world.project, new, **WHO)
        assert versions.shadow(world.runtime, world.project, old, **WHO).shadow == old
        assert versions.drop_shadow(world.runtime, world.project, **WHO).shadow is None
        versions.shadow(world.runtime, world.project, old, **WHO)
        after = versions.promote(world.runtime, world.project, old, **WHO)
        assert (after.active_model, after.shadow) == (old, None)
        assert [e.numbers[ACT] for e in events(world) if e.actor == "ada"] == [
            "promote",
            "shadow",
            "drop_shadow",
            "shadow",
            "promote",
        ]

    def test_a_note_by_a_person_holds_no_gate_closed(self, world: LocalWorld) -> None:
        world.open(easy(110))
        with world.store.begin() as uow:
            uow.gate.transition(world.id, GateState.CLOSED, reason="test", actor="prelabel", numbers={}, now=0.0)
        made = versions.add(world.runtime, world.project, HeadSpec(encoder="ngram", confidence="temperature"), **WHO)
        versions.shadow(world.runtime, world.project, made.ref.version, **WHO)
        with world.store.read() as uow:
            assert held(uow, world.project) is None

    def test_another_model_than_the_project_s_can_be_tried(self, opened: LocalWorld) -> None:
        made = versions.add(opened.runtime, opened.project, HeadSpec(encoder="ngram", confidence="temperature"), **WHO)
        assert made.ref.version != opened.project.active_model
        assert made.n_train > 0
        again = versions.add(opened.runtime, opened.project, made.ref.spec, **WHO)
        assert again.id == made.id
        versions.shadow(opened.runtime, opened.project, made.ref.version, **WHO)
        opened.tick()
        assert said_by(opened, made.ref.version) > 0
        with pytest.raises(ConfigurationError):
            versions.add(opened.runtime, opened.project, OcrSpec(), **WHO)


class TestPinned:
    def test_nothing_takes_its_place_by_itself(self, two: tuple[LocalWorld, str, str]) -> None:
        world, old, new = two
        versions.promote(world.runtime, world.project, new, **WHO)
        world.later()
        versions.roll_back(world.runtime, world.project, **WHO)
        world.settle()
        stream(world, easy(120, seed=11))
        for row in [i for i in world.items() if i.fold is Fold.TRAIN and i.state is ItemState.PUBLISHED]:
            world.label(row.task_id)
        world.sync()
        assert learn.labels_to_go(world.runtime, world.project) <= 0, "labels enough for the next head"
        assert not learn.training_due(world.runtime, world.project)
        for _ in range(3):
            world.tick()
        assert (world.project.active_model, world.project.challenger) == (old, None)
        made = world.train()
        assert made is not None
        assert (world.project.active_model, world.project.challenger) == (old, None)
        assert "is kept" in events(world)[-1].reason
        after = versions.release(world.runtime, world.project, **WHO)
        assert not after.pinned
        world.tick()
        assert world.project.active_model == old
        with pytest.raises(ConfigurationError, match="nothing to let go of"):
            versions.release(world.runtime, world.project, **WHO)

    def test_what_was_rolled_back_is_not_made_again(self, two: tuple[LocalWorld, str, str]) -> None:
        world, old, new = two
        versions.promote(world.runtime, world.project, new, **WHO)
        world.later()
        versions.roll_back(world.runtime, world.project, **WHO)
        world.settle()
        versions.release(world.runtime, world.project, **WHO)
        assert not learn.training_due(world.runtime, world.project)
        assert world.train() is None, "the same labels make the same version, which was rejected"
        assert (world.project.active_model, world.project.challenger) == (old, None)

    def test_another_label_config_lifts_it(self, two: tuple[LocalWorld, str, str]) -> None:
        world, old, new = two
        versions.promote(world.runtime, world.project, new, **WHO)
        versions.shadow(world.runtime, world.project, old, **WHO)
        world.platform.set_label_config(CONFIG.replace('value="bad"', 'value="poor"'))
        world.sync()
        assert (world.project.pinned, world.project.shadow, world.project.active_model) == (False, None, None)
        with pytest.raises(ConfigurationError, match="another label config"):
            versions.promote(world.runtime, world.project, old, **WHO)


def test_speed_is_measured_while_items_are_scored(opened: LocalWorld) -> None:
    row = row_of(opened, str(opened.project.active_model))
    scored = [item for item in opened.items() if item.state is not ItemState.LABELED]
    assert row.scored_items == len(scored)
    assert 0.0 < row.scored_seconds < 60.0


def test_a_challenger_is_measured_too(two: tuple[LocalWorld, str, str]) -> None:
    world, _, new = two
    with world.store.read() as uow:
        wanted = challenge.progress(world.runtime, uow, world.project)
    assert wanted is not None
    world.tick()
    assert row_of(world, new).scored_items == min(wanted.items, challenge.CHUNKS * 32)
    assert score.Measured() == score.Measured(0, 0.0)
