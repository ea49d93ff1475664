"""The judge with a scripted endpoint behind ``models.judge.chats``: what it does with answers; no model speaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log
from typing import Any

import pytest

from models import registry
from models.base import Model
from models.errors import ConfigurationError, JudgeRefused, PlatformUnavailable
from models.judge import chats
from models.specs import JudgeSpec
from models.types import ControlSpec, Failure, Item, Prediction
from models.values import Pair, Rating
from tests.unit.models.answers import QUESTION, config, control

ITEM = Item(key="1", data={"question": "Why?", "first": "So.", "second": "Because."})
PAIR, STARS = control("pairwise", name="better"), control("rating", name="stars")


class Scripted:
    """Answers what a function says of the messages."""

    def __init__(self, answer: Callable[[str, int], list[chats.Reply]]) -> None:
        self.answer, self.asked = answer, list[tuple[str, int, bool]]()

    def ask(
        self, messages: Sequence[chats.Message], schema: Mapping[str, Any], *, n: int, logprobs: bool
    ) -> list[chats.Reply]:
        self.asked.append((messages[1]["content"], n, logprobs))
        return self.answer(messages[1]["content"], n)


@pytest.fixture(autouse=True)
def _no_way_out() -> Iterator[None]:
    yield
    chats.provide(None)


def load(script: Scripted, *controls: ControlSpec, samples: int = 1) -> Model:
    chats.provide(lambda spec: script)
    spec = JudgeSpec(url="http://example.org", model="judge-1", samples=samples)
    assigned = registry.assign(spec, config(*controls))
    return registry.load(registry.reference(spec, assigned.controls, name="judge"))


def written(**values: Any) -> str:
    return json.dumps(values)


def one(model: Model, item: Item = ITEM) -> Any:
    (found,) = model.predict([item])
    return found


def test_one_answer_is_as_sure_as_its_tokens() -> None:
    tokens = [(b'{"better": ', -1.0), (b'"right"', log(0.8)), (b', "stars": ', -0.5), (b"4", log(0.5)), (b"}", 0.0)]
    script = Scripted(lambda content, n: [(written(better="right", stars=4), tokens)])
    found = one(load(script, PAIR, STARS))
    assert [region.value for region in found.regions] == [Pair(selected="right"), Rating(stars=4)]
    better, stars = (region.score for region in found.regions)
    assert better == pytest.approx(0.8)
    assert stars == pytest.approx(0.5)
    assert found.confidence == pytest.approx(better * stars)
    assert found.numbers["probabilities"] == 1.0
    assert script.asked[0][1:] == (1, True)


def test_one_answer_without_probabilities_is_neither_sure_nor_unsure() -> None:
    script = Scripted(lambda content, n: [(written(better="right", stars=4), None)])
    found = one(load(script, PAIR, STARS))
    assert found.confidence == 0.5
    assert found.numbers["probabilities"] == 0.0
    assert found.regions[0].score is None


def test_agreement_counts_all_that_were_asked_for() -> None:
    def answer(content: str, n: int) -> list[chats.Reply]:
        texts = [written(stars=4), written(stars=4), written(stars=2), "no"]
        return [(text, None) for text in texts[:n]]

    script = Scripted(answer)
    found = one(load(script, STARS, samples=4))
    assert found.regions[0].value == Rating(stars=4)
    assert found.confidence == 0.5
    assert found.regions[0].score == 0.5
    assert found.numbers["answers"] == 3.0
    assert script.asked[0][1:] == (4, False)


def test_a_judge_that_favours_a_place_agrees_with_itself_in_half() -> None:
    script = Scripted(lambda content, n: [(written(better="left"), None)] * n)
    found = one(load(script, PAIR, samples=4))
    assert found.confidence == 0.5
    assert [count for _, count, _ in script.asked] == [2, 2]


def test_a_judge_that_favours_an_answer_agrees_wherever_it_stands() -> None:
    def answer(content: str, n: int) -> list[chats.Reply]:
        return [(written(better="left" if "'left' is 'b'" in content else "right"), None)] * n

    found = one(load(Scripted(answer), PAIR, samples=4))
    assert (found.regions[0].value, found.confidence) == (Pair(selected="right"), 1.0)


def test_a_bad_item_harms_no_neighbour() -> None:
    def answer(content: str, n: int) -> list[chats.Reply]:
        if "too long" in content:
            raise JudgeRefused("The judge at http://example.org: answered 400; shorten the task")
        return [("no JSON" if "nonsense" in content else written(better="left"), None)]

    items = [
        ITEM,
        ITEM.model_copy(update={"key": "2", "data": ITEM.data | {"first": "too long"}}),
        ITEM.model_copy(update={"key": "3", "data": ITEM.data | {"first": "nonsense"}}),
        ITEM.model_copy(update={"key": "4", "data": {"first": "alone"}}),
        ITEM.model_copy(update={"key": "5"}),
    ]
    found = load(Scripted(answer), PAIR).predict(items)
    assert [answered.key for answered in found] == ["1", "2", "3", "4", "5"]
    assert [answered.code for answered in found if isinstance(answered, Failure)] == [
        "judge_refused",
        "bad_answer",
        "missing_field",
    ]
    assert isinstance(found[0], Prediction)
    assert isinstance(found[4], Prediction)


def test_an_endpoint_that_does_not_answer_fails_the_chunk() -> None:
    def answer(content: str, n: int) -> list[chats.Reply]:
        raise PlatformUnavailable("The judge at http://example.org: answered 503, 4 times; try again later")

    script = Scripted(answer)
    with pytest.raises(PlatformUnavailable, match="503"):
        load(script, PAIR).predict([ITEM] * 200)
    assert len(script.asked) < 200  # the rest was not asked


def test_a_process_without_a_way_to_the_network_says_so() -> None:
    spec = JudgeSpec(url="http://example.org", model="judge-1")
    ref = registry.reference(spec, (PAIR,), name="judge")
    with pytest.raises(ConfigurationError, match="no way to the network"):
        registry.load(ref)


def test_it_fills_all_that_is_about_words_and_shows_the_question_once() -> None:
    region = control("choices", name="part", labels=("x",), per_region=True)
    spec = JudgeSpec(url="http://example.org", model="judge-1")
    assigned = registry.assign(spec, config(PAIR, STARS, region))
    assert [found.name for found in assigned.controls] == ["better", "stars"]
    assert [found.context for found in assigned.controls] == [(QUESTION,), ()]
    with pytest.raises(ConfigurationError, match="has none"):
        registry.assign(spec, config(region))


def test_a_version_is_of_what_decides_the_answers() -> None:
    spec = JudgeSpec(url="http://example.org", model="judge-1")
    version = registry.reference(spec, (PAIR,), name="judge").version
    for change, same in (({"timeout_s": 5.0}, True), ({"key_variable": "K"}, True), ({"instructions": "x"}, False)):
        changed = spec.model_copy(update=change)
        assert (registry.reference(changed, (PAIR,), name="judge").version == version) is same
