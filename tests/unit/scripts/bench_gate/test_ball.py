"""The unit ball in few dimensions: what is asked, what is accepted, and that both count alike."""

import numpy as np
import pytest

from scripts.bench_gate import ball
from scripts.bench_gate.ball import World


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(ball, "DIMENSIONS", 5)
    monkeypatch.setattr(ball, "POOL", 1200)
    monkeypatch.setattr(ball, "QUERIES", 140)
    monkeypatch.setattr(ball, "SEEDS", 60)
    return World.drawn(0, 400)


def test_points_lie_in_the_ball_and_the_plane_parts_them(small: World) -> None:
    assert small.points.shape == (1200, 5)
    assert small.validation.shape == (400, 5)
    lengths = np.linalg.norm(small.points, axis=1)
    assert lengths.max() <= 1.0
    assert np.median(lengths) == pytest.approx(0.5 ** (1 / 5), abs=0.02), "uniform in the ball, not in its radius"
    assert 0.4 < small.labels.mean() < 0.6


def test_ours_accepts_nearly_all_that_it_did_not_ask(small: World) -> None:
    model, waiting = ball.train(small)
    assert waiting.size == 1200 - 140
    done = [ball.certified(small.with_sample(number), model, waiting) for number in range(3)]
    assert all(one.error <= ball.EPSILON for one in done)
    assert all(0.8 * (1 - 140 / 1200) < one.automation <= 1 - 140 / 1200 for one in done)


def test_samples_are_drawn_anew_and_parted_by_the_same_plane(small: World) -> None:
    other = small.with_sample(1)
    assert small.with_sample(0) is small
    assert not np.intersect1d(other.validation, small.validation).size
    np.testing.assert_array_equal(other.validation_labels, other.validation @ small.normal > 0)
    np.testing.assert_array_equal(other.validation, small.with_sample(1).validation)
    assert not np.intersect1d(other.validation, small.with_sample(2).validation).size


def test_tbal_accepts_in_rounds_and_without_a_margin_more_of_it_is_wrong(small: World) -> None:
    bold, careful = ball.tbal(small, margin=0.0), ball.tbal(small, margin=0.25)
    assert bold.automation > 0.8
    assert careful.error <= bold.error
    assert bold.automation <= 1 - ball.SEEDS / ball.POOL


def test_table_has_ours_first_and_the_published_numbers(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ball, "LABELS", (400,))
    (found,) = ball.comparisons(20)
    assert [row.rule.split(" (")[0] for row in found.rows] == [
        "certify, trained first",
        "TBAL, C1 = 0, 2 splits",
        "TBAL, C1 = 0.25, 2 splits",
    ]
    assert "1.65 / 93.3" in found.rows[2].rule
    assert (found.splits, found.models, found.items) == (20, 2, 1200)


def test_row_counts_what_never_opened_as_no_violation() -> None:
    row = ball._row("x", [ball.Done(0.0, 0.0), ball.Done(0.5, 0.02), ball.Done(0.7, 0.005)])
    assert row.automation == pytest.approx(0.4)
    assert row.error == pytest.approx(0.0125)
    assert row.violations == pytest.approx(1 / 3)
    assert row.never == pytest.approx(1 / 3)
