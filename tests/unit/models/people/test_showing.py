"""Who gets no suggestion, and how the bound moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.people.effort import Effort, Factor, Range, suggestion_effort
from models.people.showing import Showing, next_bound, showing, showing_draw

SECRET = b"sampling-secret-of-the-tests"
sure = st.floats(0, 1)
draws = st.floats(0, 1, exclude_max=True)
rates = st.floats(0.001, 0.499)
bounds = st.none() | st.floats(0.01, 1)


def effort(threshold: float | None, *factors: tuple[float, float]) -> Effort:
    """(end, factor) of each range."""
    ranges = tuple(Range(end, Factor(factor, factor * 0.9, factor * 1.1), 50, 50, 10.0) for end, factor in factors)
    return Effort(threshold, ranges, ranges[0].time if ranges else None, 500, 500)


@given(sure, draws, bounds)
def test_without_a_lot_everything_is_shown(confidence: float, draw: float, below: float | None) -> None:
    assert showing(confidence, draw, rate=0.0, below=below) is Showing.SHOWN


@given(sure, draws, rates, bounds, bounds)
def test_the_lot_turns_nothing_round(
    confidence: float, draw: float, rate: float, one: float | None, other: float | None
) -> None:
    """The ends of the lot are hidden, or shown, under every bound; between them the bound alone decides."""
    before, after = (showing(confidence, draw, rate=rate, below=below) for below in (one, other))
    if draw < rate:
        assert before.hidden
        assert after.hidden
    elif draw >= 1.0 - rate:
        assert not before.hidden
        assert not after.hidden
    else:
        assert before.hidden == (one is not None and confidence < one)


@given(sure, draws, rates, bounds)
def test_a_higher_rate_only_adds_to_the_lot(confidence: float, draw: float, rate: float, below: float | None) -> None:
    before, after = (showing(confidence, draw, rate=share, below=below) for share in (rate / 2, rate))
    by_lot = (Showing.CONTROL, Showing.SPARED)
    assert before not in by_lot or after is before


def test_the_lot_is_drawn_with_its_rate() -> None:
    found = [showing(0.9, showing_draw(SECRET, task, 1), rate=0.1, below=0.5) for task in range(20_000)]
    assert found.count(Showing.CONTROL) / 20_000 == pytest.approx(0.1, abs=0.01)
    less = [showing(0.1, showing_draw(SECRET, task, 1), rate=0.1, below=0.5) for task in range(20_000)]
    assert less.count(Showing.SPARED) / 20_000 == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("now", "found", "after"),
    [
        (None, effort(None), None),
        (0.4, effort(None), 0.4),
        (None, effort(None, (0.3, 1.2), (0.6, 0.8)), None),
        (0.3, effort(None, (0.3, 1.2), (0.6, 0.8)), 0.3),
        (None, effort(0.3, (0.3, 1.5), (0.6, 1.1), (1.0, 0.8)), 0.3),
        (0.5, effort(0.3, (0.3, 1.5), (0.6, 1.1), (1.0, 0.8)), 0.5),
        (0.7, effort(0.3, (0.3, 1.5), (0.6, 1.1), (1.0, 0.8)), 0.6),
        (0.7, effort(None, (0.3, 0.9), (1.0, 0.8)), None),
        (0.7, effort(None, (0.3, 1.2)), 0.7),
        (0.2, effort(1.0, (0.3, 1.5), (1.0, 1.5)), 1.0),
    ],
    ids=[
        "nothing known",
        "nothing known any more",
        "doubt hides nothing",
        "doubt brings nothing back",
        "certain: it rises",
        "within the band it stays",
        "above the band it falls",
        "no longer slower",
        "what is not known does not speak against it",
        "slower everywhere",
    ],
)
def test_the_bound_moves_only_out_of_its_band(now: float | None, found: Effort, after: float | None) -> None:
    assert next_bound(now, found) == after


def test_the_bound_holds_while_it_works_and_goes_when_suggestions_get_better() -> None:
    """Labels come in under the bound that the last look has set; no range is compared across it."""
    rng, below, seen = np.random.default_rng(5), None, []
    held: list[tuple[float, float, bool, int]] = []
    for look in range(16):
        crossing = 0.5 if look < 8 else -1.0  # from then on suggestions help everywhere
        for _ in range(1500):
            confidence = float(rng.beta(2, 1.5))
            kind = showing(confidence, float(rng.random()), rate=0.1, below=below)
            slower = 0.4 * np.sign(crossing - confidence) if not kind.hidden else 0.0
            seconds = float(np.exp(3.5 - confidence + slower + rng.normal(0, 0.6)))
            held.append((confidence, seconds, kind.hidden, int(kind in (Showing.HIDDEN, Showing.SPARED))))
        held = held[-5000:]
        confidences, times, hidden, strata = (np.array(column) for column in zip(*held, strict=True))
        found = suggestion_effort(
            confidences[~hidden],
            times[~hidden],
            confidences[hidden],
            times[hidden],
            shown_strata=strata[~hidden],
            hidden_strata=strata[hidden],
            seed=look,
        )
        below = next_bound(below, found)
        seen.append(below)
    print("bounds:", seen)
    assert all(bound is not None and 0.25 <= bound <= 0.65 for bound in seen[2:8])
    assert seen[-1] is None or seen[-1] < 0.25
