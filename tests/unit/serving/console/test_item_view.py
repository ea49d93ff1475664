"""One item's page as data: its content, the spans in it, both sides, and its history in words."""

from __future__ import annotations

from typing import Any

from models.types import ControlSpec, InputSpec, LabelConfig, Medium
from models.values import TextSpan
from serving.console.item_story import story
from serving.console.item_view import MOST_TEXT, contents, pieces, view

TEXT = InputSpec(name="text", field="text", medium=Medium.TEXT)
PHOTO = InputSpec(name="photo", field="photo", medium=Medium.IMAGE)
CONFIG = LabelConfig(
    digest="0" * 64,
    controls=(
        ControlSpec(name="names", kind="labels", labels=("person", "place"), input=TEXT),
        ControlSpec(name="boxes", kind="rectanglelabels", labels=("cat",), input=PHOTO),
    ),
)


def span(start: int, end: int, label: str) -> TextSpan:
    return TextSpan(start=start, end=end, labels=(label,))


def region(start: int, end: int, label: str) -> dict[str, Any]:
    return {"control": "names", "value": span(start, end, label).model_dump(mode="json")}


def told(**changes: Any) -> dict[str, Any]:
    """What ``explain`` says of an item that a model and two people have spoken of."""
    item = {
        "id": 1, "task_id": 5, "fold": "train", "draw": 0.5, "revision": 2, "digest": "d", "inclusion": None,
        "opinions": 1, "state": "labeled", "blind": False, "prediction_id": 9, "received_at": 1.0, "updated_at": 9.0,
        "last_error": None, "attempts": 0, "not_before": 0.0,
        "data": {"text": "Ada in Rome", "photo": "http://x/y.png", "n": 3},
    }  # fmt: skip
    said = {"key": "1", "regions": [region(0, 3, "person")], "confidence": 0.75, "model_version": "m1"}
    common = {"revision": 1, "prediction_id": 9, "inclusion": None, "certificate_id": None}
    decision = {"route": "suggest", "reason": "below_threshold", "numbers": {"threshold": 0.9}, "created_at": 3.0}
    label = {
        "completed_by": 21, "role": "correction", "was_cancelled": False, "deleted": False, "set_aside": False,
        "lead_time": 4.0, "annotation_id": 7, "created_at": 5.0,
        "regions": [region(0, 3, "person"), region(7, 11, "place")],
    }  # fmt: skip
    skip = {**label, "completed_by": 22, "was_cancelled": True, "created_at": 6.0, "regions": []}
    sent = {"kind": "suggestion", "state": "dead", "last_error": "no", "updated_at": 4.0, "model_version": "m1"}
    work = {
        "kind": "item",
        "code": "below_threshold",
        "until": 60.0,
        "ended_at": None,
        "extended": False,
        "given_back": None,
    }
    return {
        "item": item | changes,
        "predictions": [{"id": 9, "revision": 1, "prediction": said, "created_at": 2.0}],
        "decisions": [common | decision],
        "outbox": [sent | {"revision": 1, "attempts": 3}],
        "labels": [common | label, common | skip],
        "reviews": [],
        "work": [
            work | {"user_id": 22, "state": "released", "granted_at": 4.2, "ended_at": 4.4, "given_back": "not mine"},
            work | {"user_id": 21, "state": "held", "granted_at": 4.6},
        ],
    }


def test_pieces_are_the_text_with_overlapping_spans_named() -> None:
    found = pieces("abcdef", [span(1, 4, "x"), span(3, 9, "y")])
    assert [(one.text, one.labels) for one in found] == [("a", ()), ("bc", ("x",)), ("d", ("x", "y")), ("ef", ("y",))]
    assert pieces("abc", [])[0].text == "abc"


def test_content_is_text_or_an_address_and_long_texts_are_cut() -> None:
    text, photo = contents({"text": "a" * (MOST_TEXT + 3), "photo": "http://x/y.png"}, CONFIG)
    assert (len(text.text), text.cut, text.shown) == (MOST_TEXT, 3, True)
    assert (photo.text, photo.shown) == ("http://x/y.png", False)


def test_both_sides_and_where_they_differ() -> None:
    seen = view(told(), CONFIG, {21: "Anna"})
    [side] = seen.sides
    assert (side.who, side.version) == ("Anna", "m1")
    assert [line.both for line in side.model] == [True]
    assert [line.both for line in side.person] == [True, False]
    assert side.loss > 0.0
    assert set(side.controls) == {"names"}
    assert [one.who for one in seen.marked] == ["Model m1", "Anna"]
    assert seen.rest == {"n": 3}
    assert (seen.blind, seen.waits) == (False, False)
    assert view(told(blind=True, state="published"), CONFIG, {}).waits


def test_the_history_in_words_oldest_first() -> None:
    found = story(told(), {21: "Anna"})
    stages = ["received", "predicted", "decided", "published", *["handed out"] * 3, "labeled", "labeled"]
    assert [one.stage for one in found] == stages
    words = [one.words for one in found]
    assert words[0].endswith("its data has changed since, this is revision 2")
    assert words[1] == "Model m1 was 75.0% sure of"
    assert words[2] == "Sent to people: its confidence is below the certified threshold"
    assert words[3] == "Label Studio refused its suggestion: no"
    assert words[4:7] == ["user 22 got it", "user 22 gave it back: not mine", "Anna got it"]
    assert found[6].numbers["until"] == "1970-01-01 00:01:00 UTC"
    assert words[7].startswith("Anna labelled it, with the suggestion in sight")
    assert words[8].startswith("user 22 skipped it")
    assert found[2].numbers["threshold"] == 0.9
    assert [one.tells for one in found] == [False, True, *[False] * 5, True, True]


def test_a_dead_item_says_why() -> None:
    assert story(told(state="dead", last_error="broken"), {})[-1].words == "Given up: broken"
