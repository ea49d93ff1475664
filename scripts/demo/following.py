"""What the service says of the demo's project while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from scripts.demo.stack import Service
from scripts.demo.trainers import Trainers

ACCEPTS = ("open", "watch")
"""States of a gate that accepts."""


def report(service: Service, slug: str) -> dict[str, Any]:
    """The service's report."""
    with service.client() as http:
        said: dict[str, Any] = http.get(f"/api/v1/projects/{slug}/report").raise_for_status().json()
    return said


def queue(service: Service, slug: str) -> list[dict[str, Any]]:
    """What people should label next; blind items come first."""
    with service.client() as http:
        path = f"/api/v1/projects/{slug}/queue"
        items: list[dict[str, Any]] = http.get(path, params={"limit": 1000}).raise_for_status().json()
    return items


def all_items(service: Service, slug: str) -> dict[int, dict[str, Any]]:
    """Task id -> item, as the service has them."""
    found: dict[int, dict[str, Any]] = {}
    after = 0
    with service.client() as http:
        while True:
            query = {"after": after, "limit": 1000}
            page = http.get(f"/api/v1/projects/{slug}/items", params=query).raise_for_status().json()
            if not page:
                return found
            found |= {item["task"]: item for item in page}
            after = page[-1]["item"]


def moving(said: dict[str, Any]) -> int:
    """How many items, by this report, are still on their way."""
    return sum(said["states"].get(state, 0) for state in ("received", "scored", "decided"))


def watch(service: Service, slug: str, trainers: Trainers, limit_s: float = 1800.0) -> Iterator[dict[str, Any]]:
    """The service's report, twice a second.

    Raises:
        RuntimeError: nothing came of it within ``limit_s`` seconds.
    """
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        trainers.check()
        yield report(service, slug)
        time.sleep(0.5)
    raise RuntimeError(f"the demo did not get on in {limit_s:.0f} s; see {service.data_dir / 'service.log'}")
