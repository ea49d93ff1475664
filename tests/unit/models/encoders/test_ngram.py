from __future__ import annotations

import numpy as np

from models.encoders.ngram import MAX_CHARACTERS, NgramEncoder


def test_rows_have_length_one_in_any_language_and_do_not_depend_on_neighbours() -> None:
    texts = ["good service", "服务很好", "καλή εξυπηρέτηση", "👍👍"]
    encoder = NgramEncoder()
    rows = encoder.encode(texts)
    np.testing.assert_allclose(np.sqrt(rows.multiply(rows).sum(axis=1)).ravel(), 1, rtol=1e-6)
    np.testing.assert_array_equal(rows[1].toarray(), encoder.encode([texts[1]]).toarray())
    assert rows.dtype == np.float32


def test_empty_text_has_an_empty_row() -> None:
    rows = NgramEncoder().encode(["", "   ", "a"])
    assert [rows[i].nnz > 0 for i in range(3)] == [False, False, True]


def test_repeating_a_word_counts_less_each_time() -> None:
    once, often = NgramEncoder().encode(["ab cd", "ab ab ab ab cd"])
    assert 0.5 < float((once @ often.T).toarray()[0, 0]) < 0.99


def test_very_long_text_is_cut() -> None:
    assert len(NgramEncoder().prepare("x" * (MAX_CHARACTERS + 5))) == MAX_CHARACTERS


def test_a_text_is_measured_in_characters() -> None:
    encoder = NgramEncoder()
    np.testing.assert_allclose(encoder.measures(["", "你好", "four"])[:, 0], np.log([1, 3, 5]))
    assert encoder.measures([]).shape == (0, 1)
