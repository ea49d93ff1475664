"""A person's own figures in a project, as they are told: see ``serving.monitoring.own``."""

from __future__ import annotations

from datetime import date

from models.types import Frozen


class Reason(Frozen):
    """Why items were given back, in the person's words."""

    reason: str
    """Empty: all that are not among the most frequent."""
    n: int


class Work(Frozen):
    """Items that were handed out to the person, by how they ended."""

    offered: int
    checks: int
    """Of these, labelled to check how well the model does, as the person was told."""
    held: int
    done: int
    """Handed in, in time or late."""
    late: int
    """Of these, after the lease was over; they count like the others."""
    skipped: int
    given_back: int
    reasons: tuple[Reason, ...]
    """Most frequent first."""
    unavailable: int
    """Could not be opened in Label Studio, and went back by themselves."""
    expired: int
    """The time was over, and no label has come."""


class Labels(Frozen):
    """Items with a label of the person that is there; several by one person count once, the newest."""

    n: int
    with_suggestion: int
    """Labelled while a suggestion was shown."""
    without_suggestion: int
    compared: int
    """Suggestions of which it is known what they said."""
    unchanged: int
    """Of these, left as they were."""
    changed: int


class Time(Frozen):
    """Active time: what Label Studio measured from opening an item to saving it."""

    active_s: float
    """Sum over items, skips among them; an item counts for ``cap_s`` at most."""
    n: int
    """Items with a time."""
    cap_s: float
    """How long a lease of this project lasts now."""
    capped: int
    """Items that took longer than that."""
    median_s: float | None
    """Of items with a label, as measured; None: there are none."""
    per_hour: float | None
    """Items with a label and a time, by active hours; None: active for less than 6 minutes."""


class Reviews(Frozen):
    """Decisions on the person's labels, by when they were made; those that are still to come are not counted."""

    decided: int
    accepted: int
    by_deadline: int
    """Of the accepted: nobody looked in time."""
    fixed: int
    """The reviewer's answer took its place, whatever an appeal said later."""
    rejected: int
    """The same of labels that were rejected."""
    reasons: tuple[Reason, ...]
    """Reason codes of both, most frequent first."""
    appealed: int
    """Appeals against them."""
    upheld: int
    """The first decision stands."""
    overturned: int
    """The label counts again."""


class Known(Frozen):
    """Answers to items whose answer is known (gold), in qualifications and between other work."""

    n: int
    """Answers whose mark stands."""
    right: int
    disputed: int
    """Answers whose mark the person disputed, whether it stands or not."""
    void: int
    """Answers whose mark does not stand: the item was withdrawn."""


class Window(Frozen):
    """What was handed out, saved and decided since a moment."""

    since: float
    """Epoch seconds."""
    work: Work
    labels: Labels
    time: Time
    reviews: Reviews
    known: Known


class Day(Frozen):
    """One day, UTC."""

    day: date
    labels: int
    """Items whose label was saved on it last."""


class Peers(Frozen):
    """The middle half of the others' accuracies."""

    n: int
    """Others with evidence worth ``PEER_ITEMS`` items or more."""
    lower: float | None
    """Lower quartile in (0, 1), of their expected accuracies; None: fewer than ``PEERS`` others."""
    upper: float | None


class FieldAccuracy(Frozen):
    """How often the person is right in a field of work, as far as is known."""

    field: str
    """``domain/language/task``, each ``any`` where it does not matter."""
    mean: float
    """Expected accuracy in (0, 1)."""
    lower: float
    """Of the 95 % interval."""
    upper: float
    items: float
    """How many items of known truth the evidence is worth."""
    peers: Peers


class Learned(Frozen):
    """What one model version learned from, and how it does."""

    number: int
    """1 is the project's first version."""
    version: str
    yours: int
    """The person's labels among ``by_people``."""
    by_people: int
    """Labels of people that it was trained on: of each item of the train fold the newest that counted then."""
    history: int
    """Labels that the project came with, beside these."""
    accuracy: float | None
    """Cross-validated on the labels that it was trained on, in [0, 1]; None: too few to split."""
    before: int | None
    """Number of the version trained before it of which that is known."""
    before_accuracy: float | None
    made_at: float
    activated_at: float | None
    """When it began to predict, epoch seconds; None: it has not."""
    active: bool
    """It predicts now."""
    rejected_at: float | None
    """When it was tried beside the active version and not taken."""


class Own(Frozen):
    """The figures of one person in one project."""

    project: str
    user: int
    """Label Studio's id."""
    now: float
    all_time: Window
    week: Window
    """The last 7 days."""
    days: tuple[Day, ...]
    """The last 28 days, oldest first."""
    accuracies: tuple[FieldAccuracy, ...]
    models: tuple[Learned, ...]
    """Versions that learned from people's labels, newest first."""
