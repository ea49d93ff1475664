"""A judge: one question an item, one or several answers, a prediction of all controls.

Confidence: with one answer, the probability that its endpoint gives to the tokens of the values, one control after the
other; with several, the share of those asked for that agree with the most frequent one in every control (pairs are
shown both ways round then). Both are what a judge thinks of itself: the gate measures what that is worth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from models.answers import READABLE, text_of
from models.base import ModelRef
from models.errors import JudgeRefused
from models.judge import answer, chats
from models.judge.answer import Said
from models.judge.prompt import question
from models.specs import JudgeSpec
from models.tasks.inputs import UnreadableItem
from models.tasks.traits import of_text
from models.types import Failure, Item, Prediction, Region, Scored

AT_ONCE = 8
"""Items that are asked for at the same time."""
UNKNOWN = 0.5
"""Confidence where one answer came without probabilities: every item has the same, and a gate takes all or none."""

Answer = dict[str, Said]


class JudgeModel:
    """See ``models.base.Model``. Every item is a paid call; warming up and self-tests make none."""

    def __init__(self, ref: ModelRef, spec: JudgeSpec) -> None:
        """Find the way to the endpoint.

        Raises:
            ConfigurationError: there is none from this process, or the address is not allowed.
        """
        self._spec, self._controls, self.version = spec, ref.controls, ref.version
        self._chat = chats.chat(spec)
        self._has_pairs = any(control.kind == "pairwise" for control in ref.controls)

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``.

        Raises:
            PlatformUnavailable: the endpoint does not answer: the same items may be scored later.
            ConfigurationError: its address or key is wrong.
        """
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            asked = [pool.submit(self._one, item) for item in items]
            try:
                return [one.result() for one in asked]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # what does not answer one item is not asked the rest
                raise

    def warm_up(self) -> None:
        """Nothing: the endpoint is somebody else's, and warm."""

    def self_test(self) -> None:
        """Nothing: an endpoint that does not answer is seen with the next item, and a question costs."""

    def _one(self, item: Item) -> Scored:
        try:
            answers, first_wrong = self._answers(item)
            if not answers:
                raise first_wrong or UnreadableItem("bad_answer", "The judge gave no answer: check the endpoint.")
            return self._prediction(item, answers)
        except UnreadableItem as error:
            return Failure(key=item.key, code=error.code, message=str(error))
        except JudgeRefused as error:
            return Failure(key=item.key, code=error.code, message=str(error))

    def _answers(self, item: Item) -> tuple[list[Answer], UnreadableItem | None]:
        """All answers that are right in form, and what is wrong with the first that is not."""
        samples = self._spec.samples
        turned = samples // 2 if self._has_pairs else 0
        found: list[Answer] = []
        wrong: UnreadableItem | None = None
        for count, way in ((samples - turned, False), (turned, True)):
            if not count:
                continue
            asked = question(item, self._controls, instructions=self._spec.instructions, turned=way)
            for text, tokens in self._chat.ask(asked.messages, asked.schema, n=count, logprobs=samples == 1):
                try:
                    found.append(answer.read(text, tokens, asked, self._controls))
                except UnreadableItem as error:
                    wrong = wrong or error
        return found, wrong

    def _prediction(self, item: Item, answers: list[Answer]) -> Prediction:
        votes = Counter(_written(one) for one in answers)
        best = max(answers, key=lambda one: votes[_written(one)])  # of several alike the first
        asked = max(self._spec.samples, len(answers))
        scores = {name: self._score(name, said, answers, asked) for name, said in best.items()}
        known = [score for score in scores.values() if score is not None]
        sure = UNKNOWN if len(known) < len(scores) else _product(known)
        if self._spec.samples > 1:
            sure = votes[_written(best)] / asked
        regions = tuple(
            Region(control=name, value=said.value, score=scores[name])
            for name, said in best.items()
            if said.value is not None
        )
        numbers = {
            "regions": float(len(regions)),
            "answers": float(len(answers)),
            "probabilities": float(self._spec.samples == 1 and len(known) == len(scores)),
            "min_score": min(known, default=UNKNOWN),
        }
        return Prediction(
            key=item.key,
            regions=regions,
            confidence=sure,
            model_version=self.version,
            numbers=numbers | self._traits(item),
        )

    def _score(self, name: str, said: Said, answers: list[Answer], asked: int) -> float | None:
        if self._spec.samples == 1:
            return said.probability
        return sum(one[name].value == said.value for one in answers) / asked

    def _traits(self, item: Item) -> dict[str, float]:
        """Of the words of the main control's object."""
        source = self._controls[0].input
        return of_text(text_of(item, source)) if source.medium in READABLE else {}


def _written(said: Answer) -> tuple[str, ...]:
    return tuple("" if one.value is None else one.value.model_dump_json() for one in said.values())


def _product(values: Sequence[float]) -> float:
    found = 1.0
    for value in values:
        found *= value
    return found
