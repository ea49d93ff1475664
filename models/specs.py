"""Descriptions of models, as data: what an operator writes down, and what travels with every chunk.

``models.registry`` turns each into a running model. A kind that learns from a project's own labels is in ``Trainable``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from models.values import Frozen

Provider = Literal["cpu", "cuda", "tensorrt"]
"""Where the arithmetic runs. Falling back silently is an error (``ProviderError``)."""

EncoderName = Literal["ngram", "pixels", "minilm"]

ConfidenceChoice = Literal["auto", "max", "temperature", "correctness"]
"""How a head's probabilities become a confidence (``models.gate.confidence``); auto: by its train labels."""


class HeadSpec(Frozen):
    """A small trainable head over a frozen encoder, retrained from the project's own labels."""

    kind: Literal["head"] = "head"
    encoder: EncoderName
    provider: Provider = "cpu"
    quantize: bool = True
    """int8 weights where the encoder is a network (minilm). Shifts confidences a little."""
    confidence: ConfidenceChoice = "auto"


class TransformersSpec(Frozen):
    """Any ``transformers`` sequence classifier, used as it is."""

    kind: Literal["transformers"] = "transformers"
    source: str
    """Hub id or local folder."""
    revision: str | None = None
    runtime: Literal["torch", "onnx"] = "torch"
    provider: Provider = "cpu"
    label_map: dict[str, str] = Field(default_factory=dict)
    """What the model calls a class -> what the label config calls it; exact and
    case-insensitive matches need no entry."""


class TaggerSpec(Frozen):
    """Spans in text (named entities): a trainable head over each token, learned from the project's own labels."""

    kind: Literal["tagger"] = "tagger"
    encoder: Literal["ngram", "minilm"] = "ngram"
    """What a token is known by: its characters and its neighbours' (any language), or MiniLM's states (English)."""
    provider: Provider = "cpu"


class TokenClassifierSpec(Frozen):
    """Any ``transformers`` token classifier, used as it is: spans in text."""

    kind: Literal["tokens"] = "tokens"
    source: str
    """Hub id or local folder."""
    revision: str | None = None
    provider: Provider = "cpu"
    label_map: dict[str, str] = Field(default_factory=dict)


class ZeroShotSpec(Frozen):
    """Text choices by how near a text is to a description of each label: needs no label of the project."""

    kind: Literal["zero-shot"] = "zero-shot"
    descriptions: dict[str, str] = Field(default_factory=dict)
    """Label -> a sentence that says what is meant by it; a label without one is taken as it reads."""
    provider: Provider = "cpu"


class OcrSpec(Frozen):
    """Lines of text in pictures, with what they say (PP-OCR, Chinese and English, from the package ``rapidocr``)."""

    kind: Literal["ocr"] = "ocr"
    provider: Provider = "cpu"
    minimum: float = Field(default=0.5, ge=0.0, le=1.0)
    """Lines that were read with a lower score are left out."""
    label: str | None = None
    """What a line is labelled where a control wants a label; None: the label ``Text``, or else the first one."""


class DetectorSpec(Frozen):
    """Boxes on pictures: an ONNX detector with a manifest, or the layout of documents (package ``rapid-layout``)."""

    kind: Literal["detector"] = "detector"
    source: str
    """Folder with ``manifest.json`` and the network (see ``models.pictures.manifest``), or ``rapid-layout``."""
    provider: Provider = "cpu"
    minimum: float = Field(default=0.5, ge=0.0, le=1.0)
    """Boxes with a lower score are left out."""
    label_map: dict[str, str] = Field(default_factory=dict)


class ClassifierSpec(Frozen):
    """A choice on pictures: any ONNX classifier with a manifest."""

    kind: Literal["classifier"] = "classifier"
    source: str
    """Folder with ``manifest.json`` and the network (see ``models.pictures.manifest``, layout ``classes``)."""
    provider: Provider = "cpu"
    label_map: dict[str, str] = Field(default_factory=dict)


class SpeechSpec(Frozen):
    """Where somebody speaks, in audio (package ``silero-vad``)."""

    kind: Literal["speech"] = "speech"
    minimum: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Probability of speech from which on a stretch counts."""
    label: str | None = None
    """What a stretch is labelled; None: the label ``Speech``, or else the only one."""


PipelineTask = Literal["automatic-speech-recognition", "image-classification", "image-segmentation", "object-detection"]


class PipelineSpec(Frozen):
    """Any model of a ``transformers`` pipeline task, used as it is."""

    kind: Literal["pipeline"] = "pipeline"
    task: PipelineTask
    source: str
    """Hub id or local folder."""
    revision: str | None = None
    provider: Literal["cpu", "cuda"] = "cpu"
    minimum: float = Field(default=0.5, ge=0.0, le=1.0)
    """Regions with a lower score are left out."""
    label_map: dict[str, str] = Field(default_factory=dict)


class PreferenceSpec(Frozen):
    """Which answer is better, and how good one is: learned from the project's own judgements."""

    kind: Literal["preference"] = "preference"
    encoder: Literal["ngram", "minilm"] = "minilm"
    provider: Provider = "cpu"


class RewardSpec(Frozen):
    """Any ``transformers`` reward model (a sequence classifier with one output), for pairs and rankings of answers."""

    kind: Literal["reward"] = "reward"
    source: str
    """Hub id or local folder."""
    revision: str | None = None
    provider: Literal["cpu", "cuda"] = "cpu"


class JudgeSpec(Frozen):
    """A language model behind an OpenAI-compatible address, asked to answer as the label config wants it."""

    kind: Literal["judge"] = "judge"
    url: str
    """Up to and without ``/chat/completions``."""
    model: str
    """Its name there."""
    key_variable: str | None = None
    """Environment variable that holds the key; None: no key is sent."""
    instructions: str = ""
    """What an answer is to be judged by, added to the prompt."""
    samples: int = Field(default=1, ge=1, le=16)
    """Answers asked for; above 1 their agreement is the confidence, else the probabilities of the tokens are."""
    timeout_s: float = Field(default=60.0, gt=0.0)


SingleSpec = Annotated[
    HeadSpec
    | TransformersSpec
    | TaggerSpec
    | TokenClassifierSpec
    | ZeroShotSpec
    | OcrSpec
    | DetectorSpec
    | ClassifierSpec
    | SpeechSpec
    | PipelineSpec
    | PreferenceSpec
    | RewardSpec
    | JudgeSpec,
    Field(discriminator="kind"),
]

Trainable = HeadSpec | TaggerSpec | PreferenceSpec
"""Kinds that learn from the project's own labels; all others are used as they are."""


class Part(Frozen):
    """One of several models, and the controls that it fills."""

    controls: tuple[str, ...] = Field(min_length=1)
    """Names of controls; the first is the one that a trainable model learns."""
    spec: SingleSpec


class SeveralSpec(Frozen):
    """Several models, each for controls of its own, merged into one prediction an item."""

    kind: Literal["several"] = "several"
    parts: tuple[Part, ...] = Field(min_length=1)

    @field_validator("parts")
    @classmethod
    def _once(cls, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        names = [name for part in parts for name in part.controls]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the control {twice[0]!r} is filled by two parts")
        return parts


ModelSpec = Annotated[
    HeadSpec
    | TransformersSpec
    | TaggerSpec
    | TokenClassifierSpec
    | ZeroShotSpec
    | OcrSpec
    | DetectorSpec
    | ClassifierSpec
    | SpeechSpec
    | PipelineSpec
    | PreferenceSpec
    | RewardSpec
    | JudgeSpec
    | SeveralSpec,
    Field(discriminator="kind"),
]


def learns(spec: ModelSpec) -> bool:
    """Whether such a model, or a part of it, is trained on the project's own labels."""
    if isinstance(spec, SeveralSpec):
        return any(isinstance(part.spec, Trainable) for part in spec.parts)
    return isinstance(spec, Trainable)


KINDS: tuple[str, ...] = (
    "head",
    "transformers",
    "tagger",
    "tokens",
    "zero-shot",
    "ocr",
    "detector",
    "speech",
    "pipeline",
    "preference",
    "reward",
    "judge",
    "several",
)
"""Every ``kind`` there is."""
