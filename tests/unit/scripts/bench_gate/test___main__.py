"""The command: what it prints, and when it writes."""

import json
from pathlib import Path

import pytest
import typer

from scripts.bench_gate import __main__ as command
from scripts.bench_gate import data, stream

DOCUMENT = "# x\n<!-- C6 -->\n<!-- /C6 -->\n"


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stream, "AFTER", 500)
    (tmp_path / "gate-benchmarks.md").write_text(DOCUMENT, encoding="utf-8")
    return tmp_path


def _run(docs: Path, **more: object) -> None:
    given = {"only": ["C6"], "splits": 3, "models": 1, "json_file": None, "docs": docs, "cache": docs, **more}
    command.bench_gate(**given)  # type: ignore[arg-type]


def test_small_runs_are_not_written(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run(docs)
    assert (docs / "gate-benchmarks.md").read_text(encoding="utf-8") == DOCUMENT
    said = capsys.readouterr().out
    assert "Shiryaev-Roberts" in said
    assert "not written into" in said


def test_large_runs_are(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "FEWEST_SPLITS", 3)
    monkeypatch.setattr(command, "FEWEST_MODELS", 1)
    _run(docs, json_file=docs / "all.json")
    assert "| Shiryaev-Roberts at 10,000 (close) | 3.0 % |" in (docs / "gate-benchmarks.md").read_text(encoding="utf-8")
    (section,) = json.loads((docs / "all.json").read_text(encoding="utf-8"))["sections"]
    assert section["streams"] == 3
    assert {"text", "value", "bound", "at_least", "met"} == set(section["goals"][0])


def test_a_document_without_a_place_is_refused_before_anything_is_measured(
    docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "FEWEST_SPLITS", 3)
    monkeypatch.setattr(command, "FEWEST_MODELS", 1)
    monkeypatch.setattr(stream, "monitoring", lambda *_: pytest.fail("measured"))
    (docs / "gate-benchmarks.md").write_text("# x\n", encoding="utf-8")
    with pytest.raises(typer.BadParameter, match="no place for C6"):
        _run(docs)


def test_unknown_benchmarks_are_refused(docs: Path) -> None:
    with pytest.raises(typer.BadParameter, match="C9"):
        _run(docs, only=["C9"])


def test_missing_data_ends_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(data, "FASHION", tmp_path / "none")
    data.fashion_images.cache_clear()
    monkeypatch.setattr(
        "sys.argv", ["bench_gate", "--only", "C1", "--splits", "1", "--models", "1", "--cache", str(tmp_path)]
    )
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 1
    assert "dataset-fashion-mnist" in capsys.readouterr().out


def test_the_document_of_the_project_has_a_place_for_each() -> None:
    text = (command.DOCS / "gate-benchmarks.md").read_text(encoding="utf-8")
    for name in command.NAMES:
        assert f"<!-- {name} -->" in text
        assert f"<!-- /{name} -->" in text
