"""English texts with a label, as long and as short as real ones; the same for the same seed."""

from __future__ import annotations

import random

from models.base import TrainingExample
from models.types import Choices, ControlSpec, HumanLabel, InputSpec, Item, Medium, Region

CONTROL = ControlSpec(
    name="mood",
    kind="choices",
    labels=("good", "bad"),
    input=InputSpec(name="text", field="text", medium=Medium.TEXT),
)
LABELLED = {
    "good": "excellent lovely happy bright splendid warm generous reliable",
    "bad": "terrible broken sad dark awful cold rude unreliable",
}
OTHERS = (
    "the a of and to in was it that with for on as at by from this they we after before when while because order "
    "delivery parcel box colour size price shop seller answer week day evening kitchen window door table phone screen "
    "battery cable shirt sleeve button zip paper book page chapter story sound music light handle wheel engine road "
    "arrived opened looked worked stopped returned waited paid asked replied fitted broke washed charged read heard"
)
LONGEST = 180
"""Words; MiniLM reads 256 tokens."""


def sentences(n: int, seed: int = 0) -> list[tuple[str, str]]:
    """``n`` different texts with their label; median 25 words, mean 33, one in twenty above 85."""
    draw = random.Random(seed)
    made = []
    for number in range(n):
        label = draw.choice(CONTROL.labels)
        length = max(3, min(LONGEST, round(draw.lognormvariate(3.2, 0.75))))
        words = [draw.choice((LABELLED[label] if draw.random() < 0.2 else OTHERS).split()) for _ in range(length)]
        made.append((f"{' '.join(words)} {number}", label))
    return made


def items(texts: list[str]) -> list[Item]:
    return [Item(key=str(number), data={"text": text}) for number, text in enumerate(texts)]


def examples(pairs: list[tuple[str, str]]) -> list[TrainingExample]:
    return [
        TrainingExample(
            item=Item(key=str(number), data={"text": text}),
            label=HumanLabel(regions=(Region(control=CONTROL.name, value=Choices(labels=(label,))),)),
        )
        for number, (text, label) in enumerate(pairs)
    ]
