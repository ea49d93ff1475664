"""Another model version by hand on a real Ray Serve cluster: nothing in flight is lost, or wrongly decided."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from models.base import TrainingExample
from models.types import Fold, GateState, HumanLabel, Item, Region, Route
from models.values import Choices
from scripts.demo.stack import Service, start_service, stop_service
from serving.local import LocalScorer
from serving.secrets import open_vault
from serving.settings import Settings
from serving.store.engine import Store
from serving.store.records import ItemRow, ItemState, NewItem
from tests.support.local_world import easy, new_project
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.ray
ITEMS = 4_000
MODELS = "/api/v1/projects/moods/models"
WHY = {"reason": "a better idea", "by": "ines"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    yield start_service(tmp_path / "service", settings={"PRELABEL_CLAIM_IDLE_S": "0.2"}, progress=lambda _: None)
    stop_service(tmp_path / "service")


def soon(holds: Callable[[], bool], limit_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


def connected(service: Service) -> tuple[Store, int, list[str]]:
    """A project whose Label Studio does not answer, with an open gate, two heads and no items; the heads' versions."""
    settings = Settings(data_dir=service.data_dir)
    store, scorer = Store.open(settings.store_url), LocalScorer(Path(settings.model_dir))
    sure: dict[str, Any] = {"audit_rate": 0.0, "validation_fraction": 1e-9}
    versions = []
    with store.begin() as uow:
        project = uow.projects.add(new_project(open_vault(settings), **sure), time.time())
        for seed in (1, 2):
            examples = [
                TrainingExample(
                    item=Item(key=str(n), data={"text": text}),
                    label=HumanLabel(regions=(Region(control="mood", value=Choices(labels=(label,))),)),
                )
                for n, (text, label) in enumerate(easy(60, seed=seed))
            ]
            made = scorer.train(project.spec, project.label_config.controls, examples, name="moods")
            uow.models.add(project.id, made.ref, made.n, {}, time.time())
            versions.append(made.ref.version)
        uow.models.activate(project.id, versions[0], time.time())
        uow.gate.add_certificate(
            project.id,
            model_version=versions[0],
            model_sha256=uow.models.get(project.id, versions[0]).ref.sha256,
            label_config_digest=project.label_config.digest,
            open=True,
            threshold=0.0,
            n=200,
            errors=0,
            epsilon=project.epsilon,
            delta=0.08,
            selective_upper=0.02,
            overall_upper=None,
            coverage=1.0,
            needed_labels=0,
            reason="Open: made up for this test.",
            now=time.time(),
        )
        numbers: dict[str, Any] = {"now": time.time(), "numbers": {}, "actor": "prelabel"}
        uow.gate.transition(project.id, GateState.OPEN, reason="test", **numbers)
    return store, project.id, versions


def every(store: Store, project: int) -> list[ItemRow]:
    with store.read() as uow:
        return uow.items.page(project, state=None, limit=ITEMS)


def test_nothing_is_lost_or_decided_by_the_wrong_version(service: Service) -> None:
    store, project, (old, new) = connected(service)
    tasks = [
        NewItem(
            task_id=n, digest=sha256(text.encode()).hexdigest(), data={"text": text}, fold=Fold.TRAIN, draw=n / ITEMS
        )
        for n, (text, _) in enumerate(easy(ITEMS, seed=3))
    ]
    with store.begin() as uow:
        uow.items.receive(project, tasks, time.time())
    states: Counter[ItemState] = Counter()

    def under_way() -> bool:
        with store.read() as uow:
            states.clear()
            states.update(uow.items.counts(project))
        return 0 < states[ItemState.DECIDED] < ITEMS

    with service.client() as http:
        soon(under_way)
        placed = http.post(f"{MODELS}/{new}/promote", json=WHY).raise_for_status().json()
        assert (placed["active"], placed["gate"]) == (new, "shadow")
        assert states[ItemState.RECEIVED] > 0, "items were in flight"
        soon(lambda: {row.state for row in every(store, project)} == {ItemState.DECIDED})
        rows = every(store, project)
        assert len(rows) == ITEMS
        assert {(row.model_version, row.route) for row in rows} == {(new, Route.SUGGEST)}
        placed = http.post(f"{MODELS}/rollback", json=WHY).raise_for_status().json()
        assert (placed["active"], placed["gate"]) == (old, "open")
        soon(lambda: {row.state for row in every(store, project)} == {ItemState.DECIDED})
        rows = every(store, project)
        assert {(row.model_version, row.route) for row in rows} == {(old, Route.ACCEPT)}
        with store.read() as uow:
            assert uow.gate.tests(project) == 1, "the certificate counted again"
            for row in rows[:: ITEMS // 50]:
                made = uow.items.history(row.id)["decisions"]
                assert all(one["route"] == Route.SUGGEST or one["certificate_id"] == 1 for one in made)
        speeds = {one["version"]: (one["scored_items"], one["scored_seconds"]) for one in http.get(MODELS).json()}
        assert speeds[new][0] >= ITEMS
        assert speeds[old][0] >= ITEMS
        assert all(0.0 < seconds < items / 100 for items, seconds in speeds.values())
    store.close()
