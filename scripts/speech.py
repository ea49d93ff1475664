"""Speech for samples and tests, spoken by eSpeak NG from the wheel ``espeakng-loader``."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

SENTENCE = "The quick brown fox jumps over the lazy dog near the river bank."
RATE = 16_000
"""Samples a second."""
_RETRIEVE, _UTF8 = 1, 1
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@cache
def say(text: str = SENTENCE, rate: int = RATE, voice: str = "en") -> NDArray[np.float32]:
    """A sentence without pauses at its ends, in samples in [-1, 1]."""
    library, own_rate = _library()
    parts: list[NDArray[np.int16]] = []

    def take(wave: Any, count: int, events: Any) -> int:
        if wave and count:
            parts.append(np.ctypeslib.as_array(wave, (count,)).copy())
        return 0

    callback = _Callback(take)
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetVoiceByName(voice.encode())
    said = text.encode()
    library.espeak_Synth(said, len(said) + 1, 0, 1, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    samples = np.concatenate(parts) / 32768
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    said_only: NDArray[np.float32] = resample_poly(samples[loud[0] : loud[-1] + 1], rate, own_rate).astype(np.float32)
    said_only.setflags(write=False)
    return said_only


def pause(seconds: float, rate: int = RATE) -> NDArray[np.float32]:
    """Silence with the faint hiss of a microphone."""
    return np.random.default_rng(7).normal(0, 1e-4, round(seconds * rate)).astype(np.float32)


@cache
def _library() -> tuple[ctypes.CDLL, int]:
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    return library, library.espeak_Initialize(_RETRIEVE, 0, espeakng_loader.get_data_path().encode(), 0)
