"""Model versions on the same items: what each would accept of the blind sample, and how wrong that is.

Only what tests have seen is looked at: versions that were tested, on blind labels that were there at the oldest of
these tests. Whoever looked at a version's errors before its test, and then chose what to test, would have the labels
choose and certify at once, and the shares of delta would not cover that (docs/decisions/0021). Of versions without a
test it is said how often they agree with the active one, which takes no label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.people import Estimate, share
from models.tasks import item_loss
from models.types import Prediction
from serving.pipeline import certifying, opinions
from serving.pipeline.opinions import Sample
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import for_now
from serving.store.engine import UnitOfWork
from serving.store.records import CertificateRow, ProjectRow

MOST: Final = 6
"""Versions that are compared."""
FEWEST: Final = 30
"""Items that all have to have spoken of; a version that leaves fewer in common is left out."""
POOL: Final = 500
"""Waiting items that are compared at most."""


@dataclass(frozen=True, slots=True)
class Tested:
    """One version at the threshold of its newest test; shares with an interval of 95 %, of the items in common."""

    version: str
    threshold: float | None
    """None: its test stayed closed, so it would accept nothing."""
    accepted: Estimate
    """Of all items, those at or above the threshold."""
    wrong: Estimate
    """Of these, those that it gets wrong."""
    wrong_of_all: Estimate
    """Wrong ones whatever the confidence."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Another version beside the active one, on the blind sample and on a random part of what waits."""

    version: str
    same: Estimate
    """Items of which both say the same."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What a project's versions say of the same items."""

    active: str | None
    items: int
    """Blind items in common."""
    seen_until: float
    """Labels that came later (epoch seconds) are not looked at: not all tests have seen them."""
    tested: tuple[Tested, ...]
    """The active one first, then the newest."""
    apart: tuple[str, ...]
    """Tested versions that have spoken of too few of the same items."""
    agreement: tuple[Agreement, ...]


def side_by_side(runtime: Runtime, project: ProjectRow) -> SideBySide:
    """Read the sample, and what each version said of it.

    Raises:
        StoreError: another secret key than the lot of second opinions was drawn with.
    """
    with runtime.store.read() as uow:
        tests = _tests(uow, project)
        every = certifying.validation_sample(uow, project)
        until = min((one.created_at for one in tests.values()), default=0.0)
        sample: Sample = [(item, label) for item, label in every if label is not None and label.created_at <= until]
        ids = certifying.ids_of(sample)
        said = {version: uow.challenge.said(ids, version) for version in tests}
        agreement = _agreement(uow, project, certifying.ids_of(every))
    common, together = _in_common(ids, said)
    alike: Sample = [(item, label) for item, label in sample if item.id in common]
    return SideBySide(
        active=project.active_model,
        items=len(alike),
        seen_until=until,
        tested=tuple(_tested(runtime, project, tests[version], alike, said[version]) for version in together),
        apart=tuple(version for version in tests if version not in together),
        agreement=agreement,
    )


def _tests(uow: UnitOfWork, project: ProjectRow) -> dict[str, CertificateRow]:
    """Version -> its newest test for today's label config, budget and stream; the active one first, then the newest."""
    found = {one.model_version: one for one in uow.gate.certificates(project.id) if for_now(one, project)}
    order = sorted(found, key=lambda version: (version != project.active_model, -found[version].id))
    return {version: found[version] for version in order[:MOST]}


def _in_common(ids: Sequence[int], said: Mapping[str, Mapping[int, Prediction]]) -> tuple[set[int], list[str]]:
    """Items of which all these versions have spoken, and which versions these are."""
    common, together = set(ids), list[str]()
    for version, one in said.items():
        left = common & one.keys()
        if len(left) >= FEWEST:
            common, together = left, [*together, version]
    return (common if together else set()), together


def _tested(
    runtime: Runtime, project: ProjectRow, test: CertificateRow, sample: Sample, said: Mapping[int, Prediction]
) -> Tested:
    losses = opinions.hear(runtime, project, sample, said).losses
    sure = certifying.confidences(certifying.ids_of(sample), said)
    above = sure >= test.threshold if test.threshold is not None else np.zeros(len(sample), dtype=bool)
    return Tested(
        version=test.model_version,
        threshold=test.threshold,
        accepted=share(int(above.sum()), len(sample)),
        wrong=share(int((losses[above] > 0).sum()), int(above.sum())),
        wrong_of_all=share(int((losses > 0).sum()), len(sample)),
    )


def _agreement(uow: UnitOfWork, project: ProjectRow, sample: list[int]) -> tuple[Agreement, ...]:
    others = [version for version in (project.challenger, project.shadow) if version is not None]
    if project.active_model is None or not others:
        return ()
    drawn = set(sample)
    ids = sample + [id for id in uow.challenge.pool(project.id, project.active_model, limit=POOL) if id not in drawn]
    ours = uow.challenge.said(ids, project.active_model)
    found = []
    for version in others:
        theirs = uow.challenge.said(list(ours), version)
        same = sum(item_loss(ours[id].regions, one.regions, project.label_config) == 0 for id, one in theirs.items())
        found.append(Agreement(version, share(same, len(theirs))))
    return tuple(found)
