"""Why an item came to somebody, in words that this person can use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.language import N_, gettext

WORDS = {
    "quality": N_("It is labelled without a suggestion, to check how well the model does."),
    "teaching": N_("Its label teaches the model more than most others would."),
    "seed": N_("There is no model yet: it learns from what you label now."),
    "below_threshold": N_("The model is not sure enough to do it alone."),
    "no_suggestion": N_(
        "It comes without a suggestion: one would cost you more time than it saves, or it is one of a few that tell "
        "whether suggestions help."
    ),
    "suggestion_spared": N_("The model is not sure enough to do it alone."),
    "gate_shadow": N_("The model has yet to show that it may do items alone: people look at all of them."),
    "gate_cold": N_("The model has yet to show that it may do items alone: people look at all of them."),
    "gate_closed": N_("The model made too many mistakes of late: people look at all items for now."),
    "acceptance_deleted": N_("Somebody deleted what the model had said: a person is to decide."),
    "label_rejected": N_("A label of it was reviewed and set aside: somebody else is to label it anew."),
    "reopened": N_("The model had done it when it made too many mistakes: a person is to decide."),
}
OTHER = N_("A person is to look at it.")


def sentences(why: Mapping[str, Any]) -> list[str]:
    """What to tell of a lease's reasons."""
    if why.get("code") == "qualification":
        told = gettext(
            "It is part of your qualification in {field}: item {place} of {of}.",
            field=why["field"],
            place=why["place"],
            of=why["of"],
        )
        return [told, gettext("You see right after it whether you were right.")]
    words = [gettext(WORDS.get(str(why.get("code")), OTHER))]
    if (confidence := why.get("confidence")) is not None:
        words.append(gettext("The model is {share:.0%} sure of its suggestion.", share=confidence))
    if needs := why.get("needs"):
        words.append(gettext("It needs somebody who knows {field}, and you do.", field=needs))
    return words
