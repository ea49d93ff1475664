"""Why an item came to somebody, in words that this person can use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS = {
    "quality": "It is labelled without a suggestion, to check how well the model does.",
    "teaching": "Its label teaches the model more than most others would.",
    "seed": "There is no model yet: it learns from what you label now.",
    "below_threshold": "The model is not sure enough to do it alone.",
    "no_suggestion": "It comes without a suggestion: one would cost you more time than it saves, or it is one of a few "
    "that tell whether suggestions help.",
    "suggestion_spared": "The model is not sure enough to do it alone.",
    "gate_shadow": "The model has yet to show that it may do items alone: people look at all of them.",
    "gate_cold": "The model has yet to show that it may do items alone: people look at all of them.",
    "gate_closed": "The model made too many mistakes of late: people look at all items for now.",
    "acceptance_deleted": "Somebody deleted what the model had said: a person is to decide.",
    "label_rejected": "A label of it was reviewed and set aside: somebody else is to label it anew.",
    "reopened": "The model had done it when it made too many mistakes: a person is to decide.",
}
OTHER = "A person is to look at it."


def sentences(why: Mapping[str, Any]) -> list[str]:
    """What to tell of a lease's reasons."""
    if why.get("code") == "qualification":
        told = f"It is part of your qualification in {why['field']}: item {why['place']} of {why['of']}."
        return [told, "You see right after it whether you were right."]
    words = [WORDS.get(str(why.get("code")), OTHER)]
    if (confidence := why.get("confidence")) is not None:
        words.append(f"The model is {confidence:.0%} sure of its suggestion.")
    if needs := why.get("needs"):
        words.append(f"It needs somebody who knows {needs}, and you do.")
    return words
