"""Labels that a team already has: they train the first head, and are never counted as arrived or as validation.

One JSON object a line: ``{"data": {"text": "..."}, "label": "positive"}``; ``label`` may be a list for a control that
takes several. The file is checked as a whole, copied beside the store, and read again at every training.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.base import TrainingExample
from models.errors import ConfigurationError
from models.types import Choices, ControlSpec, HumanLabel, Item, Region
from serving.settings import Settings
from serving.store.records import ProjectRow


def path_of(settings: Settings, slug: str) -> Path:
    """Where a project's history is kept."""
    return settings.data_dir / "history" / f"{slug}.jsonl"


def keep(settings: Settings, slug: str, control: ControlSpec, source: Path) -> int:
    """Check a history file and take it over. Returns the number of labels.

    Raises:
        ConfigurationError: it cannot be read, or a line is wrong; with the number of the line.
    """
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the history {source}: {error}") from error
    count = sum(1 for _ in _parse(text, control, str(source)))
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
    return list(_parse(path.read_text(encoding="utf-8"), project.label_config.controls[0], str(path)))


def count(settings: Settings, project: ProjectRow) -> int:
    """How many labels the history holds."""
    path = path_of(settings, project.slug)
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def _parse(text: str, control: ControlSpec, where: str) -> Iterator[TrainingExample]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"{where}, line {number}: not JSON ({error.msg})") from error
        yield _example(row, control, f"{where}, line {number}", number)


def _example(row: Any, control: ControlSpec, where: str, number: int) -> TrainingExample:
    if not isinstance(row, dict) or not isinstance(row.get("data"), dict) or "label" not in row:
        raise ConfigurationError(f'{where}: expected {{"data": {{...}}, "label": "..."}}')
    if control.input.field not in row["data"]:
        raise ConfigurationError(f"{where}: data has no field {control.input.field!r}, which the label config shows")
    label = row["label"]
    labels = tuple(label) if isinstance(label, list) else (label,)
    unknown = [name for name in labels if name not in control.labels]
    if unknown or (len(labels) != 1 and not control.multiple):
        raise ConfigurationError(f"{where}: label {label!r} is not among {', '.join(control.labels)}")
    return TrainingExample(
        item=Item(key=f"history-{number}", data=row["data"]),
        label=HumanLabel(regions=(Region(control=control.name, value=Choices(labels=labels)),)),
    )
