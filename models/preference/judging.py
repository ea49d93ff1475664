"""The three kinds of judgement, side by side: what a label teaches, what a model says, and whether it was right.

Enters: a label, or utilities. Leaves: a truth for the link, or a value with its figures. ``judgement`` picks the kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from models.answers import Case
from models.errors import ConfigurationError
from models.preference.links import Link, Pairs, Rankings, Stars, better
from models.tasks import tolerance
from models.types import ControlSpec, HumanLabel
from models.values import Pair, Ranking, Rating, Value

Floats = NDArray[np.float64]

SIDES: tuple[Literal["left", "right", "none"], ...] = ("left", "right", "none")
DECISIONS = 10
"""Of an order, how many of its neighbouring pairs its confidence looks at, the least sure ones; the rest as one."""


@dataclass(frozen=True)
class Verdict:
    """What is said of one case."""

    value: Value
    numbers: dict[str, float]
    """Of a pair and a rating ``p1``, ``p2`` (two highest probabilities) and ``margin``, of a rating ``expected`` stars
    too; of a ranking ``min_pair``, the lowest probability of a neighbouring pair, and ``regions``, how many answers."""


class Judgement(Protocol):
    """One kind."""

    multiple: bool
    """Whether columns of ``decisions`` are decisions of their own (see ``models.gate.confidence``)."""
    link: Link
    levels: tuple[str, ...]
    """What the link's columns are; of a ranking none."""

    def truth(self, label: HumanLabel, case: Case) -> tuple[int, tuple[int, ...]] | None:
        """The link's truth, and the order in which the answers are to be shown to it; None: it teaches nothing."""
        ...

    def decisions(self, utilities: Floats, owns: Floats) -> Floats:
        """``(n, K)`` in [0, 1]: what the confidence is made of. ``owns`` is one row a case."""
        ...

    def said(self, utilities: Floats, own: Floats, case: Case) -> Verdict:
        """The answer to one case, of its utilities ``(M,)``."""
        ...

    def right(self, utilities: Floats, owns: Floats, truth: NDArray[np.int64]) -> NDArray[np.int64]:
        """``(n,)`` of 0 and 1: whether what is said is within tolerance, of cases as they were shown to the link."""
        ...


def judgement(control: ControlSpec, levels: Sequence[str]) -> Judgement:
    """Of a control, and the answers that people gave so far (``left`` ..., or stars as digits)."""
    match control.kind:
        case "pairwise":
            return PairJudgement(control, tuple(levels))
        case "rating":
            return StarJudgement(control, tuple(levels))
        case "ranker":
            return OrderJudgement(control)
        case _:
            raise ConfigurationError(f"The control {control.name!r} ({control.kind}) judges no answers.")


def answered(label: HumanLabel, control: ControlSpec) -> str | None:
    """What a person said, as a level; of a ranking ``ranked``. None for none, and for several."""
    values = [region.value for region in label.regions if region.control == control.name]
    if len(values) != 1:
        return None
    match values[0]:
        case Pair(selected=side) if control.kind == "pairwise":
            return side
        case Rating(stars=stars) if control.kind == "rating" and stars <= (control.maximum or stars):
            return str(stars)
        case Ranking() if control.kind == "ranker":
            return "ranked"
        case _:
            return None


class PairJudgement:
    """The better one of two."""

    multiple = False

    def __init__(self, control: ControlSpec, levels: tuple[str, ...]) -> None:
        ties = "none" in levels
        self.link: Link = Pairs(ties)
        self.levels: tuple[str, ...] = SIDES if ties else SIDES[:2]
        self._control = control

    def truth(self, label: HumanLabel, case: Case) -> tuple[int, tuple[int, ...]] | None:
        said = answered(label, self._control)
        return None if said not in self.levels else (self.levels.index(said), (0, 1))

    def decisions(self, utilities: Floats, owns: Floats) -> Floats:
        """The better side, the worse one, neither: what is left and what is right plays no part."""
        rows = _each(self.link, utilities, owns)
        return np.column_stack([rows[:, :2].max(axis=1), rows[:, :2].min(axis=1), rows[:, 2:]])

    def said(self, utilities: Floats, own: Floats, case: Case) -> Verdict:
        row = self.link.rows(utilities[None], own)[0]
        return Verdict(Pair(selected=SIDES[int(row.argmax())]), _two(row))

    def right(self, utilities: Floats, owns: Floats, truth: NDArray[np.int64]) -> NDArray[np.int64]:
        said = _each(self.link, utilities, owns).argmax(axis=1)
        half = (tolerance(self._control) >= 0.5) & ((said == 2) | (truth == 2))  # a tie for a side is half an error
        return np.asarray((said == truth) | half, dtype=np.int64)


class StarJudgement:
    """How good one answer is."""

    multiple = False

    def __init__(self, control: ControlSpec, levels: tuple[str, ...]) -> None:
        self.levels = tuple(sorted(levels, key=int))
        self._stars = np.array([int(level) for level in self.levels])
        self.link: Link = Stars(len(self.levels))
        highest = control.maximum or float(self._stars.max())
        lowest = 1.0 if control.minimum is None else control.minimum
        allowed = tolerance(control) * max(highest - lowest, 1.0)
        self._near = np.abs(self._stars[:, None] - self._stars) <= allowed + 1e-9
        self._control = control

    def truth(self, label: HumanLabel, case: Case) -> tuple[int, tuple[int, ...]] | None:
        said = answered(label, self._control)
        return None if said not in self.levels else (self.levels.index(said), (0,))

    def decisions(self, utilities: Floats, owns: Floats) -> Floats:
        """Probabilities of the stars; where some error is tolerated, that of being near enough, and of not being."""
        rows = _each(self.link, utilities, owns)
        if self._near.sum() == self._near.shape[0]:
            return rows
        near = np.clip(rows @ self._near, 0.0, 1.0).max(axis=1)
        return np.column_stack([0.5 + 0.5 * near, 0.5 - 0.5 * near])  # so that "near enough" stays the answer

    def said(self, utilities: Floats, own: Floats, case: Case) -> Verdict:
        row = self.link.rows(utilities[None], own)[0]
        stars = int(self._stars[self._chosen(row[None])[0]])
        return Verdict(Rating(stars=stars), _two(row) | {"expected": float(row @ self._stars)})

    def right(self, utilities: Floats, owns: Floats, truth: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray(self._near[self._chosen(_each(self.link, utilities, owns)), truth], dtype=np.int64)

    def _chosen(self, rows: Floats) -> NDArray[np.intp]:
        """Most often within tolerance; of these the likeliest."""
        return np.asarray((np.round(rows @ self._near, 9) + 1e-6 * rows).argmax(axis=1))


class OrderJudgement:
    """The order of several."""

    multiple = True
    levels: tuple[str, ...] = ()

    def __init__(self, control: ControlSpec) -> None:
        self.link: Link = Rankings()
        self._control = control

    def truth(self, label: HumanLabel, case: Case) -> tuple[int, tuple[int, ...]] | None:
        values = [one.value for one in label.regions if one.control == self._control.name]
        if len(values) != 1 or not isinstance(values[0], Ranking) or len(case.ids) < 2:
            return None
        order = values[0].buckets.get(self._control.name, ())
        if sorted(order) != sorted(case.ids):
            return None
        return 0, tuple(case.ids.index(one) for one in order)

    def decisions(self, utilities: Floats, owns: Floats) -> Floats:
        """That each neighbouring pair is the right way round, the least sure first; 1 where there are fewer."""
        found = np.ones((utilities.shape[0], DECISIONS))
        for row, own in enumerate(utilities):
            pairs = np.sort(better(np.sort(own[~np.isnan(own)])[::-1]))
            kept, rest = pairs[: DECISIONS - 1], pairs[DECISIONS - 1 :]
            found[row, : kept.size] = kept
            found[row, -1] = max(float(rest.prod()), 0.5)
        return found

    def said(self, utilities: Floats, own: Floats, case: Case) -> Verdict:
        order = np.argsort(-utilities, kind="stable")
        pairs = better(utilities[order])
        value = Ranking(buckets={self._control.name: tuple(case.ids[int(i)] for i in order)})
        return Verdict(value, {"min_pair": float(pairs.min(initial=1.0)), "regions": float(len(case.ids))})

    def right(self, utilities: Floats, owns: Floats, truth: NDArray[np.int64]) -> NDArray[np.int64]:
        """Cases come best first, so an order is right where utilities fall; its loss is (1 - Kendall's tau) / 2."""
        return np.array(
            [_turned(own[~np.isnan(own)]) <= tolerance(self._control) + 1e-9 for own in utilities], np.int64
        )


def _turned(utilities: Floats) -> float:
    """Share of all pairs that are not in falling order."""
    pairs = np.triu_indices(utilities.size, 1)
    return float((utilities[pairs[0]] <= utilities[pairs[1]]).mean()) if utilities.size > 1 else 0.0


def _each(link: Link, utilities: Floats, owns: Floats) -> Floats:
    """Rows where each case has own numbers of the link's."""
    if owns.shape[0] and np.all(owns == owns[0]):
        return link.rows(utilities, owns[0])
    return np.vstack([link.rows(utilities[[row]], own) for row, own in enumerate(owns)])


def _two(row: Floats) -> dict[str, float]:
    ordered = np.sort(row)[::-1]
    p1, p2 = float(ordered[0]), float(ordered[1]) if ordered.size > 1 else 0.0
    return {"p1": p1, "p2": p2, "margin": p1 - p2}
