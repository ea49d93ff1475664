"""What somebody has typed of a project that is not connected yet: encrypted in the store, for an hour.

Requests of one draft may run side by side: a browser gives one up when more is typed, but here it runs on, and there
may be two tabs. So each changes what is its own in the newest draft (``change``). What Label Studio is slow to say is
kept only where nobody has asked for it again since: whoever asks leaves a mark in the draft, and looks whether it is
there still.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pydantic import Field, ValidationError

from models.costs import Costs
from models.errors import StoreError
from models.specs import EncoderName, HeadSpec, ModelSpec, TransformersSpec
from models.types import Frozen
from serving.pipeline.runtime import Runtime
from serving.projects.connect import Wish

LASTS_S = 3600.0
"""How long a draft is kept after it was last changed, seconds."""
FOLDERS = "draft-"


class Draft(Frozen):
    """As far as somebody has got."""

    url: str = ""
    token: str = Field(default="", repr=False)
    email: str = ""
    """Of the account that the token is of; '': it was not accepted yet."""
    version: str = ""
    """Label Studio's."""
    account_mark: str = ""
    """Of the check of an account that began last; its answer alone is kept."""
    project: int | None = None
    title: str = ""
    tasks: int | None = None
    """Of the project when it was last looked at; None: it was not."""
    by_account: int = 0
    """Of them, those with a label by the account itself."""
    learns: bool = True
    """The model is trained by the project's labels."""
    slug: str = ""
    encoder: EncoderName | None = None
    """None: as proposed for the label config."""
    classifier: str = ""
    """Hub id or folder of a transformers classifier; '': none."""
    mapped: bool = False
    """The label config was read, and a model fills it."""
    project_mark: str = ""
    """Of the look at the project that began last; its answer alone is kept."""
    numbers: dict[str, float | int | bool] = Field(default_factory=dict)
    """Of ``serving.projects.connect.NUMBERS``, what differs from the default."""
    costs: Costs | None = None
    connected: str = ""
    """Name of the project once it is connected; its password is still to be shown."""
    warnings: tuple[str, ...] = ()

    @property
    def spec(self) -> ModelSpec | None:
        """The model that was chosen; None: the proposed one."""
        if self.classifier:
            return TransformersSpec(source=self.classifier)
        return HeadSpec(encoder=self.encoder) if self.encoder is not None else None

    def wish(self) -> Wish:
        """What ``connect`` is to do."""
        assert self.project is not None
        wish = Wish(url=self.url, token=self.token, platform_project=self.project, slug=self.slug or None)
        return replace(wish, spec=self.spec, costs=self.costs, **self.numbers)  # type: ignore[arg-type]


def load(runtime: Runtime, id: str | None) -> Draft:
    """The draft of this id; an empty one where there is none, or none that the secret key opens."""
    return _opened(runtime, _body(runtime, id)) if id else Draft()


def change(runtime: Runtime, id: str, by: Callable[[Draft], Draft | None]) -> Draft:
    """Make the newest draft into another, which is kept for another while; expired ones go.

    Args:
        runtime: the composition.
        id: of the draft.
        by: newest draft (an empty one where there is none) -> what becomes of it; None: it stays as it is. It is asked
            anew whenever somebody else was faster.

    Returns:
        The newest draft.
    """
    while True:
        was = _body(runtime, id)
        newest = _opened(runtime, was)
        changed = by(newest)
        if changed is None:
            return newest
        body, now = _sealed(runtime, changed), runtime.now()
        with runtime.store.begin() as uow:
            kept = uow.drafts.swap(id, was, body, until=now + LASTS_S, now=now)
        if kept:
            sweep(runtime)
            return changed


def save(runtime: Runtime, id: str, draft: Draft) -> None:
    """Keep a draft for another while, whatever is there; expired ones go, with the media that were fetched for them."""
    body, now = _sealed(runtime, draft), runtime.now()
    with runtime.store.begin() as uow:
        uow.drafts.keep(id, body, until=now + LASTS_S, now=now)
    sweep(runtime)


def remove(runtime: Runtime, id: str) -> None:
    """Forget a draft, and the media that were fetched for it."""
    with runtime.store.begin() as uow:
        uow.drafts.remove(id)
    remove_media(runtime, id)


def remove_media(runtime: Runtime, id: str) -> None:
    shutil.rmtree(folder(runtime, id), ignore_errors=True)


def new_mark() -> str:
    return secrets.token_hex(8)


def folder(runtime: Runtime, id: str) -> Path:
    """Where media are kept that a draft's account may see."""
    return Path(runtime.settings.media_cache_dir) / f"{FOLDERS}{hashlib.sha256(id.encode()).hexdigest()[:32]}"


def sweep(runtime: Runtime) -> None:
    """Remove media of drafts that have expired: their folders were not touched for longer than a draft lasts."""
    for one in Path(runtime.settings.media_cache_dir).glob(f"{FOLDERS}*"):
        try:
            if one.stat().st_mtime < time.time() - LASTS_S:
                shutil.rmtree(one, ignore_errors=True)
        except OSError:  # another process was faster
            continue


def _body(runtime: Runtime, id: str) -> bytes | None:
    with runtime.store.read() as uow:
        return uow.drafts.get(id, runtime.now())


def _opened(runtime: Runtime, body: bytes | None) -> Draft:
    if body is None:
        return Draft()
    try:
        return Draft.model_validate_json(runtime.vault.decrypt(body))
    except (StoreError, ValidationError):
        return Draft()


def _sealed(runtime: Runtime, draft: Draft) -> bytes:
    """No two are the same, even of the same draft: the vault sees to that."""
    return runtime.vault.encrypt(draft.model_dump_json().encode())
