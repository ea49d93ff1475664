"""Settings -> the parts that every process shares: store, vault, platforms, media. Free of Ray."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from connectors.base import Annotator, Platform
from connectors.label_studio.client import LabelStudio
from connectors.label_studio.person import Person
from connectors.media.fetcher import MediaFetcher
from connectors.media.policy import FetchPolicy
from models.errors import MediaError
from models.types import Failure, Item, LabelConfig, Medium
from serving.notify import Webhook
from serving.pipeline.runtime import Runtime, Scorer
from serving.secrets import Vault, open_vault
from serving.settings import Settings
from serving.store.engine import Store
from serving.store.records import ProjectRow

FETCH_THREADS = 4
"""Media of one process that are fetched at the same time."""


def open_store(settings: Settings) -> Store:
    """The store at its newest schema."""
    store = Store.open(settings.store_url)
    store.migrate()
    store.check()
    return store


class Platforms:
    """One Label Studio client a project, made again when its address or token changes."""

    def __init__(self, settings: Settings, vault: Vault) -> None:
        self._settings = settings
        self._vault = vault
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, int, bytes], LabelStudio] = {}

    def __call__(self, project: ProjectRow) -> Platform:
        return self.client(project)

    def client(self, project: ProjectRow) -> LabelStudio:
        key = (project.platform_url, project.platform_project, project.token)
        with self._lock:
            if key not in self._clients:
                token = self._vault.decrypt(project.token).decode()
                self._clients[key] = self.open(project.platform_url, token, project.platform_project)
            return self._clients[key]

    def open(self, url: str, token: str, project: int) -> LabelStudio:
        """A client for a project that need not be stored yet."""
        return LabelStudio(url, token, project, timeout_s=self._settings.platform_timeout_s)

    def annotator(self, project: ProjectRow, token: str) -> Annotator:
        """A person's own account."""
        timeout_s = self._settings.platform_timeout_s
        return Person(project.platform_url, token, project.platform_project, timeout_s=timeout_s)


def policy_of(settings: Settings) -> FetchPolicy:
    """What may be fetched, and how much of it."""
    return FetchPolicy(
        allowed_hosts=frozenset(settings.media_allowed_hosts),
        max_bytes=settings.media_max_bytes,
        max_pixels=settings.media_max_pixels,
        max_duration=settings.media_max_seconds,
        cache_bytes=settings.media_cache_bytes,
    )


class GuardedMedia:
    """Fetches items' images, audio and video, guarded, with the project's own Label Studio account."""

    def __init__(self, settings: Settings, platforms: Platforms) -> None:
        self._settings = settings
        self._platforms = platforms
        self._lock = threading.Lock()
        self._fetchers: dict[tuple[str, int, bytes], MediaFetcher] = {}
        self._pool = ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="media")

    def attach(self, project: ProjectRow, items: Sequence[Item]) -> list[Item | MediaError]:
        """Each item with its media fetched to local files, or why that cannot be done."""
        fields = _fetched(project.label_config)
        if not fields:
            return list(items)
        fetcher = self._fetcher(project)
        return list(self._pool.map(lambda item: _fetch(fetcher, item, fields), items))

    def _fetcher(self, project: ProjectRow) -> MediaFetcher:
        settings = self._settings
        key = (project.platform_url, project.platform_project, project.token)
        with self._lock:
            if key not in self._fetchers:
                self._fetchers[key] = MediaFetcher(
                    Path(settings.media_cache_dir) / f"project-{project.id}",
                    policy=policy_of(settings),
                    platform_url=project.platform_url,
                    auth_headers=self._platforms.client(project).auth_headers,
                    platform_project=project.platform_project,
                )
            return self._fetchers[key]


def media_of(
    settings: Settings, url: str, number: int, platform: LabelStudio, config: LabelConfig, folder: Path
) -> Callable[[int, Mapping[str, Any]], Item | Failure]:
    """Fetches the media of tasks of a project that is not connected, with its account, into a folder."""
    fetcher = MediaFetcher(
        folder,
        policy=policy_of(settings),
        platform_url=url,
        auth_headers=platform.auth_headers,
        platform_project=platform.project().id,
    )
    fields = _fetched(config)

    def attach(number: int, data: Mapping[str, Any]) -> Item | Failure:
        got = _fetch(fetcher, Item(key=str(number), data=dict(data)), fields)
        return got if isinstance(got, Item) else Failure(key=str(number), code=got.code, message=str(got))

    return attach


def _fetched(config: LabelConfig) -> dict[str, Medium]:
    """The fields whose files models read, and what is expected there."""
    return {source.field: source.medium for source in config.read_inputs() if source.medium.fetched}


def _fetch(fetcher: MediaFetcher, item: Item, fields: dict[str, Medium]) -> Item | MediaError:
    try:
        media = {
            name: str(fetcher.fetch(str(item.data[name]), medium))
            for name, medium in fields.items()
            if name in item.data
        }
    except MediaError as error:
        return error
    return item.model_copy(update={"media": media})


def make_runtime(settings: Settings, scorer: Scorer, *, store: Store | None = None) -> Runtime:
    """Everything that a pipeline or ingress process works with."""
    vault = open_vault(settings)
    platforms = Platforms(settings, vault)
    address = settings.notify_url
    return Runtime(
        store=store or open_store(settings),
        settings=settings,
        vault=vault,
        scorer=scorer,
        media=GuardedMedia(settings, platforms),
        platform=platforms,
        annotator=platforms.annotator,
        owner=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
        notify=Webhook(address.get_secret_value(), settings.notify_timeout_s) if address is not None else None,
    )
