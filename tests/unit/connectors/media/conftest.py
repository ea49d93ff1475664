from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.media.addresses import system_resolver
from connectors.media.fetcher import MediaFetcher
from connectors.media.policy import FetchPolicy
from tests.support.http_server import HttpServer
from tests.unit.connectors.media.pictures import MakeFetcher, image_bytes


@pytest.fixture
def png() -> bytes:
    return image_bytes()


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def other_server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def make_fetcher(tmp_path: Path) -> MakeFetcher:
    """A fetcher without platform; the policy's fields may be given by name."""

    def make(
        *,
        platform_url: str | None = None,
        auth_headers: Callable[[], dict[str, str]] | None = None,
        resolver: Callable[[str, int], list[str]] | None = None,
        **policy: object,
    ) -> MediaFetcher:
        limits = FetchPolicy(**policy)  # type: ignore[arg-type]  # the tests' own names
        return MediaFetcher(
            tmp_path / "media",
            policy=limits,
            platform_url=platform_url,
            auth_headers=auth_headers,
            resolver=resolver or system_resolver,
        )

    return make
