from __future__ import annotations

import base64
import struct
import threading
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connectors.media.fetcher import MediaFetcher
from connectors.media.policy import FetchPolicy
from models.errors import MediaError, MediaUnavailable
from tests.support.http_server import HttpServer, Reply
from tests.unit.connectors.media.pictures import MakeFetcher, image_bytes


def data_uri(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def test_a_url_is_asked_for_once(server: HttpServer, make_fetcher: MakeFetcher, png: bytes) -> None:
    server.routes["/a"] = Reply(png)
    fetcher = make_fetcher(allowed_hosts=frozenset({server.netloc}))
    assert fetcher.fetch(f"{server.url}/a") == fetcher.fetch(f" {server.url}/a#again ")
    assert len(server.seen) == 1
    fetcher.fetch(f"{server.url}/a?other=1")
    assert len(server.seen) == 2


def test_every_kind_of_uri_gives_the_same_file_for_the_same_content(
    server: HttpServer, make_fetcher: MakeFetcher, png: bytes
) -> None:
    server.routes["/data/upload/a.png"] = server.routes["/b.png"] = Reply(png)
    fetcher = make_fetcher(platform_url=server.url, allowed_hosts=frozenset({server.netloc}))
    uris = [data_uri(png), "/data/upload/a.png", f"{server.url}/b.png"]
    assert len({fetcher.fetch(uri) for uri in uris}) == 1


def test_a_failed_fetch_is_tried_again(server: HttpServer, make_fetcher: MakeFetcher, png: bytes) -> None:
    fetcher = make_fetcher(allowed_hosts=frozenset({server.netloc}))
    server.routes["/a"] = Reply(status=503)
    with pytest.raises(MediaUnavailable):
        fetcher.fetch(f"{server.url}/a")
    server.routes["/a"] = Reply(png)
    assert fetcher.fetch(f"{server.url}/a").read_bytes() == png


def test_many_threads_and_a_small_cache(server: HttpServer, tmp_path: Path) -> None:
    """Forty images, eight threads, room for a few: every path that comes back holds its whole image."""
    images = {f"/{n}": image_bytes(size=(100, 100), colour=n) + b"\0" * 8000 for n in range(40)}
    server.routes |= {path: Reply(content) for path, content in images.items()}
    policy = FetchPolicy(
        allowed_hosts=frozenset({server.netloc}), max_bytes=100_000, cache_bytes=150_000, cache_grace=5.0
    )
    fetcher = MediaFetcher(tmp_path, policy=policy, platform_url=None, auth_headers=None)
    start = threading.Barrier(8)

    def work(worker: int) -> list[bool]:
        start.wait()
        order = sorted(images, key=lambda path: hash((worker, path)))
        return [fetcher.fetch(server.url + path).read_bytes() == images[path] for path in order]

    with ThreadPoolExecutor(8) as pool:
        assert all(right for rights in pool.map(work, range(8)) for right in rights)
    assert list((tmp_path / "incoming").iterdir()) == []
    assert max(Counter(seen.path for seen in server.seen).values()) <= 8


def test_a_damaged_image_is_refused(make_fetcher: MakeFetcher) -> None:
    content = bytearray(image_bytes(size=(50, 50)))
    content[-20] ^= 0xFF
    with pytest.raises(MediaError, match=r"^data URI: not a readable image"):
        make_fetcher().fetch(data_uri(bytes(content)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"P6 10 10 255 ",
    ],
)
def test_other_content_is_refused(make_fetcher: MakeFetcher, content: bytes) -> None:
    with pytest.raises(MediaError, match=r"^data URI: not a readable image \(\w+\); give one of PNG, JPEG"):
        make_fetcher().fetch(data_uri(content))


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_small_file_with_very_many_pixels_is_refused(make_fetcher: MakeFetcher, side: int) -> None:
    """The second one is beyond what Pillow itself lets pass."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(MediaError, match=r"^data URI: the image has more than 50000000 pixels; scale it down"):
        make_fetcher().fetch(data_uri(bomb))


def test_a_full_disk_says_so(make_fetcher: MakeFetcher, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = make_fetcher()

    def full(*_: object, **__: object) -> tuple[int, str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    with pytest.raises(MediaUnavailable, match="media cache: No space left on device; check the disk"):
        fetcher.fetch(data_uri(png))
