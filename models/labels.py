"""What a model calls a class, and what the label config calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.errors import ConfigurationError


def match(classes: Sequence[str], labels: Sequence[str], label_map: Mapping[str, str]) -> list[str]:
    """The label of each class: by ``label_map`` where it has an entry, else the same name, else but for case.

    Several classes may map to one label.

    Raises:
        ConfigurationError: a class without a label, or an entry of ``label_map`` that names neither side.
    """
    _check_map(classes, labels, label_map)
    folded: dict[str, list[str]] = {}
    for label in labels:
        folded.setdefault(label.casefold(), []).append(label)
    found = [_one(name, labels, folded, label_map) for name in classes]
    if missing := [name for name, label in zip(classes, found, strict=True) if label is None]:
        raise ConfigurationError(
            f"The model's classes {_list(missing)} have no label: the label config has {_list(labels)}, "
            f"the model has {_list(classes)}. Add entries to label_map."
        )
    return [label for label in found if label is not None]


def _one(name: str, labels: Sequence[str], folded: Mapping[str, list[str]], label_map: Mapping[str, str]) -> str | None:
    if name in label_map:
        return label_map[name]
    if name in labels:
        return name
    alike = folded.get(name.casefold(), [])
    return alike[0] if len(alike) == 1 else None


def _check_map(classes: Sequence[str], labels: Sequence[str], label_map: Mapping[str, str]) -> None:
    if unknown := [name for name in label_map if name not in classes]:
        raise ConfigurationError(f"label_map names {_list(unknown)}, but the model has {_list(classes)}.")
    if strange := [label for label in label_map.values() if label not in labels]:
        raise ConfigurationError(f"label_map leads to {_list(strange)}, but the label config has {_list(labels)}.")


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
