"""The last act of the demo: the labels of one topic turn, and the gate has to notice by itself."""

from __future__ import annotations

import json
from typing import Any

from rich.progress import Progress

from scripts.demo.following import ACCEPTS, all_items, moving, queue, report, watch
from scripts.demo.material import Importer, Material
from scripts.demo.stack import Service
from scripts.demo.trainers import Trainers

BATCH = 100
"""Items that arrive at a time; people answer audits in between."""


def drift(
    progress: Progress,
    chosen: Material,
    service: Service,
    slug: str,
    trainers: Trainers,
    importer: Importer,
    number: int,
) -> dict[str, Any]:
    """Let the turned stream come until the gate has closed, or there is no more of it; what came of it.

    It is counted when trainers have stopped and the service rests, so that all figures are of one moment.
    """
    row = progress.add_task(f"a stream in which {chosen.turn}", total=len(chosen.later))
    said = report(service, slug)
    before, threshold, sent = said["arrived"], said["certificate"]["threshold"], 0
    while sent < len(chosen.later) and said["gate"] in ACCEPTS:
        batch = chosen.later[sent : sent + BATCH]
        importer.send(number, batch, lambda _: None)
        sent += len(batch)
        trainers.learn(importer.gold(number))
        said = _settled(service, slug, trainers, before + sent)
        if said["gate"] in ACCEPTS:
            threshold = said["certificate"]["threshold"]
        progress.update(row, completed=sent)
    trainers.stop()
    said = next(said for said in watch(service, slug, trainers, limit_s=600.0) if _rests(said))
    progress.update(row, total=sent, completed=sent, description=f"the gate is {said['gate']}")
    return {"turn": chosen.turn, "arrived": sent} | _outcome(service, slug, importer, number, said, threshold)


def _settled(service: Service, slug: str, trainers: Trainers, arrived: int) -> dict[str, Any]:
    """The report once everything has arrived and gone its way, and no blind item waits or the gate has closed."""

    def settled(said: dict[str, Any]) -> bool:
        waits = said["gate"] in ACCEPTS and any(item["blind"] for item in queue(service, slug)[:1])
        return bool(said["arrived"] == arrived and _rests(said) and not waits)

    return next(said for said in watch(service, slug, trainers, limit_s=600.0) if settled(said))


def _rests(said: dict[str, Any]) -> bool:
    """Whether, by this report, nothing is on its way, and the audits are not about to close the gate."""
    seen = said["monitor"]
    closes = said["gate"] in ACCEPTS and seen is not None and seen["statistic"] >= seen["close_level"]
    return not moving(said) and not closes


def _outcome(
    service: Service, slug: str, importer: Importer, number: int, said: dict[str, Any], threshold: float
) -> dict[str, Any]:
    """Counted on what stands in Label Studio, against the gold of after the turn.

    ``threshold`` is that of the gate which closed: without closing it would have accepted the rest of the stream, too.
    """
    closing = _closing(service, slug)
    gold, later = importer.gold(number), importer.is_later(number)
    stands = {task: labels[0] for task, labels in importer.machine_labels(number, importer.account()).items()}
    predicted = importer.predicted(number)
    items = all_items(service, slug)
    reopened = {task for task, item in items.items() if item["reason"] == "reopened"}
    refused = {t for t, item in items.items() if item["reason"] == "gate_closed" and item["confidence"] >= threshold}
    shipped = stands.keys() & later
    without = shipped | ((reopened | refused) & later)
    return {
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
