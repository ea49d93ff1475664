"""How likely each label is right, given what a model that did not learn from it says.

Source: Northcutt, Jiang & Chuang, Confident Learning (2021), and Kuan & Mueller (2022), by ``cleanlab``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from models.errors import MissingDependencyError
from models.gate.arrays import Floats


def load() -> Callable[..., Any]:
    """``cleanlab``'s function, whose import takes half a second the first time.

    Raises:
        MissingDependencyError: ``cleanlab`` is not installed.
    """
    try:
        from cleanlab.rank import get_label_quality_scores
    except ImportError as error:
        raise MissingDependencyError("cleanlab", "people") from error
    return get_label_quality_scores  # type: ignore[no-any-return]


def label_quality(said: Sequence[str], classes: Sequence[str], probabilities: ArrayLike) -> Floats:
    """``(N,)`` in [0, 1]: ``cleanlab``'s self-confidence, the model's probability of the class that the person said.

    Args:
        said: N answers, each one of ``classes``.
        classes: K >= 2.
        probabilities: ``(N, K)``, rows add up to 1, out of sample.

    Raises:
        MissingDependencyError: ``cleanlab`` is not installed.
        ValueError: an answer is no class.
    """
    scores_of = load()
    if not said:
        return np.zeros(0)
    place = {name: number for number, name in enumerate(classes)}
    if unknown := set(said) - set(place):
        raise ValueError(f"these answers are no class: {', '.join(sorted(unknown))}")
    labels = np.array([place[name] for name in said])
    scores = scores_of(labels, np.asarray(probabilities, dtype=np.float64), method="self_confidence")
    return np.asarray(scores, dtype=np.float64)
