"""Every error that Prelabel raises on purpose.

::

    PrelabelError
    ├── ConfigurationError          settings, label config or mapping is wrong        (422)
    │   ├── MissingDependencyError  an optional package is not installed              (501)
    │   └── ProviderError           an execution provider is not the one asked for    (500)
    ├── ModelError                  score: a model could not load or run              (500)
    │   ├── JudgeRefused            score: a judge refuses one item, not the others   (422)
    │   └── ParityError             export: artefact differs from its source          (500)
    ├── NotTrainableError           learn: the labels do not allow training yet       (409)
    ├── PlatformError               fetch, publish, reconcile: Label Studio           (502)
    │   ├── PlatformUnavailable     timeout, refused, 5xx, 429, of a judge too        (503)
    │   │   └── ScorerLate          score: no answer in time; fewer items may do      (503)
    │   ├── PlatformRefused         4xx: trying again will not help                   (502)
    │   └── AuthenticationError     the token is wrong or of a disabled kind          (401)
    ├── MediaError                  fetch: an item's media cannot be had              (422)
    │   └── MediaUnavailable        timeout, refused, 5xx, 429: try again             (503)
    ├── NotificationError           announce: the operator's webhook did not take it  (502)
    ├── ConflictError               api, console: not as things stand now             (409)
    ├── NotFoundError               api: no such project, item ...                    (404)
    ├── EvidenceMissing             review: a rejection without reason or evidence    (422)
    ├── ReviewRefused               review: not this person's to decide, or over      (409)
    └── StoreError                  the store refuses (wrong host, old schema ...)    (503)

``str(error)`` is safe to show: it never holds a token, and it says what to do next. It is English. ``scripts.raised``
finds the messages where errors are made, catalogues hold them, and ``serving.retold`` says them in other languages.
Other texts that are kept and shown, a reason or a piece of a message, are marked by ``written`` or ``fragment``.
"""

from __future__ import annotations

from typing import ClassVar


def written(text: str) -> str:
    """Mark a text, an f-string where it has values, that is kept in English and said again where it is shown."""
    return text


def fragment(text: str) -> str:
    """The same of a text that stands nowhere but inside another one."""
    return text


class PrelabelError(Exception):
    """Base of all errors that are ours."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"


class ConfigurationError(PrelabelError):
    """Settings, label config or mapping do not fit together."""

    status = 422
    code = "configuration"


class MissingDependencyError(ConfigurationError):
    """An optional package is not installed."""

    status = 501
    code = "missing_dependency"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"the package {package!r} is not installed: pip install 'prelabel[{extra}]'")
        self._made_of = (package, extra)

    def __reduce__(self) -> tuple[type[MissingDependencyError], tuple[str, str]]:
        """It comes back whole from another process."""
        return type(self), self._made_of


class ProviderError(ConfigurationError):
    """The active execution provider is not the one that was asked for."""

    status = 500
    code = "provider"


class ModelError(PrelabelError):
    """A model could not be loaded, or failed on a whole chunk."""

    code = "model"


class JudgeRefused(ModelError):
    """A language model's endpoint refuses what one item asks: too long, or not wanted there."""

    status = 422
    code = "judge_refused"


class ParityError(ModelError):
    """An exported artefact does not give what its source gives."""

    code = "parity"


class ConflictError(PrelabelError):
    """What was asked for does not go as things stand; it may later."""

    status = 409
    code = "conflict"


class NotTrainableError(PrelabelError):
    """The labels at hand do not allow training."""

    status = 409
    code = "not_trainable"


class PlatformError(PrelabelError):
    """Label Studio did not do what was asked."""

    status = 502
    code = "platform"


class PlatformUnavailable(PlatformError):
    """A timeout, a refused connection, 5xx or 429: the same call may work later."""

    status = 503
    code = "platform_unavailable"


class ScorerLate(PlatformUnavailable):
    """The scorer did not answer in time; it may with fewer items."""

    code = "scorer_late"


class PlatformRefused(PlatformError):
    """Label Studio understood and said no: the same call will fail again."""

    code = "platform_refused"


class AuthenticationError(PlatformError):
    """The token is unknown, expired, or of a kind that is switched off."""

    status = 401
    code = "authentication"


class MediaError(PrelabelError):
    """An item's media cannot be fetched or is not what it claims to be."""

    status = 422
    code = "media"


class MediaUnavailable(MediaError):
    """The media's host, Label Studio included, did not answer: the same fetch may work later."""

    status = 503
    code = "media_unavailable"


class NotificationError(PrelabelError):
    """A notification could not be delivered: it is tried again. Never holds the address, which may be a secret."""

    status = 502
    code = "notification"


class NotFoundError(PrelabelError):
    """Nothing has that name or id."""

    status = 404
    code = "not_found"


class EvidenceMissing(PrelabelError):
    """A rejection says too little of why: a reason of the list, or evidence for it, is missing."""

    status = 422
    code = "evidence_missing"


class ReviewRefused(PrelabelError):
    """A review or an appeal is not this person's to decide, or is not open any more."""

    status = 409
    code = "review_refused"


class StoreError(PrelabelError):
    """The store cannot be used as asked."""

    status = 503
    code = "store"
