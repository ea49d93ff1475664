"""Judgements of answers for the tests of ``models``: real texts, by the rule of ``scripts.judgements``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.base import TrainingExample
from models.types import ControlKind, ControlSpec, HumanLabel, InputSpec, Item, LabelConfig, Medium, Region
from models.values import Pair, Ranking, Rating, Value
from scripts.judgements import Judged, draw

QUESTION = InputSpec(name="prompt", field="question", medium=Medium.TEXT)
LEFT = InputSpec(name="a", field="first", medium=Medium.TEXT)
RIGHT = InputSpec(name="b", field="second", medium=Medium.TEXT)
LIST = InputSpec(name="list", field="answers", medium=Medium.LIST)


def control(kind: ControlKind, **more: Any) -> ControlSpec:
    """A control that judges answers, with the question beside it."""
    own: dict[str, Any] = {"input": LIST if kind == "ranker" else LEFT, "context": (QUESTION,)}
    if kind == "pairwise":
        own["others"] = (RIGHT,)
    if kind == "rating":
        own["maximum"] = 5.0
    return ControlSpec(**{"name": "verdict", "kind": kind, "labels": ()} | own | more)


def config(*controls: ControlSpec) -> LabelConfig:
    bare = tuple(one.model_copy(update={"context": ()}) for one in controls)
    return LabelConfig(digest="0" * 64, controls=bare, inputs=(QUESTION, LEFT, RIGHT, LIST))


def region(value: Value, control: str = "verdict") -> tuple[Region, ...]:
    return (Region(control=control, value=value),)


def judgements(
    kind: ControlKind,
    n: int,
    *,
    seed: int = 0,
    noise: float = 1.0,
    ties: bool = False,
    shares: Sequence[float] = (0.0, 0.5, 1.0),
) -> list[TrainingExample]:
    """``n`` judged items."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(n):
        count = {"pairwise": 2, "rating": 1}.get(kind, int(rng.integers(2, 5)))
        one = draw(rng, count, noise=noise, shares=shares)
        label = HumanLabel(regions=region(_value(kind, one, ties)))
        made.append(TrainingExample(item=_item(f"{seed}-{number}", one), label=label))
    return made


def swapped(item: Item) -> Item:
    """The same pair, left and right exchanged."""
    return item.model_copy(update={"data": item.data | {"first": item.data["second"], "second": item.data["first"]}})


def _item(key: str, one: Judged) -> Item:
    fields = dict(zip(("first", "second"), one.answers, strict=False))
    listed = [{"id": f"r{i}", "title": f"Answer {i}", "body": text} for i, text in enumerate(one.answers)]
    return Item(key=key, data={"question": one.question, "answers": listed, **fields})


def _value(kind: ControlKind, one: Judged, ties: bool) -> Value:
    if kind == "pairwise":
        return Pair.model_validate({"selected": one.side(ties=ties)})
    if kind == "rating":
        return Rating(stars=one.stars(0))
    return Ranking(buckets={"verdict": tuple(f"r{i}" for i in one.order())})
