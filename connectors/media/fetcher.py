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
from connectors.media.recordings import check_recording
from models.errors import MediaUnavailable
from models.types import Medium

Write = Callable[[bytes], object]


class MediaFetcher:
    """Fetches images, audio and video. Thread-safe; a URL that was fetched before is not asked for again.

    Args:
        cache_dir: folder for the content. What one account may see stands in it for whoever uses it, so give each
            account its own.
        policy: limits, and hosts that may be private.
        platform_url: Label Studio's address, with its path prefix where it has one.
        auth_headers: gives the headers that Label Studio wants, anew for each fetch, since tokens expire. They are
            sent to that very scheme, host and port, and only for media paths.
        resolver: how names become addresses.
        platform_project: the project on the platform whose import storages open ``s3://``, ``gs://`` and
            ``azure-blob://`` URIs.
    """

    def __init__(
        self,
        cache_dir: Path,
        *,
        policy: FetchPolicy,
        platform_url: str | None,
        auth_headers: Callable[[], dict[str, str]] | None,
        resolver: Resolver = system_resolver,
        platform_project: int | None = None,
    ) -> None:
        self._policy = policy
        self._cache = MediaCache(cache_dir, max_bytes=policy.cache_bytes, grace=policy.cache_grace)
        self._http = HttpSource(policy, PlatformSite(platform_url, auth_headers, platform_project), resolver)

    def fetch(self, uri: str, medium: Medium = Medium.IMAGE) -> Path:
        """A local file with the content: of a known format of that medium, and never changed afterwards.

        It stays for at least ``policy.cache_grace`` seconds.

        Args:
            uri: where the content is.
            medium: what it must be: image, audio or video.

        Raises:
            MediaUnavailable: the host, or the disk, does not serve now: try again.
            MediaError: the URI is of no known kind, is refused, or gives no such content. The message names the
                kind of URI and what to do, and holds no query and no token.
        """
        uri = uri.strip()
        try:
            return self._from_data(uri, medium) if data_uri.is_data_uri(uri) else self._from_http(uri, medium)
        except OSError as error:
            raise MediaUnavailable(f"media cache: {error.strerror}; check the disk that holds it") from error

    def _from_data(self, uri: str, medium: Medium) -> Path:
        content = data_uri.decode(uri, self._policy.max_bytes)
        return self._keep("data URI", medium, lambda write: write(content))

    def _from_http(self, uri: str, medium: Medium) -> Path:
        url = self._http.url(uri)
        name = str(url.copy_with(fragment=None))
        if medium is not Medium.IMAGE:  # content that passed as one thing has not passed as another
            name = f"{medium} {name}"
        found = self._cache.find(name)
        if found is None:
            found = self._keep(describe(url), medium, lambda write: self._http.download(url, write))
            self._cache.remember(name, found)
        return found

    def _keep(self, source: str, medium: Medium, fill: Callable[[Write], object]) -> Path:
        with self._cache.incoming() as new:
            fill(new.write)
            new.close()
            if medium is Medium.IMAGE:
                check_image(new.path, max_pixels=self._policy.max_pixels, source=source)
            else:
                check_recording(new.path, medium, max_seconds=self._policy.max_duration, source=source)
            return self._cache.keep(new)
