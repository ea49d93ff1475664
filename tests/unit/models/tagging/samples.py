"""Texts with marked spans, for the tests of taggers."""

from __future__ import annotations

from collections.abc import Sequence

from models.base import TrainingExample
from models.types import ControlSpec, HumanLabel, InputSpec, Item, Medium, Region
from models.values import TextSpan
from scripts.datasets import NAME_LABELS, Tagged


def labels_control(labels: Sequence[str] = NAME_LABELS, medium: Medium = Medium.TEXT) -> ControlSpec:
    source = InputSpec(name="text", field="text", medium=medium)
    return ControlSpec(name="name", kind="labels", labels=tuple(labels), input=source)


def span(text: str, start: int, end: int, *labels: str) -> Region:
    return Region(control="name", value=TextSpan(start=start, end=end, text=text[start:end], labels=labels))


def example(one: Tagged) -> TrainingExample:
    marked = tuple(span(one.text, start, end, label) for start, end, label in one.spans)
    return TrainingExample(item=Item(key=one.id, data={"text": one.text}), label=HumanLabel(regions=marked))


def meetings(n: int) -> list[TrainingExample]:
    """``n`` short texts, no two alike, in which a name follows "met" and a place follows "in"; some with neither."""
    people, places = ["Anna", "Bo", "Zoë", "李明", "Ōe 😀"], ["Rome", "北京", "Oslo"]
    rows = []
    for i in range(n):
        person, place = people[i % 5], places[i % 3]
        if i % 4 == 3:
            rows.append(example(Tagged(str(i), f"😀 nobody was there on day {i}", ())))
            continue
        text = f"😀 day {i}: we met {person} in {place}"
        first, second = text.index(person), text.index(place)
        spans = ((first, first + len(person), "person"), (second, second + len(place), "place"))
        rows.append(example(Tagged(str(i), text, spans)))
    return rows
