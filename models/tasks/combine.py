"""Confidence of an item from the scores of its regions: detectors, OCR, taggers, tracks of speech.

Enters: one score a region. Leaves: one confidence, and the figures behind it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from models.errors import ModelError

FLOOR = 1e-12
"""The lowest score that is counted, so that ``log_product`` stays finite."""


def certainty(scores: Sequence[float], *, empty: float) -> tuple[float, dict[str, float]]:
    """Estimated probability in [0, 1] that all regions of an item are right; higher is surer.

    The product of the scores: exact where regions are right or wrong independently of each other. Where they go
    together the truth lies between it and the lowest score, since P(all) <= min P(each) (Fréchet), so it errs towards
    people. Only the order of confidences across items decides what a gate accepts, and an item with more regions, or
    with less sure ones, never comes before the same item without them.

    Args:
        scores: ``(N,)``, each region's estimated probability in [0, 1] of being right.
        empty: the confidence where there is no region: how probable it is that there is nothing to find.

    Returns:
        The confidence, and ``regions`` (N). With at least one region also ``min_score``, ``mean_score`` and
        ``log_product`` (natural logarithm, at most 0), from which a correctness model may learn better.

    Raises:
        ModelError: a score, or ``empty``, is not in [0, 1].
    """
    for score in (*scores, empty):
        if not 0.0 <= score <= 1.0:
            raise ModelError(f"A region's score must be in [0, 1], the model gave {score}: check its calibration.")
    if not scores:
        return empty, {"regions": 0.0}
    log_product = math.fsum(math.log(max(score, FLOOR)) for score in scores)
    figures = {
        "regions": float(len(scores)),
        "min_score": float(min(scores)),
        "mean_score": math.fsum(scores) / len(scores),
        "log_product": log_product,
    }
    return math.exp(log_product), figures
