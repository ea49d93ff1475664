"""Every rule of the house is broken once here, so that a check that sees nothing is seen."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import check_house

House = Callable[[dict[str, str]], Path]


@pytest.fixture
def house(tmp_path: Path) -> House:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    def build(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return build


def test_file_length(house: House) -> None:
    root = house(
        {"models/long.py": "\n" * 501, "models/short.py": "\n" * 500, ".gitignore": "var/", "var/x.py": "\n" * 900}
    )
    assert [line.split(":")[0] for line in check_house.file_length(root)] == ["models/long.py"]


def test_unfinished(house: House) -> None:
    root = house({"models/a.py": "x = 1\n# TO" + "DO later\n", "models/b.py": "todos = 1\n"})
    assert [line[:14] for line in check_house.unfinished(root)] == ["models/a.py:2:"]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("README.md", "see ../sha" + "red/x", True),
        ("Makefile", "cd /wo" + "rk/main", True),
        ("configs/a.yaml", "url: https://py" + "pi.org/simple", True),
        ("serving/static/vendored.txt", "https://npm" + "js.org", False),
        ("README.md", "framework/ and shared/ and /tmp", False),
    ],
)
def test_machine_words(house: House, name: str, text: str, found: bool) -> None:
    assert bool(list(check_house.machine_words(house({name: text})))) is found


def test_configs_hold_data(house: House) -> None:
    root = house({"configs/projects/a.py": "", "configs/a.yaml": ""})
    assert [line.split(":")[0] for line in check_house.configs_hold_data(root)] == ["configs/projects/a.py"]


def test_configs_are_documented(house: House) -> None:
    root = house(
        {
            "configs/a.yaml": "# Good. Unit: s. Default: 1\ngood: 1\nbare: 2\n# Says nothing more.\nthin: 3\n"
            "# A group needs no unit.\ngroup:\n  # Inner. Unit: s. No default\n  inner: |\n    no: key\n"
            "list:\n  - x: 1\n",
            "configs/k8s/b.yaml": "kind: Service\n",
        }
    )
    assert list(check_house.configs_are_documented(root)) == [
        "configs/a.yaml:3: bare has no comment",
        "configs/a.yaml:5: the comment of thin must state its unit and its default",
        "configs/a.yaml:11: list has no comment",
        "configs/a.yaml:12: x has no comment",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<form hx-post="/a"><button>a</button></form>', True),
        ('<form method="post" action="/b" hx-post="/a"></form>', True),
        ('<form method="post" action="/a" hx-post="/a"></form>', False),
        ('<form\n method="post" action="/{{ _("a > b") }}/{{ id }}" hx-post="/{{ _("a > b") }}/{{ id }}">', False),
        ('<form method="post" action="/{{ one.id }}" hx-post="/{{ other.id }}"></form>', True),
        ('<form method="post" action="/a"></form><button hx-delete="/a">a</button>', True),
        ('<form method="post" action="/a"><p><button hx-post="/a">a</button></p></form>', False),
        ('<button form="f" hx-post="/a">a</button>{% if x %}<form id="f" method="post" action="/a">{% endif %}', False),
        ('<form method="post" action="/a"><button form="f" hx-post="/a">a</button></form>', True),
        ('<p{% if s %} hx-post="/a" hx-trigger="every {{ s }}s"{% endif %}></p>', False),
        ('<p hx-post="/a" hx-trigger="load"></p>', False),
        ('<p hx-post="/a" hx-trigger="load, click"></p>', True),
        ('<button hx-get="/a">a</button>', False),
    ],
)
def test_forms_are_sent(house: House, text: str, found: bool) -> None:
    lines = list(check_house.forms_are_sent(house({"serving/console/templates/a.html": f"<p>\n{text}"})))
    assert [line.split(":")[1] for line in lines] == (["2"] if found else [])


def test_tests_mirror(house: House) -> None:
    root = house(
        {
            "models/gate/bounds.py": "",
            "tests/unit/models/gate/test_bounds.py": "",
            "tests/unit/models/gate/test_bounds_wsr.py": "",
            "tests/unit/models/test_gate.py": "",
            "tests/unit/models/test_bounds.py": "",
        }
    )
    assert [line.split(":")[0] for line in check_house.tests_mirror(root)] == ["tests/unit/models/test_bounds.py"]


def test_modules_are_tested(house: House) -> None:
    code = "def f() -> None: ...\n"
    root = house(
        {
            "models/direct.py": code + "from models import helper\nfrom serving.far import f\n",
            "models/helper.py": code,
            "models/named.py": code,
            "models/alone.py": code,
            "models/constants.py": "A = 1\n",
            "serving/far.py": code,
            "tests/store/test_named.py": "",
            "tests/unit/models/test_it.py": "from models.direct import f\n",
        }
    )
    assert [line.split(":")[0] for line in check_house.modules_are_tested(root)] == ["models.alone", "serving.far"]


GOOD = "FROM x\nCOPY a.txt dir ./\nCOPY --from=build /o /o\nHEALTHCHECK CMD curl localhost/healthz\nUSER 1:1\n"


@pytest.mark.parametrize(
    ("dockerfile", "problem"),
    [
        (GOOD, None),
        (GOOD + "COPY b.txt .\n", "there is no such file"),
        (GOOD + "COPY --chown=1 hidden.txt .\n", ".dockerignore keeps it out"),
        (GOOD + "USER root\n", "must not be root"),
        (GOOD.replace("/healthz", "/"), "no HEALTHCHECK"),
        (GOOD + "ENV API_TOKEN=x\n", "API_TOKEN would stay in a layer"),
    ],
)
def test_dockerfile(house: House, dockerfile: str, problem: str | None) -> None:
    root = house(
        {
            "Dockerfile": dockerfile,
            ".dockerignore": "*\n!a.txt\n!b.txt\n!dir\n**/__pycache__\n",
            "a.txt": "",
            "hidden.txt": "",
            "dir/inner.txt": "",
        }
    )
    found = list(check_house.dockerfile(root))
    assert len(found) == (problem is not None)
    assert problem is None or problem in found[0]


def test_commands(house: House) -> None:
    root = house({".ci/run": "make check\nmake test\n", "README.md": "`make demo` and `make test`\n"})
    assert list(check_house.commands(root)) == []
    house({".ci/run": "make tests\n", "README.md": "`make test`\n"})
    assert [line.split(":")[0] for line in check_house.commands(root)] == ["README.md", ".ci/run"]
