from __future__ import annotations

import pytest

from models.errors import ConfigurationError
from models.labels import match, partial


def test_same_name_then_same_but_for_case_then_the_map() -> None:
    found = match(["Pos", "NEG", "LABEL_2"], ["Pos", "neg", "mixed"], {"LABEL_2": "mixed"})
    assert found == ["Pos", "neg", "mixed"]


def test_an_entry_of_the_map_wins_over_a_name_that_happens_to_match() -> None:
    assert match(["a", "b"], ["a", "b"], {"a": "b", "b": "a"}) == ["b", "a"]


def test_a_class_without_a_label_is_an_error_that_names_both_sides() -> None:
    with pytest.raises(ConfigurationError, match=r"'LABEL_1' have no label.*'good', 'bad'.*label_map"):
        match(["good", "LABEL_1"], ["good", "bad"], {})


def test_case_does_not_decide_between_two_labels() -> None:
    with pytest.raises(ConfigurationError, match="'AB'"):
        match(["AB"], ["ab", "Ab"], {})
    assert match(["Ab"], ["ab", "Ab"], {}) == ["Ab"]


@pytest.mark.parametrize(
    ("label_map", "message"), [({"gone": "good"}, "names 'gone'"), ({"good": "great"}, "leads to 'great'")]
)
def test_an_entry_that_names_neither_side_is_an_error(label_map: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        match(["good", "bad"], ["good", "bad"], label_map)


def test_what_a_label_is_called_besides_counts_after_its_name() -> None:
    names = {"person": ["PER", "human"], "place": ["LOC", "person"]}
    assert match(["PER", "loc", "person"], ["person", "place"], {}, names) == ["person", "place", "person"]
    assert match(["PER"], ["person", "place"], {"PER": "place"}, names) == ["place"]


def test_a_name_of_two_labels_decides_nothing() -> None:
    with pytest.raises(ConfigurationError, match="'X' have no label"):
        match(["X"], ["a", "b"], {}, {"a": ["X"], "b": ["X"]})


def test_classes_without_a_label_are_named() -> None:
    assert partial(["PER", "MISC", "loc"], ["LOC", "per"], {}) == ({"PER": "per", "loc": "LOC"}, ("MISC",))
