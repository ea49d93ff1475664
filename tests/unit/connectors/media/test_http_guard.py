from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.media.fetcher import MediaFetcher
from connectors.media.policy import FetchPolicy
from models.errors import MediaError
from tests.support.http_server import HttpServer, Reply
from tests.unit.connectors.media.pictures import MakeFetcher

TOKEN = {"Authorization": "Token s3cret-t0ken"}


def redirect(to: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": to})


def token_of(server: HttpServer) -> list[str | None]:
    return [seen.headers.get("authorization") for seen in server.seen]


# --- where the token does not go


def test_no_token_after_a_redirect_to_another_host(
    server: HttpServer, other_server: HttpServer, make_fetcher: MakeFetcher, png: bytes
) -> None:
    server.routes["/tasks/7/resolve/"] = redirect(f"{other_server.url}/signed?sig=1", 303)
    other_server.routes["/signed"] = Reply(png)
    fetcher = make_fetcher(
        platform_url=server.url, auth_headers=lambda: TOKEN, allowed_hosts=frozenset({other_server.netloc})
    )
    assert fetcher.fetch("/tasks/7/resolve/?fileuri=x").read_bytes() == png
    assert token_of(server) == [TOKEN["Authorization"]]
    assert token_of(other_server) == [None]
    assert "s3cret" not in str(other_server.seen)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/data/upload/a.png",
        "http://localhost:{port}/data/upload/a.png",
        "http://127.0.0.1:{port}/api/users/",
        "http://127.0.0.1:{port}/data/../api/users/",
        "http://127.0.0.1:{port}/data/%2e%2e/api/users/",
        "http://127.0.0.1:{port}/data/%252e%252e/api/users/",
        "http://127.0.0.1:{port}/data/..%2fapi/users/",
        "http://127.0.0.1:{port}/data/..%5capi/users/",
        "http://127.0.0.1:{port}/data",
        "http://127.0.0.1:{port}/database/",
        "http://127.0.0.1:{port}//data/upload/a.png",
    ],
)
def test_no_token_to_other_places(
    server: HttpServer, other_server: HttpServer, make_fetcher: MakeFetcher, url: str, png: bytes
) -> None:
    """The hosts are allowed here, so that it is the token that is tested and not the guard of addresses."""
    fetcher = make_fetcher(
        platform_url=server.url, auth_headers=lambda: TOKEN, allowed_hosts=frozenset({"127.0.0.1", "localhost"})
    )
    with pytest.raises(MediaError, match="answered 404"):
        fetcher.fetch(url.format(port=server.port, other=other_server.port))
    assert token_of(server) + token_of(other_server) == [None]


@pytest.mark.parametrize(
    "path", ["/api/users/", "/data/../api/users/", "/data/%2e%2e/api/", "/\\evil.example/data/", "/"]
)
def test_other_paths_on_the_platform_are_not_fetched(server: HttpServer, make_fetcher: MakeFetcher, path: str) -> None:
    fetcher = make_fetcher(platform_url=server.url, auth_headers=lambda: TOKEN)
    with pytest.raises(
        MediaError, match=r"^path on Label Studio: media stand below /data/, /tasks/, /storage-data/ only"
    ):
        fetcher.fetch(path)
    with pytest.raises(MediaError, match="private address"):
        fetcher.fetch(f"{server.url}/api/users/")
    assert server.seen == []


def test_a_platform_path_without_platform(make_fetcher: MakeFetcher) -> None:
    with pytest.raises(MediaError, match=r"^path on Label Studio: its address is not known"):
        make_fetcher().fetch("/data/upload/1/a.png")


def test_a_token_with_stray_characters_is_not_quoted(server: HttpServer, make_fetcher: MakeFetcher) -> None:
    for broken in ("s3cret\n", "s3cret\u2028"):
        fetcher = make_fetcher(platform_url=server.url, auth_headers=lambda token=broken: {"Authorization": token})
        with pytest.raises(MediaError, match="the token for stray characters") as caught:
            fetcher.fetch("/data/upload/1/a.png")
        assert "s3cret" not in str(caught.value)


def test_messages_hold_no_query_and_no_token(server: HttpServer, make_fetcher: MakeFetcher) -> None:
    fetcher = make_fetcher(platform_url=server.url, auth_headers=lambda: TOKEN)
    with pytest.raises(MediaError) as caught:
        fetcher.fetch("/data/upload/1/a.png?signature=s3cret-signature")
    assert str(caught.value).startswith(f"URL {server.url}/data/upload/1/a.png: answered 404; the file is gone")
    assert "s3cret" not in str(caught.value)


# --- where a fetch does not go


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_the_metadata_service(server: HttpServer, make_fetcher: MakeFetcher, status: int) -> None:
    server.routes["/a"] = redirect("http://169.254.169.254/latest/meta-data/", status)
    with pytest.raises(MediaError, match=r"^URL http://169.254.169.254/latest/meta-data/: the host has a private"):
        make_fetcher(allowed_hosts=frozenset({server.netloc})).fetch(f"{server.url}/a")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machine(server: HttpServer, make_fetcher: MakeFetcher, host: str) -> None:
    with pytest.raises(MediaError, match=r"the host has a private address; if that is meant, add '.+:[0-9]+'"):
        make_fetcher().fetch(f"http://{host}:{server.port}/a")
    assert server.seen == []


def test_the_message_names_what_to_allow(server: HttpServer, make_fetcher: MakeFetcher, png: bytes) -> None:
    server.routes["/a"] = Reply(png)
    with pytest.raises(MediaError) as caught:
        make_fetcher().fetch(f"{server.url}/a")
    name = str(caught.value).split("'")[1]
    assert make_fetcher(allowed_hosts=frozenset({name})).fetch(f"{server.url}/a").exists()


def test_an_allowed_port_allows_no_other(
    server: HttpServer, other_server: HttpServer, make_fetcher: MakeFetcher
) -> None:
    with pytest.raises(MediaError, match="private address"):
        make_fetcher(allowed_hosts=frozenset({server.netloc})).fetch(f"{other_server.url}/a")


def test_one_private_address_among_public_ones_is_enough(make_fetcher: MakeFetcher) -> None:
    fetcher = make_fetcher(resolver=lambda host, port: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(MediaError, match="private address"):
        fetcher.fetch("http://media.example/a")


def test_a_name_that_answers_differently_the_second_time(
    server: HttpServer, make_fetcher: MakeFetcher, png: bytes
) -> None:
    """The connection goes to the address that was checked: the name is resolved once, and nowhere else."""
    asked: list[tuple[str, int]] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    server.routes["/a"] = Reply(png)
    fetcher = make_fetcher(allowed_hosts=frozenset({"media.example"}), resolver=rebinding)
    assert fetcher.fetch(f"http://media.example:{server.port}/a").read_bytes() == png
    assert asked == [("media.example", server.port)]
    assert server.seen[0].headers["host"] == f"media.example:{server.port}"


def test_a_redirect_to_the_same_name_is_resolved_and_checked_again(
    server: HttpServer, make_fetcher: MakeFetcher
) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    server.routes["/a"] = redirect(f"http://rebound.example:{server.port}/b")
    fetcher = make_fetcher(allowed_hosts=frozenset({"media.example"}), resolver=lambda host, port: next(answers))
    with pytest.raises(MediaError, match=r"^URL http://rebound.example:\d+/b: the host has a private address"):
        fetcher.fetch(f"http://media.example:{server.port}/a")


def test_no_proxy_of_the_environment(
    server: HttpServer, other_server: HttpServer, make_fetcher: MakeFetcher, monkeypatch: pytest.MonkeyPatch, png: bytes
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, other_server.url)
    server.routes["/a"] = Reply(png)
    make_fetcher(allowed_hosts=frozenset({server.netloc})).fetch(f"{server.url}/a")
    assert (len(server.seen), len(other_server.seen)) == (1, 0)


def test_the_next_address_is_tried(server: HttpServer, make_fetcher: MakeFetcher, png: bytes) -> None:
    server.routes["/a"] = Reply(png)
    fetcher = make_fetcher(allowed_hosts=frozenset({"media.example"}), resolver=lambda h, p: ["::1", "127.0.0.1"])
    assert fetcher.fetch(f"http://media.example:{server.port}/a").exists()


# --- other kinds of URI


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("s3://bucket/key.png", "^s3:// URI: read through the storages of a Label Studio project, but none is known"),
        ("gs://bucket/key.png", "^gs:// URI"),
        ("azure-blob://box/key.png", "^azure-blob:// URI"),
        ("s3://", "^s3: URI: media must be an http"),
        ("file:///etc/passwd", "^file: URI: media must be an http"),
        ("//169.254.169.254/latest", "^no URI: media must be an http"),
        ("just a sentence", "^no URI"),
        ("iVBORw0KGgo=" * 10_000, "^no URI"),
        ("", "^no URI"),
        ("http:///a", "^http URL: no valid host"),
        ("http://h:99999/", "no valid host|no URI"),
        ("http://u:s3cret@h/", "^URL http://h/: holds a user name"),
        ("http://a\x00b/", "^no URI"),
        (f"http://{'a' * 64}.example/", "not a host name"),
    ],
)
def test_a_kind_that_is_not_fetched(make_fetcher: MakeFetcher, uri: str, said: str) -> None:
    with pytest.raises(MediaError, match=said) as caught:
        make_fetcher().fetch(uri)
    assert "s3cret" not in str(caught.value)
    assert len(str(caught.value)) < 500


def no_such_host(host: str, port: int) -> list[str]:
    host.encode("idna")
    raise OSError(-2, "Name or service not known")


@pytest.fixture(scope="module")
def unconnected(tmp_path_factory: pytest.TempPathFactory) -> MediaFetcher:
    return MediaFetcher(
        tmp_path_factory.mktemp("media"),
        policy=FetchPolicy(),
        platform_url="http://studio.example/x",
        auth_headers=lambda: TOKEN,
        resolver=no_such_host,
    )


STARTS = ["", "http://", "https://", "HTTP:", "http://[", "/data/", "/data/..", "x:"]


@given(st.text(max_size=40), st.sampled_from(STARTS))
@example("169.254.169.254%00.example/", "http://")
@example("１２７.0.0.1/", "http://")
def test_any_text_is_refused_with_our_own_error(unconnected: MediaFetcher, text: str, start: str) -> None:
    with pytest.raises(MediaError):
        unconnected.fetch(start + text)
