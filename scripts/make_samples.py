"""Writes the samples of project files whose tasks come from packages: ``python -m scripts.make_samples``.

They are what ``prelabel try`` runs on; the same files come out every time.
"""

from __future__ import annotations

import base64
import io
import json
import string
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from scripts import datasets, judgements, render, speech

FOLDER = Path(__file__).parents[1] / "configs/projects/samples"
LABELLED = 120
PLAIN = 12
SENTENCES = (
    ("en", "Good morning, how may I help you?"),
    ("en-us", "My parcel has not arrived yet."),
    ("de", "Guten Tag, hier spricht der Kundendienst."),
    ("de", "Meine Bestellung fehlt noch."),
    ("fr-fr", "Bonjour, que puis-je faire pour vous?"),
    ("en", "Please send it to the new address."),
    ("cmn", "你好，请问有什么可以帮您？"),
    ("cmn", "我的包裹还没有到。"),
)
"""(voice, what it says)"""
NAMES = {
    "person": [
        "王建国",
        "李梅",
        "张伟民",
        "刘芳",
        "陈志强",
        "杨丽华",
        "赵永红",
        "黄海涛",
        "周晓明",
        "吴秀英",
        "徐国栋",
        "孙玉兰",
    ],
    "place": [
        "北京",
        "上海",
        "广州市",
        "河南省",
        "杭州",
        "四川",
        "深圳特区",
        "哈尔滨",
        "云南",
        "长沙市",
        "西安",
        "海南岛",
    ],
    "organization": [
        "人民银行",
        "教育部",
        "新华书店",
        "铁道部",
        "市体育局",
        "农业大学",
        "第二机床厂",
        "科学院",
        "远洋公司",
        "红十字会",
    ],
}
NEWS = (
    "{person}昨天在{place}参观了{organization}。",
    "{organization}负责人{person}说，今年的收成比去年好。",
    "本报{place}电：{organization}将在{place}设立办事处。",
    "{person}和{person}代表{organization}出席了会议。",
    "据了解，{place}的冬小麦长势良好。",
    "{organization}宣布，由{person}担任新的主任。",
    "记者{person}从{organization}获悉，这项工程下月在{place}开工。",
    "会议讨论了明年的工作，没有做出决定。",
)
"""Sentences with places for names, by label."""


def choice(control: str, obj: str, label: str) -> list[dict[str, Any]]:
    """A result with one choice."""
    return [{"from_name": control, "to_name": obj, "type": "choices", "value": {"choices": [label]}}]


def reviews() -> Iterable[dict[str, Any]]:
    """Reviews: the first of them labelled."""
    for number, one in enumerate(datasets.reviews(LABELLED + PLAIN, seed=7)):
        annotations = [{"result": choice("sentiment", "text", one.label)}] if number < LABELLED else []
        yield {"data": {"text": one.content}, "annotations": annotations}


def news() -> Iterable[dict[str, Any]]:
    """Made-up sentences in the manner of newspapers, with the names in them; the last ones without."""
    rng = np.random.default_rng(5)
    for number in range(LABELLED + PLAIN):
        text, result = "", []
        for literal, label, _, _ in string.Formatter().parse(str(rng.choice(NEWS))):
            text += literal
            if label is not None:
                name = str(rng.choice(NAMES[label]))
                span = {"start": len(text), "end": len(text) + len(name), "text": name, "labels": [label]}
                result.append({"from_name": "name", "to_name": "text", "type": "labels", "value": span})
                text += name
        yield {"data": {"text": text}, "annotations": [{"result": result}] if number < LABELLED else []}


def digits() -> Iterable[dict[str, Any]]:
    """Digits, as data URIs: the first of them labelled."""
    for number, one in enumerate(datasets.digits(24)[: LABELLED + PLAIN]):
        assert isinstance(one.content, bytes)
        annotations = [{"result": choice("digit", "image", one.label)}] if number < LABELLED else []
        uri = "data:image/png;base64," + base64.b64encode(one.content).decode()
        yield {"data": {"image": uri}, "annotations": annotations}


def pictures(drawn: Iterable[render.Rendered]) -> Iterable[dict[str, Any]]:
    """Rendered pictures, as data URIs; what is on them is not told."""
    for one in drawn:
        stream = io.BytesIO()
        one.image.quantize(16).save(stream, "PNG", optimize=True)
        yield {"data": {"image": "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()}}


def audio() -> Iterable[dict[str, Any]]:
    """Sentences between pauses, as files beside the tasks; the last two hold no speech."""
    rng = np.random.default_rng(11)
    folder = FOLDER / "audio-segments"
    folder.mkdir(parents=True, exist_ok=True)
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(3 * speech.RATE) / speech.RATE)
    parts = [_conversation(rng, SENTENCES[k : k + 2]) for k in range(0, len(SENTENCES), 2)]
    for number, samples in enumerate([*parts, speech.pause(3.0), tone], start=1):
        soundfile.write(folder / f"{number}.flac", samples, speech.RATE)
        yield {"data": {"audio": f"audio-segments/{number}.flac"}}


def _conversation(rng: np.random.Generator, sentences: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
    parts = [speech.pause(rng.uniform(0.6, 1.2))]
    for voice, sentence in sentences:
        parts += [speech.say(sentence, voice=voice), speech.pause(rng.uniform(0.6, 1.2))]
    return np.concatenate(parts)


def answers() -> Iterable[dict[str, Any]]:
    """Two answers to a question: the better one, and stars for each; the first of them labelled."""
    rng = np.random.default_rng(7)
    for number in range(LABELLED + PLAIN):
        one = judgements.draw(rng, 2, noise=0.5)
        data = {"question": one.question, "first": one.answers[0], "second": one.answers[1]}
        side = {"from_name": "better", "to_name": "a", "type": "pairwise", "value": {"selected": one.side(ties=False)}}
        stars = [
            {"from_name": f"stars_{name}", "to_name": name, "type": "rating", "value": {"rating": one.stars(place)}}
            for place, name in enumerate("ab")
        ]
        yield {"data": data, "annotations": [{"result": [side, *stars]}] if number < LABELLED else []}


def write(name: str, rows: Iterable[dict[str, Any]]) -> Path:
    """One task a line."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def main() -> None:
    """Write all of them."""
    made = {
        "reviews": reviews(),
        "digits": digits(),
        "ner": news(),
        "invoices": pictures(render.invoice(seed) for seed in range(6)),
        "pages": pictures(render.page(seed) for seed in range(4)),
        "audio-segments": audio(),
        "answers": answers(),
    }
    for name, rows in made.items():
        print(write(name, rows))


if __name__ == "__main__":
    main()
