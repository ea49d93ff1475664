"""Loss of paths in a tree of labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.tasks.matching import assign
from models.types import ControlSpec, Region
from models.values import Taxonomy

Path = tuple[str, ...]


def loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """Loss in [0, 1]: of one path each ``1 - 2 * shared / (depth + depth)``; both empty: 0.

    ``shared`` counts the steps from the root that both paths have in common (Wu and Palmer 1994). Of several paths,
    ``1 - 2 * sum of similarities / (ours + theirs)``, paired for the greatest sum. 0 only for the same set of paths.
    """
    ours, theirs = _paths(predicted, control), _paths(human, control)
    if not ours and not theirs:
        return 0.0
    alike = np.array([[similarity(a, b) for b in theirs] for a in ours]).reshape(len(ours), len(theirs))
    total = sum(float(alike[pair]) for pair in assign(alike, least=1e-9))
    return max(0.0, 1.0 - 2.0 * total / (len(ours) + len(theirs)))


def similarity(a: Path, b: Path) -> float:
    """``2 * shared / (depth + depth)`` in [0, 1]: 1 for the same path, 0 for paths without a common first step."""
    shared = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        shared += 1
    return 2.0 * shared / (len(a) + len(b)) if a or b else 1.0


def _paths(regions: Sequence[Region], control: ControlSpec) -> list[Path]:
    found = {
        path: None
        for region in regions
        if region.control == control.name and isinstance(region.value, Taxonomy)
        for path in region.value.paths
        if path
    }
    return sorted(found)
