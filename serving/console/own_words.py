"""All texts of a person's own page, in one place, so that they can be translated together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from serving.console.review import REASONS as CODES
from serving.monitoring.own import DAYS, PEER_ITEMS, PEERS
from serving.monitoring.own_figures import FieldAccuracy, Learned

PAGE: Final = {
    "title": "Your own figures",
    "lead": "What you did, and what came of it. Only you see this page; your operator can ask the service for the same "
    "figures. Each is counted from the records when you open the page.",
    "back": "Back to your items",
    "nothing": "Nothing yet: there are figures once you have had an item.",
    "nowhere": "You have no desk at any project. Your operator can give you one.",
}
WINDOWS: Final = ("7 days", "All time")
NONE: Final = "–"

WORK: Final = "Items that were handed to you"
WORK_ROWS: Final = {
    "offered": ("Handed to you", "By the day on which an item was handed to you."),
    "checks": (
        "To check the model",
        "Of these, as you were told when you got them. Which item is for which check is told to nobody, so that all "
        "are labelled alike.",
    ),
    "done": ("Handed in", "In time or late."),
    "late": ("Late", "Of these, after the time was over. They count like the others."),
    "skipped": ("Skipped", "In Label Studio."),
    "given_back": ("Given back", "With your reason; somebody else gets the item."),
    "unavailable": ("Could not be opened", "Label Studio did not let you have them. This says nothing of you."),
    "expired": ("Time ran out", "And no label has come so far. If you hand one in, it counts."),
    "held": ("With you now", ""),
}
REASONS: Final = "Why you gave items back, all time: {}."
REASON: Final = {"": "other reasons"} | {code.value: text for code, text in CODES.items()}
"""Reasons that are not people's own words."""

LABELS: Final = "Your labels"
LABEL_ROWS: Final = {
    "n": (
        "Items labelled",
        "With a label of yours that is there now, from this desk or not, by when you saved it last.",
    ),
    "without_suggestion": ("Without a suggestion", "The model had none yet, or it was hidden."),
    "with_suggestion": ("With a suggestion", "You saw what the model says."),
    "unchanged": ("Left unchanged", "Of the suggestions that you saw and that can be compared."),
    "changed": ("Changed", "The same. Neither is better: a wrong suggestion is there to be changed."),
}
OF: Final = "{n:,} of {of:,} ({share:.0%})"
CHART: Final = f"Items labelled on each of the last {DAYS} days (UTC), by when you saved them last"
CHART_SAYS: Final = CHART + ": {total:,} in all, most on {best}: {most:,}."
CHART_ENDS: Final = ("{first}", "today")

TIME: Final = "Active time"
TIME_ROWS: Final = {
    "active": (
        "Active",
        "As Label Studio measured it, from opening an item to saving it, skips too. Waiting in line, and what you read "
        "elsewhere, are not in it.",
    ),
    "n": ("Items with a time", "Skips too; the next two figures leave them out."),
    "median": ("Middle time an item", "Half of your labelled items took less, half more."),
    "per_hour": ("Items an active hour", "Labelled items by active time, once that is six minutes."),
}
CAP: Final = (
    "An item counts for {cap} at most, as long as an item is kept for a person here: a page that was left open is no "
    "work."
)
CAPPED: Final = " Of your items {capped:,} took longer."

REVIEWS: Final = "Decisions on your labels"
REVIEWS_LEAD: Final = (
    "A part of the labels that are not blind is looked at by a second person. Each decision against a label has a "
    "reason and evidence, and you may appeal."
)
REVIEWS_LINK: Final = "See each decision against a label, with its reason and evidence"
REVIEW_ROWS: Final = {
    "decided": ("Decided on", "By when it was decided, as it stands now."),
    "accepted": ("Accepted", ""),
    "by_deadline": ("Nobody looked in time", "Of the accepted: they were accepted for that."),
    "fixed": ("Corrected", "A reviewer's answer took the place of yours, whatever an appeal said later."),
    "rejected": ("Rejected", "The same: whatever an appeal said later."),
    "appealed": ("Appealed", "Of the corrected and the rejected."),
    "upheld": ("Appeals without success", "A second person agreed with the first decision."),
    "overturned": ("Appeals with success", "Your label counts again, or nobody answered in time, which does the same."),
}
REVIEW_REASONS: Final = "Reasons of decisions against your labels, all time: {}."

KNOWN: Final = "Items whose answer is known"
KNOWN_LEAD: Final = (
    "They come in qualifications, and now and then among the others; you see each answer once you gave yours."
)
KNOWN_LINK: Final = "See each of these answers"
KNOWN_ROWS: Final = {
    "right": ("Right", "Of your answers whose mark stands."),
    "disputed": ("Disputed by you", ""),
    "void": ("Do not count", "The known answer was withdrawn; the mark went with it."),
}

ACCURACY: Final = "How often you are right"
ACCURACY_COLUMNS: Final = ("Estimate", "Likely between", "From", "Middle half of others")
ITEMS: Final = "{:.1f} items"
BOUNDS: Final = "{:.0%} and {:.0%}"
EVERYTHING: Final = "Items of no special field"
ACCURACY_LEAD: Final = (
    "An estimate from items of which more is known than your own answer. It goes up where a known answer, or what "
    "others say, speaks for yours, and down where it speaks against it; where they are unsure, an item counts in part. "
    "The two bounds are meant to hold the truth in 95 of 100 cases, and lie far apart where there are few items. It is "
    "kept by field of work, over all projects of your Label Studio."
)
ACCURACY_IS_NOT: Final = (
    "It is not the truth itself: where the others are wrong together, whoever is right looks wrong. It says nothing of "
    "how fast or how hard you work, and who gets harder items has a lower one."
)
PEERS_ARE: Final = (
    f"Others are the people of this project with {PEER_ITEMS:.0f} items' worth or more. A quarter of them lies below "
    f"their middle half, and a quarter above. It is shown from {PEERS} others on, so that it points at nobody."
)
TOO_FEW_PEERS: Final = "too few others"
PEERS_LIE: Final = "{lower:.0%} to {upper:.0%} ({n:,} others)"

MODELS: Final = "What models learned from you"
MODEL: Final = "Model {}"
MODELS_LEAD: Final = (
    "A model learns from the newest label of each item that is meant for teaching. Labels on blind items never teach: "
    "they check what was learned."
)
MODELS_ARE_NOT: Final = (
    "The figures do not say that a difference comes from your labels: others' labels came in between, too, and each "
    "model is tested on the labels that it learned from, so that the two are not of the same test. In "
    "cross-validation a model is tested on a part of its labels that is kept from it, one part after the other."
)
MODELS_SHOWN: Final = 10


def share(n: int, of: int) -> str:
    return OF.format(n=n, of=of, share=n / of) if of else NONE


def duration(seconds: float) -> str:
    """Hours and minutes, minutes and seconds, or seconds."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    if whole >= 60:
        return f"{whole // 60} min {whole % 60:02d} s".removesuffix(" 00 s")
    return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"


def day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def others(one: FieldAccuracy) -> str:
    """Where the middle half of them lies."""
    peers = one.peers
    if peers.lower is None or peers.upper is None:
        return TOO_FEW_PEERS
    return PEERS_LIE.format(lower=peers.lower, upper=peers.upper, n=peers.n)


def field(name: str) -> str:
    return EVERYTHING if name == "any/any/any" else name


def model(one: Learned) -> str:
    """What one model learned from the person, and how it does, in sentences."""
    history = f", beside {one.history:,} that the project came with" if one.history else ""
    if one.yours:
        yours = "Your one label is" if one.yours == 1 else f"Your {one.yours:,} labels are"
        said = [f"{yours} among the {one.by_people:,} by people that it learned from{history}."]
    else:
        said = [f"None of your labels is among the {one.by_people:,} by people that it learned from{history}."]
    if one.accuracy is None:
        said.append("It had too few labels for cross-validation.")
    elif one.before is None or one.before_accuracy is None:
        said.append(f"It is right on {one.accuracy:.1%} in cross-validation.")
    else:
        before = f"model {one.before} on {one.before_accuracy:.1%}"
        said.append(f"It is right on {one.accuracy:.1%} in cross-validation, {before}.")
    return " ".join([*said, _standing(one)])


def _standing(one: Learned) -> str:
    if one.activated_at is not None:
        since = day(one.activated_at)
        return f"It has made the suggestions since {since}." if one.active else f"It made suggestions from {since} on."
    if one.rejected_at is not None:
        return f"It was tried, and not taken ({day(one.rejected_at)})."
    return "It makes no suggestions so far."
