"""How the tests of a project share its delta."""

from __future__ import annotations

import math

from models.gate.arrays import check_open_interval

FIRST_TEST_SHARE = 0.8


def spend(delta: float, test: int) -> float:
    """The delta of a project's ``test``-th test (from 1), so that all tests together spend at most ``delta``.

    The first gets 0.8; test j + 1 gets ``0.2 * 6 / (pi * j) ** 2``, which sums to 0.2 over all j. The first test
    matters most, and no number of later ones is refused.
    """
    check_open_interval("delta", delta)
    if test < 1:
        raise ValueError(f"tests are counted from 1, not {test}")
    if test == 1:
        return FIRST_TEST_SHARE * delta
    return (1.0 - FIRST_TEST_SHARE) * delta * 6.0 / (math.pi * (test - 1)) ** 2
