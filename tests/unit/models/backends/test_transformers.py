"""A tiny BERT, made and trained here, as a stand-in for any classifier that someone brings along."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from models import registry
from models.backends.transformers import Gather
from models.base import ModelRef
from models.errors import ConfigurationError, ModelError, ProviderError
from models.specs import TransformersSpec
from models.types import Failure, Item, Medium, Prediction
from tests.unit.models.samples import control, text_item

WORDS = ["the", "parcel", "was", "lovely", "warm", "quick", "broken", "cold", "slow", "and", "very"]
GOOD, BAD = WORDS[3:6], WORDS[6:9]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def sentences(n: int) -> tuple[list[str], list[int]]:
    rng = np.random.default_rng(0)
    classes = [int(k) for k in rng.integers(0, 2, n)]
    texts = [
        " ".join(rng.permutation(["the", "parcel", *rng.choice((BAD, GOOD)[k], rng.integers(1, 12))])) for k in classes
    ]
    return texts, classes


def save_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(SPECIAL + WORDS)}, unk_token="[UNK]"))
    raw.normalizer = normalizers.Lowercase()
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


def make(folder: Path, classes: list[str], problem: str = "single_label_classification") -> Path:
    torch.manual_seed(0)
    tokenizer = save_tokenizer(folder)
    config = BertConfig(
        vocab_size=len(SPECIAL + WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=40,
        id2label=dict(enumerate(classes)),
        label2id={name: k for k, name in enumerate(classes)},
        problem_type=problem,
    )
    model = BertForSequenceClassification(config)
    texts, truth = sentences(256)
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    wanted = torch.tensor(truth)
    if problem == "multi_label_classification":
        wanted = torch.nn.functional.one_hot(wanted, len(classes)).float()
    for _ in range(12):
        optimizer.zero_grad()
        model(**batch, labels=wanted).loss.backward()
        optimizer.step()
    model.eval().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("bert"), ["Bad", "GOOD"])


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exported")


def reference(folder: Path, **changes: object) -> ModelRef:
    spec = TransformersSpec.model_validate({"source": str(folder), **changes})
    return registry.reference(spec, (control(),), name="tiny")


ITEMS = [text_item(str(i), text) for i, text in enumerate(sentences(60)[0])]


def test_both_runtimes_are_right_and_agree(folder: Path, model_dir: Path) -> None:
    answers = {}
    for runtime in ("torch", "onnx"):
        model = registry.load(reference(folder, runtime=runtime), model_dir=model_dir)
        model.warm_up()
        answers[runtime] = [answer for answer in model.predict(ITEMS) if isinstance(answer, Prediction)]
    assert len(answers["torch"]) == len(answers["onnx"]) == len(ITEMS)
    truth = [("bad", "good")[k] for k in sentences(60)[1]]
    for ours, theirs, gold in zip(answers["torch"], answers["onnx"], truth, strict=True):
        assert ours.regions[0].labels == theirs.regions[0].labels == (gold,)
        assert ours.confidence == pytest.approx(theirs.confidence, abs=1e-4)
        assert ours.numbers == pytest.approx(theirs.numbers, abs=1e-3)
    (kept,) = [path for path in model_dir.iterdir() if path.is_dir()]
    manifest = json.loads((kept / "manifest.json").read_text())
    assert manifest["checks"][0]["max_abs"] < 1e-4
    assert manifest["recipe"]["quantized"] is False


def test_the_batch_does_not_change_an_answer(folder: Path) -> None:
    model = registry.load(reference(folder))
    together = model.predict(ITEMS)
    for item, answer in list(zip(ITEMS, together, strict=True))[::7]:
        (alone,) = model.predict([item])
        assert isinstance(alone, Prediction)
        assert isinstance(answer, Prediction)
        assert alone.confidence == pytest.approx(answer.confidence, abs=1e-5)


def test_long_empty_and_unreadable_items(folder: Path) -> None:
    items = [
        text_item("long", "lovely " * 500),
        text_item("empty", ""),
        Item(key="none", data={}),
        text_item("q", "\ud83d"),
    ]
    answers = registry.load(reference(folder)).predict(items)
    assert [isinstance(answer, Failure) for answer in answers] == [False, False, True, False]


def test_the_version_is_the_digest_of_the_folder(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    ref = reference(copy)
    assert ref.version == f"tiny-{ref.sha256[:12]}"
    assert ref.sha256 == reference(folder).sha256
    (copy / "config.json").write_text((copy / "config.json").read_text() + "\n")
    with pytest.raises(ModelError, match=f"not {ref.sha256[:12]}"):
        registry.load(ref)


def test_a_class_without_a_label_is_an_error_at_load(tmp_path: Path, model_dir: Path) -> None:
    folder = make(tmp_path / "other", ["LABEL_0", "LABEL_1"])
    for runtime in ("torch", "onnx"):
        with pytest.raises(ConfigurationError, match=r"'LABEL_0', 'LABEL_1' have no label.*'good', 'bad'"):
            registry.load(reference(folder, runtime=runtime), model_dir=model_dir)
    model = registry.load(reference(folder, label_map={"LABEL_0": "bad", "LABEL_1": "good"}))
    (answer,) = model.predict([text_item("1", "the parcel lovely lovely")])
    assert isinstance(answer, Prediction)
    assert answer.regions[0].labels == ("good",)


def test_a_multi_label_model_decides_each_label(tmp_path: Path) -> None:
    folder = make(tmp_path / "multi", ["bad", "good"], "multi_label_classification")
    spec = TransformersSpec(source=str(folder))
    ref = registry.reference(spec, (control(multiple=True),), name="multi")
    answers = registry.load(ref).predict(ITEMS[:20])
    gold = [("bad", "good")[k] for k in sentences(60)[1]][:20]
    found = [answer.regions[0].labels for answer in answers if isinstance(answer, Prediction) and answer.regions]
    assert found == [(label,) for label in gold]


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_missing_device_is_an_error_never_a_fallback(
    folder: Path, tmp_path: Path, runtime: str, provider: str
) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a device here")
    with pytest.raises(ProviderError):
        registry.load(reference(folder, runtime=runtime, provider=provider), model_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_classifier_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="does not hold a model"):
        registry.load(reference(tmp_path))


def test_a_name_that_is_nowhere_says_what_to_check() -> None:
    with pytest.raises(ModelError, match=r"neither a folder here.*check the name"):
        registry.reference(TransformersSpec(source="no such folder, no such model"), (control(),), name="none")


def test_a_text_model_refuses_a_control_of_images(folder: Path) -> None:
    ref = reference(folder).model_copy(update={"control": control(medium=Medium.IMAGE)})
    with pytest.raises(ConfigurationError, match="labels an image"):
        registry.load(ref)


def test_classes_of_one_label_are_added_up_or_the_likeliest_counts() -> None:
    logits = np.log(np.array([[0.5, 0.3, 0.2]], np.float32))
    added = Gather(["bad", "good", "good"], independent=False)
    assert added.labels == ("bad", "good")
    np.testing.assert_allclose(added(logits), [[0.5, 0.5]], rtol=1e-5)
    best = Gather(["bad", "good", "good"], independent=True)(np.array([[0.0, 1.0, 2.0]], np.float32))
    np.testing.assert_allclose(best, [[0.5, 1 / (1 + np.exp(-2))]], rtol=1e-5)
