"""Commands that the documentation names: every line of its shell blocks."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("docs/decisions/*.md")])
SHELL = ("sh", "bash", "console", "shell")
DATA = ("json", "yaml", "sql", "python", "text", "xml", "nginx", "")
"""Languages of blocks that nobody is to type into a shell; "" is for drawings."""
FENCE = re.compile(r"^```([\w-]*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One command as it stands in a document, its continued lines joined."""

    document: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}: {self.text}"

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)


def fences(document: Path) -> Iterator[tuple[int, str, str]]:
    """``(line of its first line, language, body)`` of every block."""
    text = document.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        yield text.count("\n", 0, found.start(2)) + 1, found[1], found[2]


def commands(document: Path) -> list[Command]:
    """In the order in which they are read; comments are left out, and so is the ``$`` of a prompt."""
    made = []
    for first, language, body in fences(document):
        if language not in SHELL:
            continue
        begun = ""
        for number, line in enumerate(body.splitlines(), first):
            begun += re.sub(r"(^|\s)#\s.*$", "", line).removeprefix("$ ").strip()
            if begun.endswith("\\"):
                begun = begun[:-1]
            elif begun:
                made.append(Command(document, number, begun))
                begun = ""
        assert not begun, f"{document.name}:{first}: the block ends within a command"
    return made


def split(words: list[str], environment: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Assignments before a command, and the command, with ``$NAME`` filled in."""
    known = environment | {}
    words = list(words)
    own: dict[str, str] = {}
    while words and (found := ASSIGNMENT.fullmatch(words[0])):
        own[found[1]] = _filled(found[2], known)
        words.pop(0)
    return own, [_filled(word, known | own) for word in words]


def _filled(word: str, environment: dict[str, str]) -> str:
    names = set(re.findall(r"\$\{?(\w+)", word))
    unknown = names - environment.keys() - os.environ.keys()
    assert not unknown, f"{word!r} needs {', '.join(sorted(unknown))}, which nothing sets"
    return re.sub(r"\$\{?(\w+)\}?", lambda found: environment.get(found[1]) or os.environ[found[1]], word)
