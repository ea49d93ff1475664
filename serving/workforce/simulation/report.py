"""What the policies come to, side by side, over several worlds."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.people import dawid_skene, work_gini
from serving.store.engine import Store
from serving.workforce.simulation.fair import Fair
from serving.workforce.simulation.loop import Run, run
from serving.workforce.simulation.rivals import GrabFirst, RoundRobin, overlaps
from serving.workforce.simulation.world import CLASSES, Kind, Simulated, simulated

STARVED_S = 900.0
"""An item starves that waits longer for its first label, from its arrival to the hand-in."""
MARGIN = 0.05
"""By how much of consensus accuracy the fair policy is to be better than the best rival."""
GINI = 0.1
"""Highest Gini coefficient among equals that is wanted."""
HOUR_S = 3600.0
POLICIES = ("fair", "grab_first", "round_robin")
SPAWN = multiprocessing.get_context("spawn")
"""Whoever calls may have threads, which a forked process would not."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a world; ``experts`` in each domain but the first."""

    items: int = 160
    generalists: int = 8
    experts: int = 2
    novices: int = 3
    overlap_people: int = 3
    experts_below: float | None = None
    """What the model is less sure of than this goes to the domain's experts at once, in (0, 1]; None: no such rule."""


@dataclass(frozen=True, slots=True)
class Score:
    """What one policy came to in one world."""

    labels: int
    """The cost: the same for all policies."""
    work_hours: float
    """All people's time on items together; who is asked decides how long so many labels take."""
    consensus_accuracy: float
    """Share of the items whose consensus (Dawid-Skene over all labels, the model one voice) is the truth, in [0, 1]."""
    hard_accuracy: float
    """The same of the items with a difficulty above 1/2."""
    gini_equals: float
    """Of the items offered per hour to the people who differ only in how often they look for work."""
    makespan_hours: float
    starved: int
    longest_wait_s: float


@dataclass(frozen=True, slots=True)
class Goal:
    """What was to be reached, and what was."""

    name: str
    wanted: float
    found: float
    """Mean over the worlds."""
    met: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Policy -> its scores, one a world, in the order of the seeds."""

    size: Size
    seeds: tuple[int, ...]
    scores: dict[str, tuple[Score, ...]]

    def values(self, policy: str, name: str) -> list[float]:
        return [float(getattr(score, name)) for score in self.scores[policy]]

    def goals(self) -> list[Goal]:
        rivals = [np.mean(self.values(policy, "consensus_accuracy")) for policy in self.scores if policy != "fair"]
        ahead = float(np.mean(self.values("fair", "consensus_accuracy")) - max(rivals))
        gini = float(np.mean(self.values("fair", "gini_equals")))
        starved = float(np.mean(self.values("fair", "starved")))
        return [
            Goal("accuracy ahead of the best rival at equal cost", MARGIN, ahead, ahead >= MARGIN),
            Goal("gini among equals", GINI, gini, gini <= GINI),
            Goal("starved items", 0.0, starved, starved == 0.0),
        ]

    def as_json(self) -> dict[str, Any]:
        """Each policy's means, standard deviations over the worlds, and scores."""
        names = list(Score.__slots__)
        summary: dict[str, Any] = {
            policy: {name: float(np.mean(self.values(policy, name))) for name in names}
            | {"spread": {name: float(np.std(self.values(policy, name))) for name in names}}
            | {"worlds": [asdict(score) for score in scores]}
            for policy, scores in self.scores.items()
        }
        return summary | {
            "size": asdict(self.size),
            "seeds": list(self.seeds),
            "starved_after_s": STARVED_S,
            "goals": [asdict(goal) for goal in self.goals()],
        }


def compare(size: Size, seeds: Sequence[int], told: Callable[[int], None] = lambda seed: None) -> Comparison:
    """Run all policies in the world of each seed: the same items, people, answers and number of labels.

    Worlds run side by side, one a processor. ``told`` is called with each seed whose world is done.
    """
    if len(seeds) == 1:
        [seed] = seeds
        alone = in_world(size, seed)
        told(seed)
        return Comparison(size, (seed,), {name: (alone[name],) for name in POLICIES})
    found: dict[int, dict[str, Score]] = {}
    with ProcessPoolExecutor(max_workers=min(len(seeds), os.cpu_count() or 1), mp_context=SPAWN) as pool:
        running = {pool.submit(in_world, size, seed): seed for seed in seeds}
        for one in as_completed(running):
            found[running[one]] = one.result()
            told(running[one])
    return Comparison(size, tuple(seeds), {name: tuple(found[seed][name] for seed in seeds) for name in POLICIES})


def in_world(size: Size, seed: int) -> dict[str, Score]:
    """Policy -> what it came to in the world of this seed."""
    world = simulated(seed, items=size.items, generalists=size.generalists, experts=size.experts, novices=size.novices)
    fair = run_fair(world, size)
    wanted = overlaps(world, len(fair.done), seed)
    runs = (fair, run(world, GrabFirst(wanted)), run(world, RoundRobin(world, wanted)))
    return {policy: score(world, result) for policy, result in zip(POLICIES, runs, strict=True)}


def run_fair(world: Simulated, size: Size) -> Run:
    """On a store of its own, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="simulation") as folder:
        store = Store.open(f"sqlite:///{Path(folder) / 'store.db'}")
        try:
            store.migrate()
            return run(world, Fair(store, world, overlap_people=size.overlap_people, experts_below=size.experts_below))
        finally:
            store.close()


def score(world: Simulated, result: Run) -> Score:
    """What a run came to. An item without a label counts as wrong, and as waiting until the end."""
    voices = {str(one.number): _voice(one.guess, one.confidence) for one in world.items}
    found = dawid_skene(result.votes(), CLASSES, voices).labels()
    right = np.array([found.get(str(one.number), ("", 0.0))[0] == CLASSES[one.truth] for one in world.items])
    hard = np.array([one.difficulty > 0.5 for one in world.items])
    end = max(done.ended for done in result.done)
    first = dict.fromkeys(range(len(world.items)), end)
    for done in result.done:
        first[done.item] = min(first[done.item], done.ended)
    waits = np.array([first[one.number] - one.arrives for one in world.items])
    equals = [one.number for one in world.people if one.kind is Kind.GENERALIST]
    offered = [sum(done.person == number for done in result.done) for number in equals]
    return Score(
        labels=len(result.done),
        work_hours=sum(done.ended - done.began for done in result.done) / HOUR_S,
        consensus_accuracy=float(right.mean()),
        hard_accuracy=float(right[hard].mean()) if hard.any() else 1.0,
        gini_equals=work_gini(offered, [end / HOUR_S] * len(equals)),
        makespan_hours=end / HOUR_S,
        starved=int((waits > STARVED_S).sum()),
        longest_wait_s=float(waits.max()),
    )


def _voice(guess: int, confidence: float) -> list[float]:
    rest = (1.0 - confidence) / (len(CLASSES) - 1)
    return [confidence if k == guess else rest for k in range(len(CLASSES))]
