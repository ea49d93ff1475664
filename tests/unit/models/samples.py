"""Small real inputs for the tests of ``models``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.base import TrainingExample
from models.types import Choices, ControlSpec, HumanLabel, InputSpec, Item, Medium, Region


def control(
    labels: Sequence[str] = ("good", "bad"),
    *,
    medium: Medium = Medium.TEXT,
    multiple: bool = False,
    required: bool = False,
    name: str = "verdict",
) -> ControlSpec:
    source = InputSpec(name="object", field="body", medium=medium)
    return ControlSpec(
        name=name, kind="choices", labels=tuple(labels), multiple=multiple, required=required, input=source
    )


def regions(*labels: str, control: str = "verdict") -> tuple[Region, ...]:
    return (Region(control=control, value=Choices(labels=labels)),)


def text_item(key: str, text: object) -> Item:
    return Item(key=key, data={"body": text})


def image_item(key: str, path: Path) -> Item:
    return Item(key=key, data={"body": "http://example.org/picture"}, media={"body": str(path)})


def text_example(key: str, text: object, *labels: str) -> TrainingExample:
    return TrainingExample(item=text_item(key, text), label=HumanLabel(regions=regions(*labels) if labels else ()))


def reviews(n: int) -> list[TrainingExample]:
    """Half good, half bad, each text another one."""
    good, bad = ["lovely", "warm", "quick", "很好", "推荐"], ["broken", "cold", "slow", "很差", "退货"]
    rows = []
    for i in range(n):
        words, label = (good, "good") if i % 2 else (bad, "bad")
        rows.append(text_example(str(i), f"{words[i % 5]} parcel {i} {words[(i // 5) % 5]}", label))
    return rows


def write_grey(path: Path, array: NDArray[Any]) -> Path:
    Image.fromarray(array.astype(np.uint8)).save(path)
    return path
