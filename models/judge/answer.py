"""From what a judge wrote to regions, or the plain reason why not.

Strict: one JSON object with exactly the keys that were asked for, each once, each value as the schema has it. Nothing
is repaired: what is wrong is a failure, and failures are counted.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from models.errors import fragment
from models.judge.chats import Tokens
from models.judge.prompt import Question
from models.judge.schema import options, sides, stars
from models.tasks.inputs import UnreadableItem
from models.types import Choices, ControlSpec
from models.values import Number, Pair, Ranking, Rating, Taxonomy, Text, Value

_SPACE = " \t\n\r"


@dataclass(frozen=True)
class Said:
    """What was said of one control."""

    value: Value | None
    """None: nothing holds, or nothing was written."""
    probability: float | None
    """Of the tokens of the value, in [0, 1]; None where the endpoint gave none that fit the text."""


def read(text: str, tokens: Tokens | None, question: Question, controls: Sequence[ControlSpec]) -> dict[str, Said]:
    """What was said of each control.

    Raises:
        UnreadableItem: ``bad_answer``, with what is wrong about it.
    """
    found = _members(text)
    names = [control.name for control in controls]
    if missing := [name for name in names if name not in found]:
        raise _wrong(fragment(f"says nothing of {missing[0]!r}"))
    if strange := [name for name in found if name not in names]:
        raise _wrong(fragment(f"speaks of {strange[0][:80]!r}, which was not asked for"))
    said = {}
    for control in controls:
        value, start, end = found[control.name]
        said[control.name] = Said(_value(value, control, question), _probability(text, tokens, start, end))
    return said


def _members(text: str) -> dict[str, tuple[Any, int, int]]:
    """Key -> value, and where the value stands in the text, of a flat object that is all there is."""
    decoder = json.JSONDecoder(parse_constant=_no_number)
    found: dict[str, tuple[Any, int, int]] = {}
    try:
        at = _expect(text, _skip(text, 0), "{")
        while text[at : at + 1] != "}":
            at = _expect(text, _skip(text, _expect(text, at, ",")), '"') if found else _expect(text, at, '"')
            key, at = scanstring(text, at, True)
            start = _skip(text, _expect(text, _skip(text, at), ":"))
            value, end = decoder.raw_decode(text, start)
            if key in found:
                raise _wrong(fragment(f"speaks of {key[:80]!r} twice"))
            found[key], at = (value, start, end), _skip(text, end)
        if _skip(text, at + 1) != len(text):
            raise _wrong(fragment("has more after its JSON object"))
    except (ValueError, RecursionError):
        raise _wrong(fragment("is no complete JSON object")) from None
    return found


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _expect(text: str, at: int, sign: str) -> int:
    """The place behind the sign, and behind the white space that follows a bracket."""
    if text[at : at + 1] != sign:
        raise _wrong(fragment("is no complete JSON object"))
    return _skip(text, at + 1) if sign == "{" else at + 1


def _no_number(name: str) -> float:
    raise _wrong(fragment(f"holds {name}, which is no JSON"))


def _wrong(reason: str) -> UnreadableItem:
    return UnreadableItem("bad_answer", f"The judge's answer {reason}: check the model, or its instructions.")


def _value(given: Any, control: ControlSpec, question: Question) -> Value | None:
    match control.kind:
        case "choices":
            chosen = _several(given, control, set(control.labels))
            return Choices(labels=tuple(one for one in control.labels if one in chosen)) if chosen else None
        case "taxonomy":
            paths = options(control)
            chosen = _several(given, control, set(paths))
            return Taxonomy(paths=tuple(path for name, path in paths.items() if name in chosen)) if chosen else None
        case "rating":
            if isinstance(given, bool) or not isinstance(given, int) or given not in stars(control):
                raise _unfit(control, given, fragment(f"a whole number from 1 to {max(stars(control))}"))
            return Rating(stars=given)
        case "number":
            return Number(number=_number(given, control))
        case "pairwise":
            return Pair.model_validate({"selected": _side(given, control, turned=question.turned)})
        case "ranker":
            ids = question.lists[control.name]
            if not isinstance(given, list) or sorted(map(str, given)) != sorted(ids):
                raise _unfit(control, given, fragment(f"each of the {len(ids)} ids once"))
            return Ranking(buckets={control.name: tuple(map(str, given))})
        case _:
            texts = tuple(one for one in _strings(given, control) if one.strip())
            return Text(texts=texts) if texts else None


def _strings(given: Any, control: ControlSpec) -> list[str]:
    listed = given if control.multiple and isinstance(given, list) else [given]
    if isinstance(given, list) is not control.multiple or not all(isinstance(one, str) for one in listed):
        raise _unfit(control, given, fragment("a list of texts" if control.multiple else "one text"))
    return [one.encode("utf-8", "replace").decode("utf-8") for one in listed]


def _several(given: Any, control: ControlSpec, known: set[str]) -> set[str]:
    chosen = _strings(given, control)
    if strange := [one for one in chosen if one not in known]:
        raise _unfit(control, strange[0], fragment("of the labels of the label config"))
    return set(chosen)


def _number(given: Any, control: ControlSpec) -> float:
    low, high = control.minimum, control.maximum
    if isinstance(given, bool) or not isinstance(given, int | float) or abs(given) > sys.float_info.max:
        raise _unfit(control, given, fragment("a number"))
    if (low is not None and given < low) or (high is not None and given > high):
        least, most = ("-" if one is None else one for one in (low, high))
        raise _unfit(control, given, fragment(f"from {least} to {most}"))
    return float(given)


def _side(given: Any, control: ControlSpec, *, turned: bool) -> str:
    if given not in sides(control):
        raise _unfit(control, given, fragment(f"one of {', '.join(sides(control))}"))
    said = str(given)
    return {"left": "right", "right": "left"}.get(said, said) if turned else said


def _unfit(control: ControlSpec, given: Any, wanted: str) -> UnreadableItem:
    return _wrong(fragment(f"has {str(given)[:80]!r} for {control.name!r}, which is not {wanted}"))


def _probability(text: str, tokens: Tokens | None, start: int, end: int) -> float | None:
    """Product over the tokens that the value's characters lie in."""
    if not tokens or b"".join(token for token, _ in tokens) != text.encode("utf-8", "replace"):
        return None
    first, last = (len(text[:place].encode("utf-8", "replace")) for place in (start, end))
    total, at = 0.0, 0
    for token, logprob in tokens:
        if at < last and at + len(token) > first:
            total += logprob
        at += len(token)
    return math.exp(min(total, 0.0))
