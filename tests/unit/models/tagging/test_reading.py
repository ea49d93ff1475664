from __future__ import annotations

import numpy as np
import pytest

from models.tagging import bio, fitting, reading
from models.tagging.bio import Span

TEXTS = [reading.prepare(text) for text in ("we met Anna", "", "Bo left", "who left")]


def fitted() -> fitting.Weights:
    tags = np.array([0, 0, 1, 1, 0, 0, 0])
    return fitting.fit(reading.encode(TEXTS), tags, [len(text.tokens) for text in TEXTS], 1)


def test_a_reading_gives_spans_of_characters_and_how_sure_it_is() -> None:
    found = reading.read(TEXTS, reading.encode(TEXTS), fitted())
    assert [one.spans for one in found] == [(Span(7, 11, 0),), (), (Span(0, 2, 0),), ()]
    for one in found:
        assert one.log_probability <= 0.0
        assert all(np.exp(one.log_probability) <= score + 1e-9 for score in one.scores)
        assert 0.0 <= one.entropy <= np.log(bio.count(1))


def test_an_empty_text_is_read_for_certain() -> None:
    assert reading.read(TEXTS[1:2], reading.encode(TEXTS[1:2]), fitted())[0] == reading.Reading(
        (), (), 0.0, 0.0, 1.0, 1.0
    )


def test_very_long_text_is_cut() -> None:
    text = reading.prepare("a " * reading.MAX_CHARACTERS)
    assert text.tokens[-1][1] <= reading.MAX_CHARACTERS
    assert len(text.tokens) == pytest.approx(reading.MAX_CHARACTERS / 2)
