"""What an answer must look like: a JSON schema of one item, from its controls alone.

One flat object with a property a control, all required, nothing else: the subset that schema-constrained decoding has
everywhere. What that subset cannot say (an order names each id once) is checked by ``models.judge.answer``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.answers import READABLE, judged
from models.types import ControlKind, ControlSpec

SEPARATOR = " > "
"""Between the nodes of a taxonomy's path."""
SIDES: Final = ("left", "right", "none")

Json = dict[str, Any]
Lists = Mapping[str, Sequence[str]]
"""Name of a ranker -> ids of this item's list."""

FILLED: Final[tuple[ControlKind, ...]] = ("choices", "taxonomy", "rating", "number", "textarea", "pairwise", "ranker")
"""Kinds of control that a judge answers."""


def answerable(control: ControlSpec) -> bool:
    """Whether a judge can answer it: about the whole of an item, and about words."""
    if control.kind not in FILLED or control.per_region:
        return False
    if control.kind in ("pairwise", "rating", "ranker"):
        return judged(control)
    return control.input.medium in READABLE


def schema(controls: Sequence[ControlSpec], lists: Lists) -> Json:
    """Of one item."""
    return {
        "type": "object",
        "properties": {control.name: _property(control, lists) for control in controls},
        "required": [control.name for control in controls],
        "additionalProperties": False,
    }


def sides(control: ControlSpec) -> tuple[str, ...]:
    """What may be said of a pair; of a required one a side must be taken."""
    return SIDES[:2] if control.required else SIDES


def stars(control: ControlSpec) -> tuple[int, ...]:
    """What may be said of a rating."""
    return tuple(range(1, int(control.maximum or 5) + 1))


def options(control: ControlSpec) -> dict[str, tuple[str, ...]]:
    """What may be said of a taxonomy: a path, and how it is written here."""
    return {SEPARATOR.join(path): path for path in control.paths}


def _property(control: ControlSpec, lists: Lists) -> Json:
    match control.kind:
        case "choices":
            return _one_or_several(control, {"type": "string", "enum": list(control.labels)})
        case "taxonomy":
            return _one_or_several(control, {"type": "string", "enum": list(options(control))})
        case "rating":
            return {"type": "integer", "enum": list(stars(control))}
        case "number":
            limits = {"minimum": control.minimum, "maximum": control.maximum}
            return {"type": "number"} | {name: limit for name, limit in limits.items() if limit is not None}
        case "pairwise":
            return {"type": "string", "enum": list(sides(control))}
        case "ranker":
            ids = list(lists[control.name])
            return {
                "type": "array",
                "items": {"type": "string", "enum": ids},
                "minItems": len(ids),
                "maxItems": len(ids),
            }
        case _:
            return _one_or_several(control, {"type": "string"})


def _one_or_several(control: ControlSpec, one: Json) -> Json:
    return {"type": "array", "items": one} if control.multiple else one
