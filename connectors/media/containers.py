"""Which format a recording has, by its magic numbers, and how long it lasts, by the headers of its container.

Read here: MP4 (ISO 14496-12) and Matroska/WebM (RFC 9559). Only headers are read, each bounded; what a header claims
beyond the end of the file is refused.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_HEAD = 4096
"""Bytes that tell the format."""
_MAX_HEADER = 4 * 2**20
"""Of one header element; real ones that hold times are far smaller."""
_MAX_ELEMENTS = 10_000
"""Looked at in one file."""
_NESTED = {b"moov": (b"trak", b"mvhd"), b"trak": (b"mdia",), b"mdia": (b"mdhd",)}
"""Which boxes inside which hold times; so nesting ends."""


class BrokenRecording(Exception):
    """The content is not what its first bytes promise; the message says how."""


def sniff(path: Path) -> str | None:
    """``wav``, ``flac``, ``ogg``, ``mp3``, ``mp4`` or ``webm``; None for anything else."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "mp4"
    starts = {b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3", b"\x1a\x45\xdf\xa3": "webm"}
    found = next((name for start, name in starts.items() if head.startswith(start)), None)
    return found or ("mp3" if _is_mpeg_audio(head) else None)


def _is_mpeg_audio(head: bytes) -> bool:
    """A frame header of layers I to III: 11 bits of sync, and none of the reserved values (ISO 11172-3, 2.4.1.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate, sampling = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer != 0 and rate not in (0, 15) and sampling != 3


def mp4_seconds(path: Path) -> float:
    """Longest of what the movie and its tracks say.

    Raises:
        BrokenRecording: cut off, without a movie header, or without a duration.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        times = [seconds for seconds in _mp4_times(file, 0, size, (b"moov",), [_MAX_ELEMENTS]) if seconds > 0]
    if not times:
        raise BrokenRecording("it names no duration; write it anew, with its headers complete")
    return max(times)


def _mp4_times(file: BinaryIO, start: int, end: int, wanted: tuple[bytes, ...], left: list[int]) -> Iterator[float]:
    for kind, body, stop in _boxes(file, start, end, left):
        if kind in wanted and kind in _NESTED:
            yield from _mp4_times(file, body, stop, _NESTED[kind], left)
        elif kind in wanted:
            file.seek(body)
            yield _full_box_seconds(file.read(min(stop - body, 32)))


def _boxes(file: BinaryIO, start: int, end: int, left: list[int]) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the body and end of each box in ``[start, end)``, which they must fill."""
    while start < end:
        left[0] -= 1
        file.seek(start)
        head = file.read(16)
        if len(head) < 8 or left[0] < 0:
            raise BrokenRecording("its boxes do not add up")
        size, kind = struct.unpack(">I4s", head[:8])
        body = start + 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), start + 16
        stop = end if size == 0 else start + size
        if stop < body or stop > end:
            raise BrokenRecording("it is cut off")
        yield kind, body, stop
        start = stop


def _full_box_seconds(head: bytes) -> float:
    """Of a movie or media header: version 0 has times of 32 bits, version 1 of 64."""
    wide = head[:1] == b"\1"
    try:
        scale, ticks = struct.unpack_from(">IQ" if wide else ">II", head, 20 if wide else 12)
    except struct.error:
        raise BrokenRecording("a header is cut off") from None
    unknown = 2 ** (64 if wide else 32) - 1
    if scale == 0:
        raise BrokenRecording("a header counts time in nothing")
    return 0.0 if ticks == unknown else ticks / scale


_EBML, _SEGMENT, _INFO, _SCALE, _DURATION = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x2AD7B1, 0x4489


def webm_seconds(path: Path) -> float:
    """What the segment's information says.

    Raises:
        BrokenRecording: cut off, not a Matroska file, or without a duration, as browsers record.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        for name, start, stop in _elements(file, 0, size):
            if name == _SEGMENT:
                return _segment_seconds(file, start, stop)
            if name != _EBML:
                break
    raise BrokenRecording("it holds no segment")


def _segment_seconds(file: BinaryIO, start: int, stop: int) -> float:
    for name, inner, end in _elements(file, start, stop):
        if name == _INFO:
            found = {key: _payload(file, a, b) for key, a, b in _elements(file, inner, end)}
            if len(found.get(_DURATION, b"")) not in (4, 8):
                break
            ticks = struct.unpack(">f" if len(found[_DURATION]) == 4 else ">d", found[_DURATION])[0]
            scale = found.get(_SCALE, b"\x0f\x42\x40")
            if len(scale) > 8:  # RFC 8794, 7.2: an unsigned integer has no more
                break
            return float(ticks) * int.from_bytes(scale, "big") / 1e9
    raise BrokenRecording("it names no duration; write it anew, with its headers complete")


def _elements(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Name, start and end of the payload of each element in ``[start, stop)``."""
    for _ in range(_MAX_ELEMENTS):
        if start >= stop:
            return
        file.seek(start)
        name, _ = _number(file, keep=True)
        length, unknown = _number(file, keep=False)
        body = file.tell()
        end = stop if unknown else body + length
        if end > stop:
            raise BrokenRecording("it is cut off")
        yield name, body, end
        start = end
    raise BrokenRecording("it has too many elements")


def _number(file: BinaryIO, *, keep: bool) -> tuple[int, bool]:
    """A number of variable length, with its length's marker kept or not, and whether all its bits are set."""
    first = file.read(1)
    if not first or first[0] == 0:
        raise BrokenRecording("an element is cut off")
    more = 8 - first[0].bit_length()
    rest = file.read(more)
    if len(rest) < more:
        raise BrokenRecording("an element is cut off")
    value = int.from_bytes(first + rest, "big")
    plain = value & ((1 << 7 * (more + 1)) - 1)
    return (value if keep else plain), plain == (1 << 7 * (more + 1)) - 1


def _payload(file: BinaryIO, start: int, stop: int) -> bytes:
    if stop - start > _MAX_HEADER:
        raise BrokenRecording("a header is too large")
    file.seek(start, os.SEEK_SET)
    return file.read(stop - start)
