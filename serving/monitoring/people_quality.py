"""Agreement and consensus of a project in short, for its report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from models.errors import MissingDependencyError, StoreError
from models.types import Frozen
from serving.monitoring import agreement as agreeing
from serving.monitoring import consensus as settling
from serving.pipeline.runtime import Runtime
from serving.store.records import ProjectRow
from serving.workforce.consensus import judged

MOST: Final = 5_000
"""Items with several answers above which the report leaves both out: they would take seconds."""


class PeopleQuality(Frozen):
    """What several people's answers to the same items say of them."""

    items: int
    """That several people answered, skips apart."""
    agreement: tuple[agreeing.AgreementFigure, ...]
    consensus: tuple[settling.ConsensusReport, ...]
    """Of each control whose answer is one class, without its labels."""
    left_out: str | None
    """Why there is nothing, though items have several answers."""


def people_quality(runtime: Runtime, project: ProjectRow) -> PeopleQuality:
    """Both, where they can be had; a missing package, or a wrong secret key, is named and stops no report."""
    with runtime.store.read() as uow:
        several, _ = uow.people_figures.answered(project.id)
    if not several:
        return PeopleQuality(items=0, agreement=(), consensus=(), left_out=None)
    if len(several) > MOST:
        why = (
            f"they are many: ask `prelabel people agreement {project.slug}`, `prelabel people consensus {project.slug}`"
        )
        return PeopleQuality(items=len(several), agreement=(), consensus=(), left_out=why)
    try:
        figures = agreeing.agreement(runtime, project).figures
        names = [control.name for control in judged(project.label_config)]
        settled = tuple(settling.consensus(runtime, project, control=name, limit=0) for name in names)
    except (MissingDependencyError, StoreError) as error:  # the latter: another secret key than the lot was drawn with
        return PeopleQuality(items=len(several), agreement=(), consensus=(), left_out=str(error))
    return PeopleQuality(items=len(several), agreement=figures, consensus=settled, left_out=None)


def lines(seen: PeopleQuality) -> Iterator[tuple[str, str]]:
    """The same for people: a name and a sentence each."""
    if seen.left_out is not None:
        yield "agreement of people", f"{seen.items} items with several answers; {seen.left_out}"
    for figure in seen.agreement:
        yield f"agreement on {figure.control}, {figure.sample.replace('_', ' ')}", agreeing.in_words(figure)
    for one in seen.consensus:
        if one.items:
            yield f"consensus on {one.control}", settling.in_words(one)
