"""What errors say: their messages, and texts marked by ``written`` or ``fragment``, found in the syntax of the code.

``scripts.messages`` puts them into the catalogues, and ``serving.retold`` finds a raised or stored text by them. A
message is the f-string with its values named: ``f"{spec.source} has {len(names)} outputs"`` is
``{source} has {names} outputs``. One with a choice in it is several messages.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("connectors", "models", "serving")
BASES: Final = {"PrelabelError": 0, "UnreadableItem": 1, "BrokenRecording": 0}
"""Class -> which of its arguments is the message; all that are derived from one have it in the same place."""
WRITTEN: Final = "written"
FRAGMENT: Final = "fragment"
SAID: Final = ("gettext", "ngettext", "say", "retold", "str", WRITTEN, FRAGMENT)
"""A message that is a call of these is said, or marked, there."""
MADE_ELSEWHERE: Final = ("wrong_in_words", "_in_its_words")
"""These give what a library said, in its words or in the reader's language."""
ONLY_INSIDE: Final = (FRAGMENT, "BrokenRecording")
"""What is made by these stands nowhere but inside another message."""
NOT_ON_PAGES: Final = {
    "connectors/label_studio/backend.py": "answers to Label Studio, a program",
    "connectors/label_studio/webhooks.py": "answers to Label Studio, a program",
    "connectors/memory.py": "a platform for simulations and tests",
    "serving/gate_cli.py": "the command line",
    "serving/gate_files.py": "files of the command line",
    "serving/pipeline/history.py": "files of the command line",
    "serving/project_file.py": "files of the command line",
    "serving/projects/trying.py": "files of the command line",
    "serving/report_cli.py": "the command line",
    "serving/settings.py": "read before there is a page",
    "serving/tracing.py": "set up before there is a page",
}
"""Modules whose errors no page shows, and why."""


@dataclass(frozen=True, slots=True)
class Text:
    """A message and where it stands."""

    path: str
    line: int
    message: str
    inside: bool
    """It stands nowhere but inside another one."""


@dataclass(slots=True)
class Module:
    """One file."""

    path: str
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    """Name -> what the module, or the one it is imported from, sets it to."""


@cache
def modules() -> tuple[Module, ...]:
    """All files of the packages, with their constants."""
    files = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    found = {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in files}
    own = {path: dict(_constants(tree)) for path, tree in found.items()}
    return tuple(Module(path, tree, _imported(tree, own) | own[path]) for path, tree in found.items())


@cache
def errors() -> dict[str, int | None]:
    """Our error classes -> which argument is the message; None: the class makes it of what it is given."""
    classes = [node for module in modules() for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    found: dict[str, int | None] = {**BASES}
    while more := [one for one in classes if one.name not in found and not found.keys().isdisjoint(_bases(one))]:
        for one in more:
            makes = any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in one.body)
            found[one.name] = None if makes else next(found[base] for base in _bases(one) if base in found)
    return found


def texts() -> list[Text]:
    """Every message that a page may show, each once: those that differ in the names of values are one.

    Raises:
        ValueError: two values stand side by side, so that nobody could tell them apart again.
    """
    found: dict[tuple[str, bool], Text] = {}
    for module in modules():
        for expression, inside in _expressions(module):
            for message in _messages(expression, module):
                key = (re.sub(r"\{\w+\}", "{}", message), inside)
                found.setdefault(key, Text(module.path, expression.lineno, message, inside))
    return list(found.values())


def unknown() -> list[str]:
    """Errors with a message that is not found here, as ``path:line: message``: mark what it is made of."""
    return [one for module in modules() for one in unknown_in(module)]


def unknown_in(module: Module) -> list[str]:
    """The same of one module."""
    return [
        f"{module.path}:{expression.lineno}: {ast.unparse(expression)}"
        for expression, _ in _expressions(module)
        if not _is_said(expression, module) and not _has_messages(expression, module)
    ]


def _expressions(module: Module) -> Iterator[tuple[ast.expr, bool]]:
    """What errors are given as their message, what they hand to ``Exception``, and what is marked; whether a part."""
    if module.path in NOT_ON_PAGES:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and errors().get(node.name, 0) is None:
            yield from ((call.args[0], False) for call in _calls(node) if _name(call) == "__init__" and call.args)
        elif isinstance(node, ast.Call):
            place = 0 if _name(node) in (WRITTEN, FRAGMENT) else errors().get(_name(node))
            if place is not None and len(node.args) > place:
                yield node.args[place], _name(node) in ONLY_INSIDE
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            of_a_kind = _name(node.exc) not in errors() and isinstance(node.exc.func, ast.Name)
            if of_a_kind and not hasattr(builtins, _name(node.exc)) and isinstance(node.exc.args[0], ast.JoinedStr):
                yield node.exc.args[0], False


def _has_messages(node: ast.expr, module: Module) -> bool:
    try:
        return bool(_messages(node, module))
    except ValueError:
        return False


def _messages(node: ast.expr, module: Module) -> list[str]:
    """An expression as messages; none: it is not made of words that stand here."""
    found = [_named(parts) for parts in _choices(node, module) if any(isinstance(part, str) for part in parts)]
    return [one for one in found if any(letter.isalpha() for letter in _words(one))]


Parts = list[str | ast.expr]
"""Words, and the values between them."""


def _choices(node: ast.expr, module: Module) -> list[Parts]:
    """All that an expression may come to."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [[node.value]]
    if isinstance(node, ast.Name) and node.id in module.constants:
        return _choices(module.constants[node.id], module)
    if isinstance(node, ast.IfExp):
        return _choices(node.body, module) + _choices(node.orelse, module)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _all([_choices(node.left, module), _choices(node.right, module)])
    if isinstance(node, ast.JoinedStr):
        return _all([_choices(part, module) for part in node.values])
    if isinstance(node, ast.FormattedValue):
        chosen = isinstance(node.value, ast.IfExp) and _is_words(node.value)
        return _choices(node.value, module) if chosen else [[node.value]]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return [[*_split(parts)] for parts in _choices(node.func.value, module)]
    return [[node]]


def _is_words(node: ast.expr) -> bool:
    """A choice between words."""
    if isinstance(node, ast.IfExp):
        return _is_words(node.body) and _is_words(node.orelse)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _all(choices: Iterable[list[Parts]]) -> list[Parts]:
    return [[part for some in chosen for part in some] for chosen in itertools.product(*choices)]


def _split(parts: Parts) -> Iterator[str | ast.expr]:
    """A constant's own ``{names}`` as values."""
    for part in parts:
        pieces = ast.parse(f"f{part!r}", mode="eval").body if isinstance(part, str) else part
        for piece in pieces.values if isinstance(pieces, ast.JoinedStr) else [pieces]:
            if isinstance(piece, ast.Constant):
                yield str(piece.value)
            else:
                yield piece.value if isinstance(piece, ast.FormattedValue) else piece


def _named(parts: Parts) -> str:
    """A message for ``str.format``."""
    said, names, before = "", list[str](), False
    for part in parts:
        if isinstance(part, str):
            said += part.replace("{", "{{").replace("}", "}}")
            before = before and not part
            continue
        if before:
            raise ValueError(f"two values side by side: {said}")
        name = _value(part) or "value"
        names.append(name)
        said += f"{{{name if names.count(name) == 1 else f'{name}_{names.count(name)}'}}}"
        before = True
    return said


def _value(node: ast.expr) -> str:
    """A name for a value: the last one in what makes it."""
    match node:
        case ast.Name(id=name):
            return name.strip("_").lower()
        case ast.Attribute(attr=name, value=held):
            return _value(held) if name.startswith("__") else name.strip("_").lower()
        case ast.Subscript(value=held) | ast.GeneratorExp(elt=held) | ast.BinOp(left=held) | ast.IfExp(body=held):
            return _value(held)
        case ast.BoolOp(values=[held, *_]):
            return _value(held)
        case ast.Call(func=made, args=given):
            held = made.value if isinstance(made, ast.Attribute) else made
            return next(filter(None, map(_value, [*reversed(given), held])), "")
    return ""


def _words(message: str) -> str:
    """What it says itself."""
    return "".join(literal for literal, *_ in Formatter().parse(message))


def _is_said(node: ast.expr | None, module: Module) -> bool:
    """Whether a message is a call of what says or marks it, or of a function that returns nothing else."""
    if isinstance(node, ast.IfExp):
        return _is_said(node.body, module) and _is_said(node.orelse, module)
    if not isinstance(node, ast.Call):
        return False
    there = [one for one in module.tree.body if isinstance(one, ast.FunctionDef) and one.name == _name(node)]
    given = [one.value for function in there for one in ast.walk(function) if isinstance(one, ast.Return)]
    return _name(node) in (*SAID, *MADE_ELSEWHERE) or (bool(given) and all(_is_said(one, module) for one in given))


def _name(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Call))


def _bases(node: ast.ClassDef) -> list[str]:
    return [base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases]


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if isinstance(value, ast.Constant | ast.JoinedStr):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))


def _imported(tree: ast.Module, own: dict[str, dict[str, ast.expr]]) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            path = node.module.replace(".", "/")
            there = own.get(f"{path}.py") or own.get(f"{path}/__init__.py") or {}
            found |= {one.asname or one.name: there[one.name] for one in node.names if one.name in there}
    return found
