from __future__ import annotations

import json
import warnings
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from models import catalogue, registry
from models.backends.onnx import OnnxRunner
from models.base import Model
from models.errors import ConfigurationError, ModelError
from models.specs import ClassifierSpec, DetectorSpec
from models.types import ControlSpec, Failure, InputSpec, Item, LabelConfig, Medium, Prediction

IMAGE = InputSpec(name="image", field="image", medium=Medium.IMAGE)
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


class Means(torch.nn.Module):  # type: ignore[misc]
    """``(1, 3, H, W)`` -> a score a colour: twenty times its mean brightness."""

    def forward(self, picture: torch.Tensor) -> Any:
        return 20 * picture.mean(dim=(2, 3))


def write(folder: Path, **said: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own imports
        program = torch.onnx.export(
            Means().eval(), (torch.zeros(1, 3, 32, 32),), dynamo=True, input_names=["picture"], verbose=False
        )
    assert program is not None
    program.save(str(folder / "means.onnx"))
    manifest = {
        "format": 1,
        "file": "means.onnx",
        "sha256": sha256((folder / "means.onnx").read_bytes()).hexdigest(),
        "licence": "MIT",
        "classes": list(COLOURS),
        "width": 32,
        "height": 32,
        "resize": "stretch",
        "layout": "classes",
        "activation": "softmax",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | said))
    return folder


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("network"))


def colour(*labels: str, multiple: bool = False) -> ControlSpec:
    return ControlSpec(name="colour", kind="choices", labels=labels or tuple(COLOURS), multiple=multiple, input=IMAGE)


def model(spec: ClassifierSpec, control: ControlSpec | None = None) -> Model:
    assigned = registry.assign(spec, LabelConfig(digest="x", controls=(control or colour(),)))
    return registry.load(registry.reference(spec, assigned.controls, name="c"))


def item(path: Path, *colours: str) -> Item:
    """A picture in equal stripes of these colours."""
    pixels = np.concatenate([np.full((40, 60, 3), COLOURS[name], np.uint8) for name in colours])
    Image.fromarray(pixels).save(path)
    return Item(key=path.stem, data={"image": "http://example.org/i"}, media={"image": str(path)})


@pytest.mark.parametrize("name", COLOURS)
def test_a_colour_is_found(network: Path, tmp_path: Path, name: str) -> None:
    one = model(ClassifierSpec(source=str(network)))
    one.warm_up()
    (said,) = one.predict([item(tmp_path / "a.png", name)])
    assert isinstance(said, Prediction)
    assert said.regions[0].labels == (name,)
    assert said.confidence > 0.99
    assert said.numbers["p1"] == pytest.approx(said.confidence)


def test_several_may_hold(tmp_path: Path) -> None:
    source = write(tmp_path / "network", activation="sigmoid", mean=[0.25] * 3)
    one = model(ClassifierSpec(source=str(source)), colour(multiple=True))
    (said,) = one.predict([item(tmp_path / "a.png", "red", "blue")])
    assert isinstance(said, Prediction)
    assert set(said.regions[0].labels) == {"red", "blue"}


def test_classes_of_one_label_count_together(network: Path, tmp_path: Path) -> None:
    spec = ClassifierSpec(source=str(network), label_map={"red": "warm", "green": "cold", "blue": "cold"})
    (said,) = model(spec, colour("warm", "cold")).predict([item(tmp_path / "a.png", "green", "blue")])
    assert isinstance(said, Prediction)
    assert said.regions[0].labels == ("cold",)
    assert said.confidence > 0.99


def test_what_does_not_fit_is_said(network: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="have no label"):
        model(ClassifierSpec(source=str(network)), colour("green", "blue"))
    text = colour().model_copy(update={"input": IMAGE.model_copy(update={"medium": Medium.TEXT})})
    with pytest.raises(ConfigurationError, match="fills Choices on an image"):
        model(ClassifierSpec(source=str(network)), text)
    with pytest.raises(ModelError, match="set activation"):
        model(ClassifierSpec(source=str(write(tmp_path / "raw", activation="none")))).self_test()
    with pytest.raises(ModelError, match="is a detector"):
        model(ClassifierSpec(source=str(write(tmp_path / "boxes", layout="yolo", activation="sigmoid"))))
    boxes = ControlSpec(name="b", kind="rectanglelabels", labels=tuple(COLOURS), input=IMAGE)
    with pytest.raises(ConfigurationError, match="use kind classifier"):
        registry.assign(DetectorSpec(source=str(network)), LabelConfig(digest="x", controls=(boxes,)))


def test_a_broken_picture_fails_alone(network: Path, tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"no picture")
    broken = Item(key="b", data={"image": "http://example.org/b"}, media={"image": str(tmp_path / "b.png")})
    first, second = model(ClassifierSpec(source=str(network))).predict([broken, item(tmp_path / "a.png", "red")])
    assert isinstance(first, Failure)
    assert isinstance(second, Prediction)


def test_a_picture_on_which_the_network_fails_fails_alone(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, calls = model(ClassifierSpec(source=str(network))), []
    found = OnnxRunner.named

    def odd(self: OnnxRunner, arrays: Any) -> Any:
        calls.append(arrays)
        if len(calls) == 1:
            raise RuntimeError("an odd shape")
        return found(self, arrays)

    monkeypatch.setattr(OnnxRunner, "named", odd)
    first, second = one.predict([item(tmp_path / "a.png", "red"), item(tmp_path / "b.png", "red")])
    assert isinstance(first, Failure)
    assert (first.code, "RuntimeError" in first.message) == ("model_failed", True)
    assert isinstance(second, Prediction)


def test_another_network_in_the_folder_is_noticed(tmp_path: Path) -> None:
    spec = ClassifierSpec(source=str(write(tmp_path / "network")))
    ref = registry.reference(spec, (colour(),), name="c")
    write(tmp_path / "network", channels="bgr")
    with pytest.raises(ModelError, match="connect the model again"):
        registry.load(ref)
    assert catalogue.licence(spec) == "MIT"
