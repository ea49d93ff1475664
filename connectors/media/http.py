"""``http(s)`` URLs and paths on Label Studio, fetched under guard.

For every hop, the first and each redirect: the scheme must be http or https, the host is resolved once and the
connection goes to those very addresses, all of which must be public unless the host is allowed or is Label Studio
itself; the token goes to Label Studio's media paths and nowhere else.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from functools import cached_property

import httpcore
import httpx

from connectors.media import network
from connectors.media.addresses import Resolver, is_public
from connectors.media.network import Deadline
from connectors.media.platform import PlatformSite, is_cloud_uri, is_platform_path
from connectors.media.policy import FetchPolicy
from models.errors import MediaError, MediaUnavailable, fragment, written

_HEADERS = {"User-Agent": "Prelabel", "Accept": "image/*,audio/*,video/*,*/*;q=0.5", "Accept-Encoding": "identity"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRY_AGAIN = frozenset({408, 425, 429})
_PORTS = {"http": 80, "https": 443}


class HttpSource:
    """Fetches over HTTP. Thread-safe: each fetch has a connection of its own."""

    def __init__(self, policy: FetchPolicy, site: PlatformSite, resolver: Resolver) -> None:
        self._policy = policy
        self._site = site
        self._resolver = resolver
        self._allowed = frozenset(host.lower() for host in policy.allowed_hosts)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Trusts what httpx trusts, ``SSL_CERT_FILE`` included; reading that takes 50 ms."""
        return httpx.create_ssl_context()

    def url(self, uri: str) -> httpx.URL:
        """The URL to fetch, absolute.

        Raises:
            MediaError: the URI is of a kind that is not fetched, or is malformed.
        """
        try:
            if is_cloud_uri(uri):
                return self._site.resolving(uri)
            return self._site.absolute(uri) if is_platform_path(uri) else _checked(httpx.URL(uri))
        except httpx.InvalidURL:
            raise MediaError(_unknown_kind("")) from None

    def download(self, url: httpx.URL, write: Callable[[bytes], object]) -> None:
        """Stream the content to ``write``, following redirects.

        Raises:
            MediaUnavailable: nobody answered, or not in time: try again.
            MediaError: the URL is refused, or what it gives is.
        """
        deadline = Deadline(self._policy.seconds)
        for _ in range(self._policy.max_redirects + 1):
            location = self._hop(url, write, deadline)
            if location is None:
                return
            url = _joined(url, location)
        raise MediaError(f"{describe(url)}: more than {self._policy.max_redirects} redirects; give the final URL")

    def _hop(self, url: httpx.URL, write: Callable[[bytes], object], deadline: Deadline) -> str | None:
        """Fetch the content, or say where to look for it."""
        owned = self._site.owns(url)
        addresses = self._addresses(url, owned=owned)
        headers = _HEADERS | (self._site.headers() if owned else {})
        what, tls = describe(url), self._tls if url.scheme == "https" else None
        try:
            with network.get(url, headers, addresses=addresses, deadline=deadline, tls=tls) as response:
                location = _location(response)
                if location is None:
                    self._check_head(url, response, owned=owned)
                    self._copy(url, response, write)
                return location
        except httpcore.TimeoutException:
            raise MediaUnavailable(f"{what}: not complete within {self._policy.seconds:g} s; is the host up?") from None
        except httpcore.NetworkError as error:
            raise MediaUnavailable(f"{what}: the connection failed ({error}); is the host up?") from None
        except httpcore.RemoteProtocolError:
            raise MediaUnavailable(f"{what}: the answer is broken or was cut off; is that an HTTP server?") from None
        except (httpcore.LocalProtocolError, UnicodeError):  # its text may quote a header, and so the token
            raise MediaError(
                f"{what}: cannot be asked for; check the URL, and the token for stray characters"
            ) from None

    def _addresses(self, url: httpx.URL, *, owned: bool) -> Sequence[str]:
        host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
        try:
            addresses = self._resolver(host, port)
            if not addresses:
                raise OSError("no address")
        except UnicodeError:
            raise MediaError(f"{describe(url)}: not a host name; check the task's data") from None
        except OSError as error:
            kind = MediaUnavailable if error.errno == socket.EAI_AGAIN else MediaError
            raise kind(f"{describe(url)}: the host's name cannot be resolved; check it") from None
        name = f"[{host}]" if ":" in host else host
        trusted = owned or not self._allowed.isdisjoint({host, name, f"{name}:{port}"})
        if not trusted and not all(is_public(address) for address in addresses):
            raise MediaError(
                f"{describe(url)}: the host has a private address; if that is meant, add '{name}:{port}' to the "
                "allowed media hosts"
            )
        return addresses

    def _check_head(self, url: httpx.URL, response: httpcore.Response, *, owned: bool) -> None:
        status = response.status
        if status >= 500 or status in _TRY_AGAIN or (owned and status == 401):
            raise MediaUnavailable(_answered(url, status, owned=owned))
        if status != 200:
            raise MediaError(_answered(url, status, owned=owned))
        if _header(response, b"content-encoding") not in {"", "identity"}:
            raise MediaError(f"{describe(url)}: came compressed, though that was not asked for; serve it plain")
        length = _header(response, b"content-length")
        if length.isdigit() and int(length) > self._policy.max_bytes:
            raise self._too_large(url)

    def _copy(self, url: httpx.URL, response: httpcore.Response, write: Callable[[bytes], object]) -> None:
        size = 0
        for chunk in response.iter_stream():
            size += len(chunk)
            if size > self._policy.max_bytes:
                raise self._too_large(url)
            write(chunk)

    def _too_large(self, url: httpx.URL) -> MediaError:
        return MediaError(f"{describe(url)}: larger than {self._policy.max_bytes} bytes; give a smaller file")


def describe(url: httpx.URL) -> str:
    """The URL for a message: without query, fragment and credentials, which may be secret."""
    path = url.raw_path.partition(b"?")[0].decode("ascii")
    return f"URL {url.scheme}://{url.netloc.decode('ascii')}{path}"[:200]


def _checked(url: httpx.URL) -> httpx.URL:
    if url.scheme not in _PORTS:
        raise MediaError(_unknown_kind(url.scheme))
    if not url.raw_host or not (url.port is None or 0 < url.port < 65536):
        raise MediaError(f"{url.scheme} URL: no valid host and port; check the task's data")
    if url.userinfo:
        raise MediaError(f"{describe(url)}: holds a user name; media hosts that need a login are not supported")
    return url


def _unknown_kind(scheme: str) -> str:
    name = f"{scheme[:20]}: URI" if scheme else fragment("no URI")
    return written(f"{name}: media must be an http(s) URL, a path on Label Studio (/data/...) or a base64 data URI")


def _joined(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return _checked(url.join(location))
    except httpx.InvalidURL:
        raise MediaError(f"{describe(url)}: redirects to a malformed URL") from None


def _location(response: httpcore.Response) -> str | None:
    return (_header(response, b"location") or None) if response.status in _REDIRECTS else None


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _answered(url: httpx.URL, status: int, *, owned: bool) -> str:
    """What the host answered, and what to do about it where that can be told."""
    what = describe(url)
    if not owned and status in {401, 403, 404, 410}:
        return written(f"{what}: answered {status}; the link may have expired")
    if owned and status == 401:
        return written(f"{what}: answered {status}; Label Studio does not accept the project's token: give a valid one")
    if owned and "/resolve/" in url.path:
        return written(
            f"{what}: answered {status}; add a cloud storage that covers the bucket to the Label Studio project, and "
            "check its credentials"
        )
    if owned and "/data/local-files/" in url.path:
        return written(
            f"{what}: answered {status}; local files need LOCAL_FILES_SERVING_ENABLED=true and "
            "LOCAL_FILES_DOCUMENT_ROOT in Label Studio, and a local storage that covers the folder"
        )
    if owned and status in {403, 404}:
        return written(f"{what}: answered {status}; the file is gone, or the token's user may not see it")
    return written(f"{what}: answered {status}")
