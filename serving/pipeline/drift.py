"""Whether arriving items are still like those on which a certificate rests: in themselves, and to the model.

Compared are the confidence, the answer (of a choice: the labels) and what is noted of each input (``input_...`` among a
prediction's numbers), of the newest items against the certificate's blind sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.gate.drift import Drift, compare_all
from models.tasks.traits import INPUT
from models.types import Choices, Prediction
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.records import CertificateRow, ProjectRow

CONFIDENCE, ANSWER = "confidence", "answer"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One window of items against the blind sample."""

    newest: int
    """Id of the newest item of the window."""
    window: int
    """Items compared."""
    figures: dict[str, Drift]

    @property
    def alarm(self) -> bool:
        """Whether any figure drifts."""
        return any(drift.alarm for drift in self.figures.values())

    @property
    def drifting(self) -> dict[str, Drift]:
        """The figures that do, the plainest first."""
        ranked = sorted(self.figures.items(), key=lambda pair: -pair[1].psi)
        return {name: drift for name, drift in ranked if drift.alarm}


def compare(
    uow: UnitOfWork, project: ProjectRow, certificate: CertificateRow, *, window: int, after: int = 0
) -> Comparison | None:
    """The newest ``window`` items that arrived since the certificate, behind item ``after``, against its blind sample.

    None while there are fewer such items.
    """
    rows = uow.watch.recent(project.id, certificate.model_version, after=after, limit=window)
    if len(rows) < window or rows[-1][1] <= certificate.created_at:
        return None
    sample = uow.watch.reference(project.id, certificate.model_version, since=project.valid_since)
    said = uow.items.predictions([id for _, _, id in rows])
    figures = compare_all(figures_of(sample), figures_of([row.prediction for row in said.values()]))
    return Comparison(rows[0][0], len(rows), figures)


def newest(runtime: Runtime, uow: UnitOfWork, project: ProjectRow, certificate: CertificateRow) -> Comparison | None:
    """The last comparison of this process; a new one when as many items as a window holds have arrived since.

    Windows share no item: looks that overlap would alarm more often than they say.
    """
    known, last = runtime.drifts.get(project.id, (0, None))
    if known != certificate.id:
        last = None
    after = last.newest if last is not None else 0
    made = compare(uow, project, certificate, window=runtime.settings.drift_window, after=after)
    if made is not None:
        runtime.drifts[project.id] = (certificate.id, made)
    return made or last


def keep(runtime: Runtime, project: ProjectRow, before: tuple[int, Comparison] | None) -> None:
    """Write down the last comparison of this process, if it is a new one, for the charts; ``before``: the one before.

    After a restart a process compares the newest window anew: it may share items with one that is written down.
    """
    known = runtime.drifts.get(project.id)
    if known is None or known is before:
        return
    certificate_id, made = known
    with runtime.store.begin() as uow:
        uow.series.keep_window(project.id, certificate_id, made.newest, made.figures, runtime.now())


def figures_of(said: Sequence[Prediction]) -> dict[str, NDArray[Any]]:
    """Name -> ``(n,)`` numbers or words, of those figures that every prediction has."""
    if not said:
        return {}
    found: dict[str, NDArray[Any]] = {CONFIDENCE: np.array([one.confidence for one in said])}
    answers = [_answer(one) for one in said]
    if None not in answers:
        found[ANSWER] = np.array(answers)
    names = set.intersection(*({name for name in one.numbers if name.startswith(INPUT)} for one in said))
    return found | {name: np.array([one.numbers[name] for one in said]) for name in sorted(names)}


def _answer(said: Prediction) -> str | None:
    """The labels of a prediction that is nothing but labels."""
    if not all(isinstance(region.value, Choices) for region in said.regions):
        return None
    return "; ".join(sorted(f"{region.control}: {', '.join(sorted(region.labels))}" for region in said.regions))
