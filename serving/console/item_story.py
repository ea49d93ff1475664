"""All that happened to one item, in words, oldest first, with the numbers beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.people.reviews import lines
from models.types import Prediction
from serving.store.records import ItemState, OutboxKind, OutboxState
from serving.store.rows import REGIONS

REASONS = {
    "certified": "its confidence reaches the certified threshold",
    "blind_audit": "it would have been accepted, and was drawn by lot to be checked blind",
    "validation_sample": "it was drawn by lot for the blind sample that certifies the gate",
    "below_threshold": "its confidence is below the certified threshold",
    "gate_cold": "there is no model yet",
    "gate_shadow": "the gate has certified nothing yet",
    "gate_closed": "the gate is closed",
    "reopened": "it had been accepted when the gate closed, and people get it",
    "acceptance_deleted": "somebody deleted the accepted annotation in Label Studio",
    "label_rejected": "a review set its label aside, and somebody else labels it",
    "no_suggestion": "its suggestion would cost more time than it saves",
    "suggestion_control": "its suggestion is hidden by lot, to measure whether suggestions help",
    "suggestion_spared": "its suggestion is shown by lot, though its confidence is low",
}
"""Why an item was routed so; a code that is not here stands for itself."""
ROUTES = {"accept": "Accepted without a person", "suggest": "Sent to people", "audit": "Sent to people blind"}
WRITES = {
    OutboxKind.SUGGESTION: "its suggestion",
    OutboxKind.ACCEPTANCE: "an annotation by Prelabel's account",
    OutboxKind.WITHDRAWAL: "the removal of its predictions",
    OutboxKind.RETRACTION: "the removal of Prelabel's annotation",
}
SENT = {
    OutboxState.SENT: "Label Studio has {}",
    OutboxState.PENDING: "Label Studio is still to get {}",
    OutboxState.DEAD: "Label Studio refused {}",
    OutboxState.CANCELLED: "Not sent after all: {}",
}
ROLES = {
    "train": "without a suggestion; a model may learn from it",
    "validation": "blind, for the sample that certifies the gate",
    "audit": "blind, for an audit",
    "correction": "with the suggestion in sight; a model may learn from it",
    "gold": "as a known answer: it counts for the person alone",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: float
    """Epoch seconds."""
    stage: str
    """received, predicted, decided, published, labeled, reviewed or dead."""
    words: str
    said: list[str] = field(default_factory=list)
    """What the model or the person answered, a line a region."""
    numbers: dict[str, Any] = field(default_factory=dict)
    tells: bool = False
    """It tells what a model or a person answered: to be hidden where the item is blind."""


def reason_in_words(code: str | None) -> str:
    return REASONS.get(code, code) if code is not None else ""


def story(told: Mapping[str, Any], people: Mapping[int, str]) -> list[Moment]:
    """``told`` is that of ``ItemRepository.explain``; ``people``: Label Studio's user id -> name."""
    parts = (_item(told["item"]), _predictions(told), _decisions(told), _writes(told), _labels(told, people))
    found = [moment for part in (*parts, _reviews(told)) for moment in part]
    return sorted(found, key=lambda moment: moment.at)


def _item(row: Mapping[str, Any]) -> Iterator[Moment]:
    numbers = {name: row[name] for name in ("id", "fold", "draw", "revision", "digest", "inclusion", "opinions")}
    drawn = "of the train part" if row["fold"] == "train" else "of the validation part"
    again = f"; its data has changed since, this is revision {row['revision']}" if row["revision"] > 1 else ""
    yield Moment(row["received_at"], "received", f"Received: {drawn}, by lot{again}", numbers=numbers)
    if row["state"] == ItemState.DEAD:
        yield Moment(row["updated_at"], "dead", f"Given up: {row['last_error'] or 'no reason was kept'}")
    elif row["last_error"]:
        numbers = {"attempts": row["attempts"], "not_before": row["not_before"]}
        yield Moment(row["updated_at"], "tried", f"The last attempt failed: {row['last_error']}", numbers=numbers)


def _predictions(told: Mapping[str, Any]) -> Iterator[Moment]:
    for row in told["predictions"]:
        said = Prediction.model_validate(row["prediction"])
        words = f"Model {said.model_version} was {said.confidence:.1%} sure of"
        numbers = {"confidence": said.confidence, **said.numbers, "prediction": row["id"], "revision": row["revision"]}
        yield Moment(row["created_at"], "predicted", words, lines(said.regions) or ["nothing"], numbers, tells=True)


def _decisions(told: Mapping[str, Any]) -> Iterator[Moment]:
    for row in told["decisions"]:
        words = f"{ROUTES.get(row['route'], row['route'])}: {reason_in_words(row['reason'])}"
        more = {name: row[name] for name in ("inclusion", "certificate_id", "prediction_id", "revision")}
        numbers = {"reason": row["reason"], **row["numbers"], **more}
        yield Moment(row["created_at"], "decided", words, numbers={k: v for k, v in numbers.items() if v is not None})


def _writes(told: Mapping[str, Any]) -> Iterator[Moment]:
    for row in told["outbox"]:
        words = SENT[OutboxState(row["state"])].format(WRITES[OutboxKind(row["kind"])])
        failed = f": {row['last_error']}" if row["last_error"] else ""
        numbers = {name: row[name] for name in ("model_version", "revision", "attempts")}
        yield Moment(row["updated_at"], "published", f"{words}{failed}", numbers=numbers)


def _labels(told: Mapping[str, Any], people: Mapping[int, str]) -> Iterator[Moment]:
    for row in told["labels"]:
        who = people.get(row["completed_by"], f"user {row['completed_by']}")
        over = [word for name, word in _UNCOUNTED.items() if row[name]]
        words = f"{who} {'skipped it' if row['was_cancelled'] else 'labelled it'}, {ROLES[row['role']]}"
        numbers = {name: row[name] for name in ("lead_time", "inclusion", "annotation_id", "prediction_id")}
        yield Moment(
            row["created_at"],
            "labeled",
            f"{words}{'; ' if over else ''}{', '.join(over)}",
            [] if row["was_cancelled"] else lines(REGIONS.validate_python(row["regions"])) or ["nothing"],
            {name: held for name, held in numbers.items() if held is not None},
            tells=True,
        )


_UNCOUNTED = {"deleted": "deleted since", "set_aside": "set aside by a review"}


def _reviews(told: Mapping[str, Any]) -> Iterator[Moment]:
    for row in told["reviews"]:
        code = f" ({row['code']})" if row["code"] else ""
        evidence = {"evidence": row["evidence"]} if row["evidence"] is not None else {}
        yield Moment(row["drawn_at"], "reviewed", "A label of it was drawn for a review")
        if row["decided_at"] is not None:
            words = f"The review: {row['state']}{code}{': ' + row['note'] if row['note'] else ''}"
            yield Moment(row["decided_at"], "reviewed", words, numbers=evidence)
