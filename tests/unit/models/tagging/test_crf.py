"""The field against the sum over every way to tag."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from models.tagging import bio, crf
from models.tagging.crf import Floats, Ints

LENGTHS = [3, 0, 4, 1, 4]
LABELS = 1


@pytest.fixture(scope="module")
def scores() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(3)
    emissions = rng.normal(size=(sum(LENGTHS), 3)) * 2
    moves = np.where(bio.allowed(LABELS), rng.normal(size=(4, 3)), -1e4)
    return emissions, moves


def ways(length: int, start: int, emissions: Floats, moves: Floats) -> dict[tuple[int, ...], float]:
    """Probability of each way to tag one text."""
    logs = {}
    for tags in itertools.product(range(3), repeat=length):
        logs[tags] = sum(moves[p, t] + emissions[start + k, t] for k, (p, t) in enumerate(follow(tags)))
    total = np.logaddexp.reduce(list(logs.values()))
    return {tags: float(np.exp(log - total)) for tags, log in logs.items()}


def follow(tags: tuple[int, ...]) -> list[tuple[int, int]]:
    """Each tag with the one before it; 3 is the beginning."""
    return list(zip((3, *tags), tags, strict=False))


def each_text() -> list[tuple[int, int, int]]:
    stops = np.cumsum(LENGTHS).tolist()
    return [(number, stop - length, length) for number, (stop, length) in enumerate(zip(stops, LENGTHS, strict=True))]


def test_marginals_and_pairs_are_sums_over_all_ways(scores: tuple[Floats, Floats]) -> None:
    held = crf.beliefs(*scores, LENGTHS)
    pairs = np.zeros((4, 3))
    for _, start, length in each_text():
        expected = np.zeros((length, 3))
        for tags, p in ways(length, start, *scores).items():
            for k, (before, tag) in enumerate(follow(tags)):
                expected[k, tag] += p
                pairs[before, tag] += p
        np.testing.assert_allclose(held.marginals[start : start + length], expected, atol=1e-12)
    np.testing.assert_allclose(held.pairs, pairs, atol=1e-12)


def test_the_best_way_has_the_probability_that_it_says(scores: tuple[Floats, Floats]) -> None:
    tags, held = crf.best(*scores, LENGTHS), crf.beliefs(*scores, LENGTHS)
    logs = crf.scores(tags, *scores, LENGTHS) - held.log_z
    for number, start, length in each_text():
        known = ways(length, start, *scores)
        top = max(known, key=lambda way: known[way])
        assert tuple(tags[start : start + length].tolist()) == top
        assert np.exp(logs[number]) == pytest.approx(known[top])


def test_a_span_has_the_probability_of_all_ways_with_it(scores: tuple[Floats, Floats]) -> None:
    held = crf.beliefs(*scores, LENGTHS)
    checked = 0
    for _, start, length in each_text():
        known = ways(length, start, *scores)
        for first, last in itertools.combinations_with_replacement(range(length), 2):
            tags: Ints = np.zeros(sum(LENGTHS), np.int64)
            tags[start + first], tags[start + first + 1 : start + last + 1] = 1, 2
            span = bio.Span(first, last + 1, 0)
            expected = sum(p for way, p in known.items() if way_allowed(way) and span in bio.decode(way))
            found = crf.span_probability(start + first, start + last, start + length, tags, *scores, held)
            assert found == pytest.approx(expected, abs=1e-9)
            checked += 1
    assert checked == 6 + 10 + 1 + 10


def way_allowed(way: tuple[int, ...]) -> bool:
    may = bio.allowed(LABELS)
    return all(may[before, tag] for before, tag in follow(way))


def test_texts_do_not_touch_each_other(scores: tuple[Floats, Floats]) -> None:
    together = crf.beliefs(*scores, LENGTHS)
    for number, start, length in each_text():
        alone = crf.beliefs(scores[0][start : start + length], scores[1], [length])
        np.testing.assert_allclose(alone.marginals, together.marginals[start : start + length], atol=1e-12)
        assert alone.log_z[0] == pytest.approx(together.log_z[number])


def test_no_text_and_empty_texts(scores: tuple[Floats, Floats]) -> None:
    for lengths in ([], [0, 0]):
        held = crf.beliefs(np.zeros((0, 3)), scores[1], lengths)
        assert held.log_z.tolist() == [0.0] * len(lengths)
        assert crf.best(np.zeros((0, 3)), scores[1], lengths).size == 0


def test_large_scores_stay_finite(scores: tuple[Floats, Floats]) -> None:
    held = crf.beliefs(scores[0] * 300, scores[1] * 3, LENGTHS)
    assert np.isfinite(held.log_z).all()
    np.testing.assert_allclose(held.marginals.sum(axis=1), 1.0, atol=1e-6)
