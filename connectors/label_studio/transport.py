"""The SDK's client, bounded in time, with every error of SDK and network turned into one of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
from label_studio_sdk.core.api_error import ApiError

from connectors.bulk import BadRequest
from models.errors import AuthenticationError, PlatformError, PlatformRefused, PlatformUnavailable, written

LEGACY_SWITCHED_OFF = (
    "Label Studio has legacy tokens switched off. Switch them on under Organization > Access Token Settings > "
    "Legacy Tokens, or use a personal access token (Account & Settings > Personal Access Token)"
)
UNKNOWN_CREDENTIAL = (
    "Label Studio does not know this token. Copy it anew from Account & Settings > Personal Access Token "
    "(or > Legacy Token)"
)
RESERVED = "reserved network address"
RESERVED_BLOCKED = (
    "Label Studio blocks private addresses ({detail}): start it with USE_DEFAULT_BANNED_SUBNETS=false and "
    "USER_ADDITIONAL_BANNED_SUBNETS=169.254.0.0/16, or give an address that is not private"
)


class Outgoing(Protocol):
    """The answer to a call, as whoever observes calls sees it."""

    @property
    def status_code(self) -> int: ...


Observer = Callable[[str, str, Callable[[Mapping[str, str]], Outgoing]], Outgoing]
"""(method, path, what sends the call with these headers added) -> its answer."""
_observer: Observer | None = None


def observe(observer: Observer | None) -> None:
    """Let every call that this process makes of Label Studio go through ``observer``; None: through nobody."""
    global _observer
    _observer = observer


class _Http(httpx.Client):
    """The client that all calls go through, the SDK's own too."""

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        observer = _observer
        if observer is None:
            return super().send(request, **options)
        answers: list[httpx.Response] = []

        def go(headers: Mapping[str, str]) -> httpx.Response:
            request.headers.update(headers)
            answers.append(super(_Http, self).send(request, **options))
            return answers[-1]

        observer(request.method, request.url.path, go)
        return answers[-1]


class Missing(PlatformRefused):
    """There is nothing at the path (404)."""


class Transport:
    """One account's connection to one Label Studio. Thread-safe; nothing is retried here."""

    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        if not _is_address(self.url):
            raise PlatformRefused(f"{url!r} is not an address of Label Studio: write it as http://host:port")
        self._token = token
        # Loopback never goes through a proxy. Redirects are errors: followed, a POST would become a GET.
        self._http = _Http(
            timeout=timeout_s,
            follow_redirects=False,
            mounts={"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None},
        )
        from label_studio_sdk.client import LabelStudio as Sdk  # with pandas: a second, which most commands do not need

        with self.errors():
            # The trailing slash keeps a path prefix when a personal access token is refreshed.
            self.sdk = Sdk(
                base_url=self.url + "/", api_key=token, httpx_client=self._http, timeout=timeout_s, max_retries=0
            )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(self, method: str, path: str, *, params: dict[str, Any] | None = None, json: Any = None) -> Any:
        """One call that the SDK has no method for, or one that throws away what we need; the answer's JSON."""
        with self.errors():
            answer = self.sdk._client_wrapper.httpx_client.request(path, method=method, params=params, json=json)
            if not 200 <= answer.status_code < 300:
                raise ApiError(status_code=answer.status_code, headers=dict(answer.headers), body=_body(answer))
            return answer.json() if answer.content else None

    def open(self, path: str) -> Any:
        """The JSON that anybody may read at a path: no token is sent."""
        with self.errors():
            answer = self._http.get(f"{self.url}/{path}")
            if not 200 <= answer.status_code < 300:
                raise ApiError(status_code=answer.status_code, headers=dict(answer.headers), body=_body(answer))
            return answer.json()

    def auth_headers(self) -> dict[str, str]:
        """The Authorization header for a call of our own; a personal access token is exchanged for a fresh one."""
        with self.errors():
            headers = self.sdk._client_wrapper.get_headers()
        return {"Authorization": headers["Authorization"]}

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise ``PlatformUnavailable``, ``PlatformRefused`` or ``AuthenticationError`` for what went wrong inside."""
        try:
            yield
        except PlatformError:
            raise
        except ApiError as error:
            raise self._translated(error) from None
        except (httpx.TimeoutException, httpx.TransportError) as error:
            raise PlatformUnavailable(
                f"Label Studio at {self.url} cannot be reached ({self._safe(str(error)) or type(error).__name__}): "
                "check that it runs, and the address"
            ) from None
        except (ValueError, TypeError, AttributeError, KeyError, httpx.HTTPError) as error:
            raise PlatformRefused(
                f"what answers at {self.url} is not a Label Studio, or speaks otherwise ({type(error).__name__}): "
                "check the address"
            ) from None

    def _translated(self, error: ApiError) -> PlatformError:
        status = error.status_code or 0
        detail = self._safe(_detail(error.body))
        if status == 401:
            return AuthenticationError(LEGACY_SWITCHED_OFF if "legacy" in detail.lower() else UNKNOWN_CREDENTIAL)
        if RESERVED in detail:
            return PlatformRefused(RESERVED_BLOCKED.format(detail=detail))
        if status == 403:
            return PlatformRefused(f"this account may not do that in Label Studio: {detail}")
        if status in (408, 425, 429) or status >= 500:
            return PlatformUnavailable(f"Label Studio at {self.url} answered {status}: {detail}. Its log says why")
        if 300 <= status < 400:
            target = (error.headers or {}).get("location", "elsewhere")
            return PlatformRefused(f"{self.url} sends on to {self._safe(target)}: use that address")
        if status < 300 or detail.lstrip().startswith("<"):
            return PlatformRefused(
                f"what answers at {self.url} is not a Label Studio (status {status}): check the address"
            )
        kind = {400: BadRequest, 404: Missing}.get(status, PlatformRefused)
        return kind(written(f"Label Studio refused ({status}): {detail}"))

    def _safe(self, text: str) -> str:
        return text.replace(self._token, "***")[:500] if self._token else text[:500]


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text[:500]


def _detail(body: Any) -> str:
    """The sentence in an error body of Label Studio; its validation errors where it has them."""
    if isinstance(body, dict):
        return str(body.get("validation_errors") or body.get("detail") or body)
    return str(body)
