from __future__ import annotations

import base64
import time
import tracemalloc
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.media.data_uri import decode, is_data_uri
from models.errors import MediaError
from tests.unit.connectors.media.pictures import MakeFetcher, image_bytes


def uri(content: bytes, head: str = "data:image/png;base64") -> str:
    return f"{head},{base64.b64encode(content).decode()}"


@given(st.binary(max_size=200))
def test_what_was_encoded_comes_back(content: bytes) -> None:
    assert decode(uri(content), 200) == content
    escaped = quote(base64.b64encode(content).decode(), safe="")
    assert decode(f"data:;base64,{escaped}", 200) == content


def test_kept_as_a_file(make_fetcher: MakeFetcher, png: bytes) -> None:
    fetcher = make_fetcher()
    path = fetcher.fetch(f"  {uri(png)}\n")
    assert path.read_bytes() == png
    assert fetcher.fetch(uri(png, "DATA:;charset=x;BASE64")) == path


def test_line_breaks_are_ignored() -> None:
    encoded = base64.encodebytes(b"x" * 100).decode()
    assert "\n" in encoded.strip()
    assert decode(f"data:;base64,{encoded}", 100) == b"x" * 100


@given(st.text(max_size=60))
def test_hostile_text_is_decoded_or_refused(tail: str) -> None:
    for start in ("data:", "data:;base64,", "data:image/png;base64,iVBOR"):
        assert is_data_uri(start + tail)
        assert outcome(start + tail).startswith(("content", "data URI: "))


def outcome(hostile: str) -> str:
    try:
        return "content" if len(decode(hostile, 50)) <= 50 else "too much"
    except MediaError as error:
        return str(error)


@pytest.mark.parametrize(
    "hostile",
    [
        "data:",
        "data:image/png",
        "data:image/png,iVBORw0KGgo=",
        "data:text/html,<script>",
        "data:image/png;base64;x,iVBORw0KGgo=",
        "data:" + "x" * 10_000 + ";base64,aGk=",
    ],
)
def test_other_forms_are_refused(hostile: str, make_fetcher: MakeFetcher) -> None:
    with pytest.raises(MediaError, match=r"^data URI: only the form 'data:<type>;base64,<content>' is read"):
        make_fetcher().fetch(hostile)


@pytest.mark.parametrize("payload", ["aGk", "a-_k", "aGk=aGk=", "aGk=\u00e9", "a\x00Gk=", "%zz", "%", "===="])
def test_bad_base64_is_refused(payload: str) -> None:
    with pytest.raises(MediaError, match=r"^data URI: the content is not base64"):
        decode(f"data:;base64,{payload}", 100)


def test_the_limit_is_exact() -> None:
    assert len(decode(uri(b"x" * 1000), 1000)) == 1000
    with pytest.raises(MediaError, match="larger than 1000 bytes"):
        decode(uri(b"x" * 1001), 1000)


def test_a_huge_uri_is_refused_before_it_is_decoded() -> None:
    hostile = "data:;base64," + "A" * 20_000_000
    tracemalloc.start()
    started = time.monotonic()
    with pytest.raises(MediaError, match="larger than 1000 bytes"):
        decode(hostile, 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 25_000_000  # the one copy that partition makes
    assert time.monotonic() - started < 5


def test_nothing_stays_of_a_refused_one(make_fetcher: MakeFetcher, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"^data URI: not a readable image"):
        make_fetcher().fetch(uri(b"<html>", "data:image/png;base64"))
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []


def test_pixels_are_counted(make_fetcher: MakeFetcher) -> None:
    fetcher = make_fetcher(max_pixels=100)
    assert fetcher.fetch(uri(image_bytes(size=(10, 10)))).exists()
    with pytest.raises(MediaError, match=r"^data URI: the image has more than 100 pixels"):
        fetcher.fetch(uri(image_bytes(size=(10, 11))))
