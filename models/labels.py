"""What a model calls a class, and what the label config calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.errors import ConfigurationError, written
from models.values import Frozen

Names = Mapping[str, Sequence[str]]
"""Label -> what else it is called (``ControlSpec.names``)."""


class Unmatched(Frozen):
    """What has no counterpart on the other side."""

    control: str
    classes: tuple[str, ...]
    """Of the model: what it finds of them is left out of predictions, and counted."""
    labels: tuple[str, ...]
    """Of the control: the model never says them."""

    def __str__(self) -> str:
        classes, labels = _list(self.classes), _list(self.labels)
        if not self.labels:
            return written(
                f"the model's {classes} have no label in {self.control!r} and are left out: where they mean the same, "
                "add entries to label_map"
            )
        if not self.classes:
            return written(
                f"{labels} of {self.control!r} are never predicted: where they mean the same, add entries to label_map"
            )
        return written(
            f"the model's {classes} have no label in {self.control!r} and are left out; {labels} of {self.control!r} "
            "are never predicted: where they mean the same, add entries to label_map"
        )


def unmatched(control: str, found: Mapping[str, str], classes: Sequence[str], labels: Sequence[str]) -> Unmatched:
    """Of a class's label for each class that has one."""
    return Unmatched(
        control=control,
        classes=tuple(name for name in classes if name not in found),
        labels=tuple(label for label in labels if label not in set(found.values())),
    )


def match(
    classes: Sequence[str], labels: Sequence[str], label_map: Mapping[str, str], names: Names | None = None
) -> list[str]:
    """The label of each class.

    By ``label_map`` where it has an entry, else the label of the same name, else the one that has this name besides
    (``predicted_values``, alias), else the same again but for case. Several classes may map to one label.

    Raises:
        ConfigurationError: a class without a label, or an entry of ``label_map`` that names neither side.
    """
    found, missing = partial(classes, labels, label_map, names)
    if missing:
        raise ConfigurationError(
            f"The model's classes {_list(missing)} have no label: the label config has {_list(labels)}, "
            f"the model has {_list(classes)}. Add entries to label_map."
        )
    return [found[name] for name in classes]


def partial(
    classes: Sequence[str], labels: Sequence[str], label_map: Mapping[str, str], names: Names | None = None
) -> tuple[dict[str, str], tuple[str, ...]]:
    """As ``match``, for models of which some classes may be left out: label of each class, and classes without one.

    Raises:
        ConfigurationError: an entry of ``label_map`` that names neither side.
    """
    _check_map(classes, labels, label_map)
    ways = _ways(labels, names or {})
    found = {name: label for name in classes if (label := label_map.get(name) or _one(name, ways)) is not None}
    return found, tuple(name for name in classes if name not in found)


def _ways(labels: Sequence[str], names: Names) -> list[dict[str, set[str]]]:
    """Names -> labels, the surest way first, the last one without regard to case."""
    own = [(label, label) for label in labels]
    other = [(name, label) for label in labels for name in names.get(label, ())]
    ways: list[dict[str, set[str]]] = []
    for pairs in (own, other, [(name.casefold(), label) for name, label in own + other]):
        ways.append({})
        for name, label in pairs:
            ways[-1].setdefault(name, set()).add(label)
    return ways


def _one(name: str, ways: Sequence[Mapping[str, set[str]]]) -> str | None:
    for way, asked in zip(ways, (name, name, name.casefold()), strict=True):
        if len(alike := way.get(asked, set())) == 1:
            return next(iter(alike))
    return None


def _check_map(classes: Sequence[str], labels: Sequence[str], label_map: Mapping[str, str]) -> None:
    if unknown := [name for name in label_map if name not in classes]:
        raise ConfigurationError(f"label_map names {_list(unknown)}, but the model has {_list(classes)}.")
    if strange := [label for label in label_map.values() if label not in labels]:
        raise ConfigurationError(f"label_map leads to {_list(strange)}, but the label config has {_list(labels)}.")


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
