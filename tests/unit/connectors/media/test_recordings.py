from __future__ import annotations

import base64
import struct
import sys
from pathlib import Path

import pytest

from connectors.media.policy import FetchPolicy
from connectors.media.recordings import check_recording
from models.errors import ConfigurationError, MediaError, MediaUnavailable
from models.types import Medium
from tests.support.http_server import HttpServer, Reply
from tests.unit.connectors.media.pictures import MakeFetcher
from tests.unit.connectors.media.recordings import mp4, sound, webm


def data_uri(content: bytes) -> str:
    return f"data:audio/wav;base64,{base64.b64encode(content).decode()}"


def check(folder: Path, content: bytes, medium: Medium = Medium.AUDIO, *, max_seconds: float = 60.0) -> None:
    path = folder / "recording"
    path.write_bytes(content)
    check_recording(path, medium, max_seconds=max_seconds, source="here")


@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3"])
def test_sound_passes_up_to_its_length(tmp_path: Path, kind: str) -> None:
    content = sound(kind, seconds=2.0)
    check(tmp_path, content, max_seconds=2.1)
    with pytest.raises(MediaError, match=r"^here: lasts longer than 1.9 s; cut it"):
        check(tmp_path, content, max_seconds=1.9)


@pytest.mark.parametrize("content", [mp4(2.0), webm(2.0)])
@pytest.mark.parametrize("medium", [Medium.AUDIO, Medium.VIDEO])
def test_containers_pass_up_to_their_length(tmp_path: Path, content: bytes, medium: Medium) -> None:
    check(tmp_path, content, medium, max_seconds=2.1)
    with pytest.raises(MediaError, match=r"lasts longer than 1.9 s"):
        check(tmp_path, content, medium, max_seconds=1.9)


def test_sound_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"^here: not a readable video file; give one of mp4, webm"):
        check(tmp_path, sound(), Medium.VIDEO)


def test_a_video_that_never_ends_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"holds nothing"):
        check(tmp_path, webm(float("nan")), Medium.VIDEO)
    with pytest.raises(MediaError, match=r"holds nothing"):
        check(tmp_path, webm(float("inf")), Medium.VIDEO)


@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
def test_a_recording_that_is_cut_off_is_refused(tmp_path: Path, kind: str) -> None:
    content = sound(kind, seconds=5.0)
    with pytest.raises(MediaError, match=r"^here: not a readable audio file"):
        check(tmp_path, content[: len(content) // 2])


def test_a_header_that_promises_hours_is_refused(tmp_path: Path) -> None:
    lying = bytearray(sound())
    place = lying.index(b"data") + 4
    lying[place : place + 4] = struct.pack("<I", 2**31)
    with pytest.raises(MediaError, match=r"ends before its header says"):
        check(tmp_path, bytes(lying), max_seconds=10**9)


@pytest.mark.parametrize(
    "content", [sound()[:20], b"RIFF\0\0\0\0WAVE", b"fLaC" + bytes(60), b"OggS" + bytes(60), b"ID3"]
)
def test_a_head_alone_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(MediaError, match=r"^here: not a readable audio file|^here: the audio file holds nothing"):
        check(tmp_path, content)


def test_silence_of_no_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"holds nothing"):
        check(tmp_path, sound(seconds=0.0))


def test_another_format_behind_a_known_head_is_refused(tmp_path: Path) -> None:
    """libsndfile skips an ID3 tag and reads whatever stands behind it."""
    tag = b"ID3\x03\0\0\0\0\0\x0a" + bytes(10)
    with pytest.raises(MediaError, match=r"not a readable audio file"):
        check(tmp_path, tag + sound("AU"))


def test_without_the_package_it_is_tried_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MediaUnavailable, match=r"'soundfile' is not installed: pip install 'prelabel\[audio\]'"):
        check(tmp_path, sound())


def test_every_kind_of_uri_gives_audio(server: HttpServer, make_fetcher: MakeFetcher) -> None:
    content = sound()
    server.routes["/data/upload/a.wav"] = Reply(content)
    fetcher = make_fetcher(platform_url=server.url)
    paths = {fetcher.fetch(uri, Medium.AUDIO) for uri in (data_uri(content), "/data/upload/a.wav")}
    assert [path.read_bytes() for path in paths] == [content]


def test_what_passed_as_an_image_has_not_passed_as_audio(
    server: HttpServer, make_fetcher: MakeFetcher, png: bytes
) -> None:
    server.routes["/data/upload/a"] = Reply(png)
    fetcher = make_fetcher(platform_url=server.url)
    assert fetcher.fetch("/data/upload/a").exists()
    with pytest.raises(MediaError, match=r"not a readable audio file"):
        fetcher.fetch("/data/upload/a", Medium.AUDIO)


def test_the_policy_caps_the_duration(make_fetcher: MakeFetcher) -> None:
    with pytest.raises(MediaError, match=r"^data URI: lasts longer than 1 s"):
        make_fetcher(max_duration=1.0).fetch(data_uri(sound(seconds=1.5)), Medium.AUDIO)
    with pytest.raises(ConfigurationError, match=r"max_duration"):
        FetchPolicy(max_duration=0.0)
