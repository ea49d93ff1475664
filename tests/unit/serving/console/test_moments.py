from __future__ import annotations

from serving.console.moments import moment, spelled


def test_a_moment_is_in_utc() -> None:
    assert moment(1_700_000_000.9) == "2023-11-14 22:13:20 UTC"


def test_numbers_are_spelled() -> None:
    numbers = {"n": 40, "accuracy": 0.866666667, "whole": 2.0, "classes": {"good": 15, "share": 0.123456}, "by": "anna"}
    assert spelled(numbers) == "n 40, accuracy 0.8667, whole 2.0, classes (good 15, share 0.1235), by anna"
    assert spelled({}) == ""
    assert spelled({"ratio": float("inf"), "none": float("nan")}) == "ratio inf, none nan"
