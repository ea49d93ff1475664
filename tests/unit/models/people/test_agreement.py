from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from models.people import agreement as module
from models.people.agreement import krippendorff_alpha
from models.types import ControlKind, ControlSpec, InputSpec, Medium, Region, Value
from models.values import Choices, Number, Rating, Rectangle
from tests.unit.models.samples import control

PUBLISHED = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
"""Four coders, twelve units: Krippendorff (2011), example C."""
Answers = dict[str, Mapping[str, Sequence[Region]]]
SOURCE = InputSpec(name="object", field="body", medium=Medium.TEXT)


def spec(kind: ControlKind, medium: Medium = Medium.TEXT) -> ControlSpec:
    return ControlSpec(
        name="verdict", kind=kind, labels=("1", "2", "3", "4", "5"), input=SOURCE.model_copy(update={"medium": medium})
    )


def value(kind: ControlKind, digit: str) -> Value:
    if kind == "choices":
        return Choices(labels=(digit,))
    return Rating(stars=int(digit)) if kind == "rating" else Number(number=float(digit))


def published(kind: ControlKind) -> Mapping[str, Mapping[str, Sequence[Region]]]:
    return {
        f"unit {unit:02}": {
            coder: (Region(control="verdict", value=value(kind, row[unit])),)
            for coder, row in zip("ABCD", PUBLISHED, strict=True)
            if row[unit] != "."
        }
        for unit in range(12)
    }


@pytest.mark.parametrize(("kind", "alpha"), [("choices", 0.743), ("rating", 0.815), ("number", 0.849)])
def test_alpha_is_the_published_one(kind: ControlKind, alpha: float) -> None:
    found = krippendorff_alpha(published(kind), spec(kind))
    assert found is not None
    assert found.alpha == pytest.approx(alpha, abs=5e-4)
    assert (found.items, found.answers, found.people) == (11, 40, 4)
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < found.alpha < found.upper


def test_a_loss_of_0_and_1_as_distance_gives_the_nominal_alpha(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "level_of", lambda control: "distance")
    found = krippendorff_alpha(published("choices"), spec("choices"))
    assert found is not None
    assert found.alpha == pytest.approx(0.743, abs=5e-4)


def test_many_classes_are_compared_in_pairs_and_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = krippendorff_alpha(published("choices"), spec("choices"))
    monkeypatch.setattr(module, "CELLS", 0)
    compared = krippendorff_alpha(published("choices"), spec("choices"))
    assert counted is not None
    assert compared is not None
    assert compared.alpha == pytest.approx(counted.alpha)
    assert compared.lower == pytest.approx(counted.lower)
    assert compared.upper == pytest.approx(counted.upper)


def test_sampled_pairs_come_near_all_of_them() -> None:
    every = krippendorff_alpha(published("number"), spec("number"), draws=0)
    some = [
        krippendorff_alpha(published("number"), spec("number"), draws=0, pairs=400, seed=seed) for seed in range(50)
    ]
    assert every is not None
    assert np.mean([one.alpha for one in some if one]) == pytest.approx(every.alpha, abs=0.01)
    assert np.std([one.alpha for one in some if one]) < 0.02


def boxes(rng: np.random.Generator, jitter: float, items: int = 30) -> Answers:
    places = rng.uniform(0, 70, size=(items, 2))
    found: Answers = {}
    for item in range(items):
        by = {}
        for person in "AB":
            x, y = (float(v) for v in np.clip(places[item] + rng.normal(0, jitter, 2), 0, 80))
            by[person] = (Region(control="verdict", value=Rectangle(x=x, y=y, width=20, height=20, labels=("1",))),)
        found[str(item)] = by
    return found


def test_boxes_agree_less_the_further_they_lie_apart() -> None:
    asked = spec("rectanglelabels", Medium.IMAGE)
    alphas = []
    for jitter in (0.0, 1.5, 4.0, 60.0):
        found = krippendorff_alpha(boxes(np.random.default_rng(1), jitter), asked, draws=50)
        assert found is not None
        assert found.level == "distance"
        alphas.append(found.alpha)
    assert alphas[0] == pytest.approx(1.0)
    assert alphas == sorted(alphas, reverse=True)
    assert abs(alphas[-1]) < 0.25


def test_no_box_is_an_answer_and_no_number_is_none() -> None:
    box = Region(control="verdict", value=Rectangle(x=1, y=1, width=9, height=9, labels=("1",)))
    answers: Answers = {"a": {"A": (box,), "B": ()}, "b": {"A": (), "B": ()}, "c": {"A": (box,), "B": (box,)}}
    found = krippendorff_alpha(answers, spec("rectanglelabels", Medium.IMAGE))
    assert found is not None
    assert found.answers == 6
    assert found.lower is None, "three items are too few for an interval"
    assert krippendorff_alpha(answers, spec("number")) is None


def test_nothing_to_agree_on() -> None:
    same = {
        str(n): {"A": published("choices")["unit 00"]["A"], "B": published("choices")["unit 00"]["A"]} for n in (1, 2)
    }
    assert krippendorff_alpha(same, spec("choices")) is None
    assert krippendorff_alpha({"1": {"A": ()}}, control()) is None
    assert krippendorff_alpha({}, control()) is None


def test_the_interval_covers_the_alpha_of_the_population() -> None:
    """Two people, each right with .85 of 3 even classes: alpha is known. Counted over 100 samples of 60 items."""
    right, rng, held = 0.85, np.random.default_rng(7), 0
    differ = 1 - (right**2 + (1 - right) ** 2 / 2)
    truth = 1 - differ / (2 / 3)
    for sample in range(100):
        answers: Answers = {}
        for item in range(60):
            real = rng.integers(3)
            said = [real if rng.random() < right else (real + rng.integers(1, 3)) % 3 for _ in "AB"]
            answers[str(item)] = {
                who: (Region(control="verdict", value=Choices(labels=(str(x + 1),))),)
                for who, x in zip("AB", said, strict=True)
            }
        found = krippendorff_alpha(answers, spec("choices"), draws=150, seed=sample)
        assert found is not None
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower <= truth <= found.upper
    print("coverage of 95 %:", held / 100)
    assert held >= 88
