from __future__ import annotations

import numpy as np

from models.tagging import features, reading


def row(text: str, place: int) -> set[int]:
    prepared = reading.prepare(text)
    found = features.encode([(text, prepared.tokens)])
    return set(found[place].indices.tolist())


def test_a_token_is_known_by_its_neighbours_too_and_by_none_further_off() -> None:
    assert row("we saw the Paris office today again", 3) != row("we saw a Paris office today again", 3)
    assert row("ten we saw the Paris office today or", 4) == row("one we saw the Paris office today or", 4)


def test_width_of_characters_and_case_change_the_shape_only() -> None:
    one, other = row("paris", 0), row("Paris", 0)
    assert one != other
    assert len(one & other) > len(one) // 2


def test_texts_stand_one_after_the_other_and_alone_they_are_the_same() -> None:
    texts = [(text, reading.prepare(text).tokens) for text in ("我在北京", "", "Hello there")]
    together = features.encode(texts)
    assert together.shape == (6, features.SIZE)
    alone = np.vstack([features.encode([one]).sum(axis=1) for one in texts])
    np.testing.assert_array_equal(together.sum(axis=1), alone)
    assert set(np.unique(together.data)) == {1.0}


def test_nothing_is_no_row() -> None:
    assert features.encode([]).shape == (0, features.SIZE)
