"""Quality of people: agreement, consensus, skill, overlap, fairness, effort. Pure functions.

Enters: what several people said of the same items, and how long it took them. Leaves: estimates with an interval, and
decisions with a reason and their numbers. It reads no file and keeps no state; randomness comes from a given seed.
"""

from models.people.agreement import Agreement, krippendorff_alpha
from models.people.classes import class_of, level_of, options
from models.people.consensus import Consensus, Vote, crowdlab, dawid_skene
from models.people.effort import Effort, lease_seconds, suggestion_effort
from models.people.fairness import gini, work_gini, work_gini_estimate
from models.people.overlap import Overlap, Step, next_step, one_coin
from models.people.rates import Estimate, per_hour, share
from models.people.skill import Pause, Skill, may_pause

__all__ = [
    "Agreement",
    "Consensus",
    "Effort",
    "Estimate",
    "Overlap",
    "Pause",
    "Skill",
    "Step",
    "Vote",
    "class_of",
    "crowdlab",
    "dawid_skene",
    "gini",
    "krippendorff_alpha",
    "lease_seconds",
    "level_of",
    "may_pause",
    "next_step",
    "one_coin",
    "options",
    "per_hour",
    "share",
    "suggestion_effort",
    "work_gini",
    "work_gini_estimate",
]
