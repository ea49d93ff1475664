"""The last act of the demo: the labels of one topic turn, and the gate has to notice by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from rich.progress import Progress

from scripts.demo.material import Importer, Material
from scripts.demo.stack import Service
from scripts.demo.trainers import Trainers

BATCH = 100
"""Items that arrive at a time; people answer audits in between."""
ACCEPTS = ("open", "watch")
MOVING = ("received", "scored", "decided")
Watch = Callable[[], Any]


def drift(
    progress: Progress,
    chosen: Material,
    service: Service,
    slug: str,
    trainers: Trainers,
    importer: Importer,
    number: int,
) -> dict[str, Any]:
    """Let the turned stream come until the gate has closed, or there is no more of it; what came of it."""
    row = progress.add_task(f"a stream in which {chosen.turn}", total=len(chosen.later))
    sent = 0
    while sent < len(chosen.later) and _report(service, slug)["gate"] in ACCEPTS:
        batch = chosen.later[sent : sent + BATCH]
        importer.send(number, batch, lambda _: None)
        sent += len(batch)
        trainers.learn(importer.gold(number))
        _settled(service, slug, trainers, sent)
        progress.update(row, completed=sent)
    progress.update(row, total=sent, completed=sent, description=f"the gate is {_report(service, slug)['gate']}")
    _settled(service, slug, trainers, sent)
    return _outcome(service, slug, importer, number, chosen.turn, sent)


def _settled(service: Service, slug: str, trainers: Trainers, sent: int, limit_s: float = 600.0) -> None:
    """Until everything that arrived has gone its way and no blind item waits, or the gate has closed."""
    end = time.monotonic() + limit_s
    with service.client() as http:
        while time.monotonic() < end:
            trainers.check()
            said = http.get(f"/api/v1/projects/{slug}/report").raise_for_status().json()
            queue = http.get(f"/api/v1/projects/{slug}/queue", params={"limit": 1}).raise_for_status().json()
            moving = sum(said["states"].get(state, 0) for state in MOVING)
            blind = any(item["blind"] for item in queue)
            if not moving and (not blind or said["gate"] not in ACCEPTS):
                return
            time.sleep(0.5)
    raise RuntimeError(f"the stream did not settle in {limit_s:.0f} s; see {service.data_dir / 'service.log'}")


def _outcome(service: Service, slug: str, importer: Importer, number: int, turn: str, sent: int) -> dict[str, Any]:
    """Counted on what stands in Label Studio, against the gold of after the turn."""
    said, closing = _report(service, slug), _closing(service, slug)
    gold, later = importer.gold(number), importer.is_later(number)
    stands = {task: labels[0] for task, labels in importer.machine_labels(number, importer.account()).items()}
    predicted = importer.predicted(number)
    items, threshold = _items(service, slug), said["certificate"]["threshold"]
    reopened = {task for task, item in items.items() if item["reason"] == "reopened"}
    refused = {t for t, item in items.items() if item["reason"] == "gate_closed" and item["confidence"] >= threshold}
    shipped = stands.keys() & later
    without = shipped | ((reopened | refused) & later)
    return {
        "turn": turn,
        "arrived": sent,
        "gate": "closed" if closing else said["gate"],
        "reason": closing["reason"] if closing else said["gate_reason"],
        "numbers": closing["numbers"] if closing else None,
        "reopened": len(reopened),
        "reopened_wrong": sum(predicted.get(task) != gold[task] for task in reopened),
        "shipped": len(shipped),
        "shipped_wrong": sum(stands[task] != gold[task] for task in shipped),
        "without_gate": len(without),
        "without_gate_wrong": sum((stands.get(task) or predicted.get(task)) != gold[task] for task in without),
    }


def _closing(service: Service, slug: str) -> dict[str, Any] | None:
    """The event by which the gate closed itself (training may have moved it on since); None: it did not."""
    events = json.loads(service.command("gate", "status", slug, "--json"))["events"]
    closed = [e for e in events if e["to"] == "closed" and e["actor"] == "prelabel" and "change" in e["numbers"]]
    return dict(closed[-1]) if closed else None


def _report(service: Service, slug: str) -> dict[str, Any]:
    with service.client() as http:
        said: dict[str, Any] = http.get(f"/api/v1/projects/{slug}/report").raise_for_status().json()
    return said


def _items(service: Service, slug: str) -> dict[int, dict[str, Any]]:
    """Task id -> item."""
    found: dict[int, dict[str, Any]] = {}
    after = 0
    with service.client() as http:
        while True:
            query = {"after": after, "limit": 1000}
            page = http.get(f"/api/v1/projects/{slug}/items", params=query).raise_for_status().json()
            if not page:
                return found
            found |= {item["task"]: item for item in page}
            after = page[-1]["item"]
