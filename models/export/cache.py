"""Exported models on disk: made once, found by what they were made from, and never used unless they passed.

``<root>/<recipe digest>/`` holds ``model.onnx`` and ``manifest.json``. Many processes may ask for the same one at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from models.backends.pretrained import Task
from models.errors import ModelError
from models.export.parity import Parity
from models.types import Frozen


class Recipe(Frozen):
    """All that decides an exported model. Its digest is the same on every machine, that of the file need not be."""

    source: str
    """Hub id, folder name or package."""
    source_sha256: str
    task: Task
    """``embedding``: masked mean, rows of length 1. ``classification``: logits."""
    opset: int
    quantized: bool
    edition: int = 1
    """Goes up when this package exports differently."""

    @property
    def digest(self) -> str:
        """sha256, hex; the name of the source does not count."""
        fields = self.model_dump(mode="json", exclude={"source"})
        return sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


class Manifest(Frozen):
    """What was exported, and how it compared."""

    recipe: Recipe
    sha256: str
    """Of ``model.onnx``."""
    checks: tuple[Parity, ...]
    versions: dict[str, str]
    """Packages that made it."""


Build = Callable[[Path], tuple[tuple[Parity, ...], dict[str, str]]]
"""Writes ``model.onnx`` into the folder; returns checks and package versions."""


def default_root() -> Path:
    """``PRELABEL_MODEL_DIR``, or ``var/models`` in the working folder."""
    return Path(os.environ.get("PRELABEL_MODEL_DIR") or "var/models")


def obtain(recipe: Recipe, build: Build, root: Path | None = None) -> tuple[Path, Manifest]:
    """Folder and manifest of the recipe, building it first where it is not there yet.

    Raises:
        ParityError: a check is out of tolerance; nothing is kept then.
        ModelError: the folder is damaged.
    """
    root = root or default_root()
    target = root / recipe.digest
    if not target.exists():
        root.mkdir(parents=True, exist_ok=True)
        with _locked(root / f".{recipe.digest}.lock"):
            if not target.exists():
                _make(recipe, build, root, target)
    return target, _verified(target)


def _make(recipe: Recipe, build: Build, root: Path, target: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=root))
    try:
        checks, versions = build(draft)
        for check in checks:
            check.require()
        digest = file_sha256(draft / "model.onnx")
        manifest = Manifest(recipe=recipe, sha256=digest, checks=checks, versions=versions)
        (draft / "manifest.json").write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        draft.chmod(0o755)
        os.rename(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _verified(folder: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
        found = file_sha256(folder / "model.onnx")
    except (OSError, ValidationError) as error:
        raise ModelError(
            f"The exported model {folder} cannot be read: delete that folder, it is made again."
        ) from error
    if found != manifest.sha256 or manifest.recipe.digest != folder.name:
        raise ModelError(f"The exported model {folder} was changed: delete that folder, it is made again.")
    for check in manifest.checks:
        check.require()
    return manifest


def file_sha256(path: Path) -> str:
    """Digest of a file, hex."""
    state = sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def folder_sha256(folder: Path) -> str:
    """Digest of all files of a folder by name and content, hex; hidden ones do not count."""
    state = sha256()
    for path in sorted(folder.rglob("*"), key=lambda each: each.relative_to(folder).as_posix()):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in name.parts):
            state.update(f"{name.as_posix()}\0{file_sha256(path)}\n".encode())
    return state.hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; the system frees it when its holder dies."""
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
