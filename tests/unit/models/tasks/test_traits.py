"""What is noted of inputs."""

from __future__ import annotations

import numpy as np
import pytest

from models.tasks.traits import INPUT, MAX_CHARACTERS, of_grid, of_text


def test_text() -> None:
    assert of_text("ab 1é") == {"input_characters": 5.0, "input_letters": 0.6, "input_ascii": 0.8}


def test_empty_text_is_nothing_special() -> None:
    assert of_text("") == {"input_characters": 0.0, "input_letters": 1.0, "input_ascii": 1.0}


def test_long_text_is_counted_whole_and_read_at_its_beginning() -> None:
    found = of_text("a" * MAX_CHARACTERS + "1" * 10)
    assert (found["input_characters"], found["input_letters"]) == (MAX_CHARACTERS + 10, 1.0)


def test_grid() -> None:
    found = of_grid(np.array([[0.0, 1.0], [0.0, 1.0]], np.float32))
    assert found == {"input_brightness": pytest.approx(0.5), "input_contrast": pytest.approx(0.5)}
    assert all(name.startswith(INPUT) for name in found)
