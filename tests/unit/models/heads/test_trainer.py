from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from models import encoders, registry
from models.base import ModelRef, TrainingExample, TrainingReport
from models.errors import ConfigurationError, ModelError, NotTrainableError
from models.specs import HeadSpec, TransformersSpec
from models.types import Failure, HumanLabel, Item, Medium, Prediction, Region
from models.values import Taxonomy
from tests.unit.models.samples import control, image_item, regions, reviews, text_example, text_item, write_grey

SPEC = HeadSpec(encoder="ngram")


def train(examples: list[TrainingExample], folder: Path, **changes: object) -> TrainingReport:
    spec = control(**changes)  # type: ignore[arg-type]
    return registry.trainer(SPEC).train(SPEC, spec, examples, name="reviews", folder=folder)


def labels_of(ref: ModelRef, *texts: str) -> list[tuple[str, ...]]:
    answers = registry.load(ref).predict([text_item(str(i), text) for i, text in enumerate(texts)])
    return [answer.regions[0].labels if answer.regions else () for answer in answers if isinstance(answer, Prediction)]


def test_a_head_learns_is_saved_and_serves(tmp_path: Path) -> None:
    report = train(reviews(40), tmp_path)
    assert report.n == 40
    assert report.classes == {"good": 20, "bad": 20}
    assert report.accuracy is not None
    assert report.accuracy > 0.9
    assert report.ref.version == f"reviews-{report.ref.sha256[:12]}"
    assert report.ref.path == str(tmp_path / report.ref.sha256)
    assert labels_of(report.ref, "a lovely warm thing", "很差 要退货") == [("good",), ("bad",)]


@pytest.mark.parametrize("multiple", [False, True])
def test_a_head_learns_paths_of_a_taxonomy(tmp_path: Path, multiple: bool) -> None:
    """A node's name may stand in several places of the tree; what is chosen is the path."""
    paths = (("mood",), ("mood", "good"), ("shop",), ("shop", "good > bad"))
    tree = control(multiple=multiple).model_copy(update={"kind": "taxonomy", "paths": paths})
    told = {"good": paths[1], "bad": paths[3]}

    def example(row: TrainingExample) -> TrainingExample:
        value = Taxonomy(paths=(told[row.label.regions[0].labels[0]],))
        return row.model_copy(update={"label": HumanLabel(regions=(Region(control=tree.name, value=value),))})

    report = registry.trainer(SPEC).train(SPEC, tree, [example(row) for row in reviews(40)], name="t", folder=tmp_path)
    assert report.classes["mood > good"] == report.classes["shop > good \\> bad"] == 20
    said = registry.load(report.ref).predict([text_item("1", "a lovely warm thing"), text_item("2", "很差 要退货")])
    assert [one.regions[0].value for one in said if isinstance(one, Prediction)] == [
        Taxonomy(paths=(paths[1],)),
        Taxonomy(paths=(paths[3],)),
    ]


def test_the_reference_survives_json(tmp_path: Path) -> None:
    ref = train(reviews(20), tmp_path).ref
    assert labels_of(ModelRef.model_validate_json(ref.model_dump_json()), "lovely") == [("good",)]


@pytest.mark.parametrize("multiple", [False, True])
def test_the_same_examples_in_any_order_give_the_same_content(tmp_path: Path, multiple: bool) -> None:
    examples = reviews(60)
    first = train(examples, tmp_path / "one", multiple=multiple)
    random.Random(1).shuffle(examples)
    second = train(examples, tmp_path / "two", multiple=multiple)
    assert first.ref.sha256 == second.ref.sha256
    assert first.ref.path != second.ref.path


def test_one_more_example_is_another_version(tmp_path: Path) -> None:
    assert train(reviews(40), tmp_path).ref.sha256 != train(reviews(41), tmp_path).ref.sha256


def test_digits_reach_93_percent_from_two_hundred_in_any_order(tmp_path: Path) -> None:
    digits = load_digits()
    chosen = np.random.default_rng(0).permutation(len(digits.target))[:800]  # stored by writer: not exchangeable
    spec, ask = HeadSpec(encoder="pixels"), control(tuple("0123456789"), medium=Medium.IMAGE)
    rows = [
        TrainingExample(
            item=image_item(str(i), write_grey(tmp_path / f"{i}.png", digits.images[i] * 255 / 16)),
            label=HumanLabel(regions=regions(str(digits.target[i]))),
        )
        for i in chosen
    ]
    report = registry.trainer(spec).train(spec, ask, rows[:200], name="digits", folder=tmp_path / "models")
    again = registry.trainer(spec).train(spec, ask, rows[199::-1], name="digits", folder=tmp_path / "again")
    assert again.ref.sha256 == report.ref.sha256
    answers = registry.load(report.ref).predict([row.item for row in rows[200:]])
    right = [
        isinstance(answer, Prediction) and answer.regions[0].value == row.label.regions[0].value
        for answer, row in zip(answers, rows[200:], strict=True)
    ]
    assert np.mean(right) > 0.93


def test_how_sure_a_head_is_can_be_wished_for_and_is_reported(tmp_path: Path) -> None:
    auto = train(reviews(60), tmp_path)
    assert auto.confidence == "max", "nothing to win where all is right"
    assert set(auto.expected) == {"max", "temperature", "correctness"}
    wish = SPEC.model_copy(update={"confidence": "correctness"})
    other = registry.trainer(wish).train(wish, control(), reviews(60), name="reviews", folder=tmp_path)
    assert (other.confidence, other.expected) == ("correctness", {})
    assert other.ref.sha256 != auto.ref.sha256
    for ref in (auto.ref, other.ref):
        (answer,) = registry.load(ref).predict([text_item("1", "a lovely warm thing")])
        assert isinstance(answer, Prediction)
        assert answer.confidence == answer.regions[0].score != answer.numbers["p1"], "what is shown is what counts"
        assert 0.5 < answer.confidence < 1


def test_labels_that_teach_nothing_are_skipped_and_counted(tmp_path: Path) -> None:
    others = [
        text_example("w", "unlisted", "ugly"),
        text_example("x", "none"),
        text_example("y", "both", "good", "bad"),
        text_example("z", ["no", "text"], "good"),
    ]
    report = train(reviews(20) + others, tmp_path)
    assert (report.n, report.skipped) == (20, 4)
    assert report.ref.sha256 == train(reviews(20), tmp_path).ref.sha256


def test_several_labels_each_decided_alone(tmp_path: Path) -> None:
    rows = []
    for i in range(60):
        parts = {"fast": i % 2, "cheap": i % 3 == 0}
        text = " ".join(["arrived quickly" * parts["fast"], "low price" * parts["cheap"], f"order {i}"])
        rows.append(text_example(str(i), text, *[label for label, holds in parts.items() if holds]))
    report = train(rows, tmp_path, labels=("fast", "cheap", "never"), multiple=True)
    assert report.n == 60
    assert report.classes == {"fast": 30, "cheap": 20, "never": 0}
    found = labels_of(report.ref, "arrived quickly low price", "arrived quickly", "order")
    assert [set(labels) for labels in found] == [{"fast", "cheap"}, {"fast"}, set()]


@pytest.mark.parametrize(
    ("rows", "multiple"),
    [
        ([], False),
        ([("a", "good")] * 9, False),
        ([("a", "good")] * 9 + [("b", "bad")], False),
        ([("a", "good")] * 9 + [("b",)], True),
        ([("b",)] * 9, True),
    ],
)
def test_too_few_labels_are_refused_with_counts(tmp_path: Path, rows: list[tuple[str, ...]], multiple: bool) -> None:
    examples = [text_example(str(i), f"{row[0]} {i}", *row[1:]) for i, row in enumerate(rows)]
    good = sum(row[1:] == ("good",) for row in rows)
    with pytest.raises(NotTrainableError, match=rf"needs .*{len(rows)} usable examples \(good: {good}, bad: \d"):
        train(examples, tmp_path, multiple=multiple)
    assert list(tmp_path.iterdir()) == []


def test_a_class_with_one_example_is_learnt_beside_two_that_have_more(tmp_path: Path) -> None:
    report = train(
        [*reviews(20), text_example("q", "does it fit?", "question")], tmp_path, labels=("good", "bad", "question")
    )
    assert report.classes["question"] == 1
    assert labels_of(report.ref, "does it fit?") == [("question",)]


def test_bad_items_fail_in_place_and_do_not_move_their_neighbours(tmp_path: Path) -> None:
    model = registry.load(train(reviews(20), tmp_path).ref)
    items = [text_item("1", "lovely"), Item(key="2", data={}), text_item("3", ""), text_item("4", "half \ud83d a pair")]
    answers = model.predict(items)
    assert [isinstance(answer, Failure) for answer in answers] == [False, True, False, False]
    assert [model.predict([items[0]])[0], model.predict([items[2]])[0]] == [answers[0], answers[2]]


def test_a_broken_picture_fails_alone(tmp_path: Path) -> None:
    spec, ask = HeadSpec(encoder="pixels"), control(medium=Medium.IMAGE)
    rows = []
    for i in range(12):
        path = write_grey(tmp_path / f"{i}.png", np.full((8, 8), 20 * (i % 2) + i))
        rows.append(
            TrainingExample(item=image_item(str(i), path), label=HumanLabel(regions=regions(("good", "bad")[i % 2])))
        )
    model = registry.load(registry.trainer(spec).train(spec, ask, rows, name="p", folder=tmp_path / "m").ref)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    answers = model.predict([rows[0].item, image_item("bad", tmp_path / "bad.png"), rows[1].item])
    assert [answer.code if isinstance(answer, Failure) else None for answer in answers] == [
        None,
        "unreadable_image",
        None,
    ]


def test_a_changed_artefact_is_refused(tmp_path: Path) -> None:
    ref = train(reviews(20), tmp_path).ref
    folder = tmp_path / ref.sha256
    other = tmp_path / train(reviews(30), tmp_path).ref.sha256
    manifest = folder / "manifest.json"
    whole = manifest.read_text()
    manifest.write_text(json.dumps({**json.loads(whole), "labels": ["bad", "good"]}))
    with pytest.raises(ModelError, match="train again"):
        registry.load(ref)
    manifest.write_text(whole)
    assert labels_of(ref, "lovely") == [("good",)]
    shutil.copy(other / "weights.npz", folder / "weights.npz")
    with pytest.raises(ModelError, match="train again"):
        registry.load(ref)
    (folder / "weights.npz").write_bytes(b"PK\3\4 cut off")
    with pytest.raises(ModelError, match="train again"):
        registry.load(ref)
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match="train again"):
        registry.load(ref)


def test_a_label_config_that_lost_a_label_is_refused(tmp_path: Path) -> None:
    ref = train(reviews(20), tmp_path).ref
    with pytest.raises(ConfigurationError, match="now has good, poor"):
        registry.load(ref.model_copy(update={"control": control(("good", "poor"))}))
    registry.load(ref.model_copy(update={"control": control(("good", "bad", "unsure"))}))


def test_an_encoder_that_cannot_read_the_medium_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"reads text.*labels image"):
        train(reviews(20), tmp_path, medium=Medium.IMAGE)


def test_training_twice_leaves_one_artefact_and_no_drafts(tmp_path: Path) -> None:
    first, second = train(reviews(20), tmp_path), train(reviews(20), tmp_path)
    assert first.ref == second.ref
    assert [path.name for path in tmp_path.iterdir()] == [first.ref.sha256]


def test_heads_share_their_encoder(tmp_path: Path) -> None:
    before = encoders.get(SPEC)
    registry.load(train(reviews(20), tmp_path).ref, threads=1)
    assert encoders.get(SPEC) is before


def test_only_heads_are_trained() -> None:
    with pytest.raises(ConfigurationError, match="choose a head"):
        registry.trainer(TransformersSpec(source="any"))


def test_the_model_warms_up_and_tests_itself(tmp_path: Path) -> None:
    model = registry.load(train(reviews(20), tmp_path).ref)
    model.warm_up()
    model.self_test()
