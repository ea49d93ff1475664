"""Where somebody speaks: silero-vad's network on frames of 32 ms, its own rule for stretches, and a confidence.

The network reads a recording block by block and keeps its state in between, as if it were read at once. The package
``silero-vad`` brings the network; its rule has its defaults, but for the threshold.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.audio import reading
from models.audio.reading import Samples
from models.backends.onnx import OnnxRunner
from models.base import Model, ModelRef
from models.errors import ConfigurationError, MissingDependencyError, ModelError, PrelabelError
from models.specs import SpeechSpec
from models.tasks import combine
from models.tasks.inputs import UnreadableItem, read
from models.types import ControlSpec, Failure, Item, LabelConfig, Medium, Prediction, Region, Scored
from models.values import Segment

RATE = 16_000
FRAME = 512
"""Samples that one probability is of."""
CONTEXT = 64
"""Samples before a frame that the network sees with it."""
MIN_SPEECH, MIN_SILENCE, PADDING = 4000, 1600, 480
"""Samples: a shorter stretch is left out, a shorter pause belongs to its stretch, what is added on either side."""
_NETWORK = "data/silero_vad_16k_sequence.onnx"

Probabilities = NDArray[np.float32]
"""``(F,)``: of speech, one a frame, each in [0, 1]."""


class Network:
    """Samples at 16 kHz in blocks -> the probability of speech of each frame."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._run = OnnxRunner(path, threads=threads).outputs

    def __call__(self, blocks: Iterable[Samples]) -> Probabilities:
        """However the samples are cut into blocks, the same probabilities; the last frame is filled with zeros."""
        h: NDArray[np.float32] = np.zeros((1, 1, 128), np.float32)
        c, before = h, _zeros(CONTEXT)
        found = [_zeros(0)]
        for samples in _whole_frames(blocks):
            joined = np.concatenate([before, samples])
            frames = np.lib.stride_tricks.sliding_window_view(joined, CONTEXT + FRAME)[::FRAME]
            probabilities, h, c = self._run({"input": np.ascontiguousarray(frames), "h": h, "c": c})
            found.append(probabilities)
            before = joined[-CONTEXT:]
        return np.concatenate(found)


def _zeros(count: int) -> Samples:
    return np.zeros(count, np.float32)


def _whole_frames(blocks: Iterable[Samples]) -> Iterator[Samples]:
    """The same samples in blocks of whole frames, none of them empty."""
    rest = _zeros(0)
    for block in blocks:
        joined = np.concatenate([rest, block])
        size = len(joined) // FRAME * FRAME
        if size:
            yield joined[:size]
        rest = joined[size:]
    if len(rest):
        yield np.pad(rest, (0, FRAME - len(rest)))


@dataclass
class _Meter:
    """Counts the samples that pass, and their energy."""

    count: int = 0
    energy: float = 0.0

    def __call__(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        for block in blocks:
            self.count += len(block)
            self.energy += float(np.square(block, dtype=np.float64).sum())
            yield block

    def traits(self) -> dict[str, float]:
        """``input_seconds``, and ``input_loudness`` in dB below full scale (-120 of silence)."""
        mean = self.energy / max(self.count, 1)
        return {"input_seconds": self.count / RATE, "input_loudness": 10 * float(np.log10(max(mean, 1e-12)))}


class SpeechModel:
    """See ``models.base.Model``."""

    def __init__(self, ref: ModelRef, spec: SpeechSpec, *, threads: int = 1) -> None:
        """Open the network.

        Raises:
            ModelError: the installed network is not the one that ``ref`` names.
            ConfigurationError: no label for speech.
            MissingDependencyError: ``silero-vad`` is not installed.
        """
        path = network()
        if _digest(path, spec) != ref.sha256:
            raise ModelError("The installed silero-vad is not the one that was connected: connect the model again.")
        self.version = ref.version
        self._control, self._label, self._minimum = ref.control, label(spec, ref.control), spec.minimum
        self._network = Network(path, threads=threads)

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``. Scores are mean probabilities of speech over the frames of a stretch.

        The confidence is ``combine.certainty`` of them; of a recording without speech it is how improbable speech is
        in the frame where it is most probable.
        """
        return [self._one(item) for item in items]

    def _one(self, item: Item) -> Scored:
        meter = _Meter()
        try:
            path = Path(read(item, self._control.input))
            probabilities = self._network(meter(reading.blocks(path, RATE)))
        except UnreadableItem as error:
            return Failure(key=item.key, code=error.code, message=str(error))
        except PrelabelError:
            raise
        except Exception as error:
            raise ModelError(f"The model {self.version} failed on a recording: {error!r}") from error
        regions, outside = self._regions(probabilities, meter.count)
        scores = [region.score or 0.0 for region in regions]
        confidence, numbers = combine.certainty(scores, empty=1.0 - outside)
        return Prediction(
            key=item.key,
            regions=regions,
            confidence=confidence,
            model_version=self.version,
            numbers=numbers | {"outside": outside} | meter.traits(),
        )

    def _regions(self, probabilities: Probabilities, count: int) -> tuple[tuple[Region, ...], float]:
        """The stretches, and the highest probability of a frame outside of them."""
        inside = np.zeros(len(probabilities), bool)
        regions = []
        for start, end in stretches(probabilities, count, self._minimum):
            frames = slice(start // FRAME, -(-end // FRAME))
            inside[frames] = True
            value = Segment(start=round(start / RATE, 3), end=round(end / RATE, 3), labels=(self._label,))
            score = min(1.0, max(0.0, float(probabilities[frames].mean())))
            regions.append(Region(control=self._control.name, value=value, score=score))
        return tuple(regions), min(1.0, float(probabilities[~inside].max(initial=0.0)))

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self.self_test()

    def self_test(self) -> None:
        """See ``models.base.Model``: silence is silence."""
        found = self._network([np.zeros(RATE, np.float32)])
        if len(found) != -(-RATE // FRAME) or not (found < 0.5).all():
            raise ModelError(f"The model {self.version} hears speech in silence: install silero-vad again.")


def stretches(probabilities: Probabilities, count: int, minimum: float) -> list[tuple[int, int]]:
    """First and last sample of each stretch of speech, the last not included, by the rule of ``silero-vad``.

    It is ``get_speech_timestamps_from_probs`` of the package's ``utils_vad`` without a longest stretch. Importing that
    would set torch to one thread for the whole process.

    Args:
        probabilities: one a frame.
        count: samples of the recording at 16 kHz.
        minimum: probability from which on a frame begins a stretch; it ends after ``MIN_SILENCE`` of frames that are
            0.15 below.
    """
    low = max(minimum - 0.15, 0.01)
    found: list[tuple[int, int]] = []
    start = silence = None
    for place, probability in enumerate(probabilities.tolist()):
        here = place * FRAME
        if probability >= minimum:
            start, silence = here if start is None else start, None
        elif probability < low and start is not None:
            silence = here if silence is None else silence
            if here - silence >= MIN_SILENCE:
                found.append((start, silence))
                start = silence = None
    if start is not None:
        found.append((start, count))
    kept = [(first, last) for first, last in found if last - first > MIN_SPEECH]
    return [(max(first - PADDING, 0), min(last + PADDING, count)) for first, last in kept]


def label(spec: SpeechSpec, control: ControlSpec) -> str:
    """What the control calls speech: as the spec says, else ``Speech`` in any case or by alias, else its only label.

    Raises:
        ConfigurationError: none of these.
    """
    if spec.label is not None:
        if spec.label not in control.labels:
            raise ConfigurationError(f"{control.name!r} has no label {spec.label!r}: set label to one that it has.")
        return spec.label
    called = {name.casefold(): one for one in control.labels for name in (*control.names.get(one, ()), one)}
    if "speech" in called:
        return called["speech"]
    if len(control.labels) != 1:
        raise ConfigurationError(f"No label of {control.name!r} is called Speech: set label to the one that means it.")
    return control.labels[0]


def controls(spec: SpeechSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first Labels on audio."""
    labels = [one for one in config.controls if one.kind == "labels" and not one.per_region]
    found = next((one for one in labels if one.input.medium is Medium.AUDIO), None)
    if found is None:
        raise ConfigurationError("Speech is marked by Labels on Audio, and the label config has none.")
    return (found,)


def reference(spec: SpeechSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """See ``models.families.Family``; the sha256 is of network and spec: another threshold is another version."""
    label(spec, controls[0])
    digest = _digest(network(), spec)
    return ModelRef(spec=spec, control=controls[0], version=f"{name}-{digest[:12]}", sha256=digest)


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    assert isinstance(ref.spec, SpeechSpec)
    return SpeechModel(ref, ref.spec, threads=threads)


def network() -> Path:
    package = find_spec("silero_vad")
    if package is None or package.origin is None:
        raise MissingDependencyError("silero-vad", "audio")
    path = Path(package.origin).parent / _NETWORK
    if not path.is_file():
        raise ModelError(f"The installed silero-vad has no {_NETWORK}: install version 6.2.3 or a later one.")
    return path


def _digest(path: Path, spec: SpeechSpec) -> str:
    content = sha256(path.read_bytes())
    content.update(json.dumps(spec.model_dump(mode="json"), sort_keys=True).encode())
    return content.hexdigest()
