"""What an operator says of a project's costs while it is connected."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from models.costs import Costs
from models.errors import ConfigurationError
from serving.language import gettext
from serving.pipeline.runtime import Runtime
from serving.store.records import ProjectRow
from serving.validation import wrong_in_words


def costs_of(values: Mapping[str, object]) -> Costs:
    """Raises ConfigurationError: a value is out of its range."""
    try:
        return Costs.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(wrong_in_words(error)) from None


def set_costs(runtime: Runtime, project: ProjectRow, costs: Costs | None) -> ProjectRow:
    """Compute savings with these from now on; None: with none."""
    with runtime.store.begin() as uow:
        return uow.projects.update(project.id, costs=costs)


def in_words(costs: Costs | None) -> str:
    """What is known of the costs, in the language of now."""
    if costs is None:
        return gettext("Nothing is known of its costs.")
    said = []
    if costs.person_hour is not None:
        values = {"sum": costs.person_hour, "currency": costs.currency}
        said.append(gettext("An hour of a person costs {sum:g} {currency}.", **values))
    if costs.compute_hour is not None:
        values = {"sum": costs.compute_hour, "currency": costs.currency}
        said.append(gettext("An hour of the machine costs {sum:g} {currency}.", **values))
    if costs.item_seconds is not None:
        said.append(gettext("Without a suggestion an item takes {seconds:g} s.", seconds=costs.item_seconds))
    return " ".join(said) or gettext("Nothing is known of its costs.")
