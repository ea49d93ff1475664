"""Values that travel through Prelabel: what a model reads, what it says, what a person says.

Everything here is immutable, JSON-serializable (pydantic) and free of Label Studio's wire format:
``connectors.label_studio.results`` is the only place that knows how a value looks there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from models.errors import ConfigurationError, fragment
from models.values import Choices, Frozen, Value, labels_of, path_text

__all__ = [
    "Choices",
    "ControlKind",
    "ControlSpec",
    "Failure",
    "Fold",
    "Frozen",
    "GateState",
    "HumanLabel",
    "InputSpec",
    "Item",
    "LabelConfig",
    "Medium",
    "PictureSize",
    "Prediction",
    "Region",
    "Route",
    "Scored",
    "Value",
]


class Medium(StrEnum):
    """What kind of content a field of an item's data holds."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    TIMESERIES = "timeseries"
    """A table, or the address of one."""
    HYPERTEXT = "hypertext"
    """HTML."""
    DIALOGUE = "dialogue"
    """A list of utterances, each with its speaker."""
    LIST = "list"
    """A list of things to rank, each with an id."""

    @property
    def fetched(self) -> bool:
        """Whether the field holds an address, and a model reads the file behind it."""
        return self in (Medium.IMAGE, Medium.AUDIO, Medium.VIDEO)


class InputSpec(Frozen):
    """One object tag of the label config, as far as a model needs it."""

    name: str
    """Name of the object tag (``to_name`` of the control)."""
    field: str
    """Key in the item's data: ``text`` for ``value="$text"``."""
    medium: Medium
    keys: dict[str, str] = Field(default_factory=dict)
    """Of a structured field, what its parts are called: ``text`` and ``speaker`` of an utterance."""


ControlKind = Literal[
    "choices",
    "taxonomy",
    "labels",
    "hypertextlabels",
    "paragraphlabels",
    "rectangle",
    "rectanglelabels",
    "ellipse",
    "ellipselabels",
    "polygon",
    "polygonlabels",
    "brush",
    "brushlabels",
    "keypoint",
    "keypointlabels",
    "timeserieslabels",
    "videorectangle",
    "timelinelabels",
    "textarea",
    "rating",
    "number",
    "datetime",
    "pairwise",
    "ranker",
]
"""Label Studio's control tags, in small letters; what each may say: docs/label-types.md."""


class ControlSpec(Frozen):
    """One control tag that a model is asked to fill."""

    name: str
    """Name of the control tag (``from_name``)."""
    kind: ControlKind
    labels: tuple[str, ...]
    """The values that Label Studio accepts, in the order of the label config; of a taxonomy the parts of its paths."""
    multiple: bool = False
    """Whether several labels may hold at once."""
    required: bool = False
    input: InputSpec
    others: tuple[InputSpec, ...] = ()
    """Further objects that the control speaks of: the right one of a pair."""
    context: tuple[InputSpec, ...] = ()
    """Objects that it is judged by, where a model reads them besides: the question that was answered."""
    per_region: bool = False
    """Whether it says something of each marked region, not of the whole item."""
    names: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Label -> what else it is called: its ``predicted_values``, its alias or displayed text."""
    paths: tuple[tuple[str, ...], ...] = ()
    """Of a taxonomy: every node's path."""
    minimum: float | None = None
    """Of a number or rating; None: not said."""
    maximum: float | None = None
    buckets: tuple[str, ...] = ()
    """Of a ranker; empty: one plain order."""
    tolerance: float | None = Field(default=None, ge=0.0, lt=1.0)
    """Loss up to which an answer counts as right; None: the kind's own (``models.tasks.TOLERANCES``)."""

    @property
    def options(self) -> tuple[str, ...]:
        """What a classifier chooses from: the labels, or a taxonomy's paths as texts."""
        return tuple(map(path_text, self.paths)) if self.kind == "taxonomy" else self.labels


class LabelConfig(Frozen):
    """A label config, reduced to what models and losses need."""

    digest: str
    """sha256 of the XML as Label Studio gave it, hex."""
    controls: tuple[ControlSpec, ...]
    """The controls that are understood; of a connected project: those that its models fill."""
    by_people: tuple[ControlSpec, ...] = ()
    """Controls that are understood, and left to people."""
    unsupported: tuple[str, ...] = ()
    """``name (Tag)`` of every control that no task of ours covers."""
    inputs: tuple[InputSpec, ...] = ()
    """Every object that shows a field of the item, whether a control speaks of it or not."""

    def read_inputs(self) -> tuple[InputSpec, ...]:
        """The objects that the filled controls speak of, each once."""
        found = {source.name: source for control in self.controls for source in (control.input, *control.others)}
        return tuple(found.values())

    def tolerating(self, tolerances: Mapping[str, float]) -> LabelConfig:
        """With these tolerances (control -> loss in [0, 1) up to which an answer counts as right).

        Raises:
            ConfigurationError: a name is that of no control.
        """
        known = {control.name for control in self.controls + self.by_people}
        if unknown := sorted(tolerances.keys() - known):
            names = ", ".join(sorted(known)) or fragment("no control")
            raise ConfigurationError(f"tolerances name {unknown[0]!r}, the label config has {names}")
        changed = {
            part: tuple(
                control.model_copy(update={"tolerance": tolerances[control.name]})
                if control.name in tolerances
                else control
                for control in getattr(self, part)
            )
            for part in ("controls", "by_people")
        }
        return self.model_copy(update=changed)


class Item(Frozen):
    """What a model sees of one Label Studio task."""

    key: str
    """Unique within a chunk; comes back with the answer."""
    data: dict[str, Any]
    """``task.data``, as Label Studio sent it."""
    media: dict[str, str] = Field(default_factory=dict)
    """Data field -> path of a local file that holds the fetched content."""


class PictureSize(Frozen):
    """Of the picture that a region lies on, in pixels, as a person sees it (turned as its EXIF says)."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)


class Region(Frozen):
    """One control's value, with the model's own score of it."""

    control: str
    value: Value
    score: float | None = Field(default=None, ge=0.0, le=1.0)
    group: str | None = None
    """Regions with the same group are about the same marked thing: its box, its label, its text."""
    size: PictureSize | None = None
    """Of a region on a picture."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its value carries; none where its kind has no labels."""
        return labels_of(self.value)


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
