"""When a line will be done, and what is wrong with it."""

from __future__ import annotations

import pytest

from serving.monitoring.queue_lines import HOUR_S, alarm, eta


def test_at_the_rate_of_the_window() -> None:
    """Twenty pieces in ten hours are two an hour: fourteen take seven hours."""
    found = eta(14, 20, 10.0)
    assert (found.value, found.n) == (7.0, 20)
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower == pytest.approx(14 / (30.888 / 10), abs=1e-3), "Garwood: 20 events are 12.217 to 30.888"
    assert found.upper == pytest.approx(14 / (12.217 / 10), abs=1e-3)
    assert eta(0, 20, 10.0).value == 0.0


@pytest.mark.parametrize(("handed_in", "hours"), [(0, 10.0), (0, 0.0)])
def test_nobody_knows_where_nothing_was_handed_in(handed_in: int, hours: float) -> None:
    found = eta(14, handed_in, hours)
    assert (found.value, found.lower, found.upper, found.n) == (None, None, None, 0)


@pytest.mark.parametrize(
    ("able", "present", "handed_in", "wait", "said"),
    [
        (0, 0, 9, 1.0, "nobody_can"),
        (2, 0, 9, 1.0, "nobody_there"),
        (2, 1, 0, HOUR_S, "not_moving"),
        (2, 1, 0, HOUR_S - 1.0, None),
        (2, 1, 1, 9 * HOUR_S, None),
    ],
)
def test_alarms(able: int, present: int, handed_in: int, wait: float, said: str | None) -> None:
    assert alarm(able, present, handed_in, wait) == said
