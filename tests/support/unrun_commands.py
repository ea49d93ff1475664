"""Commands of the documentation that no test runs as they stand: each with the reason, and what is checked instead.

Whatever is not here is run: by ``tests/docs/test_commands.py``, or with a real Label Studio by
``tests/e2e/test_documented_commands.py``.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import dataclass

import typer

from serving.cli import app
from tests.support.documents import ROOT, Command

COMMAND_LINE = typer.main.get_command(app)


def accepted_by_the_parser(command: Command) -> None:
    """Subcommand, options and their number of values are ones that ``prelabel`` takes."""
    words = [word for word in command.words if not re.match(r"\w+=", word)]
    assert words[0] == "prelabel", command
    parse(words[1:])


def parse(words: list[str]) -> None:
    """Raises an error unless the words can be called."""
    command, rest, name = COMMAND_LINE, list(words), "prelabel"
    while subcommands := getattr(command, "commands", None):
        name = rest.pop(0)
        command = subcommands[name]
    command.make_context(name, rest)


def make_knows(command: Command) -> None:
    """The target exists, and the script behind it names every option in ARGS."""
    words = [word for word in command.words if not re.match(r"(?!ARGS)\w+=", word)]
    said = subprocess.run(
        ["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    if found := re.search(r"-m (scripts\.\w+)", said):
        options_exist(found[1], " ".join(words))


def script_knows(command: Command) -> None:
    """``python -m scripts.NAME``: it exists, and names every option."""
    place = command.words.index("-m")
    options_exist(command.words[place + 1], command.text)


def options_exist(module: str, text: str) -> None:
    folder = ROOT / module.replace(".", "/")
    files = list(folder.glob("*.py")) or [folder.with_suffix(".py")]
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    for option in re.findall(r"(?<=\s)--[a-z-]+", text):
        name = option[2:].replace("-", "_")
        assert f'"{option}"' in source or re.search(rf"\b{name}\b\s*[:=]", source), f"{module} has no {option}"


def extras_exist(command: Command) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for names in re.findall(r"\[([\w,-]+)\]", command.text):
        assert set(names.split(",")) <= project["optional-dependencies"].keys(), command


def docker_knows(command: Command) -> None:
    """What it passes to the container are settings, and the image is the one that ``make image`` makes, or Jaeger's."""
    from serving.settings import PREFIX, Settings

    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(r"-e (\w+)=", command.text)) <= known
    if command.words[1] == "run":
        assert command.words[-1] in ("prelabel", "jaegertracing/jaeger")
    else:
        assert command.words[1:3] == ["exec", "prelabel"], command
        parse(command.words[4:])


def store_is_postgresql(command: Command) -> None:
    assert "PRELABEL_STORE_URL=postgresql://" in command.text


@dataclass(frozen=True)
class Unrun:
    """A kind of command that is not run."""

    pattern: str
    """What its whole text matches."""
    reason: str
    instead: Callable[[Command], None]


UNRUN = (
    Unrun(r"make (test|demo|bench\S*|stop|setup|image).*", "minutes, or the tests themselves", make_knows),
    Unrun(r'PIP_EXTRA_INDEX_URL="\$TORCH_CPU_INDEX" make setup', "downloads an environment", make_knows),
    Unrun(r"prelabel serve.*", "runs until it is ended; every test of tests/e2e starts it", accepted_by_the_parser),
    Unrun(r"python -m scripts\.bench_\w+.*", "minutes", script_knows),
    Unrun(r"pip install .*", "changes the environment that the tests run in", extras_exist),
    Unrun(r"docker (run|exec) .*", "needs a Docker daemon and the image", docker_knows),
    Unrun(r"prelabel models export some/classifier", "downloads a model from a hub", accepted_by_the_parser),
    Unrun(r"prelabel connect .*--classifier ./models/mood", "names a folder of the reader's", accepted_by_the_parser),
    Unrun(r"export PRELABEL_STORE_URL=.*", "names a server of the reader's", store_is_postgresql),
)
NEEDS_LABEL_STUDIO = r"prelabel (connect|doctor|token|tabs|disconnect|backfill)\b.*"
"""Commands that talk to Label Studio: run by ``tests/e2e/test_documented_commands.py``."""


def unrun(command: Command) -> Unrun | None:
    return next((one for one in UNRUN if re.fullmatch(one.pattern, command.text)), None)


def needs_label_studio(command: Command) -> bool:
    return unrun(command) is None and re.fullmatch(NEEDS_LABEL_STUDIO, command.text) is not None
