from __future__ import annotations

import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from models.errors import ModelError, ParityError
from models.export import cache
from models.export.cache import Recipe, folder_sha256, obtain
from models.export.parity import Parity, Tolerance
from tests.support.patience import PATIENCE_S

RECIPE = Recipe(source="here", source_sha256="ab" * 32, task="embedding", opset=20, quantized=False)
GOOD = Parity(
    compared="a with b",
    rows=3,
    max_abs=0.1,
    mean_abs=0.01,
    min_cosine=0.99,
    tolerance=Tolerance(max_abs=0.2, min_cosine=0.9),
)
BAD = GOOD.model_copy(update={"max_abs": 0.3})


def build(folder: Path) -> tuple[tuple[Parity, ...], dict[str, str]]:
    (folder / "model.onnx").write_bytes(b"weights")
    return (GOOD,), {"torch": "2"}


def build_slowly(folder: Path) -> tuple[tuple[Parity, ...], dict[str, str]]:
    with (folder.parent / "builds.txt").open("a") as log:
        log.write(f"{os.getpid()}\n")
    time.sleep(0.5)
    return build(folder)


def build_badly(folder: Path) -> tuple[tuple[Parity, ...], dict[str, str]]:
    build(folder)
    return (GOOD, BAD), {}


def refuse_to_build(folder: Path) -> tuple[tuple[Parity, ...], dict[str, str]]:
    raise AssertionError("it was there already")


def test_made_once_then_found(tmp_path: Path) -> None:
    folder, manifest = obtain(RECIPE, build, tmp_path)
    assert folder == tmp_path / RECIPE.digest
    assert manifest.checks == (GOOD,)
    assert manifest.sha256 == cache.file_sha256(folder / "model.onnx")
    assert json.loads((folder / "manifest.json").read_text())["recipe"]["opset"] == 20
    assert obtain(RECIPE, refuse_to_build, tmp_path) == (folder, manifest)


def test_the_folder_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRELABEL_MODEL_DIR", str(tmp_path / "there"))
    assert obtain(RECIPE, build)[0].parent == tmp_path / "there"


def test_what_fails_parity_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match=r"differ by up to 0\.3"):
        obtain(RECIPE, build_badly, tmp_path)
    assert [path for path in tmp_path.iterdir() if path.suffix != ".lock"] == []
    assert obtain(RECIPE, build, tmp_path)[0].is_dir()


def test_a_manifest_that_fails_parity_is_refused_later_too(tmp_path: Path) -> None:
    folder, manifest = obtain(RECIPE, build, tmp_path)
    failed = manifest.model_copy(update={"checks": (BAD,)})
    (folder / "manifest.json").write_text(failed.model_dump_json())
    with pytest.raises(ParityError):
        obtain(RECIPE, refuse_to_build, tmp_path)


@pytest.mark.parametrize("harm", ["weights", "manifest", "gone", "moved"])
def test_a_damaged_export_is_refused_with_what_to_do(tmp_path: Path, harm: str) -> None:
    folder, _ = obtain(RECIPE, build, tmp_path)
    other = RECIPE.model_copy(update={"edition": 2})
    if harm == "weights":
        (folder / "model.onnx").write_bytes(b"other")
    elif harm == "manifest":
        (folder / "manifest.json").write_text("{}")
    elif harm == "gone":
        (folder / "model.onnx").unlink()
    else:
        folder.rename(tmp_path / other.digest)
    with pytest.raises(ModelError, match="delete that folder"):
        obtain(other if harm == "moved" else RECIPE, refuse_to_build, tmp_path)


def test_processes_that_race_build_once_and_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    racers = [context.Process(target=obtain, args=(RECIPE, build_slowly, tmp_path)) for _ in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(PATIENCE_S)
    assert [racer.exitcode for racer in racers] == [0, 0, 0]
    assert len((tmp_path / "builds.txt").read_text().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [RECIPE.digest]


def test_the_digest_is_of_content_not_of_names_outside() -> None:
    assert RECIPE.digest == RECIPE.model_copy(update={"source": "elsewhere"}).digest
    assert RECIPE.digest != RECIPE.model_copy(update={"quantized": True}).digest


def test_a_folder_is_its_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.json").write_text("1")
    first = folder_sha256(tmp_path)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "note").write_text("hidden")
    assert folder_sha256(tmp_path) == first
    (tmp_path / "a" / "x.json").rename(tmp_path / "a" / "y.json")
    assert folder_sha256(tmp_path) != first
