"""Inputs and networks of the benchmark, made here: nothing is downloaded. The same at every run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from models.encoders.minilm import package_folder
from models.types import ControlSpec, InputSpec, Medium
from scripts import render, speech

TEXT = InputSpec(name="text", field="text", medium=Medium.TEXT)
IMAGE = InputSpec(name="image", field="image", medium=Medium.IMAGE)
AUDIO = InputSpec(name="audio", field="audio", medium=Medium.AUDIO)
CHOICES = ControlSpec(name="mood", kind="choices", labels=("good", "bad"), input=TEXT)
SPANS = ControlSpec(name="names", kind="labels", labels=("PER", "ORG"), input=TEXT)
KINDS = ControlSpec(name="kind", kind="choices", labels=tuple(f"class {n}" for n in range(10)), input=IMAGE)
SENTENCES = (
    "The parcel came late and the box was open.",
    "Nobody answered the phone for three days.",
    "I would buy from this shop again.",
    "The second delivery was on time.",
)


def invoices(folder: Path, n: int) -> list[Path]:
    """Rendered invoices, as JPEG."""
    return [_jpeg(render.invoice(seed), folder / f"invoice-{seed}.jpg") for seed in range(n)]


def pages(folder: Path, n: int) -> list[Path]:
    """Rendered document pages, as JPEG."""
    return [_jpeg(render.page(seed), folder / f"page-{seed}.jpg") for seed in range(n)]


def recordings(folder: Path, n: int) -> list[Path]:
    """Half a minute of speech and pauses each, 16 kHz WAV."""
    made = []
    for number in range(n):
        rng, parts, seconds = np.random.default_rng(number), [], 0.0
        while seconds < 30.0:
            parts += [speech.say(str(rng.choice(SENTENCES))), speech.pause(float(rng.uniform(0.4, 2.0)))]
            seconds += sum(len(part) for part in parts[-2:]) / speech.RATE
        made.append(folder / f"recording-{number}.wav")
        soundfile.write(made[-1], np.concatenate(parts), speech.RATE, subtype="PCM_16")
    return made


def classifier(folder: Path) -> Path:
    """MiniLM with an untrained head of two classes: as fast as a trained one."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    names = dict(enumerate(CHOICES.labels))
    AutoModelForSequenceClassification.from_pretrained(package_folder(), num_labels=2, id2label=names).save_pretrained(
        folder
    )
    AutoTokenizer.from_pretrained(package_folder()).save_pretrained(folder)
    return folder


def token_classifier(folder: Path) -> Path:
    """MiniLM with an untrained head of five tags."""
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    tags = dict(enumerate(("O", "B-PER", "I-PER", "B-ORG", "I-ORG")))
    model = AutoModelForTokenClassification.from_pretrained(package_folder(), num_labels=len(tags), id2label=tags)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(package_folder()).save_pretrained(folder)
    return folder


def picture_classifier(folder: Path) -> Path:
    """A small vision transformer with random weights."""
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    config = ViTConfig(
        hidden_size=192,
        num_hidden_layers=6,
        num_attention_heads=3,
        intermediate_size=768,
        id2label=dict(enumerate(KINDS.labels)),
    )
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor().save_pretrained(folder)
    return folder


def _jpeg(drawn: render.Rendered, path: Path) -> Path:
    drawn.image.save(path, quality=90)
    return path
