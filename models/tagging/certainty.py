"""How sure a tagger may be of a whole text, fitted on what its folds said of the texts that they did not see.

A logistic regression of "all spans right" on the field's own logit of that and on what the text looks like, as
``models.gate.confidence`` has it for one answer of several: weights are pulled towards the field's own probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.gate.confidence import REACH, SPREAD, logistic
from models.gate.signals import LARGEST_LOGIT
from models.tagging.reading import Reading

Floats = NDArray[np.float64]
Parameters = Mapping[str, Floats]
"""``slope`` and ``offset``, and ``means``, ``scales`` and ``weights`` of what ``_shape`` gives, each ``(7,)``."""


def learn(readings: Sequence[Reading], right: Floats) -> dict[str, Floats]:
    """The confidence's parameters.

    Args:
        readings: of texts that the field was not fitted on.
        right: ``(N,)`` of 0 and 1: whether exactly the right spans were found.
    """
    seen = _shape(readings)
    means, scales = seen.mean(axis=0), seen.std(axis=0)
    scales[scales < 1e-9] = 1.0
    columns = _standard(seen, means, scales)
    with threadpool_limits(limits=1):
        slope, offset, weights = logistic(_logits(readings), columns, right, np.full(seen.shape[1], SPREAD))
    return {
        "slope": np.array(slope),
        "offset": np.array(offset),
        "means": means,
        "scales": scales,
        "weights": weights,
    }


def confidences(readings: Sequence[Reading], parameters: Parameters) -> Floats:
    """``(N,)`` in [0, 1]: the estimated probability that all spans of a text are right and none is missing."""
    standard = _standard(_shape(readings), parameters["means"], parameters["scales"])
    logits = float(parameters["slope"]) * _logits(readings) + float(parameters["offset"])
    return np.asarray(expit(logits + standard @ parameters["weights"]))


def _logits(readings: Sequence[Reading]) -> Floats:
    logs = np.array([one.log_probability for one in readings], np.float64)
    wrong = np.log(np.maximum(-np.expm1(logs), 1e-300))
    return np.asarray(np.clip(logs - wrong, -LARGEST_LOGIT, LARGEST_LOGIT))


def _shape(readings: Sequence[Reading]) -> Floats:
    """``(N, 7)``: spans, whether there are any, the least sure of them and the mean, entropy, weakest tag, known."""
    rows = [
        (
            np.log1p(len(one.spans)),
            float(bool(one.spans)),
            min(one.scores, default=1.0),
            float(np.mean(one.scores)) if one.scores else 1.0,
            np.log(one.entropy + 1e-4),
            one.weakest,
            one.known,
        )
        for one in readings
    ]
    return np.array(rows, np.float64).reshape(-1, 7)


def _standard(seen: Floats, means: Floats, scales: Floats) -> Floats:
    return np.asarray(np.clip((seen - means) / scales, -REACH, REACH))
