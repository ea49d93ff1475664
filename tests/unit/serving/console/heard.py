"""What a page in the marked language may say outside of the marks: names and numbers of the world's project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.support import marked
from tests.support.local_world import WORDS, LocalWorld

NAMES = (
    "Prelabel Label Studio UTC moods mood text good bad user prelabel operator console",
    "http choices person PERSON example com reviewer law any trainer README en XA English 中文 html audit",
    "HTML PDF CSV JSON",
    *(word for words in WORDS.values() for word in words),
)
"""Of the product, of the world's project and its people."""


def whole(page: str, world: LocalWorld, *more: str) -> None:
    assert f"{marked.OPEN}" in page
    found = marked.unmarked(page, [*NAMES, *_data(world), *more])
    assert found == [], f"{found} in {page}"


def _data(world: LocalWorld) -> Iterable[str]:
    with world.store.read() as uow:
        for ref in uow.models.list(world.id):
            yield from (ref.ref.version, ref.ref.sha256, "sha256", *_names(ref.metrics))
            yield "head, ngram; kB"  # its spec, and the size of its files
        for event in uow.gate.events(world.id):
            yield from _names(event.numbers)


def _names(numbers: Mapping[str, Any]) -> Iterable[str]:
    for name, value in numbers.items():
        yield name
        if isinstance(value, Mapping):
            yield from _names(value)
        elif isinstance(value, str | bool):
            yield str(value)
