"""Recordings that the tests of this folder make: sound by soundfile, containers byte by byte."""

from __future__ import annotations

import io
import struct

import numpy as np
import soundfile


def sound(kind: str = "WAV", seconds: float = 0.5, rate: int = 16_000) -> bytes:
    wave = 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * rate)) / rate)
    sink = io.BytesIO()
    soundfile.write(sink, wave, rate, format=kind)
    return sink.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def mp4(movie: float = 2.0, track: float = 2.0, *, wide: bool = False) -> bytes:
    """A file without pictures, of a movie and a track that last so many seconds."""

    def header(kind: bytes, seconds: float) -> bytes:
        form = ">B3xQQIQ" if wide else ">B3xIIII"
        return box(kind, struct.pack(form, int(wide), 0, 0, 600, round(seconds * 600)) + bytes(80))

    inner = header(b"mvhd", movie) + box(b"trak", box(b"mdia", header(b"mdhd", track)))
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", inner) + box(b"mdat", bytes(32))


def element(name: bytes, body: bytes) -> bytes:
    return name + struct.pack(">Q", 1 << 56 | len(body)) + body


def webm(seconds: float | None = 2.0, scale: int = 1_000_000, scale_bytes: int = 4) -> bytes:
    info = element(b"\x2a\xd7\xb1", scale.to_bytes(scale_bytes, "big"))
    if seconds is not None:
        info += element(b"\x44\x89", struct.pack(">d", seconds * 1e9 / scale))
    segment = element(b"\xec", bytes(5)) + element(b"\x15\x49\xa9\x66", info)
    return element(b"\x1a\x45\xdf\xa3", b"") + element(b"\x18\x53\x80\x67", segment)
