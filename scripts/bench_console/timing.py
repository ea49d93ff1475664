"""Times of pages: asked for one after the other by one client on loopback, over a connection that stays open."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx

from scripts.bench_console.addresses import USERS, Page, Who
from scripts.bench_console.fill import URL
from scripts.bench_console.served import TOKEN
from serving.console.pages import STATIC

GOAL_MS, GOAL_BYTES = 150.0, 400_000
CHARTS = re.compile(r"/static/vendor/vega|/static/charts\.js")
"""What only charts need."""
SPEC = re.compile(rb'<script type="application/json">.*?</script>', re.DOTALL)
"""What a chart is drawn from."""


@dataclass
class Timed:
    """One page, and what its requests took, milliseconds at the client."""

    page: Page
    first_ms: float
    """The first one after the application had started."""
    bytes: int
    """Of its HTML, the largest."""
    weight: int
    """With its styles and scripts, and the parts that follow by themselves; without charts."""
    later: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Milliseconds of processor time of each request but the first."""

    @property
    def p50_ms(self) -> float:
        return median(self.later)

    @property
    def cpu_ms(self) -> float:
        return median(self.cpu)

    @property
    def p95_ms(self) -> float:
        """The smallest that 95 % do not exceed; the first request is among them."""
        every = sorted([self.first_ms, *self.later])
        return every[math.ceil(0.95 * len(every)) - 1]


@contextmanager
def browsers(base: str) -> Iterator[dict[Who, httpx.Client]]:
    """A client for each who looks, signed in."""
    clients: dict[Who, httpx.Client] = {
        who: httpx.Client(base_url=base, headers={"Origin": base, "Accept-Language": "en"}, timeout=120.0)
        for who in ("nobody", "staff", *USERS)
    }
    try:
        _enter(clients["staff"].post("/sign-in", data={"token": TOKEN}))
        for who, user in USERS.items():
            _enter(clients[who].post("/train/sign-in", data={"token": f"user {user}", "url": URL}))
        yield clients
    finally:
        for client in clients.values():
            client.close()


def _enter(answer: httpx.Response) -> None:
    if answer.status_code != 303:
        raise RuntimeError(f"cannot sign in: {answer.status_code} {answer.text[:300]}")


def measure(base: str, pages: Sequence[Page], requests: int, processor: Callable[[], float]) -> list[Timed]:
    """Every page ``requests`` times, in rounds: what grows or tires during a run weighs on all alike.

    Args:
        base: where the application is.
        pages: what is asked for.
        requests: of each page, at least 2.
        processor: seconds of processor time that those who answer have used so far.

    Raises:
        RuntimeError: a page answers with something else than itself.
    """
    with browsers(base) as clients:
        found: list[Timed] = []
        for page in pages:
            took, html = _ask(clients[page.who], page.addresses[0])
            found.append(Timed(page, took, len(html), _weight(clients[page.who], html)))
        for number in range(1, requests):
            for one in found:
                used = processor()
                took, html = _ask(clients[one.page.who], one.page.addresses[number % len(one.page.addresses)])
                one.later.append(took)
                one.cpu.append(1000.0 * (processor() - used))
                one.bytes = max(one.bytes, len(html))
    return found


def _ask(client: httpx.Client, address: str) -> tuple[float, bytes]:
    """Milliseconds until all of it was here; a page that sends elsewhere is not measured for itself."""
    begun = time.perf_counter()
    answer = client.get(address)
    took = 1000.0 * (time.perf_counter() - begun)
    if answer.status_code != 200:
        raise RuntimeError(f"GET {address}: {answer.status_code} {answer.text[:300]}")
    return took, answer.content


def _weight(client: httpx.Client, html: bytes) -> int:
    text = html.decode(errors="replace")
    assets = {name for name in re.findall(r'(?:src|href)="(/static/[^"?]+)', text) if not CHARTS.match(name)}
    parts = re.findall(r'hx-get="([^"]+)"[^>]*hx-trigger="load"', text)
    files: int = sum((Path(STATIC) / name.removeprefix("/static/")).stat().st_size for name in assets)
    bodies = [html, *(_ask(client, part.replace("&amp;", "&"))[1] for part in parts)]
    return files + sum(len(SPEC.sub(b"", body)) for body in bodies)
