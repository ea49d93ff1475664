"""Speech recognition: a recording enters, its text leaves, with the network's own probabilities of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from models.audio import reading
from models.audio.reading import Samples
from models.backends.said import Said, unit, watching
from models.specs import PipelineSpec
from models.tasks import combine
from models.types import ControlSpec, Region
from models.values import Text

CHUNK_SECONDS = 30.0
"""A longer recording is read in overlapping chunks of this length, which the pipeline joins."""


class Recognizer:
    """A CTC or a sequence-to-sequence model.

    The latter writes greedily, so that the probabilities seen are those of its text; by itself the pipeline searches
    with five beams, at five times the work.
    """

    def __init__(self, pipe: Any, spec: PipelineSpec, control: ControlSpec) -> None:
        self._pipe, self._control = pipe, control
        self._rate = int(pipe.feature_extractor.sampling_rate)
        self._ctc = str(pipe.type).startswith("ctc")

    def __call__(self, path: Path) -> Said:
        """The text of a recording.

        The confidence is the geometric mean of the probabilities of what was written, sign by sign. Of CTC these are
        the likeliest signs of all frames but for blanks; else, of each step of the decoder, the likeliest, the end and
        a guess of the language among them: a little too high where the model's settings suppress signs. A transcript
        is right within a share of its characters, not in all of them, so a product, which falls with every sign, would
        say too little; it is among the numbers as ``log_product``. Nothing heard, in a CTC model: the mean probability
        of a blank.
        """
        return self._hear(reading.whole(path, self._rate))

    def example(self) -> Said:
        """Of a second of silence."""
        return self._hear(np.zeros(self._rate, np.float32))

    def _hear(self, samples: Samples) -> Said:
        heard = _Probabilities(self._blank())
        seconds = len(samples) / self._rate
        how: dict[str, Any] = {} if self._ctc else {"generate_kwargs": {"num_beams": 1}, "ignore_warning": True}
        if seconds > CHUNK_SECONDS:
            how["chunk_length_s"] = CHUNK_SECONDS
        with watching(self._pipe.model, heard.note):
            said = self._pipe({"raw": samples, "sampling_rate": self._rate}, **how)
        text = str(said["text"]).strip()
        _, numbers = combine.certainty(heard.written, empty=heard.empty())
        count = numbers.pop("regions")
        numbers |= {"signs": count, "input_seconds": seconds, "input_loudness": _loudness(samples)}
        sure = math.exp(numbers["log_product"] / count) if count else heard.empty()
        if not text:
            return Said((), unit(heard.empty() if self._ctc else sure), numbers)
        region = Region(control=self._control.name, value=Text(texts=(text,)), score=unit(sure))
        return Said((region,), unit(sure), numbers)

    def _blank(self) -> int | None:
        return int(self._pipe.tokenizer.pad_token_id) if self._ctc else None


class _Probabilities:
    """Of the signs that are written while a network is watched."""

    def __init__(self, blank: int | None) -> None:
        self.written: list[float] = []
        self._blank, self._blanks = blank, [1.0]

    def note(self, output: Any) -> None:
        """Take the logits ``(1, T, signs)`` of one call; a decoder's last position is the one that is new."""
        logits = output.logits[0].float()
        best, place = (logits if self._blank is not None else logits[-1:]).softmax(-1).max(-1)
        for probability, sign in zip(best.tolist(), place.tolist(), strict=True):
            (self._blanks if sign == self._blank else self.written).append(unit(probability))

    def empty(self) -> float:
        """How sure it is that nothing was said."""
        return sum(self._blanks[1:]) / max(len(self._blanks) - 1, 1)


def _loudness(samples: Samples) -> float:
    """In dB below full scale; -120 of silence."""
    mean = float(np.square(samples, dtype=np.float64).mean()) if len(samples) else 0.0
    return 10 * math.log10(max(mean, 1e-12))
