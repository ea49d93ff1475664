"""Loss of a control that is asked for each marked region: which regions are the same, then how wrong each answer is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.tasks.matching import assign, marked
from models.tasks.overlap import overlaps
from models.types import ControlSpec, Region

Loss = Callable[[Sequence[Region], Sequence[Region], ControlSpec], float]


@dataclass(frozen=True)
class Thing:
    """One marked thing that the control says something of."""

    mark: Region | None
    """None: nothing is known of its place."""
    group: str | None
    answers: tuple[Region, ...]


def wherever(whole: Loss) -> Loss:
    """A loss that compares answers region by region where the control is asked so, and else as ``whole`` does.

    Region by region: the mean over things in [0, 1]. Two things are the same when their marks overlap by at least 1/2,
    and without marks when their groups have one name. A thing that only one side speaks of counts 1. Labels of the
    marks do not matter: they have a loss of their own.
    """

    def loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
        ours, theirs = things(predicted, control), things(human, control)
        if not control.per_region and not any(thing.mark for thing in (*ours, *theirs)):
            return whole(predicted, human, control)
        pairs = _pairs(ours, theirs)
        total = len(ours) + len(theirs) - len(pairs)
        apart = sum(whole(ours[i].answers, theirs[j].answers, control) for i, j in pairs)
        return (apart + total - len(pairs)) / total if total else 0.0

    return loss


def things(regions: Sequence[Region], control: ControlSpec) -> list[Thing]:
    """What a control speaks of, in order of its first answer."""
    answers: dict[str | None, list[Region]] = {}
    for region in regions:
        if region.control == control.name:
            answers.setdefault(region.group, []).append(region)
    return [Thing(marked(found[0], regions), group, tuple(found)) for group, found in answers.items()]


def _pairs(ours: Sequence[Thing], theirs: Sequence[Thing]) -> list[tuple[int, int]]:
    overlap = np.array([[float(a.group == b.group) for b in theirs] for a in ours]).reshape(len(ours), len(theirs))
    ours_at = [i for i, thing in enumerate(ours) if thing.mark is not None]
    theirs_at = [j for j, thing in enumerate(theirs) if thing.mark is not None]
    if ours_at and theirs_at:
        first = [thing.mark for thing in ours if thing.mark is not None]
        second = [thing.mark for thing in theirs if thing.mark is not None]
        size = next((mark.size for mark in (*first, *second) if mark.size is not None), None)
        found = overlaps([mark.value for mark in first], [mark.value for mark in second], size)
        overlap[np.ix_(ours_at, theirs_at)] = found
    return assign(overlap)
