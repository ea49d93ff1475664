"""Label Studio as a place that holds media: which URLs are its own, and where its token may go."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from urllib.parse import unquote

import httpx

from models.errors import MediaError, MediaUnavailable, PlatformError

_MEDIA_PATHS = ("/data/", "/tasks/", "/storage-data/")
"""The only paths that get the token, with ``_RESOLVE``; everything else below the host is somebody else's to us."""
_RESOLVE = re.compile(r"/projects/\d+/resolve/")
_CLOUD = re.compile(r"(?:s3|gs|azure-blob)://[^/\s]", re.IGNORECASE)


class PlatformSite:
    """The platform's address. Without a ``url`` it owns nothing."""

    def __init__(
        self, url: str | None, auth_headers: Callable[[], dict[str, str]] | None, project: int | None = None
    ) -> None:
        self._base = None if url is None else httpx.URL(url.rstrip("/"))
        self._prefix = "" if self._base is None else self._base.path.rstrip("/")
        self._auth_headers = auth_headers
        self._project = project

    def absolute(self, path: str) -> httpx.URL:
        """URL of a path such as ``/data/upload/1/a.png``, below the platform's own path prefix where it has one.

        Raises:
            MediaError: the platform's URL is not known, or the path holds no media.
        """
        if self._base is None:
            raise MediaError("path on Label Studio: its address is not known; set the project's URL")
        prefix = "" if path.startswith(f"{self._prefix}/") else self._prefix
        url = self._base.join(prefix + path)
        if not self.owns(url):
            raise MediaError(f"path on Label Studio: media stand below {', '.join(_MEDIA_PATHS)} only; check the data")
        return url

    def resolving(self, uri: str) -> httpx.URL:
        """Where the platform resolves a cloud URI with the project's import storages: a redirect, or the content.

        Webhooks and lists of tasks hold the URI as it is; the task's own page links to its like.

        Raises:
            MediaError: the platform's URL or project is not known.
        """
        scheme = uri.partition(":")[0]
        if self._base is None or self._project is None:
            raise MediaError(
                f"{scheme}:// URI: read through the storages of a Label Studio project, but none is known here; "
                "connect one, or put pre-signed https URLs into the tasks"
            )
        name = base64.urlsafe_b64encode(uri.encode("utf-8", "replace")).decode("ascii")
        path = f"{self._prefix}/projects/{self._project}/resolve/"
        return self._base.copy_with(path=path, query=f"fileuri={name}".encode("ascii"))

    def owns(self, url: httpx.URL) -> bool:
        """Whether the URL is media on the platform itself: same scheme, host and port, and a media path.

        A path that any decoding would lead out of its folder is not.
        """
        if self._base is None or _origin(url) != _origin(self._base):
            return False
        path = _decoded(url.path)
        rest = path.removeprefix(self._prefix) if path.startswith(f"{self._prefix}/") else ""
        inside = rest.startswith(_MEDIA_PATHS) or _RESOLVE.fullmatch(rest)
        return bool(inside) and "\\" not in path and not {".", ".."} & set(path.split("/"))

    def headers(self) -> dict[str, str]:
        """The token, fresh.

        Raises:
            MediaUnavailable: none could be had.
        """
        try:
            return self._auth_headers() if self._auth_headers else {}
        except PlatformError as error:
            raise MediaUnavailable(f"Label Studio media: no token to fetch with: {error}") from error


def is_platform_path(uri: str) -> bool:
    """Whether a URI without a host is a path on the platform."""
    return uri.startswith("/") and not uri.startswith("//")


def is_cloud_uri(uri: str) -> bool:
    """Whether a URI names a thing in a bucket."""
    return _CLOUD.match(uri) is not None


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _decoded(path: str) -> str:
    while (plain := unquote(path)) != path:
        path = plain
    return path
