"""Any ``transformers`` token classifier, by hub id or local folder, on torch: spans in text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import log_softmax

from models import labels
from models.backends import pretrained, schemes
from models.backends.tokens import TOKEN_BUDGET, Padding
from models.backends.torch import TorchRunner, device
from models.backends.windows import Tokens, WindowRunner
from models.base import Model, ModelRef
from models.errors import ConfigurationError, ModelError, PrelabelError
from models.export.cache import folder_sha256
from models.specs import TokenClassifierSpec
from models.tasks.inputs import UnreadableItem, read
from models.tasks.traits import of_text
from models.types import ControlSpec, Failure, Item, LabelConfig, Medium, Prediction, Region, Scored
from models.values import TextSpan

MAX_TOKENS = 512
"""Of one window; longer text is read in several."""


class TokenClassifierModel:
    """See ``models.base.Model``.

    A span's score is the mean probability of its tokens' classes. The confidence is the product of the probabilities
    of all tokens' classes: that all are right, if they are taken as independent.
    """

    def __init__(self, ref: ModelRef, spec: TokenClassifierSpec, *, threads: int = 1) -> None:
        """Load, and match classes with labels.

        Raises:
            ConfigurationError: no class has a label, the control is not Labels on a text, or the tokenizer is slow.
            ProviderError: the provider is not there.
            ModelError: the folder is not the one that ``ref`` names, or cannot be loaded.
        """
        _check_control(spec, ref.control)
        folder = pretrained.resolve(spec)
        found = folder_sha256(folder)
        if found != ref.sha256:
            raise ModelError(f"{spec.source} holds {found[:12]}, not {ref.sha256[:12]}: connect the model again.")
        tokenizer, config = pretrained.describe(folder)
        self._tags = _tags(config)
        self._labels, missing = _match(spec, ref.control, self._tags)
        self.warnings = tuple(f"The model's class {name!r} has no label: its spans are left out." for name in missing)
        self._run = _runner(folder, spec, tokenizer, config, threads=threads)
        self.version = ref.version
        self._control = ref.control

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        answers: dict[int, Scored] = {}
        texts: dict[int, str] = {}
        for place, item in enumerate(items):
            try:
                texts[place] = read(item, self._control.input)
            except UnreadableItem as error:
                answers[place] = Failure(key=item.key, code=error.code, message=str(error))
        for (place, text), tokens in zip(texts.items(), self._answers(list(texts.values())), strict=True):
            answers[place] = self._prediction(items[place].key, text, tokens)
        return [answers[place] for place in range(len(items))]

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self._answers(["Is anyone there?", "word " * 64])

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        self._answers(["Is anyone there?"])

    def _answers(self, texts: Sequence[str]) -> list[Tokens]:
        try:
            answers = self._run(texts)
        except PrelabelError:
            raise
        except Exception as error:
            raise ModelError(f"The model {self.version} failed on {len(texts)} items: {error!r}") from error
        if not all(np.isfinite(one.logits).all() for one in answers):
            raise ModelError(f"The model {self.version} gave no finite probabilities for {len(texts)} items.")
        return answers

    def _prediction(self, key: str, text: str, tokens: Tokens) -> Prediction:
        logs = log_softmax(tokens.logits.astype(np.float64), axis=1)
        best = logs.argmax(axis=1)
        tops = logs[np.arange(best.size), best]
        runs = schemes.join([self._tags[k] for k in best])
        regions: list[Region] = []
        for run in runs:
            start, end = _trimmed(text, tokens.offsets[run.start][0], tokens.offsets[run.end - 1][1])
            if run.name not in self._labels or start == end:
                continue
            value = TextSpan(start=start, end=end, text=text[start:end], labels=(self._labels[run.name],))
            score = float(np.exp(tops[run.start : run.end]).mean())
            regions.append(Region(control=self._control.name, value=value, score=min(1.0, score)))
        scores = [region.score or 0.0 for region in regions]
        numbers = {
            "regions": float(len(regions)),
            "left_out": float(len(runs) - len(regions)),
            "min_score": min(scores, default=1.0),
            "mean_score": float(np.mean(scores)) if scores else 1.0,
            "entropy": float(-(np.exp(logs) * logs).sum() / max(best.size, 1)) + 0.0,
        }
        return Prediction(
            key=key,
            regions=tuple(regions),
            confidence=float(np.exp(tops.sum())),
            model_version=self.version,
            numbers=numbers | of_text(text),
        )


def controls(spec: TokenClassifierSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first Labels on a text."""
    found = next((one for one in config.controls if _marks_text(one)), None)
    if found is None:
        raise ConfigurationError(f"{spec.source} fills Labels on a text, and the label config has none.")
    return (found,)


def reference(spec: TokenClassifierSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """A loadable reference; its sha256 is over all files of the folder."""
    _check_control(spec, controls[0])
    folder = pretrained.resolve(spec)
    _match(spec, controls[0], _tags(pretrained.describe(folder)[1]))
    digest = folder_sha256(folder)
    return ModelRef(spec=spec, control=controls[0], version=f"{name}-{digest[:12]}", sha256=digest)


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    assert isinstance(ref.spec, TokenClassifierSpec)
    return TokenClassifierModel(ref, ref.spec, threads=threads)


def unmatched(spec: TokenClassifierSpec, controls: tuple[ControlSpec, ...]) -> labels.Unmatched:
    """See ``models.families.MatchingFamily``; spans of a class without a label are left out."""
    tags = _tags(pretrained.describe(pretrained.resolve(spec))[1])
    found, missing = _match(spec, controls[0], tags)
    return labels.unmatched(controls[0].name, found, [*found, *missing], controls[0].labels)


def _match(
    spec: TokenClassifierSpec, control: ControlSpec, tags: Sequence[schemes.Tag]
) -> tuple[dict[str, str], tuple[str, ...]]:
    classes = list(dict.fromkeys(tag.name for tag in tags if tag.name is not None))
    found, missing = labels.partial(classes, control.labels, spec.label_map, control.names)
    if not found:
        raise ConfigurationError(
            f"No class of {spec.source} has a label: the label config has {', '.join(control.labels)}, "
            f"the model has {', '.join(classes)}. Add entries to label_map."
        )
    return found, missing


def _tags(config: Any) -> list[schemes.Tag]:
    return schemes.read([str(config.id2label[k]) for k in range(config.num_labels)])


def _runner(folder: Path, spec: TokenClassifierSpec, tokenizer: Any, config: Any, *, threads: int) -> WindowRunner:
    if not tokenizer.is_fast:
        raise ConfigurationError(f"The tokenizer of {spec.source} does not know where its tokens stand in a text.")
    device(spec.provider)
    network = TorchRunner(pretrained.load(folder, "tokens"), spec.provider, threads=threads)
    values = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": tokenizer.pad_token_type_id}
    padding = Padding(values, left=tokenizer.padding_side == "left", possible=tokenizer.pad_token_id is not None)
    return WindowRunner(
        tokenizer, network, padding, longest=_longest(tokenizer, config), budget=TOKEN_BUDGET[spec.provider]
    )


def _longest(tokenizer: Any, config: Any) -> int:
    """Tokens that the model can read; RoBERTa counts positions from the padding's number on, and has no more."""
    readable = getattr(config, "max_position_embeddings", MAX_TOKENS)
    if config.model_type in ("roberta", "xlm-roberta", "camembert") and config.pad_token_id is not None:
        readable -= config.pad_token_id + 1
    return int(min(tokenizer.model_max_length, readable, MAX_TOKENS))


def _marks_text(control: ControlSpec) -> bool:
    return control.kind == "labels" and control.input.medium is Medium.TEXT


def _check_control(spec: TokenClassifierSpec, control: ControlSpec) -> None:
    if not _marks_text(control):
        raise ConfigurationError(f"{spec.source} fills Labels on a text, and {control.name!r} is none.")


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without white space at either end: some tokenizers count the one before a word to it."""
    inside = text[start:end]
    start += len(inside) - len(inside.lstrip())
    return start, max(start, start + len(inside.strip()))
