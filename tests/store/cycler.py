"""A worker process for the concurrency tests: takes items all the way, and writes down every completion."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from models.types import Route
from serving.store.engine import Store
from serving.store.records import ItemState, OutboxKind
from tests.store.world import SHOWN, decision, prediction

CHUNK = 64


class Cycler:
    """Claims and completes until nothing is left, each step a transaction of its own."""

    def __init__(self, store: Store, project: int, owner: str, lease_s: float) -> None:
        self.store, self.project, self.owner, self.lease_s = store, project, owner, lease_s
        self.clock = time.time
        self.done: dict[str, list[int]] = {"scored": [], "decided": [], "sent": []}

    def run(self) -> None:
        while self.score() + self.decide() + self.send() or self.open():
            pass

    def open(self) -> bool:
        """Whether anything is left, for this worker or for another."""
        with self.store.read() as uow:
            states = uow.items.counts(self.project)
        return any(states.get(s, 0) for s in (ItemState.RECEIVED, ItemState.SCORED, ItemState.DECIDED))

    def score(self) -> int:
        with self.store.begin() as uow:
            rows = uow.items.claim(self.project, ItemState.RECEIVED, **self.lease())
        said = [(row.id, prediction(row.id)) for row in rows]
        with self.store.begin() as uow:
            done = uow.items.store_predictions(self.owner, said, self.clock())
        self.done["scored"] += done
        return len(done)

    def decide(self) -> int:
        with self.store.begin() as uow:
            rows = uow.items.claim(self.project, ItemState.SCORED, **self.lease())
        with self.store.begin() as uow:
            made = [decision(row, Route.SUGGEST, SHOWN) for row in rows]
            done = uow.items.decide(self.owner, made, self.clock())
        self.done["decided"] += done
        return len(done)

    def send(self) -> int:
        with self.store.begin() as uow:
            rows = uow.outbox.claim(self.project, OutboxKind.SUGGESTION, **self.lease())
        with self.store.begin() as uow:
            done = set(uow.outbox.sent(self.owner, [row.id for row in rows], self.clock()))
        self.done["sent"] += [row.item_id for row in rows if row.id in done]
        return len(done)

    def lease(self) -> dict[str, Any]:
        return {"limit": CHUNK, "owner": self.owner, "lease_s": self.lease_s, "now": self.clock()}


def main(url: str, project: int, owner: str, lease_s: float, output: Path, *, stall: bool) -> None:
    store = Store.open(url)
    cycler = Cycler(store, project, owner, lease_s)
    if stall:
        with store.begin() as uow:
            rows = uow.items.claim(project, ItemState.RECEIVED, **cycler.lease())
        output.write_text(str(len(rows)))
        time.sleep(600)
    cycler.run()
    output.write_text("\n".join(f"{step} {id}" for step, ids in cycler.done.items() for id in ids))
    store.close()


if __name__ == "__main__":
    main(
        sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]), Path(sys.argv[5]), stall=sys.argv[6] == "stall"
    )
