"""Files of items, served by us: pictures and recordings that were fetched under guard, under a policy of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from PIL import Image

from connectors.media.containers import sniff
from connectors.media.images import FORMATS
from models.types import Failure, Item
from serving.api.dependencies import Number, ProjectDep, RuntimeDep
from serving.console.staff import StaffDep
from serving.language import N_

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=600",
}
UNKNOWN: Final = "application/octet-stream"
RECORDINGS: Final = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "webm": "video/webm",
}

router = APIRouter(tags=["console"], include_in_schema=False)
Field = Annotated[str, InPath(max_length=200)]


@router.get("/projects/{slug}/items/{task}/media/{field}")
def of_item(role: StaffDep, runtime: RuntimeDep, project: ProjectDep, task: Number, field: Field) -> FileResponse:
    """What a model reads of an item, fetched with the project's account."""
    with runtime.store.read() as uow:
        row = uow.items.by_task(project.id, [task]).get(task)
    if row is None:
        raise HTTPException(status_code=404, detail=N_("the project has no such task"))
    [got] = runtime.media.attach(project, [Item(key=str(task), data=row.data)])
    return file_of(got if isinstance(got, Item) else Failure(key=str(task), code=got.code, message=str(got)), field)


def file_of(got: Item | Failure, field: str) -> FileResponse:
    """The file of a field; 404 where it is none that a model reads, 502 where it could not be fetched."""
    if isinstance(got, Failure):
        raise HTTPException(status_code=502, detail=got.message)
    path = got.media.get(field)
    if path is None:
        raise HTTPException(status_code=404, detail=N_("the field holds no file that a model reads"))
    return FileResponse(path, media_type=type_of(path), headers=HEADERS)


def type_of(path: str) -> str:
    """By content: names and what other servers say are not trusted."""
    if (recording := sniff(Path(path))) is not None:
        return RECORDINGS[recording]
    try:
        with Image.open(path, formats=FORMATS) as image:
            return Image.MIME.get(image.format or "", UNKNOWN)
    except (OSError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return UNKNOWN
