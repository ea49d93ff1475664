from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from models import registry
from models.base import Model
from models.errors import ConfigurationError, ModelError, ProviderError
from models.specs import OcrSpec
from models.types import ControlKind, ControlSpec, Failure, InputSpec, Item, LabelConfig, Medium, Prediction, Region
from models.values import Polygon, Rectangle, Text
from scripts import render

pytest.importorskip("rapidocr")
IMAGE = InputSpec(name="image", field="image", medium=Medium.IMAGE)
OTHER = InputSpec(name="other", field="other", medium=Medium.IMAGE)
WRITTEN = InputSpec(name="text", field="text", medium=Medium.TEXT)


def control(
    name: str, kind: ControlKind, labels: Sequence[str] = (), *, each: bool = False, of: InputSpec = IMAGE
) -> ControlSpec:
    return ControlSpec(name=name, kind=kind, labels=tuple(labels), input=of, per_region=each)


LABELS = control("label", "labels", ("Handwriting", "Text"))
TEMPLATE = (
    LABELS,
    control("bbox", "rectangle"),
    control("poly", "polygon"),
    control("transcription", "textarea", each=True),
)


def filled(*controls: ControlSpec, spec: OcrSpec | None = None) -> list[str]:
    config = LabelConfig(digest="x", controls=controls)
    return [one.name for one in registry.assign(spec or OcrSpec(), config).controls]


def model(*controls: ControlSpec, spec: OcrSpec | None = None) -> Model:
    assigned = registry.assign(spec or OcrSpec(), LabelConfig(digest="x", controls=controls))
    return registry.load(registry.reference(spec or OcrSpec(), assigned.controls, name="ocr"))


@pytest.fixture(scope="module")
def template() -> Model:
    return model(*TEMPLATE)


def item(path: Path) -> Item:
    return Item(key=path.stem, data={"image": "http://example.org/i"}, media={"image": str(path)})


def predict(one: Model, path: Path) -> Prediction:
    (said,) = one.predict([item(path)])
    assert isinstance(said, Prediction)
    return said


def texts(said: Prediction) -> list[str]:
    return [line for one in said.regions if isinstance(one.value, Text) for line in one.value.texts]


def overlap(region: Region, box: render.Box) -> float:
    """Intersection over union in pixels."""
    assert isinstance(region.value, Rectangle)
    assert region.size is not None
    wide, high = region.size.width / 100, region.size.height / 100
    left, top = region.value.x * wide, region.value.y * high
    right, bottom = left + region.value.width * wide, top + region.value.height * high
    inner = max(0.0, min(right, box[2]) - max(left, box[0])) * max(0.0, min(bottom, box[3]) - max(top, box[1]))
    return inner / ((right - left) * (bottom - top) + (box[2] - box[0]) * (box[3] - box[1]) - inner)


def test_the_lines_of_an_invoice_are_found_and_read(template: Model, tmp_path: Path) -> None:
    drawn = render.invoice(3)
    drawn.image.save(tmp_path / "a.png")
    said = predict(template, tmp_path / "a.png")
    assert [line.replace(" ", "") for line in texts(said)] == [mark.name.replace(" ", "") for mark in drawn.marks]
    boxes = [one for one in said.regions if one.control == "bbox"]
    assert min(overlap(one, mark.box) for one, mark in zip(boxes, drawn.marks, strict=True)) > 0.5
    groups = [one.group for one in boxes]
    assert len(set(groups)) == len(drawn.marks)
    assert [one.group for one in said.regions if one.control == "transcription"] == groups
    assert {one.labels for one in said.regions if one.control == "label"} == {("Text",)}
    assert {one.labels for one in boxes} == {()}
    scores = [one.score for one in boxes if one.score is not None]
    assert 0.0 < said.confidence <= min(scores)
    assert said.numbers["regions"] == len(drawn.marks)


def test_chinese_is_read(template: Model, tmp_path: Path) -> None:
    font = render.chinese_font()
    if font is None:
        pytest.skip("no font with Chinese characters here: install fonts-wqy-microhei")
    drawn = render.invoice(1, font=font)
    drawn.image.save(tmp_path / "a.png")
    read = "".join(texts(predict(template, tmp_path / "a.png"))).replace(":", "：")
    assert "发票号码：" in read
    assert "合计：" in read


def test_a_picture_taken_sideways_is_marked_as_a_person_sees_it(template: Model, tmp_path: Path) -> None:
    drawn = render.invoice(4)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    drawn.image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.jpg", quality=95, exif=exif)
    boxes = [one for one in predict(template, tmp_path / "a.jpg").regions if one.control == "bbox"]
    assert {(one.size.width, one.size.height) for one in boxes if one.size} == {drawn.image.size}
    assert min(overlap(one, mark.box) for one, mark in zip(boxes, drawn.marks, strict=True)) > 0.5


def test_a_large_photograph_is_decoded_smaller_and_marked_at_the_same_places(template: Model, tmp_path: Path) -> None:
    drawn = render.invoice(5, width=4001)
    drawn.image.save(tmp_path / "a.jpg", quality=90)
    said = predict(template, tmp_path / "a.jpg")
    boxes = [one for one in said.regions if one.control == "bbox"]
    assert boxes[0].size is not None
    assert boxes[0].size.width == 4001
    assert min(overlap(one, mark.box) for one, mark in zip(boxes, drawn.marks, strict=True)) > 0.5


def test_a_broken_picture_harms_only_itself(template: Model, tmp_path: Path) -> None:
    render.invoice(3).image.save(tmp_path / "good.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:3000])
    (tmp_path / "text.png").write_text("no picture")
    names = ["cut", "good", "text"]
    said = template.predict([item(tmp_path / f"{name}.png") for name in names])
    assert [one.key for one in said] == names
    assert [isinstance(one, Failure) for one in said] == [True, False, True]
    assert {one.code for one in said if isinstance(one, Failure)} == {"unreadable_image"}


def test_an_empty_picture_has_no_line(template: Model, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), "white").save(tmp_path / "a.png")
    said = predict(template, tmp_path / "a.png")
    assert said.regions == ()
    assert said.confidence == pytest.approx(0.5)


def test_one_text_area_takes_all_lines(tmp_path: Path) -> None:
    drawn = render.invoice(3)
    drawn.image.save(tmp_path / "a.png")
    said = predict(model(control("all", "textarea")), tmp_path / "a.png")
    (region,) = said.regions
    assert isinstance(region.value, Text)
    assert region.value.texts[0].count("\n") == len(drawn.marks) - 1
    assert region.value.texts[0].startswith("Invoice")


def test_polygons_with_labels_carry_corners_and_label(tmp_path: Path) -> None:
    render.invoice(3).image.save(tmp_path / "a.png")
    said = predict(model(control("poly", "polygonlabels", ("Line", "Stamp"))), tmp_path / "a.png")
    assert len(said.regions) == 6
    for one in said.regions:
        assert isinstance(one.value, Polygon)
        assert one.value.labels == ("Line",)
        assert len(one.value.points) == 4


def test_lines_below_the_minimum_are_left_out_and_make_the_item_less_sure(tmp_path: Path) -> None:
    render.invoice(3).image.save(tmp_path / "a.png")
    said = predict(model(*TEMPLATE, spec=OcrSpec(minimum=1.0)), tmp_path / "a.png")
    assert said.numbers["left_out_score"] > 0.5
    assert said.confidence == pytest.approx((0.5 if not said.regions else 1.0) * (1 - said.numbers["left_out_score"]))


def test_what_is_filled_starts_with_the_shape() -> None:
    assert filled(*TEMPLATE) == ["bbox", "label", "transcription"]
    assert filled(control("poly", "polygon"), LABELS) == ["poly", "label"]
    assert filled(control("boxes", "rectanglelabels", ("A",)), LABELS) == ["boxes"]
    assert filled(control("bbox", "rectangle"), control("t", "textarea", of=OTHER)) == ["bbox"]
    assert filled(control("bbox", "rectangle"), control("t", "textarea")) == ["bbox", "t"]


def test_nothing_to_fill_is_said() -> None:
    with pytest.raises(ConfigurationError, match="OCR fills Rectangle"):
        filled(LABELS, control("t", "textarea", of=WRITTEN))
    with pytest.raises(ConfigurationError, match="'Stamp'"):
        filled(*TEMPLATE, spec=OcrSpec(label="Stamp"))
    assert filled(*TEMPLATE, spec=OcrSpec(label="Handwriting")) == ["bbox", "label", "transcription"]


def test_other_networks_and_missing_providers_are_refused() -> None:
    ref = registry.reference(OcrSpec(), (TEMPLATE[1],), name="ocr")
    assert ref.version == f"ocr-{ref.sha256[:12]}"
    with pytest.raises(ModelError, match="connect the model again"):
        registry.load(ref.model_copy(update={"sha256": "0" * 64}))
    for provider in ("cuda", "tensorrt"):
        with pytest.raises(ProviderError):
            registry.load(ref.model_copy(update={"spec": OcrSpec(provider=provider)}))


def test_it_is_quiet(template: Model, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (300, 200), "white").save(tmp_path / "a.png")
    template.warm_up()
    template.self_test()
    predict(template, tmp_path / "a.png")
    registry.load(registry.reference(OcrSpec(), (TEMPLATE[1],), name="ocr"))
    assert capfd.readouterr() == ("", "")
