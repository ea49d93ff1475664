"""Cloud storage: the project's own storages on the platform open it."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.media.fetcher import MediaFetcher
from connectors.media.platform import PlatformSite, is_cloud_uri
from connectors.media.policy import FetchPolicy
from models.errors import MediaError
from tests.support.http_server import HttpServer, Reply

TOKEN = {"Authorization": "Token t"}


def fetcher(folder: Path, server: HttpServer, *hosts: str, prefix: str = "") -> MediaFetcher:
    return MediaFetcher(
        folder,
        policy=FetchPolicy(allowed_hosts=frozenset(hosts)),
        platform_url=server.url + prefix,
        auth_headers=lambda: TOKEN,
        platform_project=7,
    )


@pytest.mark.parametrize("uri", ["s3://bucket/a b/é.png", "gs://bucket/x?y=1#z", "azure-blob://box/key.png"])
@pytest.mark.parametrize("prefix", ["", "/studio"])
def test_the_platform_is_asked_with_the_token(
    tmp_path: Path, server: HttpServer, png: bytes, uri: str, prefix: str
) -> None:
    url = PlatformSite(server.url + prefix, None, 7).resolving(uri)
    server.routes[url.path] = Reply(png)
    assert fetcher(tmp_path, server, prefix=prefix).fetch(uri).read_bytes() == png
    (seen,) = server.seen
    assert seen.headers["authorization"] == "Token t"
    path, query = urlsplit(seen.path).path, parse_qs(urlsplit(seen.path).query)
    assert path == f"{prefix}/projects/7/resolve/"
    assert base64.urlsafe_b64decode(query["fileuri"][0]).decode() == uri


def test_a_presigned_address_gets_no_token(
    tmp_path: Path, server: HttpServer, other_server: HttpServer, png: bytes
) -> None:
    server.routes["/projects/7/resolve/"] = Reply(status=303, headers={"Location": f"{other_server.url}/signed"})
    other_server.routes["/signed"] = Reply(png)
    assert fetcher(tmp_path, server, other_server.netloc).fetch("s3://bucket/a.png").read_bytes() == png
    assert "authorization" not in other_server.seen[0].headers


def test_a_presigned_address_is_guarded(tmp_path: Path, server: HttpServer, other_server: HttpServer) -> None:
    server.routes["/projects/7/resolve/"] = Reply(status=303, headers={"Location": f"{other_server.url}/signed"})
    with pytest.raises(MediaError, match="has a private address"):
        fetcher(tmp_path, server).fetch("s3://bucket/a.png")
    assert other_server.seen == []


def test_no_storage_covers_the_bucket(tmp_path: Path, server: HttpServer) -> None:
    with pytest.raises(MediaError, match="answered 404; add a cloud storage that covers the bucket"):
        fetcher(tmp_path, server).fetch("s3://bucket/a.png")


@pytest.mark.parametrize(
    ("path", "owned"),
    [
        ("/projects/7/resolve/?fileuri=x", True),
        ("/projects/7/resolve/more", False),
        ("/projects/x/resolve/", False),
        ("/projects/7/settings", False),
        ("/a/projects/7/resolve/", False),
    ],
)
def test_of_projects_only_resolving_gets_the_token(path: str, owned: bool) -> None:
    site = PlatformSite("http://studio.example", None, 7)
    assert site.owns(httpx.URL(f"http://studio.example{path}")) is owned


def test_what_is_a_cloud_uri() -> None:
    assert all(map(is_cloud_uri, ["s3://b/k", "GS://b/k", "azure-blob://b/k"]))
    assert not any(map(is_cloud_uri, ["s3:/b/k", "https://s3://b/k", "s3://", "azure://b/k"]))
