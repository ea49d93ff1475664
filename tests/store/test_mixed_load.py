"""Everything at once: pipeline, labels, changed data, draws, restarts. No deadlock, and the tables agree at the end."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from sqlalchemy import text

from models.types import Fold, Route
from serving.store.engine import Store, UnitOfWork
from serving.store.records import ItemState, LabelRole, NewLabel
from tests.store.cycler import Cycler
from tests.store.world import World, task

ITEMS = 300
SECONDS = 4.0
NOBODY_WAITS_FOR_NOTHING = {
    "decided, with nothing left to send": "SELECT count(*) FROM item WHERE state = 'decided' AND NOT EXISTS"
    " (SELECT 1 FROM outbox WHERE outbox.item_id = item.id AND outbox.state = 'pending')",
    "something to send for what is over": "SELECT count(*) FROM outbox JOIN item ON item.id = outbox.item_id"
    " WHERE outbox.state = 'pending' AND item.state IN ('labeled', 'gone', 'dead', 'received')",
    "labelled without a label": "SELECT count(*) FROM item WHERE state = 'labeled' AND NOT EXISTS"
    " (SELECT 1 FROM label WHERE label.item_id = item.id AND NOT label.deleted AND NOT label.was_cancelled)",
    "blind without a probability": "SELECT count(*) FROM item WHERE blind AND inclusion IS NULL",
    "scored without a prediction": "SELECT count(*) FROM item WHERE state = 'scored' AND prediction_id IS NULL",
    "a decision that published nothing": "SELECT count(*) FROM item WHERE state IN ('decided', 'published')"
    " AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.item_id = item.id AND decision.revision = item.revision)",
}


class Load:
    """The other things that happen while the pipeline runs, each with a store and a random sequence of its own."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)

    def labels(self, uow: UnitOfWork) -> None:
        items = uow.items.by_task(self.world.project, self.random.sample(range(ITEMS), 20))
        new = [
            NewLabel(item.id, item.task_id, 3, (), False, None, LabelRole.TRAIN, None, None, None, time.time())
            for item in items.values()
        ]
        uow.labels.upsert(self.world.project, new, time.time())

    def removals(self, uow: UnitOfWork) -> None:
        uow.labels.remove(self.world.project, self.random.sample(range(ITEMS), 30), time.time())

    def changes(self, uow: UnitOfWork) -> None:
        some = self.random.sample(range(ITEMS), 10)
        tasks = [task(n, text=str(self.random.random()), fold=Fold.VALIDATION, draw=n / ITEMS) for n in some]
        uow.items.receive(self.world.project, tasks, time.time())

    def operator(self, uow: UnitOfWork) -> None:
        now, project = time.time(), self.world.project
        uow.items.set_blind(project, cut=self.random.random() / 4, now=now)
        states = (ItemState.DECIDED, ItemState.PUBLISHED)
        to = self.random.choice((ItemState.SCORED, ItemState.RECEIVED))
        uow.items.restart(project, states=states, to=to, now=now, route=Route.SUGGEST)
        uow.items.bury_tasks(project, {self.random.randrange(ITEMS): "x"}, now)
        uow.items.redrive(project, None, now)


def test_nothing_deadlocks_and_the_tables_agree(world: World, url: str) -> None:
    world.receive(*(task(n, fold=Fold.VALIDATION, draw=n / ITEMS) for n in range(ITEMS)))
    errors: list[Exception] = []
    end = time.monotonic() + SECONDS

    def repeat(make: Callable[[Store], Callable[[], object]]) -> None:
        store = Store.open(url)
        try:
            step = make(store)
            while time.monotonic() < end and not errors:
                step()
        except Exception as error:
            errors.append(error)
        finally:
            store.close()

    def pipeline(owner: str) -> Callable[[Store], Callable[[], object]]:
        def make(store: Store) -> Callable[[], object]:
            cycler = Cycler(store, world.project, owner, 0.5)
            return lambda: cycler.score() + cycler.decide() + cycler.send()

        return make

    def others(name: str, seed: int) -> Callable[[Store], Callable[[], object]]:
        def make(store: Store) -> Callable[[], object]:
            action: Callable[[UnitOfWork], None] = getattr(Load(world, seed), name)

            def step() -> None:
                with store.begin() as uow:
                    action(uow)
                time.sleep(0.01)

            return step

        return make

    makers = [pipeline("a"), pipeline("b")]
    makers += [others(name, n) for n, name in enumerate(("labels", "labels", "removals", "changes", "operator"))]
    threads = [threading.Thread(target=repeat, args=(make,)) for make in makers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with world.store.engine.connect() as conn:
        wrong = {name: conn.scalar(text(query)) for name, query in NOBODY_WAITS_FOR_NOTHING.items()}
    assert wrong == dict.fromkeys(NOBODY_WAITS_FOR_NOTHING, 0)
    assert sum(world.states().values()) == ITEMS
