from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.media.containers import BrokenRecording, mp4_seconds, sniff, webm_seconds
from tests.unit.connectors.media.pictures import image_bytes
from tests.unit.connectors.media.recordings import box, element, mp4, sound, webm


def stored(folder: Path, content: bytes) -> Path:
    path = folder / "content"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_sound_is_known_by_its_first_bytes(tmp_path: Path, kind: str) -> None:
    assert sniff(stored(tmp_path, sound(kind.upper()))) == kind


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"\xff\xff\xff\xff", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0AVI ", b"<html>", image_bytes(), b"#!AMR\n"],
)
def test_other_content_is_not_a_recording(tmp_path: Path, content: bytes) -> None:
    assert sniff(stored(tmp_path, content)) is None


@pytest.mark.parametrize("wide", [False, True])
def test_an_mp4_lasts_as_long_as_its_longest_part(tmp_path: Path, wide: bool) -> None:
    path = stored(tmp_path, mp4(2.0, 3.5, wide=wide))
    assert sniff(path) == "mp4"
    assert mp4_seconds(path) == pytest.approx(3.5)
    assert mp4_seconds(stored(tmp_path, mp4(5.0, 3.5, wide=wide))) == pytest.approx(5.0)


@pytest.mark.parametrize("scale", [1_000_000, 1000])
def test_a_webm_lasts_as_long_as_it_says(tmp_path: Path, scale: int) -> None:
    path = stored(tmp_path, webm(7.25, scale))
    assert sniff(path) == "webm"
    assert webm_seconds(path) == pytest.approx(7.25)


@pytest.mark.parametrize("suffix", ["mp4", "webm"])
def test_what_another_program_wrote_is_read(tmp_path: Path, suffix: str) -> None:
    cv2 = pytest.importorskip("cv2")
    import numpy as np

    path = tmp_path / f"a.{suffix}"
    code = cv2.VideoWriter_fourcc(*("mp4v" if suffix == "mp4" else "VP80"))
    writer = cv2.VideoWriter(str(path), code, 10.0, (32, 32))
    if not writer.isOpened():
        pytest.skip(f"this OpenCV cannot write {suffix}")
    for shade in range(25):
        writer.write(np.full((32, 32, 3), shade, np.uint8))
    writer.release()
    assert sniff(path) == suffix
    assert {"mp4": mp4_seconds, "webm": webm_seconds}[suffix](path) == pytest.approx(2.5, abs=0.11)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (mp4()[:-1], "cut off"),
        (mp4(0.0, 0.0), "no duration"),
        (box(b"ftyp", b"isom") + box(b"mdat", bytes(8)), "no duration"),
        (box(b"ftyp", b"isom") + struct.pack(">I4s", 4, b"moov"), "cut off"),
        (box(b"ftyp", b"isom") + struct.pack(">I4sQ", 1, b"moov", 2**63), "cut off"),
        (box(b"ftyp", b"isom") + b"\0\0", "do not add up"),
        (box(b"ftyp", b"isom") + box(b"free", b"") * 10_000, "do not add up"),
        (box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd", bytes(4))), "a header is cut off"),
        (box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd", bytes(40))), "counts time in nothing"),
    ],
)
def test_a_broken_mp4(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(BrokenRecording, match=said):
        mp4_seconds(stored(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (webm()[:-1], "cut off"),
        (webm(None), "no duration"),
        (webm(scale=1 << 64, scale_bytes=9), "no duration"),
        (b"\x1a\x45\xdf\xa3", "cut off"),
        (element(b"\x1a\x45\xdf\xa3", b""), "no segment"),
        (element(b"\x1a\x45\xdf\xa3", b"") + b"\0", "cut off"),
        (element(b"\x1a\x45\xdf\xa3", b"") + element(b"\xec", b"") * 3, "no segment"),
        (element(b"\x1a\x45\xdf\xa3", b"") + element(b"\x18\x53\x80\x67", element(b"\xec", b"") * 10_001), "too many"),
    ],
)
def test_a_broken_webm(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(BrokenRecording, match=said):
        webm_seconds(stored(tmp_path, content))


def test_the_longest_number_of_a_webm_is_read(tmp_path: Path) -> None:
    assert webm_seconds(stored(tmp_path, webm(7.25, 1_000_000, scale_bytes=8))) == pytest.approx(7.25)


def test_nesting_ends(tmp_path: Path) -> None:
    deep = box(b"mvhd", bytes(100))
    for _ in range(5000):
        deep = box(b"trak", deep)
    with pytest.raises(BrokenRecording, match="no duration"):
        mp4_seconds(stored(tmp_path, box(b"ftyp", b"isom") + box(b"moov", deep)))


@given(st.data())
def test_any_damage_gives_a_time_or_our_own_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole, read = data.draw(st.sampled_from([(mp4(), mp4_seconds), (webm(), webm_seconds)]))
    content = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place in data.draw(st.lists(st.integers(0, max(len(content) - 1, 0)), max_size=4)) if content else []:
        content[place] = data.draw(st.integers(0, 255))
    with suppress(BrokenRecording):
        assert isinstance(read(stored(tmp_path_factory.getbasetemp(), bytes(content))), float)
