"""What pydantic finds wrong with a form, in words of the language of now: the field, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from serving.language import FIELD, N_, NP_, gettext, pgettext
from serving.retold import retold

WRONG: Final = {
    "missing": N_("is needed"),
    "string_too_short": N_("needs {min_length} characters or more"),
    "string_too_long": N_("takes {max_length} characters at most"),
    "string_pattern_mismatch": N_("does not have the form that is asked for"),
    "greater_than": N_("must be above {gt}"),
    "greater_than_equal": N_("must be {ge} or more"),
    "less_than": N_("must be below {lt}"),
    "less_than_equal": N_("must be {le} or less"),
    "finite_number": N_("must be a number"),
    "float_parsing": N_("must be a number"),
    "float_type": N_("must be a number"),
    "int_from_float": N_("must be a whole number"),
    "int_parsing": N_("must be a whole number"),
    "int_parsing_size": N_("is too large"),
    "int_type": N_("must be a whole number"),
    "bool_parsing": N_("must be yes or no"),
    "bool_type": N_("must be yes or no"),
    "string_type": N_("must be text"),
    "enum": N_("must be one of {expected}"),
    "literal_error": N_("must be one of {expected}"),
}
"""Kind of an error of pydantic -> in words, with its numbers; another kind keeps pydantic's words."""
FIELDS: Final = (
    NP_("field", "after"),
    NP_("field", "again"),
    NP_("field", "audit_rate"),
    NP_("field", "before"),
    NP_("field", "classifier"),
    NP_("field", "code"),
    NP_("field", "compute_hour"),
    NP_("field", "control"),
    NP_("field", "control_rate"),
    NP_("field", "costs"),
    NP_("field", "currency"),
    NP_("field", "delta"),
    NP_("field", "delta_percent"),
    NP_("field", "domain"),
    NP_("field", "encoder"),
    NP_("field", "epsilon"),
    NP_("field", "epsilon_percent"),
    NP_("field", "evidence"),
    NP_("field", "item_seconds"),
    NP_("field", "label"),
    NP_("field", "language"),
    NP_("field", "lease"),
    NP_("field", "least"),
    NP_("field", "model"),
    NP_("field", "most"),
    NP_("field", "name"),
    NP_("field", "next"),
    NP_("field", "note"),
    NP_("field", "onward"),
    NP_("field", "outcome"),
    NP_("field", "overlap_people"),
    NP_("field", "percent"),
    NP_("field", "person_hour"),
    NP_("field", "project"),
    NP_("field", "reason"),
    NP_("field", "review"),
    NP_("field", "review_rate"),
    NP_("field", "route"),
    NP_("field", "rule"),
    NP_("field", "saved"),
    NP_("field", "seen"),
    NP_("field", "skip"),
    NP_("field", "slug"),
    NP_("field", "span"),
    NP_("field", "state"),
    NP_("field", "sure"),
    NP_("field", "tabs"),
    NP_("field", "task"),
    NP_("field", "text"),
    NP_("field", "token"),
    NP_("field", "train_target"),
    NP_("field", "trainer"),
    NP_("field", "url"),
    NP_("field", "validation_fraction"),
    NP_("field", "validation_people"),
    NP_("field", "validation_target"),
    NP_("field", "version"),
    NP_("field", "wrong"),
)
"""Names of fields of forms and of addresses, as they are sent."""


def wrong_in_words(error: ValidationError) -> str:
    """All that is wrong, one after the other."""
    return "; ".join(one_wrong(one["loc"], one) for one in error.errors(include_url=False))


def one_wrong(place: tuple[int | str, ...], error: Mapping[str, Any]) -> str:
    """One error of pydantic: the field at ``place``, and what is wrong with it; nothing of what was sent."""
    field = ".".join(pgettext(FIELD, str(part)) for part in place)
    form, about = WRONG.get(error["type"]), error.get("ctx", {})
    if form is not None:
        said = gettext(form, **{name: _plain(value) for name, value in about.items()})
    else:
        said = retold(str(about["error"])) if "error" in about else error["msg"]
    return gettext("{field}: {wrong}", field=field, wrong=said)


def _plain(value: object) -> object:
    """A number as JSON has it, and choices without pydantic's English "or"."""
    plain = json.loads(json.dumps(value, default=str))
    return plain.replace(" or ", ", ") if isinstance(plain, str) else plain
