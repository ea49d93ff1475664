"""What can be read off a model's probabilities, ``(N, K)``: how sure it is, in which way, and what it said."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LARGEST_LOGIT = 30.0

Floats = NDArray[np.float64]


def plain_logit(rows: Floats, multiple: bool) -> Floats:
    """``(N,)`` in [-30, 30]: logit of the probability that the answer is right, as the model has it.

    Without the loss of precision near 1 that the probability itself has; several labels are taken as independent.
    """
    if multiple:
        log_right = np.log(np.maximum(rows, 1.0 - rows)).sum(axis=1)
        log_wrong = np.log(np.maximum(-np.expm1(log_right), 1e-300))
    else:
        best = rows.argmax(axis=1)
        top = rows[np.arange(best.size), best]
        others = np.where(np.arange(rows.shape[1]) == best[:, None], 0.0, rows).sum(axis=1)
        log_right, log_wrong = np.log(np.maximum(top, 1e-300)), np.log(np.maximum(others, 1e-300))
    return np.asarray(np.clip(log_right - log_wrong, -LARGEST_LOGIT, LARGEST_LOGIT))


def tempered(rows: Floats, power: float, multiple: bool) -> Floats:
    """``(N, K)``: probabilities to a power, brought back to where they sum to 1. Below 1 makes them less sure."""
    if multiple:
        yes, no = rows**power, (1.0 - rows) ** power
        return np.asarray(yes / np.maximum(yes + no, 1e-300))
    logs = power * np.log(np.maximum(rows, 1e-300))
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def shape(rows: Floats, extra: ArrayLike | None, multiple: bool) -> Floats:
    """``(N, 9 + E)``: what the probabilities look like, and ``extra``.

    Three highest probabilities (several labels: the three least sure decisions, as probabilities of being right) and
    their logarithms; margin between the first two; entropy in nats; how many labels were said.
    """
    if multiple:
        tops = np.sort(np.maximum(rows, 1.0 - rows), axis=1)[:, :3]
        entropy, count = _plogp(rows) + _plogp(1.0 - rows), (rows >= 0.5).sum(axis=1)
    else:
        tops = -np.sort(-rows, axis=1)[:, :3]
        entropy, count = _plogp(rows), np.ones(rows.shape[0])
    tops = np.pad(tops, ((0, 0), (0, 3 - tops.shape[1])), constant_values=1.0 if multiple else 0.0)
    logs = np.log(np.maximum(tops, 1e-9))
    found = np.column_stack([tops, logs, tops[:, 0] - tops[:, 1], entropy, count])
    if extra is None:
        return found
    more = np.asarray(extra, dtype=np.float64)
    if more.ndim != 2 or more.shape[0] != rows.shape[0] or not np.isfinite(more).all():
        raise ValueError(f"extra must be finite, one row an item, not of shape {more.shape} for {rows.shape[0]} items")
    return np.hstack([found, more])


def said(rows: Floats, multiple: bool) -> Floats:
    """``(N, K)`` of 0 and 1: the labels of the answer."""
    if multiple:
        return np.asarray(rows >= 0.5, dtype=np.float64)
    return np.asarray(np.arange(rows.shape[1]) == rows.argmax(axis=1)[:, None], dtype=np.float64)


def _plogp(rows: Floats) -> Floats:
    return np.asarray(-(rows * np.log(np.maximum(rows, 1e-12))).sum(axis=1))
