"""``prelabel costs``: what work on a project costs, which savings are computed from."""

from __future__ import annotations

from typing import Annotated

import typer

from models.costs import Costs
from serving.terminal import Config, Json, Slug, project_of, runtime_of, show

PersonHour = Annotated[float | None, typer.Option(min=0.0, help="What an hour of a person who labels costs.")]
ComputeHour = Annotated[float | None, typer.Option(min=0.0, help="What an hour of the machine that predicts costs.")]
Currency = Annotated[str | None, typer.Option(help="What costs are counted in; default EUR.")]
ItemSeconds = Annotated[
    float | None,
    typer.Option(
        min=0.001, help="Seconds that an item takes a person without a suggestion, if known before it is measured."
    ),
]


def changed(before: Costs | None, **given: float | str | None) -> Costs | None:
    """The costs with what was given; None: there were none, and nothing was.

    Raises:
        ConfigurationError: a value is out of its range.
    """
    from serving.projects.costs import costs_of

    new = {name: value for name, value in given.items() if value is not None}
    return costs_of((before.model_dump() if before is not None else {}) | new) if new else before


def costs(
    slug: Slug,
    person_hour: PersonHour = None,
    compute_hour: ComputeHour = None,
    currency: Currency = None,
    item_seconds: ItemSeconds = None,
    forget: Annotated[bool, typer.Option("--forget", help="Forget what was said before.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show or change what an hour of a person and of the machine costs; savings are computed from it."""
    from serving.projects.costs import in_words, set_costs

    runtime = runtime_of(config)
    project = project_of(runtime, slug)
    before = None if forget else project.costs
    after = changed(
        before, person_hour=person_hour, compute_hour=compute_hour, currency=currency, item_seconds=item_seconds
    )
    if after != project.costs:
        set_costs(runtime, project, after)
    show(after.model_dump(mode="json") if after is not None else None, as_json, in_words(after))
