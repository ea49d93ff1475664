"""Recordings as samples: any channels at any rate enter, one channel at the rate that a model wants leaves.

A recording is read in blocks, so that an hour of it needs no more memory than a minute. Read are WAV, FLAC, Ogg and MP3
(libsndfile, package ``soundfile``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, gcd
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from models.errors import MissingDependencyError, fragment
from models.tasks.inputs import UnreadableItem

Samples = NDArray[np.float32]
"""``(T,)``: one channel, each in about [-1, 1]."""

RATES = (2_000, 400_000)
"""Lowest and highest samples a second that are read; speech is told from none below, and nothing records above."""
BLOCK_SECONDS = 60.0
_HALF_FILTER = 10
"""Half the filter of ``scipy.signal.resample_poly``, in periods of the lower of both rates."""


@dataclass(frozen=True)
class Shape:
    """What the header of a recording says."""

    seconds: float
    rate: int
    """Samples a second."""
    channels: int


def shape(path: Path) -> Shape:
    """Length, rate and channels.

    Raises:
        UnreadableItem: ``unreadable_audio``.
        MissingDependencyError: ``soundfile`` is not installed.
    """
    with _opened(path) as file:
        return Shape(file.frames / file.samplerate, file.samplerate, file.channels)


def blocks(path: Path, rate: int, *, seconds: float = BLOCK_SECONDS) -> Iterator[Samples]:
    """The mean of all channels at ``rate`` samples a second, one block after another.

    The blocks together are what ``resample_poly`` gives for the whole, ``ceil(frames * rate / its rate)`` samples:
    each is resampled with as much of its neighbours as the filter reaches.

    Args:
        path: the recording.
        rate: samples a second to give.
        seconds: length of a block, about.

    Raises:
        UnreadableItem: ``unreadable_audio``.
        MissingDependencyError: ``soundfile`` is not installed.
    """
    with _opened(path) as file:
        common = gcd(rate, file.samplerate)
        up, down = rate // common, file.samplerate // common
        frames, size = file.frames, ceil(seconds * file.samplerate / down) * down
        reach = 0 if up == down else ceil((_HALF_FILTER * max(up, down) + 1) / up / down) * down
        for start in range(0, frames, size):
            first, last = max(start - reach, 0), min(start + size + reach, frames)
            samples = _mono(file, first, last)
            if up != down:
                samples = resample_poly(samples, up, down).astype(np.float32)
            skip, count = (start - first) * up // down, ceil((min(start + size, frames) - start) * up / down)
            yield samples[skip : skip + count]


def whole(path: Path, rate: int) -> Samples:
    """All blocks as one; see ``blocks``."""
    parts = list(blocks(path, rate))
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _mono(file: Any, first: int, last: int) -> Samples:
    try:
        file.seek(first)
        samples: Samples = file.read(last - first, dtype="float32", always_2d=True)
    except RuntimeError as error:
        raise _unreadable(error) from error
    if len(samples) < last - first:
        raise _unreadable("it ends before its header says")
    if not np.isfinite(samples).all():
        raise _unreadable("it holds samples that are no numbers")
    mixed: Samples = samples.mean(axis=1)
    return mixed


def _opened(path: Path) -> Any:
    try:
        import soundfile
    except ImportError:
        raise MissingDependencyError("soundfile", "audio") from None
    try:
        file = soundfile.SoundFile(path)
    except (RuntimeError, OSError) as error:  # of libsndfile the former
        raise _unreadable(error) from error
    if not RATES[0] <= file.samplerate <= RATES[1] or file.frames < 1:
        file.close()
        raise _unreadable(fragment(f"{file.frames} samples at {file.samplerate} a second"))
    return file


def _unreadable(why: object) -> UnreadableItem:
    reason = str(why).rpartition(": ")[2].rstrip(". ")
    return UnreadableItem(
        "unreadable_audio", f"The recording cannot be read ({reason}): give WAV, FLAC, Ogg or MP3 in place of it."
    )
