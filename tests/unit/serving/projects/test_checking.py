"""A project file with several models: each is checked for the controls that it fills."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ConfigurationError
from serving.projects.checking import check
from serving.settings import Settings

FILE = """
slug: calls
title: Calls
label_config: >
  <View><Audio name="audio" value="$audio"/><Text name="text" value="$text"/>
  <Labels name="who" toName="audio"><Label value="Speech"/></Labels>
  <Choices name="mood" toName="text"><Choice value="Good"/><Choice value="Bad"/></Choices></View>
spec:
  kind: several
  parts:
    - controls: [mood]
      spec: {kind: head, encoder: ngram}
    - controls: [who]
      spec: {kind: speech}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", model_dir=tmp_path / "models")


def test_each_part_is_checked_for_its_own_controls(tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text(FILE, encoding="utf-8")
    head, speech = check(settings, file)
    assert (head.controls, head.model, head.learns, head.sha256) == (("mood",), "head (ngram)", True, None)
    assert (speech.controls, speech.model, speech.licence) == (("who",), "speech", "MIT License")
    assert speech.sha256 is not None
    assert head.seconds >= 0
    assert speech.notes == ()


def test_a_model_that_cannot_fill_the_label_config_is_an_error(tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text(FILE.replace("controls: [who]", "controls: [which]"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="which"):
        check(settings, file)
