"""Tells the outside world that a gate has changed: one POST of JSON that Slack, and anything else, takes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import httpx

from models.errors import NotificationError


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told."""

    text: str
    """One or two sentences for people."""
    event: str
    """For programs: ``gate_`` and the state that the gate has now."""
    project: str
    numbers: dict[str, Any]
    """Those of the gate's event."""


class Webhook:
    """Delivers notices to one address, which an operator has chosen: private networks are allowed. Thread-safe.

    The address may hold a secret, as Slack's do, so no error names it. Redirects are not followed (a POST would become
    a GET), and of the answer only the status is read.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url
        # Loopback never goes through a proxy.
        self._http = httpx.Client(
            timeout=timeout_s,
            follow_redirects=False,
            mounts={"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None},
        )

    def __call__(self, notice: Notice) -> None:
        """Send one notice.

        Raises:
            NotificationError: it was not taken, or nobody answered.
        """
        try:
            with self._http.stream("POST", self._url, json=asdict(notice)) as answer:
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise NotificationError(
                f"the address in notify_url (PRELABEL_NOTIFY_URL) cannot be reached: {type(error).__name__}"
            ) from None
        if not 200 <= status < 300:
            raise NotificationError(f"the address in notify_url (PRELABEL_NOTIFY_URL) answered {status}")
