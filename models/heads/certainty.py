"""How sure a head may be: its confidence, fitted and chosen on what its folds said of the examples they did not see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.base import Budget
from models.gate import confidence
from models.gate.confidence import ConfidenceModel
from models.heads import validation
from models.heads.fitting import Fit
from models.heads.logistic import Truth
from models.specs import ConfidenceChoice


def learn(
    fitted: Fit, truth: Truth, extra: NDArray[np.float64], *, wish: ConfidenceChoice, budget: Budget
) -> ConfidenceModel:
    """The confidence of a head: the kind that was wished for, or the one that is expected to certify most.

    Args:
        fitted: the head.
        truth: of all examples that it was fitted on.
        extra: ``(n, E)``, of the same examples.
        wish: which kind; auto: chosen by ``confidence.choose``.
        budget: what the gate will have to show.
    """
    multiple, answers = fitted.weights.multiple, fitted.score.answers
    held_out = truth[fitted.rows]
    right = validation.correct(answers, held_out, multiple=multiple)
    with threadpool_limits(limits=1):
        if wish != "auto":
            return confidence.fit(wish, answers, right, extra=extra[fitted.rows], multiple=multiple)
        return confidence.choose(
            answers,
            right,
            epsilon=budget.epsilon,
            delta=budget.delta,
            extra=extra[fitted.rows],
            folds=validation.folds(held_out),
            multiple=multiple,
        )
