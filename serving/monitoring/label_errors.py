"""Labels that are likely to be wrong, by what a model says that did not learn from them.

No cross-validated probabilities are stored. In their place stands the prediction that each label is compared with,
where it cannot have learned from the label: it was made before the label was given, or the label is blind and trains
nothing.
A stored prediction has one confidence, the whole item's; the rest is spread evenly over the other classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.gate.arrays import Floats
from models.people import class_of, options
from models.people.label_quality import label_quality
from models.types import ControlSpec
from serving.pipeline.runtime import Runtime
from serving.store.browsing import END
from serving.store.people_figures import VOTES
from serving.store.records import ItemRow, LabelRow, ProjectRow
from serving.workforce.consensus import control_of, sure_of

LOOK = 500
"""Labels that are looked at at a time, newest first."""
BELOW = 0.5
"""A label whose quality is lower is listed: the model thinks it more likely wrong than right."""
MOST = 50


@dataclass(frozen=True, slots=True)
class LikelyError:
    """One label that the model does not believe."""

    item: ItemRow
    label: LabelRow
    said: str
    """By the person."""
    model: str
    quality: float
    """``models.people.label_quality``, in [0, 1]."""
    seen: bool
    """The person had the suggestion in sight."""


@dataclass(frozen=True, slots=True)
class LikelyErrors:
    """Of one control."""

    control: str
    looked: int
    """Labels that were looked at, newest first."""
    compared: int
    """Of these, those that count and have a prediction."""
    judged: int
    """Of these, with an answer that is one class, and a prediction that did not learn from it."""
    found: int
    """Of these, of a quality below ``BELOW``."""
    rows: list[LikelyError]
    """Lowest quality first, at most ``MOST``."""
    after: int | None
    """Go on behind this label; None: there is none behind it."""


def label_errors(
    runtime: Runtime, project: ProjectRow, *, control: str | None = None, after: int = END
) -> LikelyErrors:
    """Of one control, the first whose answer is one class unless it is named; of labels behind ``after``.

    Raises:
        NotFoundError: there is no such control.
        MissingDependencyError: the extra ``people`` is not installed.
    """
    spec = control_of(project.label_config, control)
    with runtime.store.read() as uow:
        heard = uow.browse.compared(project.id, look=LOOK, after=after)
        classes = set(options(spec))
        usable = [
            (label, said.prediction.confidence, person, model)
            for label, said in heard.rows
            if label.role in VOTES and (label.role.blind or said.created_at <= label.created_at)
            if (person := class_of(label.regions, spec)) is not None and person in classes
            if (model := class_of(said.prediction.regions, spec)) is not None and model in classes
        ]
        quality = _quality(spec, usable)
        order = [int(place) for place in np.argsort(quality, kind="stable") if quality[place] < BELOW]
        chosen = [(*usable[place], float(quality[place])) for place in order[:MOST]]
        items = {row.id: row for row in uow.items.rows([label.item_id for label, *_ in chosen])}
    rows = [
        LikelyError(items[label.item_id], label, person, model, score, not label.role.blind)
        for label, _, person, model, score in chosen
    ]
    sizes = (heard.looked, len(heard.rows), len(usable), len(order))
    return LikelyErrors(spec.name, *sizes, rows, heard.after)


def _quality(spec: ControlSpec, usable: Sequence[tuple[LabelRow, float, str, str]]) -> Floats:
    classes = options(spec)
    rows = [sure_of(classes, model, confidence) for _, confidence, _, model in usable]
    return label_quality([person for _, _, person, _ in usable], classes, rows)
