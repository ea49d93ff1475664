from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import resample_poly

from models.audio.reading import blocks, shape, whole
from models.errors import MissingDependencyError
from models.tasks.inputs import UnreadableItem


def write(path: Path, samples: object, rate: int, **how: str) -> Path:
    soundfile.write(path, samples, rate, **how)
    return path


@given(
    st.sampled_from([8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000]),
    st.integers(1, 30_000),
    st.sampled_from([0.05, 0.31, 1.0, 60.0]),
)
def test_blocks_are_the_whole(tmp_path_factory: pytest.TempPathFactory, rate: int, frames: int, seconds: float) -> None:
    samples = np.random.default_rng(frames).uniform(-0.5, 0.5, frames).astype(np.float32)
    path = write(tmp_path_factory.getbasetemp() / "blocks.wav", samples, rate, subtype="FLOAT")
    given_back = np.concatenate(list(blocks(path, 16_000, seconds=seconds)))
    common = np.gcd(16_000, rate)
    np.testing.assert_allclose(given_back, resample_poly(samples, 16_000 // common, rate // common), atol=1e-5)


def test_channels_are_mixed_evenly(tmp_path: Path) -> None:
    left, right = np.full(1600, 0.5), np.full(1600, -0.25)
    path = write(tmp_path / "two.wav", np.stack([left, right], axis=1), 16_000, subtype="FLOAT")
    np.testing.assert_allclose(whole(path, 16_000), 0.125)
    assert (shape(path).seconds, shape(path).rate, shape(path).channels) == (0.1, 16_000, 2)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_a_tone_stays_the_same_tone(tmp_path: Path, kind: str) -> None:
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    samples = whole(write(tmp_path / "tone", wave, 44_100, format=kind), 16_000)
    assert len(samples) == pytest.approx(16_000, abs=900)
    loudest = np.abs(np.fft.rfft(samples[:16_000], 16_000)).argmax()
    assert loudest == pytest.approx(440, abs=1)


@pytest.mark.parametrize("content", [b"", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypM4A ", b"fLaC" + bytes(50)])
def test_what_is_no_recording_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)
    with pytest.raises(UnreadableItem, match=r"give WAV, FLAC, Ogg or MP3") as caught:
        whole(path, 16_000)
    assert caught.value.code == "unreadable_audio"
    assert str(tmp_path) not in str(caught.value)


def test_an_absurd_rate_and_no_samples_and_no_numbers_are_refused(tmp_path: Path) -> None:
    for samples, rate in (([0.0] * 10, 10), ([0.0] * 10, 1_000_000), ([], 16_000), ([float("nan")] * 10, 16_000)):
        with pytest.raises(UnreadableItem):
            whole(write(tmp_path / "odd.wav", np.array(samples), rate, subtype="FLOAT"), 16_000)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingDependencyError, match=r"prelabel\[audio\]"):
        whole(tmp_path / "any.wav", 16_000)
