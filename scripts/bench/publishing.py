"""Our bulk publishing against Label Studio's bare bulk import of the same bodies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from connectors.base import OutgoingPrediction
from connectors.bulk import CHUNK
from connectors.label_studio.client import LabelStudio
from connectors.label_studio.label_config import parse
from connectors.label_studio.results import encode
from models.types import Choices, LabelConfig, Prediction, Region
from scripts.bench.measure import Line, Say, Series, turns
from scripts.bench.servers import Servers
from scripts.datasets import reviews
from scripts.demo.stack import ROOT
from serving.project_file import ProjectFile

PROJECT = ProjectFile.load(ROOT / "configs" / "projects" / "reviews.yaml")


def bodies(task_ids: Sequence[int], predictions: Sequence[Prediction], config: LabelConfig) -> list[dict[str, Any]]:
    """What Label Studio's import takes, one a task."""
    return [
        {
            "task": task,
            "result": encode(said.regions, config),
            "score": said.confidence,
            "model_version": said.model_version,
        }
        for task, said in zip(task_ids, predictions, strict=True)
    ]


def publishing(servers: Servers, say: Say, *, n: int, rounds: int) -> Line:
    """Predictions published a second ÷ imported a second; a fresh project for every measurement."""
    studio, config = servers.studio, parse(PROJECT.label_config)
    found = reviews(n)
    contents = [str(one.content) for one in found]
    region = {one.label: Region(control="sentiment", value=Choices(labels=(one.label,)), score=0.9) for one in found}
    said = [
        Prediction(key=one.id, regions=(region[one.label],), confidence=0.9, model_version="bench-1") for one in found
    ]

    def ours() -> float:
        number, tasks = studio.project("published by us", PROJECT.label_config, contents)
        batch = [OutgoingPrediction(task_id=task, prediction=one) for task, one in zip(tasks, said, strict=True)]
        client = LabelStudio(studio.url, studio.token, number)
        began = time.perf_counter()
        result = client.publish_predictions(batch, check_existing=False)
        rate = n / (time.perf_counter() - began)
        client.close()
        if len(result.stored) != n:
            raise RuntimeError(f"{len(result.refused)} predictions were refused: {result.refused[:1]}")
        say(f"publishing: by us {rate:.0f} predictions/s")
        return rate

    def base() -> float:
        number, tasks = studio.project("imported", PROJECT.label_config, contents)
        prepared = bodies(tasks, said, config)
        began = time.perf_counter()
        created = studio.import_predictions(number, prepared, CHUNK)
        rate = n / (time.perf_counter() - began)
        if created != n:
            raise RuntimeError(f"Label Studio took {created} of {n} predictions")
        say(f"publishing: bare import {rate:.0f} predictions/s")
        return rate

    turns(1, ours, base)
    measured = turns(rounds, ours, base)
    return Line(
        "publishing",
        ours=Series("published by the connector: encoded, validated, sent, counted", measured[0]),
        base=Series("Label Studio's bulk import of the same bodies, ready-made, by a bare HTTP client", measured[1]),
        unit="items/s",
        n=n,
        goal=0.80,
        notes=(f"{CHUNK} a call on both sides; a fresh project each time; Label Studio on SQLite",),
    )
