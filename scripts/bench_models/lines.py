"""One line a task: items a second of our model, and of the bare library on the same inputs with as many threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from models import registry
from models.specs import (
    DetectorSpec,
    OcrSpec,
    PipelineSpec,
    SingleSpec,
    SpeechSpec,
    TokenClassifierSpec,
    TransformersSpec,
)
from models.types import Failure, Item, LabelConfig
from scripts.bench import texts
from scripts.bench.measure import Line, Series, chunks, turns
from scripts.bench_models import material

THREADS = 1
"""Of both; a scorer's default."""
CHUNK = 64
"""Items of one call to ours, as in the service."""
BATCH = 16
"""Texts that a bare pipeline takes at once."""
GOAL = 0.9


def ocr(folder: Path, n: int, rounds: int) -> Line:
    """Lines of text on invoices: ours, and ``rapidocr`` on each file."""
    from models.pictures import ocr_engine

    files = material.invoices(folder, n)
    boxes = material.KINDS.model_copy(update={"name": "lines", "kind": "rectanglelabels", "labels": ("Text",)})
    bare = ocr_engine.OcrEngine(threads=THREADS)._run
    return _line(
        "ocr", "invoices a second, rapidocr", _ours(OcrSpec(), boxes, files), lambda: _each(bare, files), n, rounds
    )


def layout(folder: Path, n: int, rounds: int) -> Line:
    """Parts of pages: ours, and ``rapid_layout`` on each file."""
    from models.pictures import page_layout

    files = material.pages(folder, n)
    boxes = material.KINDS.model_copy(
        update={"name": "parts", "kind": "rectanglelabels", "labels": page_layout.CLASSES}
    )
    bare = page_layout.PageLayout(threads=THREADS)._run
    ours = _ours(DetectorSpec(source=page_layout.SOURCE), boxes, files)
    return _line("layout", "pages a second, rapid_layout", ours, lambda: _each(bare, files), n, rounds)


def speech(folder: Path, n: int, rounds: int) -> Line:
    """Where somebody speaks: ours, and ``silero_vad``'s own loop over the file."""
    import soundfile
    import torch
    from silero_vad import get_speech_timestamps, load_silero_vad

    files = material.recordings(folder, n)
    control = material.KINDS.model_copy(update={"kind": "labels", "labels": ("Speech",), "input": material.AUDIO})
    network = load_silero_vad(onnx=True)

    def bare() -> None:
        for file in files:
            samples, _ = soundfile.read(file, dtype="float32")
            get_speech_timestamps(torch.from_numpy(samples), network, sampling_rate=16_000)

    ours = _ours(SpeechSpec(), control, files)
    return _line("speech", "half minutes a second, silero_vad", ours, bare, n, rounds)


def classifier(folder: Path, n: int, rounds: int) -> Line:
    """Choices of a text: ours on torch, and a ``transformers`` pipeline."""
    network = material.classifier(folder / "classifier")
    said = [text for text, _ in texts.sentences(n)]
    bare = _pipeline("text-classification", network)
    ours = _ours_texts(TransformersSpec(source=str(network)), said)
    run = lambda: bare(said, batch_size=BATCH, truncation=True)  # noqa: E731
    return _line("classifier", f"texts a second, transformers pipeline in batches of {BATCH}", ours, run, n, rounds)


def tokens(folder: Path, n: int, rounds: int) -> Line:
    """Spans of a text: ours, and a ``transformers`` pipeline."""
    network = material.token_classifier(folder / "tokens")
    said = [text for text, _ in texts.sentences(n)]
    bare = _pipeline("token-classification", network, aggregation_strategy="simple")
    ours = _ours_texts(TokenClassifierSpec(source=str(network)), said)
    what = f"texts a second, transformers pipeline in batches of {BATCH}"
    return _line("tokens", what, ours, lambda: bare(said, batch_size=BATCH), n, rounds)


def pictures(folder: Path, n: int, rounds: int) -> Line:
    """Choices of a picture: ours, and a ``transformers`` pipeline."""
    network = material.picture_classifier(folder / "pictures")
    files = material.pages(folder, n)
    bare = _pipeline("image-classification", network)
    ours = _ours(PipelineSpec(task="image-classification", source=str(network)), material.KINDS, files)
    what = "pictures a second, transformers pipeline"
    return _line("pictures", what, ours, lambda: bare([str(file) for file in files]), n, rounds)


def _line(name: str, what: str, ours: Callable[[], Any], bare: Callable[[], Any], n: int, rounds: int) -> Line:
    ours()
    bare()
    mine, base = turns(rounds, lambda: _rate(ours, n), lambda: _rate(bare, n))
    return Line(
        name=name,
        ours=Series("ours", mine),
        base=Series(what.split(", ", 1)[1], base),
        unit=what.split(" a second", 1)[0] + "/s",
        n=n,
        goal=GOAL,
    )


def _rate(run: Callable[[], Any], n: int) -> float:
    began = time.perf_counter()
    run()
    return n / (time.perf_counter() - began)


def _each(run: Callable[[Any], Any], files: Sequence[Path]) -> None:
    import cv2

    for file in files:
        run(cv2.imread(str(file)))


def _ours(spec: SingleSpec, control: Any, files: Sequence[Path]) -> Callable[[], None]:
    field = control.input.field
    return _predicting(spec, control, [Item(key=str(f), data={field: "x"}, media={field: str(f)}) for f in files])


def _ours_texts(spec: SingleSpec, said: Sequence[str]) -> Callable[[], None]:
    control = material.CHOICES if isinstance(spec, TransformersSpec) else material.SPANS
    return _predicting(spec, control, texts.items(list(said)))


def _predicting(spec: SingleSpec, control: Any, items: Sequence[Item]) -> Callable[[], None]:
    config = registry.assign(spec, LabelConfig(digest="bench", controls=(control,)))
    model = registry.load(registry.reference(spec, config.controls, name="bench"), threads=THREADS)

    def run() -> None:
        for part in chunks(items, CHUNK):
            for said in model.predict(part):
                if isinstance(said, Failure):
                    raise RuntimeError(said.message)

    return run


def _pipeline(task: Any, folder: Path, **options: Any) -> Any:
    import torch
    from transformers import pipeline

    torch.set_num_threads(THREADS)
    return pipeline(task, model=str(folder), device="cpu", **options)
