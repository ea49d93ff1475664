"""Items that differ from each other, by the features of an encoder: what to ask people for, before or with a head."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models import encoders
from models.ordering import farthest_first
from models.specs import EncoderName, HeadSpec, ModelSpec
from models.tasks.inputs import UnreadableItem, read
from models.types import ControlSpec, Item

SPREAD: frozenset[EncoderName] = frozenset({"pixels"})
"""Encoders with which spreading was measured to save labels. With n-grams it does not: what is far is merely odd."""


def spreads(spec: ModelSpec) -> bool:
    """Whether items of this kind of model are spread at all."""
    return isinstance(spec, HeadSpec) and spec.encoder in SPREAD


def spread(
    spec: HeadSpec,
    control: ControlSpec,
    items: Sequence[Item],
    n: int,
    *,
    threads: int = 1,
    model_dir: Path | None = None,
) -> list[str]:
    """Keys of up to ``n`` items, each as far as can be from those before it; the first readable one leads.

    Items that cannot be read are left out.

    Raises:
        ProviderError: the encoder does not run on that provider.
    """
    encoder = encoders.get(spec, threads=threads, model_dir=model_dir)
    keys: list[str] = []
    prepared: list[Any] = []
    for item in items:
        try:
            prepared.append(encoder.prepare(read(item, control.input)))
        except UnreadableItem:
            continue
        keys.append(item.key)
    return [keys[place] for place in farthest_first(encoder.encode(prepared), n)]
