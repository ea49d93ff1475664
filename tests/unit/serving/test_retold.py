"""What the gate and its certificates say is found again in the sentences that it was made of."""

from __future__ import annotations

import random
import re
import time

import numpy as np
import pytest

from connectors.label_studio import transport
from models.errors import MissingDependencyError
from models.gate import certify
from models.gate.noise import Pairs, measure
from serving.language import gettext, speaking
from serving.retold import LONGEST, SENTENCES, retold
from tests.support import marked


@pytest.fixture(autouse=True)
def _marked(monkeypatch: pytest.MonkeyPatch) -> None:
    marked.speak(monkeypatch)


def left(text: str) -> list[str]:
    """Words of a text that no sentence has made."""
    with speaking(marked.TAG):
        return marked.unmarked(retold(text), [])


@pytest.mark.parametrize("seed", range(12))
def test_certificates(seed: int) -> None:
    draw = random.Random(seed)
    n = draw.choice((3, 40, 90, 400))
    confidences = np.random.default_rng(seed).uniform(0.2, 1.0, n)
    losses = (np.random.default_rng(seed + 1).uniform(size=n) < draw.choice((0.0, 0.02, 0.5))).astype(float)
    losses *= draw.choice((1.0, 0.5))
    inclusion = None if seed % 2 else np.where(confidences > 0.5, 0.5, 0.25)
    for strata in (None, np.where(confidences > 0.7, "sure", "unsure")):
        certificate = certify(
            confidences, losses, confidences, epsilon=0.05, delta=0.1, inclusion=inclusion, strata=strata
        )
        assert left(certificate.reason.replace("unsure", "2").replace("sure", "1")) == []
        for gate in certificate.gates.values():
            assert left(gate.reason) == []


@pytest.mark.parametrize("people", [1, 3])
@pytest.mark.parametrize("split", [0, 5, 30])
def test_noise(people: int, split: int) -> None:
    noise = measure(Pairs(100, 0, 0, 60, split), people=people, second_opinions=60, classes=2)
    assert left(noise.assumption()) == []
    assert left(noise.finding(0.02)) == []
    assert left(f"Closed: there is no blind label of this stratum. {noise.finding(0.02)}") == []


def test_errors() -> None:
    for text in (transport.UNKNOWN_CREDENTIAL, transport.LEGACY_SWITCHED_OFF):
        assert left(text) == []
    assert left(str(MissingDependencyError("x", "y"))) == ["prelabel"], "a name"


def test_every_sentence_is_found_again() -> None:
    """None is hidden by one before it."""
    for sentence in SENTENCES:
        text = re.sub(r"\{(\w+)\}", "7", sentence)
        with speaking(marked.TAG):
            assert retold(text) == gettext(sentence, **dict.fromkeys(re.findall(r"\{(\w+)\}", sentence), "7"))


def test_what_people_wrote_stays() -> None:
    said = "the tolerance changed: epsilon 5.00% to 3.00%, delta 10.00% to 10.00%; nothing is accepted before a "
    said += "certificate for it. The audit of spring asks for it."
    assert retold(said) == said, "English is as it was written"
    with speaking("zh-Hans"):
        assert retold(said).endswith("。The audit of spring asks for it.")
        assert retold("The audit of spring asks for it.") == "The audit of spring asks for it."
        assert retold("no model yet") == gettext("no model yet") == "还没有模型"
        assert (
            retold(
                "Closed: 12 blind labels are too few to show that at most 5 % are wrong, even without an error; "
                "46 more would allow 2 errors."
            )
            == "关闭：12 个盲标注太少，即使没有一个错误，也不足以证明错误至多 5 %；再有 46 个，就可以容许 2 个错误。"
        )


@pytest.mark.parametrize(
    "text",
    ["Open: x" + " among a" * 245, "x (" * 500 + " to" * 150, "7 of 7 of " * 190 + "blind labels", "7 errors" * 240],
)
def test_what_somebody_made_up_costs_little(text: str) -> None:
    with speaking("zh-Hans"):
        began = time.perf_counter()
        assert retold(text[:LONGEST])
        assert time.perf_counter() - began < 0.2
