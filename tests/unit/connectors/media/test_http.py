from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from connectors.media.http import describe
from models.errors import MediaError, MediaUnavailable, PlatformUnavailable
from tests.support.http_server import HttpServer, Reply
from tests.unit.connectors.media.pictures import MakeFetcher, image_bytes

TOKEN = {"Authorization": "Token s3cret-t0ken"}


def redirect(to: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": to})


def token_of(server: HttpServer) -> list[str | None]:
    return [seen.headers.get("authorization") for seen in server.seen]


# --- what is fetched


def test_an_allowed_host(server: HttpServer, make_fetcher: MakeFetcher, png: bytes) -> None:
    server.routes["/a.png"] = Reply(png)
    path = make_fetcher(allowed_hosts=frozenset({server.netloc})).fetch(f"{server.url}/a.png?x=1#part")
    assert path.read_bytes() == png
    (seen,) = server.seen
    assert (seen.path, seen.headers["host"]) == ("/a.png?x=1", server.netloc)
    assert seen.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_every_format_whatever_the_server_calls_it(server: HttpServer, make_fetcher: MakeFetcher, kind: str) -> None:
    content = image_bytes(kind)
    server.routes["/a"] = Reply(content, headers={"Content-Type": "text/html"})
    assert make_fetcher(allowed_hosts=frozenset({"127.0.0.1"})).fetch(f"{server.url}/a").read_bytes() == content


def test_uploads_carry_the_token(server: HttpServer, make_fetcher: MakeFetcher, png: bytes) -> None:
    server.routes["/data/upload/3/a b.png"] = server.routes["/data/upload/3/a%20b.png"] = Reply(png)
    fetcher = make_fetcher(platform_url=f"{server.url}/", auth_headers=lambda: TOKEN)
    assert fetcher.fetch("/data/upload/3/a b.png").read_bytes() == png
    assert token_of(server) == [TOKEN["Authorization"]]
    fetcher.fetch(f"{server.url}/data/upload/3/a%20b.png")
    assert len(server.seen) == 1  # the same URL in both forms


@pytest.mark.parametrize("path", ["/data/local-files/?d=x/a.png", "/tasks/7/resolve/?fileuri=czM6", "/storage-data/a"])
def test_every_media_path_carries_the_token(
    server: HttpServer, make_fetcher: MakeFetcher, png: bytes, path: str
) -> None:
    server.routes[path.partition("?")[0]] = Reply(png)
    make_fetcher(platform_url=server.url, auth_headers=lambda: TOKEN).fetch(server.url + path)
    assert [(seen.path, seen.headers["authorization"]) for seen in server.seen] == [(path, TOKEN["Authorization"])]


def test_the_token_is_fresh_for_every_fetch(server: HttpServer, make_fetcher: MakeFetcher, png: bytes) -> None:
    tokens = iter(["one", "two"])
    server.routes["/data/a"] = server.routes["/data/b"] = Reply(png)
    fetcher = make_fetcher(platform_url=server.url, auth_headers=lambda: {"Authorization": next(tokens)})
    fetcher.fetch("/data/a")
    fetcher.fetch("/data/b")
    assert token_of(server) == ["one", "two"]


def test_a_platform_below_a_path(server: HttpServer, make_fetcher: MakeFetcher, png: bytes) -> None:
    server.routes["/studio/data/upload/a.png"] = server.routes["/studio/data/upload/b.png"] = Reply(png)
    fetcher = make_fetcher(platform_url=f"{server.url}/studio", auth_headers=lambda: TOKEN)
    fetcher.fetch("/data/upload/a.png")
    fetcher.fetch("/studio/data/upload/b.png")
    assert token_of(server) == [TOKEN["Authorization"]] * 2


# --- redirects


def test_redirects_are_followed_up_to_the_limit(server: HttpServer, make_fetcher: MakeFetcher, png: bytes) -> None:
    server.routes |= {"/0": redirect("1"), "/1": redirect("/2"), "/2": redirect(f"{server.url}/3"), "/3": Reply(png)}
    allowed = frozenset({server.netloc})
    assert make_fetcher(allowed_hosts=allowed).fetch(f"{server.url}/0").exists()
    with pytest.raises(MediaError, match="more than 2 redirects"):
        make_fetcher(allowed_hosts=allowed, max_redirects=2).fetch(f"{server.url}/0?again")
    assert [seen.path for seen in server.seen] == ["/0", "/1", "/2", "/3", "/0?again", "/1", "/2"]


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("file:///etc/passwd", "^file: URI"),
        ("ftp://127.0.0.1/a", "^ftp: URI"),
        ("data:image/png;base64,aGk=", "^data: URI"),
        ("http://user:s3cret@127.0.0.1/", "holds a user name"),
        ("http://[::1/", "malformed URL"),
        ("http://127.0.0.1:0/", "no valid host and port"),
        ("", "answered 302"),
    ],
)
def test_a_redirect_to_something_else(server: HttpServer, make_fetcher: MakeFetcher, to: str, said: str) -> None:
    server.routes["/a"] = redirect(to)
    with pytest.raises(MediaError, match=said) as caught:
        make_fetcher(allowed_hosts=frozenset({"127.0.0.1"})).fetch(f"{server.url}/a")
    assert "s3cret" not in str(caught.value)


# --- limits


def test_too_large(server: HttpServer, make_fetcher: MakeFetcher, tmp_path: Path) -> None:
    written: list[int] = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(10_000):
            handler.wfile.write(b"\x89" * 10_000)
            written.append(10_000)

    server.routes["/a"] = endless
    fetcher = make_fetcher(allowed_hosts=frozenset({server.netloc}), max_bytes=1_000_000)
    with pytest.raises(MediaError, match="larger than 1000000 bytes"):
        fetcher.fetch(f"{server.url}/a")
    assert list(files(tmp_path)) == []
    assert sum(written) < 20_000_000


def test_an_announced_size_is_refused_before_the_body(server: HttpServer, make_fetcher: MakeFetcher) -> None:
    server.routes["/a"] = Reply(headers={"Content-Length": "1000001"})  # and then no body
    fetcher = make_fetcher(allowed_hosts=frozenset({server.netloc}), max_bytes=1_000_000)
    with pytest.raises(MediaError, match="larger than 1000000 bytes"):
        fetcher.fetch(f"{server.url}/a")


def test_the_byte_limit_is_exact(server: HttpServer, make_fetcher: MakeFetcher, png: bytes) -> None:
    server.routes["/a"] = Reply(png)
    allowed = frozenset({server.netloc})
    assert make_fetcher(allowed_hosts=allowed, max_bytes=len(png)).fetch(f"{server.url}/a").exists()
    with pytest.raises(MediaError, match="larger than"):
        make_fetcher(allowed_hosts=allowed, max_bytes=len(png) - 1).fetch(f"{server.url}/a?again")


def drip_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    drip(handler, b"\x89PNG")


def drip_head(handler: BaseHTTPRequestHandler) -> None:
    drip(handler, b"HTTP/1.1 200 OK\r\nX-Slow: ")


def drip_interim(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(100):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


def silence(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(60)


def drip(handler: BaseHTTPRequestHandler, start: bytes) -> None:
    for byte in start + b"x" * 1000:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.05)


@pytest.mark.parametrize("slow", [drip_body, drip_head, drip_interim, silence])
def test_slow_answers_end_at_the_deadline(
    server: HttpServer, make_fetcher: MakeFetcher, slow: Callable[[BaseHTTPRequestHandler], None], tmp_path: Path
) -> None:
    server.routes["/a"] = slow
    fetcher = make_fetcher(allowed_hosts=frozenset({server.netloc}), seconds=0.4)
    started = time.monotonic()
    with pytest.raises(MediaUnavailable, match=r"not complete within 0\.4 s"):
        fetcher.fetch(f"{server.url}/a")
    assert 0.3 < time.monotonic() - started < 30
    assert list(files(tmp_path)) == []


def test_redirects_share_one_deadline(server: HttpServer, make_fetcher: MakeFetcher) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.25)
        handler.send_response(302)
        handler.send_header("Location", "/a")
        handler.end_headers()

    server.routes["/a"] = slow
    fetcher = make_fetcher(allowed_hosts=frozenset({server.netloc}), seconds=0.6, max_redirects=50)
    started = time.monotonic()
    with pytest.raises(MediaUnavailable, match="not complete within"):
        fetcher.fetch(f"{server.url}/a")
    assert time.monotonic() - started < 10


# --- answers


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_answers_that_may_change(server: HttpServer, make_fetcher: MakeFetcher, status: int) -> None:
    server.routes["/a"] = Reply(status=status)
    with pytest.raises(MediaUnavailable, match=f"answered {status}"):
        make_fetcher(allowed_hosts=frozenset({server.netloc})).fetch(f"{server.url}/a")


@pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 403, 404, 410])
def test_answers_that_stay(server: HttpServer, make_fetcher: MakeFetcher, status: int) -> None:
    server.routes["/a"] = Reply(status=status)
    with pytest.raises(MediaError, match=f"answered {status}") as caught:
        make_fetcher(allowed_hosts=frozenset({server.netloc})).fetch(f"{server.url}/a")
    assert not isinstance(caught.value, MediaUnavailable)


@pytest.mark.parametrize(
    ("path", "status", "said", "again"),
    [
        ("/data/upload/a.png", 401, "Label Studio does not accept the project's token", True),
        ("/data/upload/a.png", 404, "the file is gone", False),
        ("/data/local-files/?d=a.png", 403, "LOCAL_FILES_SERVING_ENABLED=true", False),
        ("/data/local-files/?d=a.png", 404, "LOCAL_FILES_DOCUMENT_ROOT", False),
    ],
)
def test_what_the_platform_refuses(
    server: HttpServer, make_fetcher: MakeFetcher, path: str, status: int, said: str, again: bool
) -> None:
    server.routes[path.partition("?")[0]] = Reply(status=status)
    with pytest.raises(MediaError, match=said) as caught:
        make_fetcher(platform_url=server.url, auth_headers=lambda: TOKEN).fetch(path)
    assert isinstance(caught.value, MediaUnavailable) is again


def test_a_token_that_cannot_be_had_now(server: HttpServer, make_fetcher: MakeFetcher) -> None:
    def refresh() -> dict[str, str]:
        raise PlatformUnavailable("Label Studio answered 503 to the token refresh")

    with pytest.raises(MediaUnavailable, match="no token to fetch with: Label Studio answered 503"):
        make_fetcher(platform_url=server.url, auth_headers=refresh).fetch("/data/upload/a.png")


def test_nobody_listens(make_fetcher: MakeFetcher) -> None:
    with HttpServer() as gone:
        url, netloc = gone.url, gone.netloc
    with pytest.raises(MediaUnavailable, match="the connection failed"):
        make_fetcher(allowed_hosts=frozenset({netloc})).fetch(f"{url}/a")


def test_a_name_that_does_not_exist_and_one_that_may_later(make_fetcher: MakeFetcher) -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise OSError(-3 if host == "later.example" else -2, "resolver's words")

    fetcher = make_fetcher(resolver=resolver)
    with pytest.raises(MediaUnavailable, match="cannot be resolved"):
        fetcher.fetch("http://later.example/")
    with pytest.raises(MediaError, match="cannot be resolved") as caught:
        fetcher.fetch("http://never.example/")
    assert not isinstance(caught.value, MediaUnavailable)
    with pytest.raises(MediaError, match="cannot be resolved"):
        make_fetcher(resolver=lambda host, port: []).fetch("http://empty.example/")


def broken_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"\x89PNG")


def no_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.mark.parametrize("answer", [broken_off, no_http])
def test_broken_answers(
    server: HttpServer, make_fetcher: MakeFetcher, answer: Callable[[BaseHTTPRequestHandler], None], tmp_path: Path
) -> None:
    server.routes["/a"] = answer
    with pytest.raises(MediaUnavailable, match="the answer is broken or was cut off"):
        make_fetcher(allowed_hosts=frozenset({server.netloc})).fetch(f"{server.url}/a")
    assert list(files(tmp_path)) == []


def test_compressed_answers_are_refused(server: HttpServer, make_fetcher: MakeFetcher) -> None:
    server.routes["/a"] = Reply(b"bomb", headers={"Content-Encoding": "gzip"})
    with pytest.raises(MediaError, match="came compressed"):
        make_fetcher(allowed_hosts=frozenset({server.netloc})).fetch(f"{server.url}/a")


def test_a_login_page_that_claims_to_be_an_image(server: HttpServer, make_fetcher: MakeFetcher) -> None:
    server.routes["/a.png"] = Reply(b"<html>log in</html>", headers={"Content-Type": "image/png"})
    with pytest.raises(MediaError, match=r"^URL http://127.0.0.1:\d+/a.png: not a readable image \(Unid"):
        make_fetcher(allowed_hosts=frozenset({server.netloc})).fetch(f"{server.url}/a.png")


def test_description_is_short_and_on_one_line() -> None:
    said = describe(httpx.URL(f"https://h.example/a%0ab/{'x' * 300}?q=s3cret#f"))
    assert said.startswith("URL https://h.example/a%0ab/xxx")
    assert len(said) == 200


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
