"""What the classes of a token classifier mean: O, or a part of a span (BIO, BIOES, BILOU, or a plain name)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

OUTSIDE = "O"
_PARTS = re.compile(r"([BIESLUM])[-_](.+)", re.DOTALL)
_BEGINS, _ENDS = frozenset("BSU"), frozenset("ESLU")


class Tag(NamedTuple):
    """One class of a token classifier."""

    part: str
    """B, I, E, S ...; I where the model has no scheme."""
    name: str | None
    """What it is called without its part; None: outside of every span."""


class Run(NamedTuple):
    """Tokens ``[start, end)`` that make up one span."""

    start: int
    end: int
    name: str


def read(classes: Sequence[str]) -> list[Tag]:
    """The meaning of each class, in order. There is a scheme where every class but O names a part."""
    inside = [name for name in classes if name.upper() != OUTSIDE]
    scheme = all(_PARTS.fullmatch(name) for name in inside)
    return [_tag(name, scheme) for name in classes]


def _tag(name: str, scheme: bool) -> Tag:
    if name.upper() == OUTSIDE:
        return Tag(OUTSIDE, None)
    found = _PARTS.fullmatch(name) if scheme else None
    return Tag(found[1], found[2]) if found else Tag("I", name)


def join(tags: Sequence[Tag]) -> list[Run]:
    """Spans of the tags of one text, in order.

    A span goes on while the name stays the same, unless a token begins one (B, S, U) or the last one ended it (E, S,
    L, U). So an I without a B begins a span too, as in ``transformers``' aggregation ``simple``.
    """
    runs: list[Run] = []
    last = Tag(OUTSIDE, None)
    for place, tag in enumerate(tags):
        if tag.name is not None:
            if tag.name == last.name and tag.part not in _BEGINS and last.part not in _ENDS:
                runs[-1] = runs[-1]._replace(end=place + 1)
            else:
                runs.append(Run(place, place + 1, tag.name))
        last = tag
    return runs
