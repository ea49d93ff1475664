"""What work on a project costs, as its operator says: what savings are computed from."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from models.types import Frozen


class Costs(Frozen):
    """All optional: what is not known is not computed with."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    person_hour: float | None = Field(default=None, ge=0.0, le=1e9, allow_inf_nan=False)
    """What an hour of a person who labels costs, all told, >= 0. Currency; none: not known."""
    compute_hour: float | None = Field(default=None, ge=0.0, le=1e9, allow_inf_nan=False)
    """What an hour of the machine that predicts costs, >= 0. Currency; none: not known."""
    currency: str = Field(default="EUR", min_length=1, max_length=12, pattern=r"^\S+( \S+)*$")
    """What both are counted in, as it is to be written, e.g. EUR, CNY or $. Text."""
    item_seconds: float | None = Field(default=None, gt=0.0, le=1e6, allow_inf_nan=False)
    """What an item takes a person without a suggestion, as known before the first was measured here, > 0. What is
    saved by it stands beside what is measured, and says that it is not. Seconds."""
