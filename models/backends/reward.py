"""Any ``transformers`` reward model (a sequence classifier with one output), for pairs and rankings of answers.

Enters: a question and answers. Leaves: a reward an answer, in logits of being the better one, and what follows: for a
pair ``sigma(r1 - r2)`` (Bradley-Terry), for an order the product of it over neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models.answers import Case, judged, read_case, traits, with_context
from models.backends import pretrained
from models.backends.tokens import MAX_CHARACTERS, MAX_ITEMS, TOKEN_BUDGET, Columns, Padding, pad
from models.backends.torch import TorchRunner, device
from models.base import Model, ModelRef
from models.batching import plan, restore
from models.errors import ConfigurationError, ModelError, PrelabelError
from models.export.cache import folder_sha256
from models.specs import RewardSpec, TransformersSpec
from models.tasks.inputs import UnreadableItem
from models.types import ControlKind, ControlSpec, Failure, Item, LabelConfig, Prediction, Region, Scored
from models.values import Pair, Ranking

MAX_TOKENS = 2048
"""Question and answer together, or what the model itself can read. Where that is too much the longer one loses its
end; in a chat template the answer does."""
COMPARED: Final[tuple[ControlKind, ...]] = ("pairwise", "ranker")
"""What rewards can fill: they have no scale that stars would follow from."""

Floats = NDArray[np.float64]


class RewardModel:
    """See ``models.base.Model``."""

    def __init__(self, ref: ModelRef, spec: RewardSpec, *, threads: int = 1) -> None:
        """Load, and check that it is the model that was connected.

        Raises:
            ConfigurationError: the model has not one output, or the control compares no answers.
            ProviderError: the provider is not there.
            ModelError: the folder is not the one that ``ref`` names, or cannot be loaded.
        """
        _check(spec, ref.control)
        folder = _folder(spec)
        found = folder_sha256(folder)
        if found != ref.sha256:
            raise ModelError(f"{spec.source} holds {found[:12]}, not {ref.sha256[:12]}: connect the model again.")
        self._control, self.version = ref.control, ref.version
        self._rewards = Rewards(folder, spec, threads=threads)

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        answers: list[Scored | None] = [None] * len(items)
        cases: list[tuple[int, Case]] = []
        for place, item in enumerate(items):
            try:
                cases.append((place, read_case(item, self._control)))
            except UnreadableItem as error:
                answers[place] = Failure(key=item.key, code=error.code, message=str(error))
        rewards = self._run([case for _, case in cases])
        for (place, case), row in zip(cases, rewards, strict=True):
            answers[place] = self._prediction(items[place].key, case, row)
        return [answer for answer in answers if answer is not None]

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self._run([Case("Is anyone there?", ("Yes.", "word " * 64))])

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        self._run([Case("Is anyone there?", ("Yes.", "No."))])

    def _run(self, cases: Sequence[Case]) -> list[Floats]:
        """Rewards of each case's answers."""
        pairs = [(case.question, answer) for case in cases for answer in case.answers]
        if not pairs:
            return []
        try:
            rewards = self._rewards(pairs)
        except PrelabelError:
            raise
        except Exception as error:
            raise ModelError(f"The model {self.version} failed on {len(pairs)} answers: {error!r}") from error
        if rewards.shape != (len(pairs),) or not np.isfinite(rewards).all():
            raise ModelError(f"The model {self.version} gave no finite rewards for {len(pairs)} answers.")
        return np.split(rewards, np.cumsum([len(case.answers) for case in cases])[:-1])

    def _prediction(self, key: str, case: Case, rewards: Floats) -> Prediction:
        order = np.argsort(-rewards, kind="stable")
        pairs = expit(rewards[order][:-1] - rewards[order][1:])
        sure = float(pairs.prod())
        value: Pair | Ranking = (
            Pair(selected="left" if order[0] == 0 else "right")
            if self._control.kind == "pairwise"
            else Ranking(buckets={self._control.name: tuple(case.ids[int(place)] for place in order)})
        )
        numbers = {"reward": float(rewards[order[0]]), "min_pair": float(pairs.min(initial=1.0))}
        return Prediction(
            key=key,
            regions=(Region(control=self._control.name, value=value, score=sure),),
            confidence=sure,
            model_version=self.version,
            numbers=numbers | {"regions": float(rewards.size)} | traits(case),
        )


class Rewards:
    """(question, answer) -> reward, ``(N,)``: by the tokenizer's chat template where it has one, else as a pair."""

    def __init__(self, folder: Path, spec: RewardSpec, *, threads: int) -> None:
        tokenizer, config = pretrained.describe(folder)
        if config.num_labels != 1:
            raise ConfigurationError(f"{spec.source} has {config.num_labels} outputs: a reward model has one.")
        device(spec.provider)
        self._tokenizer, self._lock = tokenizer, Lock()
        readable = getattr(config, "max_position_embeddings", MAX_TOKENS)
        self._longest = min(tokenizer.model_max_length, readable, MAX_TOKENS)
        self._run = TorchRunner(pretrained.load(folder, "classification"), spec.provider, threads=threads)
        values = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": tokenizer.pad_token_type_id}
        possible = tokenizer.pad_token_id is not None and config.pad_token_id is not None
        self._padding = Padding(values, left=tokenizer.padding_side == "left", possible=possible)
        self._budget = TOKEN_BUDGET[spec.provider]

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Rewards of at least one pair, in order."""
        columns = self._tokenize([(asked[:MAX_CHARACTERS], said[:MAX_CHARACTERS]) for asked, said in pairs])
        lengths = [len(tokens) for tokens in columns["input_ids"]]
        batches = plan(lengths, self._budget, MAX_ITEMS if self._padding.possible else 1)
        outputs = [self._run(pad(columns, batch, self._padding)) for batch in batches]
        return np.stack(restore(batches, outputs)).astype(np.float64)[:, 0]

    def _tokenize(self, pairs: Sequence[tuple[str, str]]) -> Columns:
        limits: dict[str, Any] = {"truncation": True, "max_length": self._longest}
        with self._lock:  # a fast tokenizer refuses a second thread while it sets its truncation
            if self._tokenizer.chat_template is None:
                questions, answers = [list(side) for side in zip(*pairs, strict=True)]
                columns: Columns = self._tokenizer(questions, answers, **limits).data
                return columns
            chats = [[_said("user", asked), _said("assistant", said)] for asked, said in pairs]
            written: Columns = self._tokenizer.apply_chat_template(
                chats, tokenize=True, return_dict=True, **limits
            ).data
            return written


def controls(spec: RewardSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first pair, or else the first ranking of answers, with the question beside it."""
    found = [one for kind in COMPARED for one in config.controls if one.kind == kind and judged(one)]
    if not found:
        raise ConfigurationError(
            f"{spec.source} fills Pairwise or Ranker (without buckets) on texts, and the label config has none."
        )
    return (with_context(found[0], config),)


def reference(spec: RewardSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """A loadable reference; its sha256 is over all files of the folder."""
    _check(spec, controls[0])
    digest = folder_sha256(_folder(spec))
    return ModelRef(spec=spec, control=controls[0], version=f"{name}-{digest[:12]}", sha256=digest)


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    assert isinstance(ref.spec, RewardSpec)
    return RewardModel(ref, ref.spec, threads=threads)


def _check(spec: RewardSpec, control: ControlSpec) -> None:
    if control.kind not in COMPARED or not judged(control):
        raise ConfigurationError(
            f"{spec.source} compares answers: Pairwise or Ranker (without buckets) on texts; {control.name!r} is "
            f"{control.kind} on {control.input.medium}."
        )


def _folder(spec: RewardSpec) -> Path:
    return pretrained.resolve(TransformersSpec(source=spec.source, revision=spec.revision))


def _said(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}
