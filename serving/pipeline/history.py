"""Labels that a team already has: they train the first head, and are never counted as arrived or as validation.

One JSON object a line: a task as Label Studio exports it, ``{"data": {...}, "annotations": [{"result": [...]}]}``, of
which the first annotation counts. Where the model fills one Choices, ``{"data": {...}, "label": "positive"}`` will do,
with a list for a control that takes several. The file is checked as a whole, copied beside the store, and read again at
every training.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.label_studio.results import decode
from models.base import TrainingExample
from models.errors import ConfigurationError
from models.types import Choices, HumanLabel, Item, LabelConfig, Region
from serving.settings import Settings
from serving.store.records import ProjectRow


def path_of(settings: Settings, slug: str) -> Path:
    """Where a project's history is kept."""
    return settings.data_dir / "history" / f"{slug}.jsonl"


def keep(settings: Settings, slug: str, config: LabelConfig, source: Path) -> int:
    """Check a history file and take it over. Returns the number of labels.

    Raises:
        ConfigurationError: it cannot be read, or a line is wrong; with the number of the line.
    """
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the history {source}: {error}") from error
    count = sum(1 for _ in _parse(text, config, str(source)))
    if not count:
        raise ConfigurationError(f"the history {source} has no line")
    target = path_of(settings, slug)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(target)
    return count


def forget(settings: Settings, slug: str) -> None:
    """Remove a project's history; nothing happens where there is none."""
    path_of(settings, slug).unlink(missing_ok=True)


def examples(settings: Settings, project: ProjectRow) -> list[TrainingExample]:
    """The history of a project; empty where none was given."""
    path = path_of(settings, project.slug)
    if not path.exists():
        return []
    return list(_parse(path.read_text(encoding="utf-8"), project.label_config, str(path)))


def count(settings: Settings, project: ProjectRow) -> int:
    """How many labels the history holds."""
    path = path_of(settings, project.slug)
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def _parse(text: str, config: LabelConfig, where: str) -> Iterator[TrainingExample]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"{where}, line {number}: not JSON ({error.msg})") from error
        yield _example(row, config, f"{where}, line {number}", number)


def _example(row: Any, config: LabelConfig, where: str, number: int) -> TrainingExample:
    if not isinstance(row, dict) or not isinstance(row.get("data"), dict) or not {"label", "annotations"} & row.keys():
        raise ConfigurationError(f'{where}: expected {{"data": {{...}}, "label": "..."}}, or a task with "annotations"')
    for source in config.read_inputs():
        if source.field not in row["data"]:
            raise ConfigurationError(f"{where}: data has no field {source.field!r}, which the label config shows")
    exported = "annotations" in row
    label = _exported(row["annotations"], config, where) if exported else _chosen(row["label"], config, where)
    return TrainingExample(item=Item(key=f"history-{number}", data=row["data"]), label=label)


def _exported(annotations: Any, config: LabelConfig, where: str) -> HumanLabel:
    """The first annotation of an exported task."""
    try:
        result = annotations[0]["result"]
        return HumanLabel(regions=decode(result, config))
    except (LookupError, TypeError) as error:
        raise ConfigurationError(f"{where}: the task has no annotation with a result") from error


def _chosen(label: Any, config: LabelConfig, where: str) -> HumanLabel:
    control = config.controls[0]
    if control.kind != "choices" or len(config.controls) > 1:
        raise ConfigurationError(f'{where}: "label" is for a single Choices; give tasks with "annotations" instead')
    labels = tuple(label) if isinstance(label, list) else (label,)
    unknown = [name for name in labels if name not in control.labels]
    if unknown or (len(labels) != 1 and not control.multiple):
        raise ConfigurationError(f"{where}: label {label!r} is not among {', '.join(control.labels)}")
    return HumanLabel(regions=(Region(control=control.name, value=Choices(labels=labels)),))
