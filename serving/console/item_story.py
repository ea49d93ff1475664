"""All that happened to one item, in words, oldest first, with the numbers beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.people.reviews import Code
from models.types import Prediction
from serving.console.item_view import answered, named_user
from serving.console.moments import moment
from serving.language import N_, gettext
from serving.retold import retold
from serving.store.people_records import WorkState
from serving.store.records import ItemState, OutboxKind, OutboxState
from serving.store.review_records import ReviewState
from serving.store.rows import REGIONS

REASONS = {
    "certified": N_("its confidence reaches the certified threshold"),
    "blind_audit": N_("it would have been accepted, and was drawn by lot to be checked blind"),
    "validation_sample": N_("it was drawn by lot for the blind sample that certifies the gate"),
    "below_threshold": N_("its confidence is below the certified threshold"),
    "gate_cold": N_("there is no model yet"),
    "gate_shadow": N_("the gate has certified nothing yet"),
    "gate_closed": N_("the gate is closed"),
    "reopened": N_("it had been accepted when the gate closed, and people get it"),
    "acceptance_deleted": N_("somebody deleted the accepted annotation in Label Studio"),
    "label_rejected": N_("a review set its label aside, and somebody else labels it"),
    "no_suggestion": N_("its suggestion would cost more time than it saves"),
    "suggestion_control": N_("its suggestion is hidden by lot, to measure whether suggestions help"),
    "suggestion_spared": N_("its suggestion is shown by lot, though its confidence is low"),
}
"""Why an item was routed so; a code that is not here stands for itself."""
ROUTES = {
    "accept": N_("Accepted without a person: {why}"),
    "suggest": N_("Sent to people: {why}"),
    "audit": N_("Sent to people blind: {why}"),
}
WRITES = {
    OutboxKind.SUGGESTION: N_("its suggestion"),
    OutboxKind.ACCEPTANCE: N_("an annotation by Prelabel's account"),
    OutboxKind.WITHDRAWAL: N_("the removal of its predictions"),
    OutboxKind.RETRACTION: N_("the removal of Prelabel's annotation"),
}
SENT = {
    OutboxState.SENT: N_("Label Studio has {what}"),
    OutboxState.PENDING: N_("Label Studio is still to get {what}"),
    OutboxState.DEAD: N_("Label Studio refused {what}"),
    OutboxState.CANCELLED: N_("Not sent after all: {what}"),
}
LABELLED = {
    "train": N_("{who} labelled it, without a suggestion; a model may learn from it"),
    "validation": N_("{who} labelled it, blind, for the sample that certifies the gate"),
    "audit": N_("{who} labelled it, blind, for an audit"),
    "correction": N_("{who} labelled it, with the suggestion in sight; a model may learn from it"),
    "gold": N_("{who} labelled it, as a known answer: it counts for the person alone"),
}
SKIPPED = {
    "train": N_("{who} skipped it, without a suggestion; a model may learn from it"),
    "validation": N_("{who} skipped it, blind, for the sample that certifies the gate"),
    "audit": N_("{who} skipped it, blind, for an audit"),
    "correction": N_("{who} skipped it, with the suggestion in sight; a model may learn from it"),
    "gold": N_("{who} skipped it, as a known answer: it counts for the person alone"),
}
STAGES = (
    N_("received"),
    N_("predicted"),
    N_("decided"),
    N_("published"),
    N_("handed out"),
    N_("labeled"),
    N_("reviewed"),
    N_("dead"),
    N_("tried"),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: float
    """Epoch seconds."""
    stage: str
    """One of ``STAGES``."""
    words: str
    said: list[str] = field(default_factory=list)
    """What the model or the person answered, a line a region."""
    numbers: dict[str, Any] = field(default_factory=dict)
    tells: bool = False
    """It tells what a model or a person answered: to be hidden where the item is blind."""


def reason_in_words(code: str | None) -> str:
    return gettext(REASONS[code]) if code in REASONS else code or ""


def story(told: Mapping[str, Any], people: Mapping[int, str]) -> list[Moment]:
    """``told`` is that of ``ItemRepository.explain``; ``people``: Label Studio's user id -> name."""
    parts = (_item(told["item"]), _predictions(told), _decisions(told), _writes(told), _labels(told, people))
    found = [one for part in (*parts, _handed_out(told, people), _reviews(told)) for one in part]
    return sorted(found, key=lambda one: one.at)


def _item(row: Mapping[str, Any]) -> Iterator[Moment]:
    numbers = {name: row[name] for name in ("id", "fold", "draw", "revision", "digest", "inclusion", "opinions")}
    drawn = (
        gettext("Received: of the train part, by lot")
        if row["fold"] == "train"
        else gettext("Received: of the validation part, by lot")
    )
    again = gettext("its data has changed since, this is revision {n}", n=row["revision"])
    words = f"{drawn}; {again}" if row["revision"] > 1 else drawn
    yield Moment(row["received_at"], "received", words, numbers=numbers)
    if row["state"] == ItemState.DEAD:
        why = retold(row["last_error"] or "") or gettext("no reason was kept")
        yield Moment(row["updated_at"], "dead", gettext("Given up: {why}", why=why))
    elif row["last_error"]:
        numbers = {"attempts": row["attempts"], "not_before": row["not_before"]}
        words = gettext("The last attempt failed: {why}", why=retold(row["last_error"]))
        yield Moment(row["updated_at"], "tried", words, numbers=numbers)


def _predictions(told: Mapping[str, Any]) -> Iterator[Moment]:
    for row in told["predictions"]:
        said = Prediction.model_validate(row["prediction"])
        words = gettext(
            "Model {version} was {confidence:.1%} sure of", version=said.model_version, confidence=said.confidence
        )
        numbers = {"confidence": said.confidence, **said.numbers, "prediction": row["id"], "revision": row["revision"]}
        yield Moment(row["created_at"], "predicted", words, answered(said.regions), numbers, tells=True)


def _decisions(told: Mapping[str, Any]) -> Iterator[Moment]:
    for row in told["decisions"]:
        words = gettext(ROUTES[row["route"]], why=reason_in_words(row["reason"]))
        more = {name: row[name] for name in ("inclusion", "certificate_id", "prediction_id", "revision")}
        numbers = {"reason": row["reason"], **row["numbers"], **more}
        yield Moment(row["created_at"], "decided", words, numbers={k: v for k, v in numbers.items() if v is not None})


def _writes(told: Mapping[str, Any]) -> Iterator[Moment]:
    for row in told["outbox"]:
        words = gettext(SENT[OutboxState(row["state"])], what=gettext(WRITES[OutboxKind(row["kind"])]))
        failed = f": {retold(row['last_error'])}" if row["last_error"] else ""
        numbers = {name: row[name] for name in ("model_version", "revision", "attempts")}
        yield Moment(row["updated_at"], "published", f"{words}{failed}", numbers=numbers)


def _labels(told: Mapping[str, Any], people: Mapping[int, str]) -> Iterator[Moment]:
    for row in told["labels"]:
        who = named_user(row["completed_by"], people)
        words = gettext((SKIPPED if row["was_cancelled"] else LABELLED)[row["role"]], who=who)
        over = [gettext(word) for name, word in _UNCOUNTED.items() if row[name]]
        numbers = {name: row[name] for name in ("lead_time", "inclusion", "annotation_id", "prediction_id")}
        yield Moment(
            row["created_at"],
            "labeled",
            "; ".join([words, *over]),
            [] if row["was_cancelled"] else answered(REGIONS.validate_python(row["regions"])),
            {name: held for name, held in numbers.items() if held is not None},
            tells=True,
        )


HANDED_BACK = {
    WorkState.DONE: N_("{who} handed it in"),
    WorkState.SKIPPED: N_("{who} skipped it"),
    WorkState.RELEASED: N_("{who} gave it back"),
    WorkState.EXPIRED: N_("The time of {who} was over: somebody else may get it"),
    WorkState.LATE: N_("{who} handed it in after the time was over; it counts all the same"),
}
"""What became of an item in somebody's hands; while it is held, nothing has."""


def _handed_out(told: Mapping[str, Any], people: Mapping[int, str]) -> Iterator[Moment]:
    for row in told["work"]:
        who, state = named_user(row["user_id"], people), WorkState(row["state"])
        numbers = {"kind": row["kind"], "reason": row["code"], "until": moment(row["until"])}
        yield Moment(row["granted_at"], "handed out", gettext("{who} got it", who=who), numbers=numbers)
        if state is not WorkState.HELD:
            words = gettext(HANDED_BACK[state], who=who)
            words = f"{words}: {row['given_back']}" if row["given_back"] else words
            yield Moment(row["ended_at"] or row["until"], "handed out", words)


_UNCOUNTED = {"deleted": N_("deleted since"), "set_aside": N_("set aside by a review")}


def _reviews(told: Mapping[str, Any]) -> Iterator[Moment]:
    for row in told["reviews"]:
        evidence = {"evidence": row["evidence"]} if row["evidence"] is not None else {}
        yield Moment(row["drawn_at"], "reviewed", gettext("A label of it was drawn for a review"))
        if row["decided_at"] is not None:
            said = gettext(ReviewState(row["state"]).value)
            if row["code"]:
                said = f"{said} ({gettext(Code(row['code']).value)})"
            said = f"{said}: {row['note']}" if row["note"] else said
            words = gettext("The review: {said}", said=said)
            yield Moment(row["decided_at"], "reviewed", words, numbers=evidence)
