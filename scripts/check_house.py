"""House rules that neither ruff nor import-linter can say: ``python -m scripts.check_house``.

Each check takes the root folder and yields one line for every place that breaks its rule.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from html.parser import HTMLParser
from pathlib import Path

import yaml

PACKAGES = ("models", "connectors", "serving")
MAX_LINES = 500
TEXT_SUFFIXES = {"", ".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".sh", ".json", ".html", ".css", ".mako", ".ini"}
FOREIGN_CONFIGS = {"k8s", "grafana", "prometheus"}
"""Folders of configs/ whose formats are not ours: their keys need no unit and default."""

# With a set of one letter in each, so that this file does not break its own rule.
_PATHS = r"\.\./share[d]|/wor[k]/|\.librar[y]/|/roo[t]/|/hom[e]/\w+/|/tm[p]/[a-z]+/"
_HOSTS = r"pypi\.or[g]|pythonhosted\.or[g]|npmjs\.or[g]|download\.pytorch\.or[g]|deb\.debian\.or[g]"
MACHINE_WORDS = re.compile(f"{_PATHS}|{_HOSTS}")
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E])\b")


def tracked(root: Path) -> list[Path]:
    """All files that git tracks or would track, as absolute paths."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [root / line for line in listed.splitlines() if (root / line).is_file()]


def _python(root: Path) -> Iterator[tuple[Path, str]]:
    for path in tracked(root):
        if path.suffix == ".py":
            yield path.relative_to(root), path.read_text(encoding="utf-8")


def file_length(root: Path) -> Iterator[str]:
    for path, text in _python(root):
        lines = text.count("\n")
        if lines > MAX_LINES:
            yield f"{path}: {lines} lines; {MAX_LINES} is the limit: it does more than its name says"


def unfinished(root: Path) -> Iterator[str]:
    for path, text in _python(root):
        for number, line in enumerate(text.splitlines(), 1):
            if UNFINISHED.search(line):
                yield f"{path}:{number}: unfinished work belongs into an issue"


def machine_words(root: Path) -> Iterator[str]:
    """Paths and hosts of one machine; vendored files under static/ are left alone."""
    for path in tracked(root):
        if path.suffix not in TEXT_SUFFIXES or "static" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if found := MACHINE_WORDS.search(line):
                yield f"{path.relative_to(root)}:{number}: {found[0]!r} is a place that no user has"


def configs_hold_data(root: Path) -> Iterator[str]:
    for path in sorted((root / "configs").rglob("*.py")):
        yield f"{path.relative_to(root)}: configs/ holds data, no Python"


def configs_are_documented(root: Path) -> Iterator[str]:
    """Every key has a comment above it; every value's comment states its unit and its default."""
    for path in sorted((root / "configs").rglob("*.yaml")):
        name = path.relative_to(root)
        if FOREIGN_CONFIGS & set(name.parts):
            continue
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for key, line, is_value in _keys(yaml.compose(text, Loader=yaml.SafeLoader)):
            comment = _comment_above(lines, line)
            if not comment:
                yield f"{name}:{line + 1}: {key} has no comment"
            elif is_value and not ("Unit:" in comment and re.search(r"(D|No d)efault\b", comment)):
                yield f"{name}:{line + 1}: the comment of {key} must state its unit and its default"


def _keys(node: yaml.Node | None) -> Iterator[tuple[str, int, bool]]:
    """``(key, line from 0, whether it holds a value rather than further keys)``."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = list(_keys(value))
            yield key.value, key.start_mark.line, not below
            yield from below
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _keys(value)


def _comment_above(lines: list[str], line: int) -> str:
    first = line
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return "\n".join(lines[first:line])


def tests_mirror(root: Path) -> Iterator[str]:
    """A unit test lies where its module lies."""
    for path in sorted((root / "tests" / "unit").rglob("test_*.py")):
        inside = path.relative_to(root / "tests" / "unit")
        target = root.joinpath(*inside.parts[:-1], path.stem.removeprefix("test_"))
        if inside.parts[0] in (*PACKAGES, "scripts") and not target.is_dir() and not _module_of(target):
            yield f"{path.relative_to(root)}: there is no {target.relative_to(root)}.py that it tests"


def modules_are_tested(root: Path) -> Iterator[str]:
    """A test imports every module with code or has its name; or imports a module beside it that uses it."""
    tests = [path for path in tracked(root) if path.suffix == ".py" and path.is_relative_to(root / "tests")]
    named = {path.stem for path in tests}
    modules = {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__"): text
        for path, text in _python(root)
        if path.parts[0] in PACKAGES and "versions" not in path.parts
    }
    uses = {name: set(_imports(text)) & modules.keys() for name, text in modules.items()}
    reached = {name for path in tests for name in _imports(path.read_text(encoding="utf-8"))} & modules.keys()
    reached |= {name for name in modules if f"test_{name.rpartition('.')[2]}" in named}
    new = reached
    while new:
        new = {used for name in new for used in uses[name] if _together(name, used)} - reached
        reached |= new
    for name, text in sorted(modules.items()):
        if name not in reached and re.search(r"^\s*(async )?def ", text, re.MULTILINE):
            yield f"{name}: no test imports it or has its name"


def _together(name: str, used: str) -> bool:
    """Both modules lie in the same folder, or one is the folder's ``__init__``."""
    return used.rpartition(".")[0] in (name, name.rpartition(".")[0])


def forms_are_sent(root: Path) -> Iterator[str]:
    """What a person sends by htmx is sent without it, too: before its script is there, and while it swaps.

    A form without method and action goes by GET: what was written stands in the address, and is kept nowhere.
    """
    for path in tracked(root):
        if path.suffix == ".html" and "templates" in path.parts:
            template = _Template(path.read_text(encoding="utf-8"))
            for line, tag, sent, form in template.sent():
                if (form.get("method"), form.get("action")) != ("post", sent):
                    yield f'{path.relative_to(root)}:{line}: <{tag}>: no form has method="post" action="{sent}"'


class _Template(HTMLParser):
    """The elements of a template that change something by htmx when somebody does something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._form: dict[str, str] = {}
        self._forms: dict[str, dict[str, str]] = {}
        self._sent: list[tuple[int, str, str, str | None, dict[str, str]]] = []
        statements = re.sub(r"{%.*?%}", lambda found: "\n" * found[0].count("\n") + " ", text, flags=re.DOTALL)
        self.feed(re.sub(r"{{.*?}}", lambda found: re.sub(r"[\"'<>]", "", found[0]), statements, flags=re.DOTALL))

    def sent(self) -> Iterator[tuple[int, str, str, dict[str, str]]]:
        """``(line, tag, address, attributes of its form)``."""
        for line, tag, address, named, around in self._sent:
            yield line, tag, address, around if named is None else self._forms.get(named, {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = found
            if "id" in found:
                self._forms[found["id"]] = found
        triggers = [one.strip() for one in found.get("hx-trigger", "").split(",")]
        if all(re.match(r"(every|load|revealed|intersect)\b", one) for one in triggers):
            return
        for name in ("hx-post", "hx-put", "hx-patch", "hx-delete"):
            if name in found:
                self._sent.append((self.getpos()[0], tag, found[name], found.get("form"), self._form))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = {}


def _module_of(target: Path) -> bool:
    """``test_settings_file.py`` may test one side of ``settings.py``; a script may be one of the shell's."""
    words = target.name.split("_")
    stems = ("_".join(words[:n]) for n in range(len(words), 0, -1))
    return any(target.with_name(stem + suffix).is_file() for stem in stems for suffix in (".py", ".sh"))


def _imports(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dockerfile(root: Path) -> Iterator[str]:
    """What it copies exists and is let through by .dockerignore; it runs as another user, and is watched."""
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    ignored = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in re.findall(r"^COPY\s+(?!--from)(.+)$", text, re.MULTILINE):
        *sources, _ = [word for word in line.split() if not word.startswith("--")]
        for source in sources:
            if not list(root.glob(source)):
                yield f"Dockerfile: COPY {source}: there is no such file"
            if _is_ignored(source.rstrip("/"), ignored):
                yield f"Dockerfile: COPY {source}: .dockerignore keeps it out"
    users = re.findall(r"^USER\s+(\S+)", text, re.MULTILINE)
    if not users or users[-1].split(":")[0] in ("root", "0"):
        yield "Dockerfile: the last USER must not be root"
    if not re.search(r"^HEALTHCHECK\b[\s\S]*/healthz", text, re.MULTILINE):
        yield "Dockerfile: no HEALTHCHECK on /healthz"
    for name in re.findall(r"^(?:ENV|ARG)\s+(\w*(?:TOKEN|SECRET|PASSWORD|KEY)\w*)", text, re.MULTILINE):
        yield f"Dockerfile: {name} would stay in a layer"


def _is_ignored(source: str, patterns: list[str]) -> bool:
    """The last pattern that matches the path or a folder above it decides, as Docker has it."""
    places = [source, *(str(parent) for parent in Path(source).parents if str(parent) != ".")]
    verdict = False
    for pattern in (line.strip() for line in patterns):
        if pattern and not pattern.startswith("#"):
            keep, glob = pattern.startswith("!"), pattern.lstrip("!").strip("/")
            if any(fnmatch(place, glob) for place in places):
                verdict = not keep
    return verdict


def commands(root: Path) -> Iterator[str]:
    """README and .ci/run name the same test command."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    for command in ("make demo", "make test"):
        if command not in text:
            yield f"README.md: does not say {command!r}"
    if "make test" not in (root / ".ci/run").read_text(encoding="utf-8").splitlines():
        yield ".ci/run: does not call 'make test'"


CHECKS: tuple[Callable[[Path], Iterator[str]], ...] = (
    file_length,
    unfinished,
    machine_words,
    configs_hold_data,
    configs_are_documented,
    tests_mirror,
    modules_are_tested,
    forms_are_sent,
    dockerfile,
    commands,
)


def main() -> int:
    root = Path(__file__).parent.parent
    problems = [f"{check.__name__}: {line}" for check in CHECKS for line in check(root)]
    print("\n".join(problems) if problems else f"{len(CHECKS)} house rules hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
