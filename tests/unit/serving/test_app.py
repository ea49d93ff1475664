"""Which deployment serves what; that they are served is tests/ray's."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from serving.app import AppArgs


def test_a_family_belongs_to_one_deployment_and_has_to_exist() -> None:
    two = [{"name": "A", "families": ["ngram", "ocr"]}, {"name": "B", "families": ["pixels"]}]
    assert len(AppArgs.model_validate({"scorers": two}).scorers) == 2
    with pytest.raises(ValidationError, match="'pixels' belongs to two"):
        AppArgs.model_validate({"scorers": [*two, {"name": "C", "families": ["pixels"]}]})
    with pytest.raises(ValidationError, match="no family 'gpt'"):
        AppArgs.model_validate({"scorers": [{"name": "A", "families": ["gpt"]}]})
