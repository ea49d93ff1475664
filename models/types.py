"""Values that travel through Prelabel: what a model reads, what it says, what a person says.

Everything here is immutable, JSON-serializable (pydantic) and free of Label Studio's wire format:
``connectors.label_studio.results`` is the only place that knows how a value looks there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """Base of all values: immutable, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Medium(StrEnum):
    """What kind of content a field of an item's data holds."""

    TEXT = "text"
    IMAGE = "image"


class InputSpec(Frozen):
    """One object tag of the label config, as far as a model needs it."""

    name: str
    """Name of the object tag (``to_name`` of the control)."""
    field: str
    """Key in the item's data: ``text`` for ``value="$text"``."""
    medium: Medium


class ControlSpec(Frozen):
    """One control tag that a model is asked to fill."""

    name: str
    """Name of the control tag (``from_name``)."""
    kind: Literal["choices"]
    labels: tuple[str, ...]
    """The values that Label Studio accepts, in the order of the label config."""
    multiple: bool = False
    """Whether several labels may hold at once."""
    required: bool = False
    input: InputSpec


class LabelConfig(Frozen):
    """A label config, reduced to what models and losses need."""

    digest: str
    """sha256 of the XML as Label Studio gave it, hex."""
    controls: tuple[ControlSpec, ...]
    """The controls that we can predict; others are named in ``unsupported``."""
    unsupported: tuple[str, ...] = ()
    """``name (Tag)`` of every control that no task of ours covers."""


class Item(Frozen):
    """What a model sees of one Label Studio task."""

    key: str
    """Unique within a chunk; comes back with the answer."""
    data: dict[str, Any]
    """``task.data``, as Label Studio sent it."""
    media: dict[str, str] = Field(default_factory=dict)
    """Data field -> path of a local file that holds the fetched content."""


class Choices(Frozen):
    """Labels chosen from a fixed list. Order carries no meaning."""

    kind: Literal["choices"] = "choices"
    labels: tuple[str, ...]


Value = Choices
"""Union of all value types, discriminated by ``kind``; one member a control kind."""


class Region(Frozen):
    """One control's value, with the model's own score of it."""

    control: str
    value: Value
    score: float | None = Field(default=None, ge=0.0, le=1.0)


class Prediction(Frozen):
    """What one model version says of one item."""

    key: str
    """The item's key."""
    regions: tuple[Region, ...]
    confidence: float = Field(ge=0.0, le=1.0)
    """Estimated probability that the item loss is within tolerance; higher is surer."""
    model_version: str
    numbers: dict[str, float] = Field(default_factory=dict)
    """The figures behind the confidence (margin, entropy ...), for routing and explanation."""


class Failure(Frozen):
    """Why a model could not say anything of one item. Its neighbours are not affected."""

    key: str
    code: str
    """Short and stable, for counting: ``missing_field``, ``unreadable_image`` ..."""
    message: str
    """One sentence that tells an operator what to do."""


Scored = Prediction | Failure


class HumanLabel(Frozen):
    """What a person said of an item: the regions of one annotation."""

    regions: tuple[Region, ...]


class Fold(StrEnum):
    """Drawn by a keyed hash when an item arrives; validation labels never train the model they certify."""

    TRAIN = "train"
    VALIDATION = "validation"


class Route(StrEnum):
    """Where an item goes."""

    ACCEPT = "accept"
    """Certified: becomes an annotation without a person."""
    SUGGEST = "suggest"
    """Shown to a person as a suggestion."""
    AUDIT = "audit"
    """A person labels it blind: no suggestion is shown on any path."""


class GateState(StrEnum):
    """``cold -> shadow -> open -> watch -> closed``; see docs/gate.md."""

    COLD = "cold"
    """No model yet."""
    SHADOW = "shadow"
    """A model predicts, nothing is accepted."""
    OPEN = "open"
    """A certificate holds; items above its threshold are accepted."""
    WATCH = "watch"
    """As open, with more audits: audited losses or the confidences' drift speak against it, not yet enough to close."""
    CLOSED = "closed"
    """Acceptance stopped, with a reason."""

    @property
    def accepts(self) -> bool:
        """Whether items may be accepted while the gate stands so."""
        return self in (GateState.OPEN, GateState.WATCH)
