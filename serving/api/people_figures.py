"""Figures of people, for operators and programs: agreement, consensus, and what their queue and work come to."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from serving.api.dependencies import ProjectDep, RuntimeDep, require_operator
from serving.monitoring import agreement as agreeing
from serving.monitoring import consensus as settling
from serving.monitoring import people as working
from serving.workforce.consensus import Method

router = APIRouter(prefix="/api/v1", tags=["people"], dependencies=[Depends(require_operator)])


@router.get("/projects/{slug}/people/agreement")
def agreement(runtime: RuntimeDep, project: ProjectDep) -> agreeing.AgreementReport:
    """Krippendorff's alpha of each control, with its interval; nobody is named."""
    return agreeing.agreement(runtime, project)


@router.get("/projects/{slug}/people/consensus", response_model=settling.ConsensusReport)
def consensus(
    runtime: RuntimeDep,
    project: ProjectDep,
    control: Annotated[str | None, Query(max_length=200, description="Default: the first that can have one.")] = None,
    method: Method = Method.DAWID_SKENE,
    after: Annotated[int, Query(ge=0, lt=2**63, description="An item id.")] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response | settling.ConsensusReport:
    """The label of each item that several people answered, with its certainty; nobody is named.

    As CSV the header ``x-next-after`` says where the next page begins; there is none on the last.
    """
    found = settling.consensus(runtime, project, control=control, method=method, after=after, limit=limit)
    if form == "json":
        return found
    more = {} if found.next_after is None else {"x-next-after": str(found.next_after)}
    return Response(settling.as_csv(found), media_type="text/csv", headers=more)


@router.get("/projects/{slug}/people/figures")
def figures(
    runtime: RuntimeDep,
    project: ProjectDep,
    days: Annotated[float, Query(ge=0.01, le=3650.0, description="How far back.")] = 7.0,
) -> working.PeopleFigures:
    """What waits for whom, how work is shared, and what comes of it; people are named."""
    return working.figures(runtime, project, days=days)
