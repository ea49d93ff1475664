"""``data:`` URIs: the content stands in the task itself."""

from __future__ import annotations

import base64
from urllib.parse import unquote_to_bytes

from models.errors import MediaError

_MAX_HEAD = 256
"""Characters between ``data:`` and the comma; real media types need far fewer."""
_SLACK = 1024
"""Characters of padding and line ends that a small payload may have."""


def is_data_uri(uri: str) -> bool:
    return uri[:5].lower() == "data:"


def decode(uri: str, max_bytes: int) -> bytes:
    """The content of a base64 data URI. What its media type claims is not looked at.

    Raises:
        MediaError: it has no base64 content, or more than ``max_bytes`` of it.
    """
    head, comma, payload = uri.partition(",")
    if not comma or len(head) > _MAX_HEAD or not head.lower().endswith(";base64"):
        raise MediaError("data URI: only the form 'data:<type>;base64,<content>' is read; encode the content as base64")
    if len(payload) > 4 * max_bytes + _SLACK:  # a fully escaped payload is four times its content
        raise _too_large(max_bytes)
    try:
        content = base64.b64decode(b"".join(_unescaped(payload).split()), validate=True)
    except ValueError:
        raise MediaError("data URI: the content is not base64; encode it again") from None
    if len(content) > max_bytes:
        raise _too_large(max_bytes)
    return content


def _unescaped(payload: str) -> bytes:
    return unquote_to_bytes(payload) if "%" in payload else payload.encode("ascii", "replace")


def _too_large(max_bytes: int) -> MediaError:
    return MediaError(f"data URI: larger than {max_bytes} bytes; upload the file to Label Studio instead")
