"""Every error of the HTTP surface has one form: ``{"error": code, "message": what to do}``, and quotes no input."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from models.errors import PrelabelError
from models.types import Frozen
from serving.api.audit import refused


class Problem(Frozen):
    """What every error answers."""

    error: str
    """A stable code, for programs."""
    message: str
    """What is wrong and what to do, for people. Holds no secret and quotes no input."""


OF_EVERY_ROUTE: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "Who asks has not shown who they are"},
    404: {"model": Problem, "description": "There is no such project, person, task ..."},
    409: {"model": Problem, "description": "It does not go as things stand"},
    422: {"model": Problem, "description": "The request has a wrong form, or a value that cannot be"},
}
"""Errors that any route about a project may answer, for OpenAPI."""


def ours(request: Request, error: Exception) -> JSONResponse:
    """Our errors, with their status, a stable code and a message that is safe to show."""
    assert isinstance(error, PrelabelError)
    return JSONResponse({"error": error.code, "message": str(error)}, status_code=error.status)


def http(request: Request, error: Exception) -> JSONResponse:
    """Errors of the framework and of our authentication; the code is the status in words."""
    assert isinstance(error, HTTPException)
    refused(request.scope)
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    content = {"error": code, "message": str(error.detail)}
    return JSONResponse(content, status_code=error.status_code, headers=error.headers)


def invalid(request: Request, error: Exception) -> JSONResponse:
    """A request of the wrong form: names the place and never quotes what was there, which may be a secret."""
    assert isinstance(error, RequestValidationError)
    problems = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
    return JSONResponse({"error": "invalid", "message": "; ".join(problems)}, status_code=422)
