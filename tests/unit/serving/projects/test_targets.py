from __future__ import annotations

import pytest

from serving.projects.targets import Shortage, in_words, shortage

DEFAULTS = {"train_target": 200, "validation_target": 200, "validation_fraction": 0.25}


def test_a_project_of_forty_tasks() -> None:
    found = shortage(40, learns=True, **DEFAULTS)  # type: ignore[arg-type]
    assert found == Shortage(tasks=40, train=30, blind=10, train_target=200, validation_target=200, needed=800)
    assert in_words(found) == (
        "Of the 40 tasks that are there about 30 can train, where 200 labels are asked for, and about 10 can be drawn "
        "blind, where 200 are: send about 800 tasks in all, or lower both numbers under Advanced."
    )


@pytest.mark.parametrize(
    ("tasks", "changes", "lacking"),
    [
        (800, {}, None),
        (799, {}, (None, 200)),
        (267, {"validation_target": 10}, None),
        (266, {"validation_target": 10}, (200, None)),
        (266, {"validation_target": 10, "learns": False}, None),
        (100, {"validation_fraction": 0.1, "train_target": 90, "validation_target": 10}, None),
        (99, {"validation_fraction": 0.1, "train_target": 90, "validation_target": 10}, (90, 10)),
        (0, {"train_target": 1, "validation_target": 1}, (1, 1)),
    ],
)
def test_what_cannot_be_reached(
    tasks: int, changes: dict[str, float], lacking: tuple[int | None, int | None] | None
) -> None:
    found = shortage(tasks, **{"learns": True, **DEFAULTS, **changes})  # type: ignore[arg-type]
    assert (found and (found.train_target, found.validation_target)) == lacking
    if found is not None:
        assert shortage(found.needed, **{"learns": True, **DEFAULTS, **changes}) is None  # type: ignore[arg-type]
        assert found.train + found.blind == tasks


def test_the_number_to_lower_is_named() -> None:
    both = {"learns": True, **DEFAULTS}
    train = in_words(shortage(100, **{**both, "validation_target": 5}))  # type: ignore[arg-type]
    assert "the first model waits for 200 labels" in train
    assert "lower the labels before the first training" in train
    blind = in_words(shortage(1, **{**both, "learns": False}))  # type: ignore[arg-type]
    assert blind.startswith("Of the 1 task that is there about 0 can be drawn blind, and 200 blind labels")
    assert "lower the blind labels before the first test" in blind
    assert in_words(None) == ""
