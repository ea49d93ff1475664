"""What handlers ask for: the runtime, the project of the path, and proof of who is asking."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, HTTPException, Path, Request

from models.errors import NotFoundError
from serving.language import N_
from serving.pipeline.runtime import Runtime
from serving.secrets import operator_token
from serving.store.records import ProjectRow


def get_runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]


def get_project(slug: str, runtime: RuntimeDep) -> ProjectRow:
    """The project that the path names; 404 with the known names otherwise."""
    with runtime.store.read() as uow:
        return uow.projects.by_slug(slug)


ProjectDep = Annotated[ProjectRow, Depends(get_project)]


def get_named_project(slug: str, runtime: RuntimeDep) -> ProjectRow:
    """The project that the path names, for callers who have not shown yet who they are: 404 tells no other name."""
    try:
        return get_project(slug, runtime)
    except NotFoundError:
        raise HTTPException(status_code=404, detail=N_("there is no such project")) from None


NamedProjectDep = Annotated[ProjectRow, Depends(get_named_project)]

Number = Annotated[int, Path(ge=0, lt=2**63)]
"""An id in a path; the store takes no larger one."""


def require_operator(request: Request, runtime: RuntimeDep) -> None:
    """A bearer token, compared in constant time; asked for before anything else is looked up."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    expected = operator_token(runtime.settings)
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), expected.encode()):
        raise HTTPException(
            status_code=401,
            detail="send 'Authorization: Bearer <token>': api_token of the settings, or the file api.token",
            headers={"WWW-Authenticate": "Bearer"},
        )
