"""All texts of a person's own page, in one place; ``serving.console.own`` says them in the language of the page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from serving.console.review import REASONS as CODES
from serving.language import N_, gettext, joined, ngettext
from serving.monitoring.own import DAYS, PEER_ITEMS, PEERS
from serving.monitoring.own_figures import FieldAccuracy, Learned

PAGE: Final = {
    "title": N_("Your own figures"),
    "lead": N_(
        "What you did, and what came of it. Only you see this page; your operator can ask the service for the same "
        "figures. Yours are counted from the records when you open the page, those of others half a minute before or "
        "so."
    ),
    "back": N_("Back to your items"),
    "nothing": N_("Nothing yet: there are figures once you have had an item."),
    "nowhere": N_("You have no desk at any project. Your operator can give you one."),
}
WINDOWS: Final = (N_("7 days"), N_("All time"))
NONE: Final = "–"

WORK: Final = N_("Items that were handed to you")
WORK_ROWS: Final = {
    "offered": (N_("Handed to you"), N_("By the day on which an item was handed to you.")),
    "checks": (
        N_("To check the model"),
        N_(
            "Of these, as you were told when you got them. Which item is for which check is told to nobody, so that "
            "all are labelled alike."
        ),
    ),
    "done": (N_("Handed in"), N_("In time or late.")),
    "late": (N_("Late"), N_("Of these, after the time was over. They count like the others.")),
    "skipped": (N_("Skipped"), N_("In Label Studio.")),
    "given_back": (N_("Given back"), N_("With your reason; somebody else gets the item.")),
    "unavailable": (N_("Could not be opened"), N_("Label Studio did not let you have them. This says nothing of you.")),
    "expired": (N_("Time ran out"), N_("And no label has come so far. If you hand one in, it counts.")),
    "held": (N_("With you now"), ""),
}
REASONS: Final = N_("Why you gave items back, all time: {reasons}.")
REASON: Final = {"": N_("other reasons")} | {code.value: text for code, text in CODES.items()}
"""Reasons that are not people's own words."""

LABELS: Final = N_("Your labels")
LABEL_ROWS: Final = {
    "n": (
        N_("Items labelled"),
        N_("With a label of yours that is there now, from this desk or not, by when you saved it last."),
    ),
    "without_suggestion": (N_("Without a suggestion"), N_("The model had none yet, or it was hidden.")),
    "with_suggestion": (N_("With a suggestion"), N_("You saw what the model says.")),
    "unchanged": (N_("Left unchanged"), N_("Of the suggestions that you saw and that can be compared.")),
    "changed": (N_("Changed"), N_("The same. Neither is better: a wrong suggestion is there to be changed.")),
}
OF: Final = N_("{n:,} of {of:,} ({share:.0%})")
CHART_SAYS: Final = N_(
    "Items labelled on each of the last {days} days (UTC), by when you saved them last: {total:,} in all, most on "
    "{best}: {most:,}."
)
TODAY: Final = N_("today")

TIME: Final = N_("Active time")
TIME_ROWS: Final = {
    "active": (
        N_("Active"),
        N_(
            "As Label Studio measured it, from opening an item to saving it, skips too. Waiting in line, and what you "
            "read elsewhere, are not in it."
        ),
    ),
    "n": (N_("Items with a time"), N_("Skips too; the next two figures leave them out.")),
    "median": (N_("Middle time an item"), N_("Half of your labelled items took less, half more.")),
    "per_hour": (N_("Items an active hour"), N_("Labelled items by active time, once that is six minutes.")),
}
CAP: Final = N_(
    "An item counts for {cap} at most, as long as an item is kept for a person here: a page that was left open is no "
    "work."
)
CAPPED: Final = N_("Of your items {capped:,} took longer.")

REVIEWS: Final = N_("Decisions on your labels")
REVIEWS_LEAD: Final = N_(
    "A part of the labels that are not blind is looked at by a second person. Each decision against a label has a "
    "reason and evidence, and you may appeal."
)
REVIEWS_LINK: Final = N_("See each decision against a label, with its reason and evidence")
REVIEW_ROWS: Final = {
    "decided": (N_("Decided on"), N_("By when it was decided, as it stands now.")),
    "accepted": (N_("Accepted"), ""),
    "by_deadline": (N_("Nobody looked in time"), N_("Of the accepted: they were accepted for that.")),
    "fixed": (N_("Corrected"), N_("A reviewer's answer took the place of yours, whatever an appeal said later.")),
    "rejected": (N_("Rejected"), N_("The same: whatever an appeal said later.")),
    "appealed": (N_("Appealed"), N_("Of the corrected and the rejected.")),
    "upheld": (N_("Appeals without success"), N_("A second person agreed with the first decision.")),
    "overturned": (
        N_("Appeals with success"),
        N_("Your label counts again, or nobody answered in time, which does the same."),
    ),
}
REVIEW_REASONS: Final = N_("Reasons of decisions against your labels, all time: {reasons}.")

KNOWN: Final = N_("Items whose answer is known")
KNOWN_LEAD: Final = N_(
    "They come in qualifications, and now and then among the others; you see each answer once you gave yours."
)
KNOWN_LINK: Final = N_("See each of these answers")
KNOWN_ROWS: Final = {
    "right": (N_("Right"), N_("Of your answers whose mark stands.")),
    "disputed": (N_("Disputed by you"), ""),
    "void": (N_("Do not count"), N_("The known answer was withdrawn; the mark went with it.")),
}

ACCURACY: Final = N_("How often you are right")
ACCURACY_COLUMNS: Final = (N_("Estimate"), N_("Likely between"), N_("From"), N_("Middle half of others"))
ITEMS: Final = N_("{n:.1f} items")
BOUNDS: Final = N_("{lower:.0%} and {upper:.0%}")
EVERYTHING: Final = N_("Items of no special field")
ACCURACY_LEAD: Final = N_(
    "An estimate from items of which more is known than your own answer. It goes up where a known answer, or what "
    "others say, speaks for yours, and down where it speaks against it; where they are unsure, an item counts in part. "
    "The two bounds are meant to hold the truth in 95 of 100 cases, and lie far apart where there are few items. It is "
    "kept by field of work, over all projects of your Label Studio."
)
ACCURACY_IS_NOT: Final = N_(
    "It is not the truth itself: where the others are wrong together, whoever is right looks wrong. It says nothing of "
    "how fast or how hard you work, and who gets harder items has a lower one."
)
PEERS_ARE: Final = N_(
    "Others are the people of this project with {items:.0f} items' worth or more. A quarter of them lies below their "
    "middle half, and a quarter above. It is shown from {peers} others on, so that it points at nobody."
)
TOO_FEW_PEERS: Final = N_("too few others")
PEERS_LIE: Final = N_("{lower:.0%} to {upper:.0%} ({n:,} others)")

MODELS: Final = N_("What models learned from you")
MODEL: Final = N_("Model {n}")
MODELS_LEAD: Final = N_(
    "A model learns from the newest label of each item that is meant for teaching. Labels on blind items never teach: "
    "they check what was learned."
)
MODELS_ARE_NOT: Final = N_(
    "The figures do not say that a difference comes from your labels: others' labels came in between, too, and each "
    "model is tested on the labels that it learned from, so that the two are not of the same test. In "
    "cross-validation a model is tested on a part of its labels that is kept from it, one part after the other."
)
MODELS_SHOWN: Final = 10


def share(n: int, of: int) -> str:
    return gettext(OF, n=n, of=of, share=n / of) if of else NONE


def duration(seconds: float) -> str:
    """Hours and minutes, minutes and seconds, or seconds."""
    whole = round(seconds)
    if whole >= 3600:
        return gettext("{h} h {min:02d} min", h=whole // 3600, min=whole % 3600 // 60)
    if whole >= 60:
        minutes, rest = divmod(whole, 60)
        return gettext("{min} min {s:02d} s", min=minutes, s=rest) if rest else gettext("{min} min", min=minutes)
    return gettext("{s:.1f} s", s=seconds) if seconds < 10 else gettext("{s:.0f} s", s=whole)


def day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def others(one: FieldAccuracy) -> str:
    """Where the middle half of them lies."""
    peers = one.peers
    if peers.lower is None or peers.upper is None:
        return gettext(TOO_FEW_PEERS)
    return gettext(PEERS_LIE, lower=peers.lower, upper=peers.upper, n=peers.n)


def peers_are() -> str:
    return gettext(PEERS_ARE, items=PEER_ITEMS, peers=PEERS)


def chart(total: int, best: str, most: int) -> str:
    return gettext(CHART_SAYS, days=DAYS, total=total, best=best, most=most)


def field(name: str) -> str:
    return gettext(EVERYTHING) if name == "any/any/any" else name


def model(one: Learned) -> str:
    """What one model learned from the person, and how it does, in sentences."""
    return joined([_learned(one), _accuracy(one), _standing(one)])


def _learned(one: Learned) -> str:
    if not one.yours:
        told = N_("None of your labels is among the {all:,} by people that it learned from.")
        more = N_(
            "None of your labels is among the {all:,} by people that it learned from, beside {history:,} that the "
            "project came with."
        )
        return gettext(more if one.history else told, all=one.by_people, history=one.history)
    if one.history:
        return ngettext(
            "Your one label is among the {all:,} by people that it learned from, beside {history:,} that the project "
            "came with.",
            "Your {n:,} labels are among the {all:,} by people that it learned from, beside {history:,} that the "
            "project came with.",
            one.yours,
            all=one.by_people,
            history=one.history,
        )
    return ngettext(
        "Your one label is among the {all:,} by people that it learned from.",
        "Your {n:,} labels are among the {all:,} by people that it learned from.",
        one.yours,
        all=one.by_people,
    )


def _accuracy(one: Learned) -> str:
    if one.accuracy is None:
        return gettext("It had too few labels for cross-validation.")
    if one.before is None or one.before_accuracy is None:
        return gettext("It is right on {share:.1%} in cross-validation.", share=one.accuracy)
    return gettext(
        "It is right on {share:.1%} in cross-validation, model {n} on {before:.1%}.",
        share=one.accuracy,
        n=one.before,
        before=one.before_accuracy,
    )


def _standing(one: Learned) -> str:
    if one.activated_at is not None:
        since = day(one.activated_at)
        if one.active:
            return gettext("It has made the suggestions since {day}.", day=since)
        return gettext("It made suggestions from {day} on.", day=since)
    if one.rejected_at is not None:
        return gettext("It was tried, and not taken ({day}).", day=day(one.rejected_at))
    return gettext("It makes no suggestions so far.")
