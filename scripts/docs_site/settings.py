"""The configuration reference: every setting of the service and every key of a project file, from their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from scripts.docs_site.fields import (
    annotation_of,
    bounds_in_words,
    default_in_words,
    inner_models,
    name_of,
    type_in_words,
)
from scripts.docs_site.markdown import anchor, prose, table
from serving.project_file import ProjectFile
from serving.settings import DEFAULT_CONFIG, PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]


def settings_page() -> str:
    """Settings under the headings of ``configs/service.yaml``, in its order."""
    parts = []
    for heading, keys in sections():
        parts += [f"## {heading}\n", *(_key(Settings, key, env=PREFIX + key.upper()) for key in keys)]
    return "\n".join(parts)


def project_file_page() -> str:
    """Its keys, and then those of every value that they hold."""
    keys = [_key(ProjectFile, key) for key in ProjectFile.model_fields]
    return "\n".join([*keys, "## Kinds of models, and other values\n", *map(_value, inner_models(ProjectFile))])


def _value(model: type[BaseModel]) -> str:
    fields = model.model_fields
    rows = [
        (f"`{name}`", facts(model, name), prose(field.description or ""))
        for name, field in fields.items()
        if name != "kind"
    ]
    heading = f"### {name_of(model)} {{#{anchor(model.__name__)}}}\n\n{prose(inspect.getdoc(model) or '')}\n"
    return f"{heading}\n{table(('key', 'value', 'meaning'), rows)}"


def facts(model: type[BaseModel], name: str) -> str:
    """Type, range and default of a key, in a line."""
    field = model.model_fields[name]
    default = "required" if field.is_required() else f"default {default_in_words(field)}"
    return " · ".join(filter(None, [type_in_words(annotation_of(model, name)), bounds_in_words(field), default]))


def sections() -> Iterator[tuple[str, list[str]]]:
    """``(heading, keys)`` of the shipped file; a setting that it leaves out stands under "Others"."""
    text = (ROOT / DEFAULT_CONFIG).read_text(encoding="utf-8")
    parts = re.split(r"^# ---- (.+) ----$", text, flags=re.MULTILINE)[1:]
    left = set(Settings.model_fields)
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        keys = [key for key in re.findall(r"^(\w+):", body, flags=re.MULTILINE) if key in left]
        left -= set(keys)
        yield heading, keys
    if left:
        yield "Others", sorted(left)


def _key(model: type[BaseModel], name: str, *, env: str = "") -> str:
    said = " · ".join(filter(None, [facts(model, name), env and f"`{env}`"]))
    return f"### `{name}` {{#{name}}}\n\n{prose(model.model_fields[name].description or '')}\n\n{said}\n"
