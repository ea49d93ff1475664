"""What a fitted field says of texts: their spans, how sure it is of each, and of all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from models.tagging import bio, crf, features, tokens
from models.tagging.bio import Span
from models.tagging.fitting import Weights
from models.tagging.tokens import Token

MAX_CHARACTERS = 20_000
"""Text beyond this is not read."""


@dataclass(frozen=True)
class Text:
    """A text that was made ready."""

    content: str
    tokens: list[Token]
    """Of the part that is read."""


@dataclass(frozen=True)
class Reading:
    """What is said of one text."""

    spans: tuple[Span, ...]
    """Of characters, in order; they do not overlap."""
    scores: tuple[float, ...]
    """The probability of each span, in [0, 1], as the field has it."""
    log_probability: float
    """Natural logarithm of the probability that all spans are right and none is missing, at most 0."""
    entropy: float
    """Nats of a token, on average; 0 without tokens."""
    weakest: float
    """The lowest probability of any token's tag, in [0, 1]; 1 without tokens."""
    known: float
    """See ``Weights.known``, on average; 1 without tokens."""


def prepare(content: str) -> Text:
    """Tokens of a text; cheap."""
    return Text(content, tokens.tokens(content[:MAX_CHARACTERS]))


def encode(texts: Sequence[Text]) -> csr_matrix:
    """See ``features.encode``."""
    return features.encode([(text.content, text.tokens) for text in texts])


def read(texts: Sequence[Text], rows: csr_matrix, weights: Weights) -> list[Reading]:
    """One reading a text, in order. ``rows`` are the features of all their tokens."""
    lengths = [len(text.tokens) for text in texts]
    emissions, known = weights.emissions(rows), weights.known(rows)
    held = crf.beliefs(emissions, weights.moves, lengths)
    tags = crf.best(emissions, weights.moves, lengths)
    logs = np.minimum(crf.scores(tags, emissions, weights.moves, lengths) - held.log_z, 0.0)
    found: list[Reading] = []
    start = 0
    for text, length, log in zip(texts, lengths, logs, strict=True):
        stop = start + length
        spans = bio.decode(tags[start:stop])
        scores = [
            crf.span_probability(start + one.start, start + one.end - 1, stop, tags, emissions, weights.moves, held)
            for one in spans
        ]
        marginals = held.marginals[start:stop]
        entropy = float(-(marginals * np.log(np.maximum(marginals, 1e-12))).sum() / max(length, 1))
        weakest = float(marginals[np.arange(length), tags[start:stop]].min()) if length else 1.0
        share = float(known[start:stop].mean()) if length else 1.0
        found.append(
            Reading(
                spans=tuple(Span(text.tokens[one.start][0], text.tokens[one.end - 1][1], one.label) for one in spans),
                scores=tuple(scores),
                log_probability=float(log),
                entropy=max(entropy, 0.0),
                weakest=min(max(weakest, 0.0), 1.0),
                known=share,
            )
        )
        start = stop
    return found
