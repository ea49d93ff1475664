from __future__ import annotations

from serving.console.reasons import OTHER, sentences


def test_a_blind_item_says_nothing_of_the_model() -> None:
    assert sentences({"code": "quality"}) == ["It is labelled without a suggestion, to check how well the model does."]


def test_numbers_and_skills_are_told() -> None:
    told = sentences({"code": "below_threshold", "confidence": 0.618, "needs": "law/de/any from level 2"})
    assert told[1] == "The model is 62% sure of its suggestion."
    assert "law/de/any from level 2" in told[2]


def test_an_item_without_its_suggestion_says_why_and_nothing_else() -> None:
    [told] = sentences({"code": "no_suggestion"})
    assert told.startswith("It comes without a suggestion")


def test_an_unknown_reason_is_no_error() -> None:
    assert sentences({}) == [OTHER]
