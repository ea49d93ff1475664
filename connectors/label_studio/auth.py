"""Who does a token belong to, and what may it see."""

from __future__ import annotations

from connectors.base import RemoteProject, User
from connectors.label_studio.transport import UNKNOWN_CREDENTIAL, Missing, Transport
from models.errors import AuthenticationError, PlatformRefused

TIMEOUT_S = 15.0


def check_token(url: str, token: str) -> User:
    """The account behind a legacy token or a personal access token.

    Raises:
        AuthenticationError: wrong or expired token, or legacy tokens are switched off; says where to switch them on.
        PlatformUnavailable: nothing answers.
        PlatformRefused: something else than Label Studio answers.
    """
    transport = connect(url, token)
    try:
        return whoami(transport)
    finally:
        transport.close()


def version_of(url: str, *, timeout_s: float = TIMEOUT_S) -> str:
    """The release of the Label Studio at an address, like ``1.23.2``. No token is sent.

    Raises:
        PlatformUnavailable: nothing answers.
        PlatformRefused: it is no address, or something else than Label Studio answers.
    """
    transport = Transport(url, "", timeout_s)
    try:
        with transport.errors():
            answer = transport.open("api/version/")
        return release(answer)
    finally:
        transport.close()


def release(answer: object) -> str:
    """The release in Label Studio's description of itself.

    Raises:
        PlatformRefused: it is none.
    """
    parts = answer if isinstance(answer, dict) else {}
    package = parts.get("label-studio-os-package")
    found = parts.get("release") or (package.get("version") if isinstance(package, dict) else None)
    if not isinstance(found, str):
        raise PlatformRefused("what answers there is not a Label Studio: check the address")
    return found


def connect(url: str, token: str, timeout_s: float = TIMEOUT_S) -> Transport:
    """A connection by a token as somebody typed it. Raises ``AuthenticationError`` for what cannot be a token."""
    if not token.strip() or not token.isascii():
        raise AuthenticationError(UNKNOWN_CREDENTIAL)
    return Transport(url, token.strip(), timeout_s)


def whoami(transport: Transport) -> User:
    """The account that a connection acts for."""
    try:
        answer = transport.request("GET", "api/current-user/whoami")
    except Missing:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), int) or "email" not in answer:
        raise PlatformRefused(f"what answers at {transport.url} is not a Label Studio: check the address")
    name = f"{answer.get('first_name') or ''} {answer.get('last_name') or ''}".strip()
    return User(id=answer["id"], email=str(answer["email"]), name=name)


def list_projects(url: str, token: str) -> list[RemoteProject]:
    """Every project that the account may see, oldest first. Raises as ``check_token`` does."""
    transport = Transport(url, token.strip(), TIMEOUT_S)
    try:
        whoami(transport)
        with transport.errors():
            found = [remote_project(project.model_dump()) for project in transport.sdk.projects.list(page_size=100)]
        return sorted(found, key=lambda project: project.id)
    finally:
        transport.close()


def remote_project(project: dict[str, object]) -> RemoteProject:
    """Label Studio's project, reduced to ours."""
    count = project.get("task_number")
    return RemoteProject(
        id=int(str(project["id"])),
        title=str(project.get("title") or ""),
        label_config=str(project.get("label_config") or ""),
        model_version=str(project.get("model_version") or ""),
        task_count=count if isinstance(count, int) else 0,
        show_suggestions=bool(project.get("show_collab_predictions", True)),
    )
