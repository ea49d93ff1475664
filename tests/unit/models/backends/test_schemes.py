from __future__ import annotations

import pytest

from models.backends.schemes import Run, Tag, join, read


def spans(*classes: str) -> list[tuple[int, int, str]]:
    known = sorted({*classes, "O"})
    meaning = dict(zip(known, read(known), strict=True))
    return [tuple(run) for run in join([meaning[name] for name in classes])]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ("B-PER I-PER O B-PER B-PER", [(0, 2, "PER"), (3, 4, "PER"), (4, 5, "PER")]),
        ("I-PER I-PER I-LOC O", [(0, 2, "PER"), (2, 3, "LOC")]),
        ("B-PER I-LOC I-PER", [(0, 1, "PER"), (1, 2, "LOC"), (2, 3, "PER")]),
        ("B-PER I-PER E-PER I-PER S-PER S-PER", [(0, 3, "PER"), (3, 4, "PER"), (4, 5, "PER"), (5, 6, "PER")]),
        ("B_ORG L_ORG U_ORG o", [(0, 2, "ORG"), (2, 3, "ORG")]),
        ("PERSON PERSON LOC O LOC", [(0, 2, "PERSON"), (2, 3, "LOC"), (4, 5, "LOC")]),
        ("O O", []),
        ("", []),
    ],
)
def test_tags_join_to_spans(classes: str, expected: list[tuple[int, int, str]]) -> None:
    assert spans(*classes.split()) == expected


def test_names_that_look_like_parts_are_a_scheme_only_where_all_do() -> None:
    assert read(["O", "B-PER", "I-PER"])[1] == Tag("B", "PER")
    assert read(["O", "E-mail", "phone"])[1:] == [Tag("I", "E-mail"), Tag("I", "phone")]


def test_a_run_counts_tokens() -> None:
    assert join([Tag("I", "x"), Tag("O", None)]) == [Run(0, 1, "x")]
