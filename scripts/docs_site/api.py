"""The API reference, from the application's own OpenAPI."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from models.types import Frozen
from scripts.docs_site.examples import EXAMPLES, PATH, Example
from scripts.docs_site.markdown import anchor, prose, table
from serving.api.application import create_app
from serving.composition import make_runtime
from serving.local import LocalScorer
from serving.settings import Settings

BASE = "http://127.0.0.1:8900"
GROUPS = {
    "api": "Projects, items, the gate",
    "models": "Model versions",
    "people": "People",
    "gold": "Gold items",
    "reviews": "Reviews and appeals",
    "changes": "The audit log",
    "health": "Probes and metrics",
    "hooks": "Label Studio's events",
    "ml-backend": 'Label Studio\'s "Connect Model"',
}
"""Tag of the routes -> heading, in the order of the page."""
CREDENTIALS = {
    "hooks": '-H "X-Prelabel-Secret: $PROJECT_SECRET"',
    "ml-backend": '-u "prelabel:$PROJECT_SECRET"',
    "health": '-H "Authorization: Bearer $PRELABEL_VIEW_TOKEN"',
}
"""How curl shows who asks, by tag; everything else takes the operators' token."""
OPERATOR = '-H "Authorization: Bearer $PRELABEL_API_TOKEN"'
OPEN = ("/healthz", "/readyz")


class Operation(Frozen):
    """One method of one path, as OpenAPI has it."""

    method: str
    path: str
    said: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def tag(self) -> str:
        return str(self.said["tags"][0])

    @property
    def example(self) -> Example:
        return EXAMPLES.get(self.name, Example())


@cache
def openapi() -> dict[str, Any]:
    """Of an application over an empty store in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        runtime = make_runtime(settings, LocalScorer(settings.model_dir))
        try:
            return create_app(runtime).openapi()
        finally:
            runtime.store.close()


def operations() -> Iterator[Operation]:
    for path, methods in openapi()["paths"].items():
        for method, said in methods.items():
            yield Operation(method=method.upper(), path=path, said=said)


def overview_page() -> str:
    rows = [(f"[`{one.name}`](routes.md#{anchor(one.name)})", prose(_first_line(one))) for one in _in_order()]
    return table(("route", "what it does"), rows)


def routes_page() -> str:
    parts: list[str] = []
    group = ""
    for one in _in_order():
        if one.tag != group:
            group = one.tag
            parts.append(f"## {GROUPS.get(group, group.capitalize())}\n")
        parts.append(_section(one))
    return "\n".join([*parts, "## Values\n", *(_value(name, said) for name, said in _schemas())])


def errors_of_the_api() -> str:
    """Those that each route about a project may answer."""
    said = next(one for one in operations() if one.path.endswith("/queue")).said["responses"]
    return table(("status", "when"), [(code, prose(one["description"])) for code, one in said.items() if code >= "400"])


def curl(one: Operation) -> str:
    """The example as a command."""
    words = [
        f"-X {one.method}" if one.method not in ("GET",) else "",
        "" if one.path in OPEN else CREDENTIALS.get(one.tag, OPERATOR),
        '-H "Content-Type: application/json"' if one.example.body is not None else "",
    ]
    first = " ".join(["curl", *filter(None, words)])
    query = f"?{one.example.query}" if one.example.query else ""
    address = f'"{BASE}{path_of(one)}{query}"'
    lines = [first, f"  {address}"] if first != "curl" else [f"{first} {address}"]
    if one.example.body is not None:
        lines.append(f"  -d '{json.dumps(one.example.body, ensure_ascii=False)}'")
    return " \\\n".join(lines)


def path_of(one: Operation) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: PATH[found[1]][0], one.path)


def _in_order() -> list[Operation]:
    """Groups that have no heading here come last, under the name of their tag."""
    order = list(GROUPS)
    return sorted(operations(), key=lambda one: order.index(one.tag) if one.tag in GROUPS else len(order))


def _first_line(one: Operation) -> str:
    return str(one.said.get("description", "")).split("\n\n")[0]


def _section(one: Operation) -> str:
    short = f"{one.method} {one.path.removeprefix('/api/v1/projects/{slug}').removeprefix('/api/v1')}"
    parts = [
        f"### `{one.name}` {{#{anchor(one.name)} data-toc-label='{short}'}}\n",
        prose(one.said.get("description", "")),
        "",
    ]
    if places := [_parameter(parameter) for parameter in one.said.get("parameters", ())]:
        parts.append(table(("parameter", "in", "value", "meaning"), places))
    if body := one.said.get("requestBody"):
        parts.append(f"Body: {_body(_content(body))}\n")
    good = {code: said for code, said in one.said["responses"].items() if code < "400"}
    parts += [f"Answers {code}{_answer(said)}.\n" for code, said in good.items()]
    return "\n".join([*parts, f"```sh\n{curl(one)}\n```\n"])


def _parameter(said: dict[str, Any]) -> tuple[str, str, str, str]:
    meaning = said.get("description") or (PATH[said["name"]][1] if said["in"] == "path" else "")
    return f"`{said['name']}`", said["in"], _type(said["schema"]), prose(meaning)


def _content(said: dict[str, Any]) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = list(said.get("content", {}).values())
    schema: dict[str, Any] = kinds[0].get("schema", {}) if kinds else {}
    return schema


def _body(schema: dict[str, Any]) -> str:
    """A body that is made for one route is written out; others are named."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if not name.startswith("Body_"):
        return _type(schema)
    return "\n\n" + _fields(openapi()["components"]["schemas"][name])


def _answer(said: dict[str, Any]) -> str:
    schema = _content(said)
    return f": {_type(schema)}" if schema else ""


def _schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, said in sorted(openapi()["components"]["schemas"].items(), key=lambda pair: _short(pair[0]).lower()):
        if not name.startswith(("Body_", "HTTPValidation", "ValidationError")):
            yield name, said


def _value(name: str, said: dict[str, Any]) -> str:
    parts = [f"### {_short(name)} {{#value-{anchor(name)}}}\n", prose(said.get("description", "")), ""]
    if "enum" in said:
        parts.append(", ".join(f"`{one}`" for one in said["enum"]) + "\n")
    elif said.get("properties"):
        parts.append(_fields(said))
    return "\n".join(parts)


def _fields(said: dict[str, Any]) -> str:
    required = said.get("required", ())
    rows = [
        (f"`{name}`" + ("" if name in required else " (optional)"), _type(field), prose(field.get("description", "")))
        for name, field in said.get("properties", {}).items()
    ]
    return table(("key", "value", "meaning"), rows)


def _short(name: str) -> str:
    """Names that two modules share come with the module."""
    module, _, last = name.removeprefix("serving__").rpartition("__")
    return f"{last} ({module.replace('__', '.')})" if module else last.removesuffix("-Output")


def _type(schema: dict[str, Any]) -> str:
    """A JSON schema in a line: types, ranges, default."""
    if ref := schema.get("$ref", "").rpartition("/")[2]:
        return f"[{_short(ref)}](#value-{anchor(ref)})"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            said = " or ".join(dict.fromkeys(_type(one) for one in schema[several]))
            return said + _default(schema)
    if schema.get("enum") or "const" in schema:
        return ", ".join(f"`{one}`" for one in schema.get("enum", [schema.get("const")])) + _default(schema)
    kind = schema.get("type", "any value")
    if kind == "array":
        inner = schema.get("items") or {}
        return f"list of {_type(inner)}" + _default(schema) if inner else "list" + _default(schema)
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"keys → {_type(schema['additionalProperties'])}"
    return str(kind) + _range(schema) + _default(schema)


LIMITS = {
    "minimum": "≥ {:,}",
    "exclusiveMinimum": "> {:,}",
    "maximum": "≤ {:,}",
    "exclusiveMaximum": "< {:,}",
    "minLength": "at least {:,} characters",
    "maxLength": "at most {:,} characters",
}
LARGEST = 2**53
"""Limits above it are those of the store's integers, and nobody's concern."""


def _range(schema: dict[str, Any]) -> str:
    said = [text.format(schema[key]) for key, text in LIMITS.items() if key in schema and schema[key] < LARGEST]
    return f", {', '.join(said)}" if said else ""


def _default(schema: dict[str, Any]) -> str:
    return f"; default `{json.dumps(schema['default'])}`" if schema.get("default") is not None else ""
