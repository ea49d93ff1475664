"""Values of every label type on a real Label Studio: imported in bulk, read back, turned into annotations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.base import OutgoingPrediction
from connectors.label_studio.client import LabelStudio
from connectors.label_studio.results import decode, encode
from connectors.memory import MemoryPlatform
from models import values
from models.types import Prediction, Region
from scripts.label_studio import Server
from tests.support.label_studio import RemoteHands, trainer
from tests.support.label_types import CONFIG, EXAMPLES, SIZE, XML

pytestmark = pytest.mark.label_studio

DATA = {
    "text": "a text of some length",
    "html": "<p>some</p><p>HTML</p>",
    "image": "/static/images/i.png",
    "audio": "/static/audio/a.wav",
    "video": "/static/video/v.mp4",
    "talk": [{"author": "a", "text": "how are you"}, {"author": "b", "text": "well"}, {"author": "a", "text": "so"}],
    "series": {"time": [0, 1, 2, 3, 4], "v": [1, 2, 1, 2, 1]},
    "list": [{"id": "a", "title": "A", "body": ""}, {"id": "b", "title": "B", "body": ""}],
}


def line(place: values.Value, control: str) -> list[Region]:
    """A marked place on the picture, with its label, its text and its state."""
    told = [
        (control, place),
        ("shapes", values.Choices(labels=("s",))),
        ("line", values.Text(texts=("read",))),
        ("state", values.Choices(labels=("new",))),
    ]
    return [Region(control=name, value=value, group="l", size=SIZE, score=0.5) for name, value in told]


ITEMS: list[list[Region]] = [
    *([Region(control=control, value=value, score=0.25)] for control, value, _ in EXAMPLES),
    line(values.Rectangle(x=1.5, y=2, width=3, height=4, rotation=5), "box"),
    line(values.Ellipse(x=10, y=10, radius_x=3, radius_y=4), "oval"),
    line(values.Polygon(points=((0, 0), (1, 0), (1, 1))), "area"),
    line(values.Mask(width=SIZE.width, height=SIZE.height, runs=(10, 3, 50)), "paint"),
    line(values.KeyPoint(x=50, y=50), "point"),
    [Region(control=control, value=value) for control, value, _ in EXAMPLES if control not in ("events", "hyper")],
    [],
]
"""A value of every tag alone, every shape with what is said of it, and (almost) all at once."""


def prediction(task_id: int, regions: list[Region]) -> OutgoingPrediction:
    made = Prediction(key=str(task_id), regions=tuple(regions), confidence=0.5, model_version="v1")
    return OutgoingPrediction(task_id, made)


@pytest.fixture(scope="module")
def hands(server: Server) -> Iterator[RemoteHands]:
    made = RemoteHands(server, XML, trainer=trainer(server, "types"))
    yield made
    made.close()


def test_label_studio_takes_and_gives_back_every_value(server: Server, hands: RemoteHands) -> None:
    """A bulk import drops what it does not take; annotations are made from what it has stored."""
    ids = hands.add_tasks([DATA] * len(ITEMS))
    batch = [prediction(task_id, regions) for task_id, regions in zip(ids, ITEMS, strict=True)]
    platform = LabelStudio(server.url, server.token, hands.project_id)
    result = platform.publish_predictions(batch, check_existing=True)
    assert result.refused == ()
    expected = {task_id: encode(regions, CONFIG) for task_id, regions in zip(ids, ITEMS, strict=True)}
    assert {item.task_id: item.result for item in platform.stored(ids, "v1")} == expected
    before = [item.id for item in platform.stored(ids, "v1")]
    assert platform.publish_predictions(batch, check_existing=True).refused == ()
    assert [item.id for item in platform.stored(ids, "v1")] == before

    accepted = platform.accept(ids, model_version="v1")
    assert (sorted(accepted.stored), accepted.refused) == (ids, ())
    annotations = platform.annotations(ids)
    for task_id in ids:
        [annotation] = annotations[task_id]
        assert annotation.result == expected[task_id]
        assert decode(annotation.result, CONFIG) == decode(expected[task_id], CONFIG)
    platform.close()


def test_the_twin_in_memory_takes_the_same(hands: RemoteHands) -> None:
    twin = MemoryPlatform(XML)
    ids = twin.add_tasks([DATA] * len(ITEMS))
    batch = [prediction(task_id, regions) for task_id, regions in zip(ids, ITEMS, strict=True)]
    assert twin.publish_predictions(batch, check_existing=True).refused == ()
    twin.accept(ids, model_version="v1")
    for task_id, regions in zip(ids, ITEMS, strict=True):
        [annotation] = twin.annotations([task_id])[task_id]
        assert annotation.result == encode(regions, CONFIG)
