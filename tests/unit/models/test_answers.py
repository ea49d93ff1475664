from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.answers import Case, entries, judged, read_case, text_of, traits, with_context
from models.tasks.inputs import UnreadableItem
from models.types import InputSpec, Item, LabelConfig, Medium
from tests.unit.models.answers import LEFT, LIST, QUESTION, RIGHT, config, control


def item(**data: Any) -> Item:
    return Item(key="1", data=data)


def test_the_question_is_what_no_judgement_speaks_of() -> None:
    pair, stars = control("pairwise"), control("rating", name="stars")
    found = with_context(stars, config(pair, stars))
    assert found.context == (QUESTION,)  # not the other answer, which the pair speaks of


def test_a_question_that_people_judge_elsewhere_is_left_out_whoever_fills_the_control() -> None:
    pair = control("pairwise")
    by_people = control("rating", name="clear", input=QUESTION)
    both = config(pair).model_copy(update={"by_people": (by_people,)})
    assert with_context(pair, both).context == ()


def test_a_picture_is_no_question() -> None:
    picture = InputSpec(name="p", field="p", medium=Medium.IMAGE)
    alone = LabelConfig(digest="0" * 64, controls=(control("pairwise"),), inputs=(picture, LEFT, RIGHT))
    assert with_context(control("pairwise"), alone).context == ()


@pytest.mark.parametrize(
    ("kind", "more", "can"),
    [
        ("pairwise", {}, True),
        ("rating", {}, True),
        ("ranker", {}, True),
        ("rating", {"per_region": True}, False),
        ("ranker", {"buckets": ("good", "bad")}, False),
        ("choices", {}, False),
        ("rating", {"input": InputSpec(name="p", field="p", medium=Medium.IMAGE)}, False),
    ],
)
def test_judged(kind: Any, more: dict[str, Any], can: bool) -> None:
    assert judged(control(kind, **more)) is can


def test_a_pair_is_read_with_its_question() -> None:
    case = read_case(item(question="Why?", first="So.", second=7), control("pairwise"))
    assert case == Case("Why?", ("So.", "7"))


def test_a_list_keeps_its_ids_and_order() -> None:
    listed = [{"id": "b", "title": "T", "body": "B"}, {"id": 3, "html": "<p>one<br>two</p><script>no()</script>"}]
    case = read_case(item(question="Why?", answers=listed), control("ranker"))
    assert case.ids == ("b", "3")
    assert case.answers == ("T\nB", "one two")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "missing_field"),
        ("text", "wrong_type"),
        ([], "bad_list"),
        ([{"title": "no id"}], "bad_list"),
        ([{"id": "1"}, {"id": 1}], "bad_list"),
        (["text"], "bad_list"),
        ([{"id": True}], "bad_list"),
    ],
)
def test_a_list_that_cannot_be_ranked_is_refused(value: Any, code: str) -> None:
    with pytest.raises(UnreadableItem) as caught:
        entries(item(answers=value), LIST)
    assert caught.value.code == code


def test_a_dialogue_is_read_with_its_speakers() -> None:
    source = InputSpec(name="chat", field="chat", medium=Medium.DIALOGUE, keys={"text": "said", "speaker": "who"})
    chat = [{"who": "Ada", "said": "Hello"}, {"said": "Who is there?\ud800"}]
    assert text_of(item(chat=chat), source) == "Ada: Hello\nWho is there??"
    with pytest.raises(UnreadableItem):
        text_of(item(chat=[{"who": "Ada"}]), source)


@given(st.text(), st.text())
def test_any_html_becomes_text(first: str, second: str) -> None:
    source = InputSpec(name="h", field="h", medium=Medium.HYPERTEXT)
    text_of(item(h=f"{first}<b>{second}"), source).encode()


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ("one <![foo bar]> two", "one two"),
        ("one <![1]> two", "one two"),
        ("<![if mso]>one<![endif]> two", "one two"),
        ("one <![CDATA[two]]> three", "one three"),
    ],
)
def test_marked_sections_are_no_text(html: str, seen: str) -> None:
    assert text_of(item(h=html), InputSpec(name="h", field="h", medium=Medium.HYPERTEXT)) == seen


def test_traits_do_not_know_the_order_of_answers() -> None:
    assert traits(Case("q", ("one", "two words"))) == traits(Case("q", ("two words", "one")))
