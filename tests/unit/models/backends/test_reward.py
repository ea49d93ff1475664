"""A tiny BERT with one output, trained here to prefer warm words, as a stand-in for any reward model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import expit
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from models import registry
from models.base import ModelRef
from models.errors import ConfigurationError, ModelError, ProviderError
from models.specs import RewardSpec
from models.types import ControlKind, Failure, Item, Prediction
from models.values import Pair, Ranking
from tests.unit.models.answers import QUESTION, config, control
from tests.unit.models.backends.test_transformers import BAD, GOOD, WORDS, save_tokenizer

TEMPLATE = "{% for message in messages %}{{ message['role'] }} {{ message['content'] }} {% endfor %}"


def answer(rng: np.random.Generator) -> tuple[str, float]:
    words = [str(word) for word in rng.choice(WORDS, rng.integers(2, 9))]
    return " ".join(words), float(sum(word in GOOD for word in words) - sum(word in BAD for word in words))


def make(folder: Path, *, outputs: int = 1, template: str | None = None) -> Path:
    torch.manual_seed(0)
    tokenizer = save_tokenizer(folder)
    if template is not None:
        tokenizer.chat_template = template
        tokenizer.save_pretrained(folder)
    network = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=48,
            num_labels=outputs,
            pad_token_id=0,
            hidden_dropout_prob=0.0,
        )
    )
    if outputs == 1:
        train(network, tokenizer)
    network.save_pretrained(folder)
    return folder


def train(network: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast) -> None:
    """Bradley-Terry on pairs: the usual loss of a reward model."""
    rng = np.random.default_rng(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(60):
        pairs = [(answer(rng), answer(rng)) for _ in range(32)]
        pairs = [pair if pair[0][1] >= pair[1][1] else pair[::-1] for pair in pairs if pair[0][1] != pair[1][1]]
        sides = [
            network(**tokenizer(["the parcel"] * len(pairs), [pair[k][0] for pair in pairs], padding=True,
                                return_tensors="pt")).logits[:, 0]
            for k in (0, 1)
        ]  # fmt: skip
        loss = -torch.nn.functional.logsigmoid(sides[0] - sides[1]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("reward"))


def reference(folder: Path, kind: ControlKind = "pairwise") -> ModelRef:
    return registry.reference(RewardSpec(source=str(folder)), (control(kind),), name="reward")


def directly(folder: Path, question: str, answers: list[str]) -> list[float]:
    """Rewards by the bare library, one answer at a time."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    network = BertForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        return [
            float(network(**tokenizer([question], [one], truncation=True, max_length=48, return_tensors="pt")).logits)
            for one in answers
        ]


def items(n: int) -> list[tuple[Item, list[str], list[float]]]:
    rng = np.random.default_rng(5)
    made = []
    for number in range(n):
        answers, worths = zip(*(answer(rng) for _ in range(2)), strict=True)
        listed = [{"id": i, "body": text} for i, text in enumerate(answers)]
        data = {"question": "the parcel", "first": answers[0], "second": answers[1], "answers": listed}
        made.append((Item(key=str(number), data=data), list(answers), list(worths)))
    return made


def test_pairs_are_those_of_the_bare_model(folder: Path) -> None:
    model, cases = registry.load(reference(folder)), items(20)
    right = []
    for one, (_, answers, worths) in zip(model.predict([item for item, _, _ in cases]), cases, strict=True):
        assert isinstance(one, Prediction)
        left, other = directly(folder, "the parcel", answers)
        assert one.confidence == pytest.approx(expit(abs(left - other)), abs=1e-4)
        assert one.numbers["reward"] == pytest.approx(max(left, other), abs=1e-3)
        assert one.regions[0].value == Pair(selected="left" if left >= other else "right")
        if worths[0] != worths[1]:
            right.append((left > other) == (worths[0] > worths[1]))
    assert np.mean(right) > 0.8


def test_an_order_is_the_product_of_its_pairs(folder: Path) -> None:
    answers = ["the parcel broken", "lovely warm", "very quick", "cold"]
    listed = [{"id": name, "body": text} for name, text in zip("abcd", answers, strict=True)]
    item = Item(key="1", data={"question": "the parcel", "answers": listed})
    (found,) = registry.load(reference(folder, "ranker")).predict([item])
    assert isinstance(found, Prediction)
    rewards = np.array(directly(folder, "the parcel", answers))
    order = np.argsort(-rewards)
    value = found.regions[0].value
    assert isinstance(value, Ranking)
    assert value.buckets == {"verdict": tuple("abcd"[i] for i in order)}
    assert found.confidence == pytest.approx(expit(-np.diff(rewards[order])).prod(), abs=1e-4)


def test_a_chat_template_is_used_where_there_is_one(tmp_path: Path) -> None:
    folder = make(tmp_path, template=TEMPLATE)
    case = items(1)[0]
    (found,) = registry.load(reference(folder)).predict([case[0]])
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    network = BertForSequenceClassification.from_pretrained(folder).eval()
    rewards = []
    for said in case[1]:
        chat = [{"role": "user", "content": "the parcel"}, {"role": "assistant", "content": said}]
        encoded = tokenizer.apply_chat_template(chat, tokenize=True, return_dict=True, return_tensors="pt")
        with torch.inference_mode():
            rewards.append(float(network(**encoded).logits))
    assert isinstance(found, Prediction)
    assert found.numbers["reward"] == pytest.approx(max(rewards), abs=1e-3)
    assert found.numbers["reward"] != pytest.approx(max(directly(folder, "the parcel", case[1])), abs=1e-3)


def test_long_answers_and_bad_items_harm_no_neighbour(folder: Path) -> None:
    model, (good, _, _) = registry.load(reference(folder)), items(1)[0]
    long = Item(key="long", data={"question": "the " * 3000, "first": "warm " * 3000, "second": ""})
    bad = Item(key="bad", data={"question": "the parcel"})
    answers = model.predict([long, bad, good])
    assert [one.key for one in answers] == ["long", "bad", "0"]
    assert isinstance(answers[0], Prediction)
    assert isinstance(answers[1], Failure)
    alone = model.predict([good])[0]
    assert isinstance(alone, Prediction)
    assert isinstance(answers[2], Prediction)
    assert answers[2].confidence == pytest.approx(alone.confidence, abs=1e-5)
    assert model.predict([]) == []
    model.warm_up()
    model.self_test()


def test_what_is_no_reward_model_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="2 outputs"):
        registry.load(reference(make(tmp_path, outputs=2)))
    with pytest.raises(ConfigurationError, match="compares answers"):
        reference(folder, "rating")
    with pytest.raises(ModelError, match="connect the model again"):
        registry.load(reference(folder).model_copy(update={"sha256": "0" * 64}))
    if not torch.cuda.is_available():
        ref = registry.reference(RewardSpec(source=str(folder), provider="cuda"), (control("ranker"),), name="r")
        with pytest.raises(ProviderError):
            registry.load(ref)


def test_it_fills_a_pair_or_a_ranking(folder: Path) -> None:
    spec = RewardSpec(source=str(folder))
    assigned = registry.assign(spec, config(control("rating", name="stars"), control("ranker", name="order")))
    assert [one.name for one in assigned.controls] == ["order"]
    assert QUESTION in assigned.controls[0].context
    with pytest.raises(ConfigurationError, match="has none"):
        registry.assign(spec, config(control("rating")))
