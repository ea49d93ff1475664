"""A project file on a few tasks, without any server: what would an annotator see?

Tasks are in the format in which Label Studio exports and imports them, ``{"data": {...}, "annotations": [...]}``, in a
list or in JSON lines. Tasks with an annotation teach a model that learns, those without are predicted. Where all have
one, every fourth is kept from training and predicted: one sees what the model says of tasks that it does not know.
A field that names a file beside the tasks stands for its content.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.label_studio.label_config import interface, parse
from connectors.label_studio.results import decode, encode, validate
from connectors.media.fetcher import MediaFetcher
from models.base import Budget, ModelRef, TrainingExample
from models.errors import ConfigurationError, MediaError
from models.registry import assign, reference, unmatched
from models.specs import ModelSpec, learns
from models.types import Failure, HumanLabel, Item, LabelConfig, Medium, Prediction, Scored
from serving import judges
from serving.composition import policy_of
from serving.local import LocalScorer
from serving.pipeline.runtime import Scorer
from serving.project_file import ProjectFile
from serving.settings import Settings

Numbered = tuple[int, Mapping[str, Any]]
"""A task, and its place in the file."""

HELD_OUT = 4
"""One task in so many is predicted where all are labelled."""


Attach = Callable[[int, Mapping[str, Any]], Item | Failure]
"""(number of a task, its data) -> the item with its media at hand."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    label_config: str
    spec: ModelSpec
    config: LabelConfig
    taught: int
    """Tasks that taught the model."""
    items: list[dict[str, Any]]
    """``data``, ``id`` where the task has one, and ``prediction`` (``result``, ``score``, ``model_version``) or
    ``failure`` (``code``, ``message``)."""
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"label_config": self.label_config, "items": self.items, "taught": self.taught, "notes": self.notes}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be tried."""

    name: str
    xml: str
    spec: ModelSpec
    config: LabelConfig
    budget: Budget


def attempt(settings: Settings, path: Path, *, tasks: Path | None = None, limit: int | None = None) -> Tried:
    """Run a project file on its samples, or on other tasks.

    Args:
        settings: where models and media are kept, and what may be fetched.
        path: the project file.
        tasks: file with tasks; None: the ``samples`` of the project file.
        limit: predict at most so many.

    Raises:
        ConfigurationError: a file is missing or wrong, or model and label config do not fit.
        NotTrainableError: the model has to learn, and the tasks have too few labels for it.
    """
    file = ProjectFile.load(path)
    source = tasks or file.samples_beside(path)
    if source is None:
        raise ConfigurationError(f"{path} names no samples: give a file with tasks")
    config = assign(file.spec, parse(file.label_config)).tolerating(file.tolerances)
    budget = Budget(epsilon=file.epsilon, delta=file.delta)
    plan = Plan(file.slug, file.label_config, file.spec, config, budget)
    judges.provide(settings.judge_allowed_hosts)
    scorer = LocalScorer(Path(settings.model_dir))
    return run(plan, scorer, load_tasks(source), _Media(settings, source.parent, config).attach, limit=limit)


def run(plan: Plan, scorer: Scorer, rows: Sequence[Mapping[str, Any]], attach: Attach, *, limit: int | None) -> Tried:
    """Teach where the model learns, predict, and put it into Label Studio's form.

    Args:
        plan: what to try.
        scorer: where models run.
        rows: tasks, with ``data`` and perhaps ``annotations``.
        attach: fetches a task's media.
        limit: predict at most so many.

    Raises:
        ConfigurationError, NotTrainableError: as ``attempt``.
    """
    taught, asked = _split(rows) if learns(plan.spec) else ([], list(enumerate(rows)))
    ref = _model(scorer, plan, [(attach(n, row["data"]), row) for n, row in taught])
    asked = asked[:limit]
    items = [attach(n, row["data"]) for n, row in asked]
    said = iter(scorer.score(ref, [item for item in items if isinstance(item, Item)]))
    answers = [next(said) if isinstance(item, Item) else item for item in items]
    shown = [_shown(row, one, plan) for (_, row), one in zip(asked, answers, strict=True)]
    return Tried(plan.xml, plan.spec, plan.config, len(taught), shown, _notes(plan))


def load_tasks(path: Path) -> list[dict[str, Any]]:
    """Tasks of a JSON or JSON lines file.

    Raises:
        ConfigurationError: it cannot be read, or holds something else; with the place.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the tasks {path}: {error}") from error
    try:
        rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(x) for x in text.splitlines() if x]
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{path} is neither JSON nor JSON lines: {error}") from error
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not isinstance(row.get("data"), dict):
            raise ConfigurationError(f'{path}, task {number}: expected {{"data": {{...}}}}')
    return rows


def _split(rows: Sequence[Mapping[str, Any]]) -> tuple[list[Numbered], list[Numbered]]:
    """(those that teach, those that are predicted)."""
    numbered = list(enumerate(rows))
    plain = [(n, row) for n, row in numbered if not row.get("annotations")]
    if plain:
        return [(n, row) for n, row in numbered if row.get("annotations")], plain
    return [(n, row) for n, row in numbered if n % HELD_OUT], [(n, row) for n, row in numbered if not n % HELD_OUT]


def _model(scorer: Scorer, plan: Plan, taught: Sequence[tuple[Item | Failure, Mapping[str, Any]]]) -> ModelRef:
    if not learns(plan.spec):
        return reference(plan.spec, plan.config.controls, name=plan.name)
    examples = [
        TrainingExample(item=item, label=HumanLabel(regions=decode(_first(row), plan.config)))
        for item, row in taught
        if isinstance(item, Item)
    ]
    return scorer.train(plan.spec, plan.config.controls, examples, name=plan.name, budget=plan.budget).ref


def _first(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The result of a task's first annotation."""
    found: list[dict[str, Any]] = row["annotations"][0].get("result") or []
    return found


def beside(folder: Path, value: str) -> Path | None:
    """The file in this folder that a value names, or None: it names another thing, or leads out of the folder."""
    try:
        path = (folder / value).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, ValueError):  # too long for a name, or with a NUL
        return None


class _Media:
    """Content of the fields that a model reads as files."""

    def __init__(self, settings: Settings, folder: Path, config: LabelConfig) -> None:
        self._folder = folder.resolve()
        self._media = {source.field: source.medium for source in config.read_inputs() if source.medium.fetched}
        self._fetcher = MediaFetcher(
            Path(settings.media_cache_dir) / "tried", policy=policy_of(settings), platform_url=None, auth_headers=None
        )

    def attach(self, number: int, data: Mapping[str, Any]) -> Item | Failure:
        """The item of a task, or why a file of it cannot be had."""
        try:
            media = {
                name: str(self._file(str(data[name]), medium)) for name, medium in self._media.items() if name in data
            }
        except MediaError as error:
            return Failure(key=str(number), code=error.code, message=str(error))
        return Item(key=str(number), data=dict(data), media=media)

    def _file(self, value: str, medium: Medium) -> Path:
        found = beside(self._folder, value)
        if found is not None:
            return found
        return self._fetcher.fetch(value, medium)


def _shown(row: Mapping[str, Any], said: Scored, plan: Plan) -> dict[str, Any]:
    shown = {name: row[name] for name in ("id", "data") if name in row}
    if isinstance(said, Failure):
        return shown | {"failure": {"code": said.code, "message": said.message}}
    prediction = as_sent(said, parse(plan.xml))
    if problems := validate(prediction, interface(plan.xml)):
        return shown | {"failure": {"code": "refused", "message": "; ".join(problems)}}
    return shown | {"prediction": prediction}


def as_sent(said: Prediction, config: LabelConfig) -> dict[str, Any]:
    """A prediction as Label Studio takes it."""
    return {
        "result": encode(said.regions, config),
        "score": said.confidence,
        "model_version": said.model_version,
    }


def _notes(plan: Plan) -> list[str]:
    config = plan.config
    found = [str(one) for one in unmatched(plan.spec, config.controls)]
    if config.by_people:
        found.append(f"left to people: {', '.join(control.name for control in config.by_people)}")
    if config.unsupported:
        found.append(f"not covered: {', '.join(config.unsupported)}")
    return found
