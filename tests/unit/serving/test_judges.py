"""A judge from its spec to an endpoint on loopback, a real HTTP server that speaks the protocol and answers by rote."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from models import registry
from models.base import ModelRef
from models.errors import ConfigurationError
from models.judge import chats
from models.specs import JudgeSpec
from models.types import Item, Prediction
from models.values import Pair
from serving import judges
from tests.unit.connectors.test_chat import Endpoint, completion, endpoint
from tests.unit.models.answers import control

ITEM = Item(key="1", data={"question": "Why?", "first": "So.", "second": "Because."})


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with endpoint() as found:
        yield found
    chats.provide(None)


def reference(server: Endpoint, variable: str | None = "JUDGE_KEY") -> ModelRef:
    spec = JudgeSpec(url=f"http://{server.host}/v1", model="judge-1", key_variable=variable)
    return registry.reference(spec, (control("pairwise"),), name="judge")


def test_a_spec_becomes_a_judge(server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "sk-1")
    text = json.dumps({"verdict": "right"})
    server.then(200, completion(text, logprobs={"content": [{"token": text, "logprob": -0.1}]}))
    judges.provide({server.host})
    (found,) = registry.load(reference(server)).predict([ITEM])
    assert isinstance(found, Prediction)
    assert found.regions[0].value == Pair(selected="right")
    assert found.confidence == pytest.approx(0.904837, abs=1e-6)
    assert server.keys == ["Bearer sk-1"]


def test_a_host_that_is_not_allowed_is_not_asked(server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "sk-1")
    judges.provide(())
    with pytest.raises(ConfigurationError, match="private address"):
        registry.load(reference(server)).predict([ITEM])
    assert server.keys == []


@pytest.mark.parametrize(
    ("variable", "words"),
    [("JUDGE_KEY", "not set"), ("PATH", "KEY or TOKEN"), ("PRELABEL_SECRET_KEY", "Prelabel's own")],
)
def test_a_key_is_the_judges_own(server: Endpoint, monkeypatch: pytest.MonkeyPatch, variable: str, words: str) -> None:
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    monkeypatch.setenv("PRELABEL_SECRET_KEY", "secret")
    judges.provide({server.host})
    with pytest.raises(ConfigurationError, match=words):
        registry.load(reference(server, variable))
