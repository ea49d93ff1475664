"""Loss of marked characters: in a text, in an HTML document, in a dialogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from models.tasks.matching import Mark, marks, overlap_of, quality
from models.types import ControlSpec, Region
from models.values import DialogueSpan, HyperTextSpan, TextSpan


def loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """``1 - F1`` in [0, 1] of spans; one is right when both its boundaries and its labels are. Both empty: 0.

    The strict match of named entity recognition (CoNLL-2003). Spans of HTML are compared by their place in the visible
    text where all have one, and else by their XPaths.
    """
    ours, theirs = marks(predicted, control), marks(human, control)
    if not ours and not theirs:
        return 0.0
    by_text = all(_known(mark) for mark in (*ours, *theirs))
    said, meant = (Counter(_key(mark, by_text) for mark in side) for side in (ours, theirs))
    return 1.0 - 2.0 * (said & meant).total() / (len(ours) + len(theirs))


def relaxed_loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """``1 - PQ`` over characters, in [0, 1]: a span beside its place counts by how many characters it shares.

    Pairs have the same labels and share at least half of the characters of both together. Never above ``loss``.
    Spans over several utterances, or over several nodes of an HTML document without places in its text, are equal or
    not.
    """
    return quality(overlap_of(marks(predicted, control), marks(human, control)))


def _known(mark: Mark) -> bool:
    value = mark.value
    return isinstance(value, HyperTextSpan) and value.global_start is not None and value.global_end is not None


def _key(mark: Mark, by_text: bool) -> Hashable:
    match mark.value:
        case TextSpan() as span:
            return (span.start, span.end, mark.labels)
        case HyperTextSpan() as span if by_text:
            return (span.global_start, span.global_end, mark.labels)
        case HyperTextSpan() | DialogueSpan() as span:
            return (span.start, span.start_offset, span.end, span.end_offset, mark.labels)
        case other:
            return (other, mark.labels)
