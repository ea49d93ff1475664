"""Keys of the settings and of a project file: type, range, default and the docstring under each."""

from __future__ import annotations

import types
import typing
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from scripts.docs_site.markdown import anchor

WORDS: dict[object, str] = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret text",
    type(None): "null",
}
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def type_in_words(annotation: Any) -> str:
    """A type as a reader of YAML knows it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_in_words(inner[0])
    if origin is Literal:
        return "one of " + ", ".join(f"`{value}`" for value in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_in_words(one) for one in inner))
    if origin in (tuple, list):
        return f"list of {type_in_words(inner[0])}"
    if origin is dict:
        return f"{type_in_words(inner[0])} → {type_in_words(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "one of " + ", ".join(f"`{member.value}`" for member in annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{name_of(annotation)}](#{anchor(annotation.__name__)})"
    return WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)))


def name_of(model: type[BaseModel]) -> str:
    """A kind of model by its ``kind``, as a file names it; anything else by its class."""
    kind = model.model_fields.get("kind")
    return f"`kind: {get_args(kind.annotation)[0]}`" if kind is not None else model.__name__


def inner_models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The values that a model's fields hold, and those in them, each once, in order of appearance."""
    found: list[type[BaseModel]] = []
    for name in model.model_fields:
        for one in _classes(annotation_of(model, name)):
            found += [each for each in (one, *inner_models(one)) if each not in found]
    return found


def _classes(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [one for inner in get_args(annotation) for one in _classes(inner)]


def bounds_in_words(field: FieldInfo) -> str:
    """The range that the field's constraints state; '' where there is none."""
    found = []
    for one in field.metadata:
        found += [f"{sign} {getattr(one, name):g}" for name, sign in BOUNDS.items() if hasattr(one, name)]
        if pattern := getattr(one, "pattern", None):
            found.append(f"`{pattern}`")
    return ", ".join(found)


def default_in_words(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "`null`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, BaseModel):
        shown = ", ".join(f"{key}: {said}" for key, said in value.model_dump(mode="json", exclude_unset=True).items())
        return f"`{{{shown}}}`"
    if isinstance(value, tuple | list | dict):
        return f"`{list(value) if not isinstance(value, dict) else value}`"
    return f"`{value}`"


def annotation_of(model: type[BaseModel], name: str) -> Any:
    """The field's annotation without what pydantic keeps apart."""
    return typing.get_type_hints(model)[name]
