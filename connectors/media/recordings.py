"""Whether a file is a recording, of sound or of pictures, and not too long a one, by its content."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from connectors.media.containers import BrokenRecording, mp4_seconds, sniff, webm_seconds
from models.errors import MediaError, MediaUnavailable, MissingDependencyError
from models.types import Medium

FORMATS = {Medium.AUDIO: ("wav", "flac", "ogg", "mp3", "mp4", "webm"), Medium.VIDEO: ("mp4", "webm")}
"""What is fetched. Models read less: see each of them."""

_CONTAINERS = {"mp4": mp4_seconds, "webm": webm_seconds}
_SOUND = {
    "wav": ("WAV", "WAVEX", "RF64"),
    "flac": ("FLAC",),
    "ogg": ("OGG",),
    "mp3": ("MP3", "MPEG"),
}
"""What libsndfile must take such a file for: it would read other formats too, some seldom tried on hostile bytes."""


def check_recording(path: Path, medium: Medium, *, max_seconds: float, source: str) -> None:
    """Measure a recording by its headers; of sound that libsndfile reads, see also that its end is there.

    Args:
        path: the file.
        medium: audio or video.
        max_seconds: greatest duration.
        source: what the message calls the file.

    Raises:
        MediaError: it has none of ``FORMATS``, is damaged or cut off, names no duration, or is too long.
        MediaUnavailable: the package that reads sound is not installed.
    """
    kind = sniff(path)
    if kind not in FORMATS[medium]:
        raise MediaError(f"{source}: not a readable {medium} file; give one of {', '.join(FORMATS[medium])}")
    try:
        seconds = _CONTAINERS[kind](path) if kind in _CONTAINERS else _sound_seconds(path, kind)
    except BrokenRecording as error:
        raise MediaError(f"{source}: not a readable {medium} file: {error}") from error
    if not math.isfinite(seconds) or seconds <= 0:
        raise MediaError(f"{source}: the {medium} file holds nothing; check it")
    if seconds > max_seconds:
        raise MediaError(f"{source}: lasts longer than {max_seconds:g} s; cut it")


def _sound_seconds(path: Path, kind: str) -> float:
    soundfile = _soundfile()
    try:
        with soundfile.SoundFile(path) as file:
            if file.format not in _SOUND[kind]:
                raise BrokenRecording(f"it is {file.format} behind the head of {kind}")
            frames, rate = int(file.frames), int(file.samplerate)
            if frames > 0 and not _has_end(file, frames):
                raise BrokenRecording("it ends before its header says")
    except (soundfile.LibsndfileError, RuntimeError, ValueError, OverflowError) as error:
        raise BrokenRecording(_in_its_words(error)) from error
    if kind == "wav":
        _check_wav(path)
    return frames / rate


def _has_end(file: Any, frames: int) -> bool:
    file.seek(frames - 1)
    return len(file.read(1)) == 1


def _check_wav(path: Path) -> None:
    """Refuse a header that promises more than there is; libsndfile reads what is there and says nothing."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return  # sizes of 64 bits stand elsewhere, and nobody writes those by accident
        file.seek(12)
        while len(head := file.read(8)) == 8:
            length = int.from_bytes(head[4:], "little")
            if head[:4] == b"data" and length != 0xFFFFFFFF and file.tell() + length > size:  # all ones: a live stream
                raise BrokenRecording("it ends before its header says")
            file.seek(length + length % 2, 1)


def _in_its_words(error: Exception) -> str:
    """What the library says, without the path."""
    return str(error).partition(": ")[2] or type(error).__name__


def _soundfile() -> Any:
    try:
        import soundfile
    except ImportError:
        raise MediaUnavailable(f"audio: {MissingDependencyError('soundfile', 'audio')}") from None
    return soundfile
