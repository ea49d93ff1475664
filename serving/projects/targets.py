"""Whether a project has tasks enough for the numbers that it is connected with."""

from __future__ import annotations

import math
from dataclasses import dataclass

from serving.language import ngettext


@dataclass(frozen=True, slots=True)
class Shortage:
    """What cannot be reached with the tasks that are there. Tasks are drawn, so the numbers are expectations."""

    tasks: int
    """That are there."""
    train: int
    """Of them, those whose labels can train."""
    blind: int
    """Of them, those from which blind ones are drawn."""
    train_target: int | None
    """Labels for the first training; None: they can be reached."""
    validation_target: int | None
    """Blind labels for the first test; None: they can be reached."""
    needed: int
    """Tasks with which both can be reached."""


def shortage(
    tasks: int, *, train_target: int, validation_target: int, validation_fraction: float, learns: bool
) -> Shortage | None:
    """What the targets lack, or None: both can be reached if every task is labelled.

    Args:
        tasks: that are there, 0 or more.
        train_target: labels before the first training.
        validation_target: blind labels before the first test of the gate.
        validation_fraction: share of the tasks from which blind ones are drawn, in (0, 1); the others train.
        learns: whether the model is trained by the project's labels at all.
    """
    needed_to_train = _ceil(train_target / (1.0 - validation_fraction)) if learns else 0
    needed_to_test = _ceil(validation_target / validation_fraction)
    needed = max(needed_to_train, needed_to_test)
    if tasks >= needed:
        return None
    blind = round(tasks * validation_fraction)
    return Shortage(
        tasks=tasks,
        train=tasks - blind,
        blind=blind,
        train_target=train_target if tasks < needed_to_train else None,
        validation_target=validation_target if tasks < needed_to_test else None,
        needed=needed,
    )


def in_words(found: Shortage | None) -> str:
    """One sentence with what to change, in the language of now; '' where nothing is lacking."""
    if found is None:
        return ""
    values = {"train": found.train, "blind": found.blind, "needed": found.needed}
    values |= {"labels": found.train_target or 0, "blind_labels": found.validation_target or 0}
    if found.validation_target is None:
        return ngettext(
            "Of the {n:,} task that is there about {train:,} can train, and the first model waits for {labels:,} "
            "labels: send about {needed:,} tasks in all, or lower the labels before the first training under Advanced.",
            "Of the {n:,} tasks that are there about {train:,} can train, and the first model waits for {labels:,} "
            "labels: send about {needed:,} tasks in all, or lower the labels before the first training under Advanced.",
            found.tasks,
            **values,
        )
    if found.train_target is None:
        return ngettext(
            "Of the {n:,} task that is there about {blind:,} can be drawn blind, and {blind_labels:,} blind labels are "
            "asked for: send about {needed:,} tasks in all, or lower the blind labels before the first test under "
            "Advanced.",
            "Of the {n:,} tasks that are there about {blind:,} can be drawn blind, and {blind_labels:,} blind labels "
            "are asked for: send about {needed:,} tasks in all, or lower the blind labels before the first test under "
            "Advanced.",
            found.tasks,
            **values,
        )
    return ngettext(
        "Of the {n:,} task that is there about {train:,} can train, where {labels:,} labels are asked for, and about "
        "{blind:,} can be drawn blind, where {blind_labels:,} are: send about {needed:,} tasks in all, or lower both "
        "numbers under Advanced.",
        "Of the {n:,} tasks that are there about {train:,} can train, where {labels:,} labels are asked for, and about "
        "{blind:,} can be drawn blind, where {blind_labels:,} are: send about {needed:,} tasks in all, or lower both "
        "numbers under Advanced.",
        found.tasks,
        **values,
    )


def _ceil(tasks: float) -> int:
    """Up, past what dividing binary fractions adds."""
    return math.ceil(round(tasks, 6))
