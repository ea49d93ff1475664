"""What the gate and its certificates say is found again in the sentences that it was made of."""

from __future__ import annotations

import ast
import random
import time
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

import serving
from connectors.label_studio import transport
from models.errors import MissingDependencyError
from models.gate import certify
from models.gate.noise import Pairs, measure
from models.people.effort import Factor
from serving.language import ERROR, FRAGMENT, gettext, pgettext, speaking
from serving.pipeline import challenge, effort, standing
from serving.retold import LONGEST, errors, gate, retold
from serving.store.records import CertificateRow, ProjectRow, SuggestionBound
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
        for each in certificate.gates.values():
            assert left(each.reason) == []


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
    assert left(str(MissingDependencyError("x", "y"))) == []


def test_every_sentence_is_found_again() -> None:
    """None is hidden by one before it."""
    with speaking(marked.TAG):
        for sentence in gate.SENTENCES:
            assert retold(_of_sevens(sentence)) == gettext(sentence, **_sevens(sentence))
        for sentence in errors.sentences():
            assert retold(_of_sevens(sentence)) == pgettext(ERROR, sentence, **_sevens(sentence))
        for piece in errors.fragments():
            told = pgettext(FRAGMENT, piece, **_sevens(piece))
            assert retold(f"media cache: {_of_sevens(piece)}; check the disk that holds it") == pgettext(
                ERROR, "media cache: {strerror}; check the disk that holds it", strerror=told
            )


def _sevens(sentence: str) -> dict[str, str]:
    return {name: "7" for _, name, *_ in Formatter().parse(sentence) if name is not None}


def _of_sevens(sentence: str) -> str:
    return sentence.format(**_sevens(sentence))


def test_errors_in_errors() -> None:
    where = "The judge at http://127.0.0.1:9"
    said = f"the media of a validation item do not answer: {where}: answered 500 (busy), 3 times; try again later"
    assert left(said) == ["http", "busy"]
    assert left("Region 1: no pixel is painted: leave the entry out instead; Region 2: an item is ranked twice") == []
    paused = "paused: the label config changed and cannot be used: A tagger fills Labels on a text, and 'x' is none."
    assert left(paused) == []


def test_errors_in_chinese() -> None:
    few = "two classes with at least two examples each; there are 1 usable examples (good: 1) and 0 skipped."
    with speaking("zh-Hans"):
        assert (
            retold("URL http://a/b.png: not a readable image (OSError); give one of JPEG, PNG")
            == "URL http://a/b.png：不是可读取的图像（OSError）；请使用以下格式之一：JPEG, PNG"
        )
        assert retold(f"Cannot train 'mood' yet: it needs {few} Label more items.") == (
            "还不能训练 'mood'：需要两个类别，每个至少两个样例；现有 1 个可用样例（good: 1），跳过 0 个。"
            "请再标注一些条目。"
        )
        assert (
            retold("The encoder 'pixels' reads image, but the control 'mood' labels text: choose another encoder.")
            == "编码器 'pixels' 读取图像，而控件 'mood' 标注文本：请选择其他编码器。"
        )


def test_what_people_wrote_stays() -> None:
    said = "the tolerance changed: epsilon 5.00% to 3.00%, delta 10.00% to 10.00%; nothing is accepted before a "
    said += "certificate for it. The audit of spring asks for it."
    assert retold(said) == said, "English is as it was written"
    with speaking("zh-Hans"):
        assert retold(said).endswith("。The audit of spring asks for it.")
        for own in ("The audit of spring asks for it.", "too many errors", "blind labels", "single labels"):
            assert retold(own) == own
        assert retold("Label Studio refused (400): 3 errors") == "Label Studio 拒绝了请求（400）：3 errors"
        assert retold("no model yet") == gettext("no model yet") == "还没有模型"
        assert (
            retold(
                "Closed: 12 blind labels are too few to show that at most 5 % are wrong, even without an error; "
                "46 more would allow 2 errors."
            )
            == "关闭：12 个盲标注太少，即使没有一个错误，也不足以证明错误率至多为 5 %；"
            "再有 46 个，就可以容许 2 个错误。"
        )


@pytest.mark.parametrize(
    "text",
    [
        "Open: x" + " among a" * 245,
        "x (" * 500 + " to" * 150,
        "7 of 7 of " * 190 + "blind labels",
        "7 errors" * 240,
        "audio: " * 285,
        "Region 7: " * 200,
        "7; " * 666,
        "7: answered 7; " * 130,
        "label_map names 7, but the model has 7. " * 50,
    ],
)
def test_what_somebody_made_up_costs_little(text: str) -> None:
    with speaking("zh-Hans"):
        began = time.thread_time()
        assert retold(text[:LONGEST])
        assert time.thread_time() - began < 2.0, "of processor time: what it guards against costs far more"


PLACES = (
    "pipeline/watch",
    "pipeline/challenge",
    "pipeline/reconcile",
    "projects/gate",
    "projects/versions",
    "pipeline/learn",
)


def _reasons(place: str) -> Iterator[str]:
    """Reasons as a module writes them, with 7 for each value."""
    for node in ast.walk(ast.parse((Path(serving.__file__).parent / f"{place}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign):
            named = [one.id for one in node.targets if isinstance(one, ast.Name)]
            told = [node.value] if {"reason", "why"}.intersection(named) else []
        elif isinstance(node, ast.Call):
            told = [one.value for one in node.keywords if one.arg == "reason"]
            told += node.args[2:] if isinstance(node.func, ast.Name) and node.func.id == "_pause" else []
        else:
            continue
        for one in told:
            parts = one.values if isinstance(one, ast.JoinedStr) else [one]
            if isinstance(one, ast.JoinedStr | ast.Constant):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)


@pytest.mark.parametrize("place", PLACES)
def test_reasons_of_the_gate(place: str) -> None:
    found = list(_reasons(place))
    assert found
    assert {text: words for text in found if (words := left(text))} == {}


def test_reasons_with_choices_in_them() -> None:
    project = cast(ProjectRow, SimpleNamespace(active_model="1"))
    closed = "Closed: there is no blind label of this stratum."
    for open, wins in ((True, True), (True, False), (False, False)):
        row = cast(CertificateRow, SimpleNamespace(model_version="2", open=open, reason=closed))
        assert left(challenge._reason(project, row, 0.5, 0.25, wins=wins)) == []
    tried = "model 2 is tried beside 1, which goes on predicting; 3 is tried no longer"
    assert left(tried) == []
    for before in (None, "1"):
        for certificate in (
            None,
            *(cast(CertificateRow, SimpleNamespace(id=7, open=o, reason=closed)) for o in (0, 1)),
        ):
            assert left(standing.in_words("2", before, certificate)) == []
    for words in ("3 scores beside it no longer", "another model may predict"):
        assert left(f"the label config changed: {words}") == []
    bound = SuggestionBound(below=0.5, saved_seconds=3.0, shown=30, hidden=40, at=0.0)
    assert left(effort._words(bound, None)) == []
    assert left(effort._words(None, None)) == []
    assert left(effort._words(None, Factor(factor=0.7, lower=0.6, upper=0.8))) == []


def test_controls_that_no_model_fills() -> None:
    names = "a (Choices, nested); b (Labels on Pdf); c (Brush); d (Choices on Text: by URL)"
    none = f"the label config has no control that Prelabel can predict; not covered yet: {names}"
    words = ["Choices", "Labels", "Pdf", "Brush", "Choices", "Text"]
    assert left(none) == words
    assert left(f"not predicted: {names}") == words
    with speaking("zh-Hans"):
        assert retold(f"not predicted: {names}") == (
            "不预测：a（Choices，嵌套）; b（Pdf 上的 Labels）; c (Brush); d（Text 上的 Choices：以 URL 给出）"
        )
