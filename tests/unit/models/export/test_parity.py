from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.errors import ParityError
from models.export.parity import Arrays, Tolerance, compare, padded_inputs

NAMES = ("input_ids", "attention_mask", "token_type_ids")
STRICT = Tolerance(max_abs=1e-4, min_cosine=0.9999)


def masked_mean(arrays: Arrays) -> NDArray[np.float32]:
    mask = arrays["attention_mask"]
    mean = (arrays["input_ids"] * mask).sum(axis=1) / mask.sum(axis=1)
    return np.stack([mean, mean**2], axis=1).astype(np.float32)


def forgets_the_mask(arrays: Arrays) -> NDArray[np.float32]:
    return masked_mean({**arrays, "attention_mask": np.ones_like(arrays["attention_mask"])})


def test_inputs_are_padded_on_both_sides_and_one_text_fills_its_row() -> None:
    inputs = padded_inputs(NAMES, 500, pad_id=7, longest=64)
    assert {arrays["input_ids"].shape[0] for arrays in inputs} >= {1, 2, 5}
    assert max(arrays["input_ids"].shape[1] for arrays in inputs) == 64
    right, left = 0, 0
    for arrays in inputs:
        ids, mask = arrays["input_ids"], arrays["attention_mask"]
        assert (ids[mask == 0] == 7).all()
        assert mask[0].all()
        assert mask.any(axis=1).all()
        assert set(arrays) == set(NAMES)
        right += int((mask[:, -1] == 0).sum())
        left += int((mask[:, 0] == 0).sum())
    assert right > 3
    assert left > 3


def test_equal_models_pass() -> None:
    parity = compare(masked_mean, masked_mean, padded_inputs(NAMES, 500, 0, longest=64), compared="x", tolerance=STRICT)
    assert parity.passed
    assert (parity.max_abs, parity.mean_abs) == (0, 0)
    parity.require()


def test_a_model_that_forgets_the_mask_is_caught() -> None:
    inputs = padded_inputs(NAMES, 500, 0, longest=64)
    parity = compare(forgets_the_mask, masked_mean, inputs, compared="mask", tolerance=STRICT)
    assert not parity.passed
    with pytest.raises(ParityError, match=r"mask: outputs differ.*not used"):
        parity.require()


def test_not_a_number_never_passes() -> None:
    def broken(arrays: Arrays) -> NDArray[np.float32]:
        return np.full((len(arrays["input_ids"]), 2), np.nan, np.float32)

    inputs = padded_inputs(NAMES, 500, 0, longest=64)
    assert not compare(broken, masked_mean, inputs, compared="x", tolerance=STRICT).passed
