"""Predictions and labels on the one label config of the platform tests."""

from __future__ import annotations

from typing import Any

from connectors.base import OutgoingPrediction
from connectors.label_studio.label_config import parse
from connectors.label_studio.results import decode, encode
from models.types import Choices, Prediction, Region

XML = """<View><Text name="text" value="$text"/>
<Choices name="tone" toName="text"><Choice value="good"/><Choice value="bad"/></Choices></View>"""
HOOK = "http://127.0.0.1:9/hooks/label-studio/1"


def labels_of(result: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(label for region in decode(result, parse(XML)) for label in region.labels)


def _regions(label: str, score: float | None = None) -> tuple[Region, ...]:
    return (Region(control="tone", value=Choices(labels=(label,)), score=score),)


def outgoing(task_id: int, label: str = "good", confidence: float = 0.9, version: str = "v1") -> OutgoingPrediction:
    prediction = Prediction(
        key=str(task_id), regions=_regions(label, confidence), confidence=confidence, model_version=version
    )
    return OutgoingPrediction(task_id, prediction)


def human(label: str) -> list[dict[str, Any]]:
    return encode(_regions(label), parse(XML))
