"""What somebody has typed of a project that is not connected yet: encrypted in the store, for an hour."""

from __future__ import annotations

import hashlib
import shutil
import time
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
    with runtime.store.read() as uow:
        body = uow.drafts.get(id, runtime.now()) if id else None
    if body is None:
        return Draft()
    try:
        return Draft.model_validate_json(runtime.vault.decrypt(body))
    except (StoreError, ValidationError):
        return Draft()


def save(runtime: Runtime, id: str, draft: Draft) -> None:
    """Keep a draft for another while; expired ones go, with the media that were fetched for them."""
    body = runtime.vault.encrypt(draft.model_dump_json().encode())
    with runtime.store.begin() as uow:
        uow.drafts.keep(id, body, until=runtime.now() + LASTS_S, now=runtime.now())
    sweep(runtime)


def remove(runtime: Runtime, id: str) -> None:
    """Forget a draft, and the media that were fetched for it."""
    with runtime.store.begin() as uow:
        uow.drafts.remove(id)
    shutil.rmtree(folder(runtime, id), ignore_errors=True)


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
