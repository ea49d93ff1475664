"""An item's media as a local file, whatever kind of URI names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from connectors.media import data_uri
from connectors.media.addresses import Resolver, system_resolver
from connectors.media.cache import MediaCache
from connectors.media.http import HttpSource, describe
from connectors.media.images import check_image
from connectors.media.platform import PlatformSite
from connectors.media.policy import FetchPolicy
from models.errors import MediaUnavailable

Write = Callable[[bytes], object]


class MediaFetcher:
    """Fetches images. Thread-safe; a URL that was fetched before is not asked for again.

    Args:
        cache_dir: folder for the content. What one account may see stands in it for whoever uses it, so give each
            account its own.
        policy: limits, and hosts that may be private.
        platform_url: Label Studio's address, with its path prefix where it has one.
        auth_headers: gives the headers that Label Studio wants, anew for each fetch, since tokens expire. They are
            sent to that very scheme, host and port, and only for media paths.
        resolver: how names become addresses.
    """

    def __init__(
        self,
        cache_dir: Path,
        *,
        policy: FetchPolicy,
        platform_url: str | None,
        auth_headers: Callable[[], dict[str, str]] | None,
        resolver: Resolver = system_resolver,
    ) -> None:
        self._policy = policy
        self._cache = MediaCache(cache_dir, max_bytes=policy.cache_bytes, grace=policy.cache_grace)
        self._http = HttpSource(policy, PlatformSite(platform_url, auth_headers), resolver)

    def fetch(self, uri: str) -> Path:
        """A local file with the content: a complete image of a known format, never changed afterwards.

        It stays for at least ``policy.cache_grace`` seconds.

        Raises:
            MediaUnavailable: the host, or the disk, does not serve now: try again.
            MediaError: the URI is of no known kind, is refused, or gives no such image. The message names the kind
                of URI and what to do, and holds no query and no token.
        """
        uri = uri.strip()
        try:
            return self._from_data(uri) if data_uri.is_data_uri(uri) else self._from_http(uri)
        except OSError as error:
            raise MediaUnavailable(f"media cache: {error.strerror}; check the disk that holds it") from error

    def _from_data(self, uri: str) -> Path:
        content = data_uri.decode(uri, self._policy.max_bytes)
        return self._keep("data URI", lambda write: write(content))

    def _from_http(self, uri: str) -> Path:
        url = self._http.url(uri)
        name = str(url.copy_with(fragment=None))
        found = self._cache.find(name)
        if found is None:
            found = self._keep(describe(url), lambda write: self._http.download(url, write))
            self._cache.remember(name, found)
        return found

    def _keep(self, source: str, fill: Callable[[Write], object]) -> Path:
        with self._cache.incoming() as new:
            fill(new.write)
            new.close()
            check_image(new.path, max_pixels=self._policy.max_pixels, source=source)
            return self._cache.keep(new)
