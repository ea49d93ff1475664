"""Sentences of models are said by whoever shows them."""

from __future__ import annotations

from models.people.gold import in_words
from models.people.reviews import lines
from models.saying import Say, english
from models.types import Region
from models.values import Choices, Rating, Rectangle


def loud(message: str, /, **values: object) -> str:
    return english(message.upper().replace("{N}", "{n}"), **values)


def test_english_is_as_it_is_written() -> None:
    assert english("{n} marked", n=3) == "3 marked"
    assert english("100 % of {}") == "100 % of {}"


def test_another_says_the_same_otherwise() -> None:
    say: Say = loud
    stars = [Region(control="c", value=Rating(stars=4))]
    box = [Region(control="b", value=Rectangle(x=1, y=2, width=3, height=4))]
    assert (in_words(stars, "c"), in_words(stars, "c", say)) == ("4 stars", "4 STARS")
    assert (in_words(box, "b", say), in_words(box, "x", say)) == ("1 MARKED", "NOTHING")
    assert lines(box, say) == ["b: X 1.0; Y 2.0; WIDTH 3.0; HEIGHT 4.0"]
    assert lines([Region(control="a", value=Choices(labels=()))], say) == ["a: NOTHING"]
