"""How likely labels are right, as cleanlab has it."""

from __future__ import annotations

import sys

import pytest

from models.errors import MissingDependencyError
from models.people.label_quality import label_quality


def test_a_label_is_as_good_as_the_model_thinks_its_class_likely() -> None:
    probabilities = [[0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0.2, 0.2, 0.6]]
    assert label_quality(["a", "b", "c"], ("a", "b", "c"), probabilities) == pytest.approx([0.9, 0.05, 0.6])
    assert label_quality([], ("a", "b"), []).shape == (0,)


def test_an_answer_that_is_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match="no class: x"):
        label_quality(["x"], ("a", "b"), [[0.5, 0.5]])


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab.rank", None)
    with pytest.raises(MissingDependencyError, match="people"):
        label_quality(["a"], ("a", "b"), [[0.5, 0.5]])
