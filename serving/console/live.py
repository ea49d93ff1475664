"""``/projects/{slug}/live``: what waits and how fast it goes, to open pages, by server-sent events.

One look at the store serves everybody who watches a project in this process, and costs at most a twentieth of its time.
A stream ends by itself after a minute; the browser comes again, and so shows again that it is signed in.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from serving.api.dependencies import ProjectDep
from serving.console.pages import templates
from serving.console.staff import StaffDep
from serving.language import N_
from serving.monitoring.progress import Progress, progress
from serving.pipeline.runtime import Runtime
from serving.store.records import ProjectRow

log = logging.getLogger(__name__)
router = APIRouter(prefix="/projects", tags=["console"], include_in_schema=False)

EVERY_S: Final = 3.0
"""Time between two looks, seconds; longer where a look takes long."""
SHARE: Final = 0.05
"""Largest share of the time that looks take."""
LASTS_S: Final = 60.0
"""Of one stream, seconds: below the time after which Serve cuts off a request."""
RETRY_S: Final = 1.0
"""After which the browser comes again, seconds."""
PING_S: Final = 15.0
"""Between two signs of life where nothing is to be told, seconds."""
STAGES: Final = {
    "score": N_("items to be scored"),
    "decide": N_("items to be decided"),
    "publish": N_("writes to Label Studio"),
    "people": N_("items for people"),
}
MOST: Final = 24
"""Streams of one process: each holds one of the 64 requests that an ingress answers at a time."""


@dataclass(slots=True)
class _Feed:
    """What is told of one project."""

    task: asyncio.Task[None] | None = None
    listeners: int = 0
    number: int = 0
    """Of the newest look, counted from 1."""
    found: Progress | None = None
    news: asyncio.Condition = field(default_factory=asyncio.Condition)


class Live:
    """Looks at projects while somebody listens, one look at a time for all who listen to one."""

    def __init__(self, runtime: Runtime, *, every_s: float = EVERY_S, lasts_s: float = LASTS_S) -> None:
        self._runtime = runtime
        self._every_s = every_s
        self._lasts_s = lasts_s
        self._feeds: dict[int, _Feed] = {}

    @property
    def listeners(self) -> int:
        return sum(feed.listeners for feed in self._feeds.values())

    async def listen(self, project: ProjectRow) -> AsyncGenerator[Progress]:
        """Each look at the project, the newest at once, for ``lasts_s`` seconds or until whoever listens has left."""
        feed = self._feeds.setdefault(project.id, _Feed())
        feed.listeners += 1
        if feed.task is None or feed.task.done():
            feed.task = asyncio.create_task(self._look(project, feed))
        seen, end = 0, time.monotonic() + self._lasts_s
        try:
            while (found := await _next(feed, seen, end)) is not None:
                seen = feed.number
                yield found
        finally:
            feed.listeners -= 1
            if not feed.listeners:
                feed.task.cancel()
                if self._feeds.get(project.id) is feed:
                    del self._feeds[project.id]

    async def _look(self, project: ProjectRow, feed: _Feed) -> None:
        while True:
            begun = time.monotonic()
            try:
                found = await asyncio.to_thread(progress, self._runtime, project)
            except Exception:
                log.exception("progress cannot be told", extra={"project": project.slug})
            else:
                async with feed.news:
                    feed.number, feed.found = feed.number + 1, found
                    feed.news.notify_all()
            await asyncio.sleep(max(self._every_s, (time.monotonic() - begun) / SHARE))


async def _next(feed: _Feed, seen: int, end: float) -> Progress | None:
    """The first look after number ``seen``, or what came after it; None: there was none before ``end`` (monotonic)."""
    try:
        async with asyncio.timeout(end - time.monotonic()), feed.news:
            while feed.number == seen:
                await feed.news.wait()
            return feed.found
    except TimeoutError:
        return None


@router.get("/{slug}/live")
async def live(request: Request, role: StaffDep, project: ProjectDep) -> EventSourceResponse:
    """Server-sent events named ``progress``: each is the table of the page's "Now" anew."""
    feeds: Live = request.app.state.live
    if feeds.listeners >= MOST:
        raise HTTPException(status_code=503, detail=N_("too many pages are watching"), headers={"Retry-After": "60"})
    return EventSourceResponse(_events(feeds, project), ping=PING_S, send_timeout=10.0)


async def _events(feeds: Live, project: ProjectRow) -> AsyncGenerator[ServerSentEvent]:
    """In the language of the request."""
    table = templates.get_template("console/progress_table.html")
    yield ServerSentEvent(comment="it goes on", retry=int(1000 * RETRY_S))
    async with aclosing(feeds.listen(project)) as looks:
        async for found in looks:
            yield ServerSentEvent(event="progress", data=table.render(progress=found, stages=STAGES))
