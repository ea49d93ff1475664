"""What README and docs name is there: commands with their options, make targets, settings, routes, files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
import yaml

from scripts.docs_site.api import operations
from serving import settings
from serving.cli import app
from serving.project_file import ProjectFile
from serving.settings import Settings
from tests.support.documents import DOCUMENTS, FENCE, ROOT

ENVIRONMENT = {settings.CONFIG_VARIABLE, *(settings.PREFIX + key.upper() for key in Settings.model_fields)}
COMMAND_LINE = typer.main.get_command(app)
OURS = re.compile(r"(GET|POST|PUT|PATCH|DELETE) /(api/v1|hooks|ml|healthz|readyz|metrics)\b")
"""Routes of this service; others are Label Studio's."""
COMMENT = re.compile(r"\s#\s.*$")
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def blocks(text: str, language: str) -> Iterator[str]:
    return (body for kind, body in FENCE.findall(text) if kind == language)


def inline(text: str) -> Iterator[str]:
    return iter(re.findall(r"`([^`\n]+)`", FENCE.sub("", text)))


def shell_lines(text: str) -> Iterator[str]:
    """Lines of shell blocks, continued ones joined, and everything in backticks in the prose."""
    for body in blocks(text, "sh"):
        yield from (COMMENT.sub("", line).strip() for line in body.replace("\\\n", " ").splitlines())
    yield from inline(text)


def calls(text: str, program: str) -> Iterator[list[str]]:
    """Arguments of every call of a program; variables before it and ``docker exec NAME`` are left out."""
    for line in shell_lines(text):
        bare = re.sub(r"^((\w+=(\"[^\"]*\"|\S+)|docker exec \w+)\s+)+", "", line)
        if bare.split(" ", 1)[0] == program:
            yield shlex.split(bare)[1:]


def problem(words: list[str]) -> str | None:
    """Why ``prelabel WORDS`` cannot be called."""
    command = COMMAND_LINE
    path, rest = "prelabel", list(words)
    while subcommands := getattr(command, "commands", None):
        if not rest or rest[0].startswith("-") or rest[0].isupper():
            return None  # the program itself, or `prelabel COMMAND --help`
        name = rest.pop(0)
        path = f"{path} {name}"
        if name not in subcommands:
            return f"there is no {path!r}"
        command = subcommands[name]
    takes_value = {o: not getattr(p, "is_flag", False) for p in command.params for o in p.opts if o.startswith("-")}
    takes_value |= {"--help": False}
    places = [p for p in command.params if p.param_type_name == "argument"]
    given = 0
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            given += 1
        elif word not in takes_value:
            return f"{path} has no {word}"
        elif takes_value[word] and rest:
            rest.pop(0)
    return f"{path} takes {len(places)} arguments, not {given}" if given > len(places) else None


@each_document
def test_every_prelabel_command_exists(document: Path) -> None:
    found = [(words, problem(words)) for words in calls(document.read_text(encoding="utf-8"), "prelabel")]
    assert [(words, wrong) for words, wrong in found if wrong] == []


@pytest.mark.parametrize(
    "call",
    ["frobnicate", "gate burn mood", "connect --password x", "report mood other", "dead mood --item 3"],
)
def test_a_command_that_is_not_there_is_noticed(call: str) -> None:
    assert problem(call.split()) is not None


@pytest.mark.parametrize("name", ["README.md", "docs/start.md"])
def test_the_beginning_leads_through_the_commands(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = {words[0] for words in calls(text, "prelabel") if words}
    assert {"serve", "connect", "doctor", "report", "dead", "redrive", "explain"} <= named


@each_document
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    asked = {words[0] for words in calls(document.read_text(encoding="utf-8"), "make") if words}
    assert asked <= targets


def test_the_options_of_the_demo_exist() -> None:
    source = (ROOT / "scripts" / "demo" / "__main__.py").read_text(encoding="utf-8")
    asked: set[str] = set()
    for words in calls((ROOT / "docs" / "start.md").read_text(encoding="utf-8"), "make"):
        if words[:1] == ["demo"]:
            asked |= set(re.findall(r"--[a-z-]+", " ".join(words)))
    assert asked
    assert {option for option in asked if f'"{option}"' not in source and f"{option[2:]}:" not in source} == set()


@each_document
def test_every_variable_is_a_setting(document: Path) -> None:
    named = set(re.findall(rf"\b{settings.PREFIX}[A-Z_]+\b", document.read_text(encoding="utf-8")))
    assert named <= ENVIRONMENT


@cache
def words_of_the_code() -> frozenset[str]:
    folders = ("models", "connectors", "serving", "scripts", "configs")
    places = [p for folder in folders for p in ROOT.glob(f"{folder}/**/*") if p.suffix in (".py", ".yaml")]
    return frozenset(word for p in places for word in re.findall(r"\w+", p.read_text(encoding="utf-8")))


@each_document
def test_every_name_in_backticks_is_in_the_code(document: Path) -> None:
    """Settings, report keys, reason codes, columns: whatever is written with an underscore."""
    named = {name for name in inline(document.read_text(encoding="utf-8")) if re.fullmatch(r"[a-z]+(_[a-z]+)+", name)}
    assert named - words_of_the_code() == set()


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", FENCE.sub("", document.read_text(encoding="utf-8")))
    local = {(document.parent / target).resolve() for target in targets if "://" not in target}
    missing = {str(path.relative_to(ROOT)) for path in local if not path.exists()}
    assert missing == set()


@each_document
def test_every_route_that_is_named_exists(document: Path) -> None:
    """All of them are on the page that is made from the application."""
    named = {name for name in inline(document.read_text(encoding="utf-8")) if OURS.match(name)}
    assert named <= {one.name for one in operations()}


@each_document
def test_yaml_examples_are_accepted(document: Path, tmp_path: Path) -> None:
    for body in blocks(document.read_text(encoding="utf-8"), "yaml"):
        file = tmp_path / "example.yaml"
        file.write_text(body, encoding="utf-8")
        where = body.partition("\n")[0]
        if "configs/projects/" in where:
            assert ProjectFile.load(file).slug
        elif "configs/serve/" in where:
            from serving.app import AppArgs

            assert AppArgs.model_validate(yaml.safe_load(body)).scorers
        else:
            pytest.fail(f"the example does not say which file it is of: {where!r}")


@each_document
def test_pictures_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for name in [*re.findall(r'src="([^"]+)"', text), *re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)]:
        assert (document.parent / name).is_file(), name
