"""Who is drawn for what: uniform numbers that depend on a secret and a name, and on nothing in the item's content.

The same secret, purpose and parts always give the same number, so a draw survives restarts, repeated deliveries and a
second process, and can be checked afterwards. Without the secret it cannot be predicted, so nobody can steer an item
past its audit. Different purposes give independent numbers: being drawn for validation says nothing about an audit.
"""

from __future__ import annotations

import hmac
import math

from models.types import Fold

AUDIT = "audit"
_MANTISSA_BITS = 53
_MINIMUM_SECRET = 16


def keyed_uniform(secret: bytes, purpose: str, *parts: str | int) -> float:
    """A number in [0, 1), uniform over names for whoever does not know the secret (HMAC-SHA256, RFC 2104).

    Args:
        secret: at least 16 random bytes; one a project.
        purpose: what the number decides. Never take one number for two decisions.
        parts: the name of what is drawn. ``1`` and ``"1"`` differ, and so do ``("ab", "c")`` and ``("a", "bc")``.

    Raises:
        ValueError: the secret is too short.
    """
    if len(secret) < _MINIMUM_SECRET:
        raise ValueError(f"a sampling secret has at least {_MINIMUM_SECRET} bytes, not {len(secret)}")
    message = b"".join(_encoded(part) for part in (purpose, *parts))
    digest = hmac.digest(secret, message, "sha256")
    return math.ldexp(int.from_bytes(digest[:8], "big") >> (64 - _MANTISSA_BITS), -_MANTISSA_BITS)


def fold_of(draw: float, validation_fraction: float) -> Fold:
    """``validation`` with probability ``validation_fraction``, for a ``draw`` that is uniform on [0, 1)."""
    _check_probability("validation_fraction", validation_fraction)
    return Fold.VALIDATION if is_drawn(draw, validation_fraction) else Fold.TRAIN


def is_drawn(draw: float, cut: float) -> bool:
    """Whether an item with this ``draw`` is among those that are taken with probability ``cut``.

    Raising the cut only adds items, and all that are drawn then have the new cut as their inclusion probability.
    """
    if not 0.0 <= draw < 1.0:
        raise ValueError(f"a draw lies in [0, 1), not {draw}")
    _check_probability("cut", cut)
    return draw < cut


def audit_draw(secret: bytes, item: str | int, revision: int) -> float:
    """The draw that decides whether an acceptable item is labelled blind instead.

    It stays the same under every certificate: deciding again never turns an audit into an acceptance, as long as the
    audit rate does not fall.
    """
    return keyed_uniform(secret, AUDIT, item, revision)


def _encoded(part: str | int) -> bytes:
    content = str(part).encode()
    kind = b"i" if isinstance(part, int) else b"s"
    return kind + len(content).to_bytes(4, "big") + content


def _check_probability(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must lie in [0, 1], not {value}")
