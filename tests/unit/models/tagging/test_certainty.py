from __future__ import annotations

import numpy as np
import pytest

from models.tagging import certainty
from models.tagging.bio import Span
from models.tagging.reading import Reading


def said(p: float, *, spans: int = 1, known: float = 0.5) -> Reading:
    found = tuple(Span(3 * k, 3 * k + 2, 0) for k in range(spans))
    return Reading(found, (p,) * spans, float(np.log(p)), 0.1, p, known)


def test_confidence_is_brought_to_how_often_texts_were_right() -> None:
    rng = np.random.default_rng(0)
    said_p = rng.uniform(0.05, 0.99, 2000)
    right = (rng.uniform(size=2000) < said_p**2).astype(float)  # the field is too sure of itself
    readings = [said(float(p)) for p in said_p]
    found = certainty.confidences(readings, certainty.learn(readings, right))
    assert found.mean() == pytest.approx(right.mean(), abs=0.01)
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        inside = (found >= low) & (found <= high)
        assert found[inside].mean() == pytest.approx(right[inside].mean(), abs=0.07)


def test_what_the_text_looks_like_counts_where_it_says_something() -> None:
    rng = np.random.default_rng(1)
    known = rng.uniform(0.1, 0.9, 1500)
    right = (rng.uniform(size=1500) < known).astype(float)
    readings = [said(0.7, known=float(one)) for one in known]
    parameters = certainty.learn(readings, right)
    strange, usual = certainty.confidences([said(0.7, known=0.15), said(0.7, known=0.85)], parameters)
    assert strange < 0.4 < 0.6 < usual


@pytest.mark.parametrize("p", [1e-300, 0.5, 1.0])
def test_the_edges_stay_within_zero_and_one(p: float) -> None:
    readings = [said(0.6), said(0.7, spans=0), said(0.8, spans=4)]
    found = certainty.confidences([said(p), said(p, spans=0)], certainty.learn(readings, np.array([1.0, 0.0, 1.0])))
    assert ((found >= 0.0) & (found <= 1.0)).all()


def test_no_reading_is_no_confidence() -> None:
    parameters = certainty.learn([said(0.6), said(0.7)], np.array([1.0, 0.0]))
    assert certainty.confidences([], parameters).shape == (0,)
