"""Messages of errors, as the catalogues have them: no copy of them stands here."""

from __future__ import annotations

from functools import cache
from typing import Final

from serving.language import ERROR, FRAGMENT, NP_, messages_of
from serving.retold.matching import literals

MEDIA: Final = (
    NP_("medium", "text"),
    NP_("medium", "image"),
    NP_("medium", "audio"),
    NP_("medium", "video"),
    NP_("medium", "timeseries"),
    NP_("medium", "hypertext"),
    NP_("medium", "dialogue"),
    NP_("medium", "list"),
)
"""All of ``models.types.Medium``: values of messages that are called so."""


@cache
def sentences() -> tuple[str, ...]:
    """Messages that stand alone, and in others."""
    return _by_words(messages_of(ERROR))


@cache
def fragments() -> tuple[str, ...]:
    """What stands in others alone."""
    return _by_words(messages_of(FRAGMENT))


def _by_words(messages: tuple[str, ...]) -> tuple[str, ...]:
    """What says most itself comes first: before what it begins like, and before what fits anything."""
    return tuple(sorted(messages, key=lambda one: (-sum(map(len, literals(one))), one)))
