"""What is exported: a sentence encoder to embeddings, or a sequence classifier to logits.

The work is done in a process of its own: torch and the exporter need about 1 GB that a serving process would keep.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from models.backends.pretrained import Task
from models.errors import MissingDependencyError, ModelError, ParityError
from models.export import cache
from models.export.parity import Parity
from models.types import Frozen

OPSET = 20
LIMIT_SECONDS = 1800


class Order(Frozen):
    """What the exporting process is told."""

    folder: str
    """Model folder of the source."""
    draft: str
    """Folder to write to."""
    task: Task
    inputs: tuple[str, ...]
    """Names of the tensors that the tokenizer makes."""
    longest: int
    """What the model can read, in tokens."""
    quantized: bool


class Outcome(Frozen):
    """What it answers."""

    checks: tuple[Parity, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    error: str | None = None
    """``ModelError``, ``ParityError`` ... with its message; None where all went well."""
    message: str = ""


def recipe(source: str, folder: Path, task: Task, *, quantized: bool) -> cache.Recipe:
    """How ``folder`` is to be exported."""
    digest = cache.folder_sha256(folder)
    return cache.Recipe(source=source, source_sha256=digest, task=task, opset=OPSET, quantized=quantized)


def obtain(
    wanted: cache.Recipe, folder: Path, inputs: Sequence[str], *, longest: int, root: Path | None
) -> tuple[Path, cache.Manifest]:
    """Path of the exported model and its manifest; exported now where that was not done yet.

    Args:
        wanted: what to export.
        folder: model folder of the source.
        inputs: names of the tensors that the tokenizer makes.
        longest: what the model can read, in tokens.
        root: where exported models are kept; None for the default.

    Raises:
        ParityError: the export does not give what its source gives.
        ModelError: this architecture cannot be exported.
    """

    def build(draft: Path) -> tuple[tuple[Parity, ...], dict[str, str]]:
        outcome = _in_own_process(
            Order(
                folder=str(folder.resolve()),
                draft=str(draft.resolve()),
                task=wanted.task,
                inputs=tuple(inputs),
                longest=longest,
                quantized=wanted.quantized,
            )
        )
        return outcome.checks, outcome.versions

    kept, manifest = cache.obtain(wanted, build, root)
    return kept / "model.onnx", manifest


def _in_own_process(order: Order) -> Outcome:
    home = Path(__file__).resolve().parents[2]
    paths = [str(home), *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "-W", "ignore", "-m", "models.export", order.model_dump_json()]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"The export took more than {LIMIT_SECONDS} s. Choose runtime torch.") from error
    result = Path(order.draft) / "outcome.json"
    if not result.exists():
        raise ModelError(f"The exporting process ended with {done.returncode}: {done.stderr[-400:].strip()}")
    outcome = Outcome.model_validate_json(result.read_bytes())
    result.unlink()
    if outcome.error == "MissingDependencyError":
        raise MissingDependencyError(outcome.message, "export")
    if outcome.error is not None:
        raise (ParityError if outcome.error == "ParityError" else ModelError)(outcome.message)
    return outcome
