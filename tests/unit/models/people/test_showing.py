"""Who gets no suggestion, and how the bound moves."""

from __future__ import annotations

from collections.abc import Callable

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


def bounds_of(
    seed: int, strength: Callable[[int, float], float], *, rate: float, labels: int, every: float = 0.2
) -> list[float | None]:
    """The bound after each look of one project: labels come in under the bound that the look before has set.

    Of the first 800 labels every fourth is blind. ``strength``: number of the label, confidence -> by how much its
    suggestion lengthens the logarithm of the time.
    """
    rng, below, looked = np.random.default_rng(seed), None, 0
    seen: list[float | None] = []
    held: list[tuple[float, float, bool, bool]] = []
    for n in range(labels):
        confidence, draw = float(rng.beta(2, 1.5)), float(rng.random())
        blind = n < 800 and n % 4 == 0
        kind = showing(confidence, draw, rate=rate, below=below)
        hidden, low = blind or kind.hidden, not blind and kind in (Showing.HIDDEN, Showing.SPARED)
        effect = 0.0 if hidden else strength(n, confidence)
        held.append((confidence, float(np.exp(3.5 - confidence + effect + rng.normal(0, 0.6))), hidden, low))
        if n - looked < max(50, every * min(len(held), 5000)):
            continue
        looked, held = n, held[-5000:]
        sure, times, unseen, strata = (np.array(column) for column in zip(*held, strict=True))
        found = suggestion_effort(
            sure[~unseen],
            times[~unseen],
            sure[unseen],
            times[unseen],
            shown_strata=strata[~unseen],
            hidden_strata=strata[unseen],
            doubt=0.01,
            draws=1000,
            seed=seed,
        )
        below = next_bound(below, found)
        seen.append(below)
    return seen


def test_the_bound_holds_while_it_works_and_goes_when_suggestions_get_better() -> None:
    def strength(n: int, confidence: float) -> float:
        return 0.4 if n < 8000 and confidence < 0.5 else -0.4

    seen = bounds_of(5, strength, rate=0.1, labels=20_000)
    print("bounds:", seen)
    assert all(bound is not None and 0.4 <= bound <= 0.6 for bound in seen[9:18])
    assert len(set(seen[:20])) <= 4, "it does not flap"
    assert seen[-1] is None


def test_without_an_effect_few_projects_ever_hide_anything() -> None:
    """Every look is a chance to be misled: counted over 20 projects of 4,000 labels, at the shipped rate and doubt."""
    found = [bounds_of(seed, lambda n, confidence: 0.0, rate=0.02, labels=4_000) for seed in range(20)]
    ever = sum(any(bound is not None for bound in seen) for seen in found)
    last = sum(seen[-1] is not None for seen in found)
    print("ever:", ever / 20, "at the end:", last / 20)
    assert ever <= 6
    assert last <= 5


def test_an_effect_is_found_at_the_shipped_rate() -> None:
    """35 % slower below 0.5, 26 % quicker above it."""
    found = [
        bounds_of(seed, lambda n, confidence: 0.3 if confidence < 0.5 else -0.3, rate=0.02, labels=4_000)[-1]
        for seed in range(10)
    ]
    print("bounds:", found)
    assert sum(bound is not None and 0.2 < bound < 0.65 for bound in found) >= 8
