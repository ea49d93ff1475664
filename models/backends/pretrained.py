"""Model folders of ``transformers``: found, read and loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

from models.errors import ModelError
from models.specs import PipelineTask

Task = Literal["embedding", "classification", "tokens"]

_CLASSES: dict[Task, str] = {
    "embedding": "AutoModel",
    "classification": "AutoModelForSequenceClassification",
    "tokens": "AutoModelForTokenClassification",
}

_FILES = ["*.json", "*.safetensors", "*.txt", "*.model"]
"""What a model needs of a hub repository: no pickles, no code."""


class Source(Protocol):
    """A spec that names a model."""

    @property
    def source(self) -> str:
        """Hub id or local folder."""
        ...

    @property
    def revision(self) -> str | None:
        """Of the hub."""
        ...


def resolve(spec: Source) -> Path:
    """The local folder of a model, downloaded from the hub where ``source`` is not a folder.

    Raises:
        ModelError: it is not there and cannot be downloaded.
    """
    if Path(spec.source).is_dir():
        return Path(spec.source)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(spec.source, revision=spec.revision, allow_patterns=_FILES))
    except Exception as error:  # network, access and name each have classes of their own
        raise ModelError(
            f"{spec.source!r} is neither a folder here nor a model that can be downloaded ({type(error).__name__}): "
            "check the name and the revision, or give a local folder."
        ) from error


def describe(folder: Path) -> tuple[Any, ...]:
    """Tokenizer and configuration."""
    with _quiet() as transformers, _readable(folder):
        return tuple(
            kind.from_pretrained(folder, trust_remote_code=False)
            for kind in (transformers.AutoTokenizer, transformers.AutoConfig)
        )


def configuration(folder: Path) -> Any:
    """The configuration alone: models that look or listen have no tokenizer."""
    with _quiet() as transformers, _readable(folder):
        return transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False)


def load(folder: Path, task: Task) -> Any:
    """The network, on the CPU, in the precision it was saved in.

    Raises:
        ModelError: the folder does not hold such a network.
    """
    with _quiet() as transformers, _readable(folder):
        return getattr(transformers, _CLASSES[task]).from_pretrained(folder, trust_remote_code=False)


def pipeline(folder: Path, task: PipelineTask, device: Any) -> Any:
    """The pipeline of a task, in the precision that the network was saved in, on a torch device.

    Raises:
        ModelError: the folder does not hold such a model.
    """
    with _quiet() as transformers, _readable(folder):
        return transformers.pipeline(
            task, model=str(folder), device=device, trust_remote_code=False, model_kwargs={"use_safetensors": True}
        )


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{folder.name} does not hold a model that can be loaded: {error}") from error


@contextmanager
def _quiet() -> Iterator[Any]:
    """The ``transformers`` package, without its progress bars."""
    import transformers

    shown = transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()
    try:
        yield transformers
    finally:
        if shown:
            transformers.utils.logging.enable_progress_bar()
