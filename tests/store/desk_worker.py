"""A replica with many people at it: ``python -m tests.store.desk_worker URL PROJECT FIRST PEOPLE OUTPUT``.

Each person is a thread that asks, works for a moment and hands in, until all items are labelled. A line is written
before each piece of work and after it.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

from serving.store.engine import Store
from serving.store.people_records import WorkRow
from serving.store.records import ItemState, LabelRole, NewLabel
from serving.store.work import HandedIn
from serving.workforce.hand_out import next_for
from tests.store.people import SETTINGS, runtime

LEASE_S = 20.0
OPEN = (ItemState.RECEIVED, ItemState.SCORED, ItemState.DECIDED, ItemState.PUBLISHED)


def work(store: Store, project_id: int, user: int, say: Any) -> None:
    leases = dict.fromkeys(("people_lease_s", "people_lease_min_s", "people_lease_max_s"), LEASE_S)
    settings = SETTINGS.model_copy(update={**leases, "people_present_s": 2.0})
    setting = runtime(store, settings, time.time)
    with store.read() as uow:
        project = uow.projects.get(project_id)
        person = next(one for one in uow.people.desks(project_id) if one.trainer.user_id == user)
    dice = random.Random(user)
    while True:
        found = next_for(setting, project, person)
        if not isinstance(found, WorkRow):
            with store.read() as uow:
                if not any(state in OPEN for state in uow.items.counts(project_id)):
                    return
            time.sleep(0.05)
            continue
        say(f"got {found.item_id} {user} {found.granted_at} {found.until}")
        time.sleep(dice.uniform(0.001, 0.02))
        with store.begin() as uow:
            row = uow.items.get(found.item_id)
            new = NewLabel(
                item_id=row.id,
                annotation_id=found.id,
                completed_by=user,
                regions=(),
                was_cancelled=False,
                lead_time=1.0,
                role=LabelRole.CORRECTION,
                inclusion=None,
                prediction_id=row.prediction_id,
                loss=0.0,
                remote_updated_at=time.time(),
            )
            uow.labels.upsert(project_id, [new], time.time())
            uow.work.handed_in(project_id, [HandedIn(row.id, user, False)], time.time())
        say(f"did {found.item_id} {user}")


def main(url: str, project: str, first: str, people: str, output: str) -> None:
    store = Store.open(url)
    lock = threading.Lock()
    with Path(output).open("a", encoding="utf-8") as file:

        def say(line: str) -> None:
            with lock:
                file.write(line + "\n")
                file.flush()

        users = range(int(first), int(first) + int(people))
        threads = [threading.Thread(target=work, args=(store, int(project), user, say)) for user in users]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
