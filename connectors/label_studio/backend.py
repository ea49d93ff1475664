"""The ML-backend protocol as Label Studio 1.23 speaks it: request bodies -> values, values -> answers. No network.

What shapes the answers (all seen on a running server):

- ``results`` is matched with the tasks by position. One missing entry and every prediction of the call is dropped,
  so an item that has no answer, or must stay blind, gets an empty list: no prediction. An entry with an empty
  ``result`` would be stored as a prediction, and shown to whoever labels the task blind.
- ``model_version: null`` in one entry refuses the whole batch.
- A task whose predictions hold the version that ``/setup`` answers is not asked for again. Where the two versions
  differ, every fetch of the task asks again and adds a further row.
- The bodies carry an access token and the login of the task data. They are not read.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connectors.label_studio.results import encode
from models.errors import ConfigurationError, ModelError
from models.types import Item, LabelConfig, Prediction, Scored

NO_MODEL_VERSION = "prelabel-no-model-yet"
"""The version that a project without a model answers; see ``served_version``."""

Entry = dict[str, Any] | list[dict[str, Any]]
"""What stands in ``results`` for one task: a prediction, or a list of them."""


class Body(BaseModel):
    """Base of request bodies: what we do not know is left out, and what we refuse is not quoted."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class TaskBody(Body):
    """One task, raw: URIs in ``data`` are neither resolved nor signed."""

    id: int | None = None
    """None where it is missing or not Label Studio's kind of id."""
    data: dict[str, Any] = Field(default_factory=dict)

    @field_validator("id", mode="before")
    @classmethod
    def _foreign_id(cls, value: Any) -> int | None:
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @field_validator("data", mode="before")
    @classmethod
    def _no_data(cls, value: Any) -> Any:
        return {} if value is None else value


class Params(Body):
    """Of ``params`` only the context; ``login`` and ``password`` stay behind."""

    context: dict[str, Any] | None = None


class PredictRequest(Body):
    """Body of ``POST /predict``. Hand-made callers leave ``project``, ``params`` and task ids out."""

    tasks: tuple[TaskBody, ...]
    project: str | int | None = None
    params: Params | None = None

    @field_validator("tasks", mode="before")
    @classmethod
    def _lone_task(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @property
    def project_id(self) -> int | None:
        """Label Studio's project id, where the caller names it."""
        return None if self.project is None else project_id_of(self.project)

    @property
    def context(self) -> dict[str, Any] | None:
        """What the annotator drew, in Label Studio's result format, when the call is interactive; else None."""
        return (self.params.context if self.params else None) or None


class SetupRequest(Body):
    """Body of ``POST /setup``; sent with every listing of the model page and before every predict."""

    project: str | int | None = None
    label_config: str | None = Field(default=None, alias="schema")


def project_id_of(project: str | int) -> int:
    """``3`` of ``"3.1795486458"``: the id, a dot, the epoch second of the project's creation.

    Raises:
        ConfigurationError: it does not begin with a project id.
    """
    number = str(project).partition(".")[0]
    if not (number.isascii() and number.isdigit()):
        raise ConfigurationError("`project` does not begin with a project id; expected a form like '3.1795486458'")
    return int(number)


def to_items(request: PredictRequest) -> list[Item]:
    """One item a task, in order. The key is the task id; where that is missing or comes twice, ``#`` and the place."""
    seen: set[int | None] = {None}
    items = []
    for place, task in enumerate(request.tasks):
        items.append(Item(key=f"#{place}" if task.id in seen else str(task.id), data=task.data))
        seen.add(task.id)
    return items


def predict_response(
    items: Sequence[Item],
    scored: Sequence[Scored | None],
    *,
    config: LabelConfig,
    model_version: str,
    interactive: bool = False,
) -> dict[str, Any]:
    """Answer of ``POST /predict``: one entry an item, in the items' order, whatever was scored.

    Args:
        items: what ``to_items`` gave.
        scored: answers by key, in any order. An item whose answer is a ``Failure``, None, missing or made for another
            label config gets an empty list, and Label Studio stores nothing for it.
        config: the project's label config.
        model_version: what ``/setup`` answers now. A prediction keeps its own version, also when another model took
            over while it was made.
        interactive: an annotator waits for the answer in the editor, which needs an object: where there is nothing
            to say, one with an empty ``result`` of ``model_version``. It is not stored.

    Raises:
        ModelError: an answer belongs to none of the items.
    """
    answers = {answer.key: answer for answer in scored if answer is not None}
    strangers = answers.keys() - {item.key for item in items}
    if strangers:
        raise ModelError(f"{len(strangers)} answers belong to none of the {len(items)} tasks")
    nothing: Entry = {"result": [], "score": None, "model_version": model_version} if interactive else []
    return {"results": [_entry(answers.get(item.key), config) or nothing for item in items]}


def _entry(answer: Scored | None, config: LabelConfig) -> Entry | None:
    if isinstance(answer, Prediction):
        with suppress(ConfigurationError):  # the label config changed meanwhile
            result = encode(answer.regions, config)
            return {"result": result, "score": answer.confidence, "model_version": answer.model_version}
    return None


def served_version(active: str | None) -> str:
    """The version that ``/setup`` and ``/predict`` both answer: the active model's, or ``NO_MODEL_VERSION``.

    A cold project needs a version too: ``/setup`` must name one. The first model's version, which is another, makes
    Label Studio ask again for tasks that have predictions.
    """
    return active or NO_MODEL_VERSION


def health() -> dict[str, Any]:
    """Answer of ``GET /health``: Label Studio gives it a second, needs JSON and reads only the status code."""
    return {"status": "UP", "model_class": "Prelabel"}


def setup_response(active: str | None) -> dict[str, Any]:
    """Answer of ``POST /setup``, which has three seconds: a value that is at hand, never a model load."""
    return {"model_version": served_version(active)}


def versions_response(versions: Sequence[str]) -> dict[str, Any]:
    """Answer of ``GET /versions``: every version that may be asked for, newest first."""
    return {"versions": list(versions) or [NO_MODEL_VERSION]}


def webhook_response() -> dict[str, Any]:
    """Answer of ``POST /webhook``. No ``job``: Label Studio would keep it and nobody could ask for its state."""
    return {"status": "accepted"}


def basic_auth_matches(authorization: str | None, user: str, password: str) -> bool:
    """Whether the header is ``Basic`` with these two, in constant time. An empty password matches nothing."""
    scheme, _, encoded = (authorization or "").partition(" ")
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (ValueError, binascii.Error):
        given = b""
    pair = f"{user}:{password}"
    # Label Studio's client encodes as Latin-1, browsers and curl as UTF-8.
    forms = [pair.encode()] + ([pair.encode("latin-1")] if max(map(ord, pair)) < 256 else [])
    same = [hmac.compare_digest(given, form) for form in forms]
    return any(same) and scheme.lower() == "basic" and password != ""
