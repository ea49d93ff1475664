"""What learning from single blind answers is worth, where items are asked again because person and model differ."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from models.types import Choices, ControlSpec, InputSpec, Medium, Prediction, Region
from serving.workforce.consensus import Heard, Method, judge, key

CONTROL = ControlSpec(
    name="verdict",
    kind="choices",
    labels=("0", "1", "2"),
    input=InputSpec(name="text", field="text", medium=Medium.TEXT),
)
ITEMS, PEOPLE = 300, 6


def said(label: int) -> tuple[Region, ...]:
    return (Region(control="verdict", value=Choices(labels=(str(label),))),)


def sample(seed: int) -> tuple[list[Heard], dict[str, int], float]:
    """A blind sample: a second person where the first and the model differ, and by lot; a third where these two do.

    People are right on 70 to 95 %, the model on 85 %. Returns also the truth, and the model's true accuracy.
    """
    rng = np.random.default_rng(seed)
    skill, truth = rng.uniform(0.7, 0.95, PEOPLE), rng.integers(3, size=ITEMS)
    heard, right = [], 0
    for n, true in enumerate(truth):
        people = rng.choice(PEOPLE, 3, replace=False)
        sure = [0.85, *skill[people]]
        guess, *answers = [int(true if rng.random() < one else (true + rng.integers(1, 3)) % 3) for one in sure]
        asked = 2 if answers[0] != guess or rng.random() < 0.1 else 1
        asked += asked == 2 and answers[1] != answers[0]
        right += guess == true
        rows = [SimpleNamespace(completed_by=int(p), regions=said(a)) for p, a in zip(people, answers, strict=True)]
        prediction = Prediction(key=str(n), regions=said(guess), confidence=0.8, model_version="m")
        item = cast(Any, SimpleNamespace(id=n))
        heard.append(Heard(item=item, answers=tuple(cast(Any, rows[:asked])), blind=True, said=prediction))
    return heard, {key(one): int(true) for one, true in zip(heard, truth, strict=True)}, right / ITEMS


def test_what_was_not_asked_again_tells_how_good_the_model_is() -> None:
    better, off_all, off_few, shares = 0, [], [], []
    for seed in range(10):
        heard, truth, accuracy = sample(seed)
        again = [one for one in heard if len(one.answers) > 1]
        every, few = judge(heard, CONTROL, Method.DAWID_SKENE), judge(again, CONTROL, Method.DAWID_SKENE)
        assert every is not None
        assert few is not None
        share = [
            float(np.mean([int(labels[key(one)][0]) == truth[key(one)] for one in again]))
            for labels in (every.labels(), few.labels())
        ]
        shares.append(share)
        better += share[0] > share[1]
        off_all.append(abs((every.model_accuracy or 0.0) - accuracy))
        off_few.append(abs((few.model_accuracy or 0.0) - accuracy))
    print("right of those asked again, from all and from these:", np.mean(shares, axis=0))
    print("the model's accuracy is off by:", np.mean(off_all), np.mean(off_few))
    assert better >= 8
    assert np.mean(off_all) < 0.04
    assert np.mean(off_few) > 0.15
