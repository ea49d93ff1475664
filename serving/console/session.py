"""Who looks at a page: a signed cookie, and no request from elsewhere."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, HTTPException, Request
from starlette.middleware.sessions import SessionMiddleware

from models.errors import NotFoundError
from serving.api.dependencies import RuntimeDep
from serving.console.going import form_at
from serving.console.proxy import NAMED
from serving.language import N_
from serving.pipeline.runtime import Runtime
from serving.secrets import operator_token
from serving.store.people_records import TrainerRow

COOKIE = "prelabel"
LASTS_S = 12 * 3600
"""How long a sign-in holds."""
TRAINER = "trainer"


def install(app: FastAPI, runtime: Runtime) -> None:
    """Let the application's requests have a session, in a cookie that scripts cannot read and other sites not send."""
    key = hmac.new(operator_token(runtime.settings).encode(), b"sessions", hashlib.sha256).hexdigest()
    app.add_middleware(
        SessionMiddleware,
        secret_key=key,
        session_cookie=COOKIE,
        max_age=LASTS_S,
        same_site="strict",
        https_only=runtime.settings.public_url.startswith("https://"),
    )


def same_origin(request: Request) -> None:
    """Refuse what another site makes a browser send."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if origin is None and "sec-fetch-site" not in request.headers and getattr(request.state, "proxied", None):
        raise HTTPException(status_code=403, detail=N_("the browser does not say which page sent this"))
    if site not in ("same-origin", "none") or (origin is not None and urlsplit(origin).netloc != request.url.netloc):
        raise HTTPException(status_code=403, detail=N_("this was sent by another site; open the page and try again"))


def restart(request: Request) -> None:
    """Nothing of the session is left but whom the proxy named when it began."""
    kept = request.session.get(NAMED)
    request.session.clear()
    if kept is not None:
        request.session[NAMED] = kept


def signed_in(request: Request, runtime: RuntimeDep) -> TrainerRow | None:
    """The person whose browser this is; None: nobody has signed in, or the person was forgotten."""
    known = request.session.get(TRAINER)
    if known is None:
        return None
    try:
        with runtime.store.read() as uow:
            person = uow.people.get(int(known))
    except (NotFoundError, ValueError):
        return None
    return person if person.token is not None else None


def require_trainer(request: Request, person: Annotated[TrainerRow | None, Depends(signed_in)]) -> TrainerRow:
    if person is None:
        if "text/html" in request.headers.get("accept", ""):
            raise HTTPException(status_code=303, headers={"Location": form_at("/train", request)})
        raise HTTPException(status_code=401, detail=N_("sign in at /train"))
    return person


SignedIn = Annotated[TrainerRow | None, Depends(signed_in)]
TrainerDep = Annotated[TrainerRow, Depends(require_trainer)]
