"""What the pipeline itself says, on the project's controls: nothing added, nothing lost."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import transformers
from numpy.typing import NDArray
from PIL import Image

from models import registry
from models.base import Model
from models.errors import ConfigurationError, ModelError
from models.specs import PipelineSpec, PipelineTask
from models.types import ControlKind, ControlSpec, Failure, InputSpec, Item, LabelConfig, Medium, Prediction, Region
from models.values import Choices, Mask, Polygon, Rectangle, Text
from tests.unit.models.backends import tiny

CLASSES = ("Cat", "Dog", "Bird")


def control(
    kind: ControlKind, labels: tuple[str, ...] = CLASSES, medium: Medium = Medium.IMAGE, **more: Any
) -> ControlSpec:
    source = InputSpec(name="object", field="body", medium=medium)
    return ControlSpec(name="verdict", kind=kind, labels=labels, input=source, **more)


def loaded(task: PipelineTask, folder: Path, asked: ControlSpec, **more: Any) -> Model:
    spec = PipelineSpec(task=task, source=str(folder), **more)
    return registry.load(registry.reference(spec, (asked,), name="p"))


def pipe(task: PipelineTask, folder: Path) -> Any:
    return transformers.pipeline(task, model=str(folder), device="cpu")


def item(path: Path) -> Item:
    return Item(key=path.name, data={"body": "http://example.org/x"}, media={"body": str(path)})


def scene(width: int = 90, height: int = 60) -> Image.Image:
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([255 * x / width, 255 * y / height, 127 + 127 * np.sin(x / 7 + y / 11)], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def saved(path: Path, image: Image.Image, turned: int = 1) -> Path:
    exif = Image.Exif()
    exif[0x0112] = turned
    image.save(path, "PNG", exif=exif)
    return path


def said(model: Model, path: Path) -> Prediction:
    (answer,) = model.predict([item(path)])
    assert isinstance(answer, Prediction)
    return answer


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return {
        "image-classification": tiny.classifier(root / "classifier"),
        "object-detection": tiny.detector(root / "detector"),
        "image-segmentation": tiny.segmenter(root / "segmenter"),
        "automatic-speech-recognition": tiny.recognizer(root / "recognizer"),
    }


def test_a_class_becomes_a_choice_with_its_probability(tmp_path: Path, folders: dict[str, Path]) -> None:
    folder = folders["image-classification"]
    expected = pipe("image-classification", folder)(scene())[0]
    answer = said(loaded("image-classification", folder, control("choices")), saved(tmp_path / "a", scene()))
    (region,) = answer.regions
    assert region.value == Choices(labels=(expected["label"].capitalize(),))
    assert answer.confidence == pytest.approx(expected["score"], abs=1e-6)
    assert {"p1", "margin", "input_brightness", "input_contrast"} <= answer.numbers.keys()


def test_classes_of_one_label_are_added_up(tmp_path: Path, folders: dict[str, Path]) -> None:
    folder = folders["image-classification"]
    scores = {one["label"]: one["score"] for one in pipe("image-classification", folder)(scene())}
    mapped = {"cat": "Pet", "dog": "Pet", "bird": "Wild"}
    asked = control("choices", ("Pet", "Wild"))
    answer = said(loaded("image-classification", folder, asked, label_map=mapped), saved(tmp_path / "a", scene()))
    pet = scores["cat"] + scores["dog"]
    assert answer.confidence == pytest.approx(max(pet, 1 - pet), abs=1e-6)


def test_a_class_is_known_by_another_name_of_its_label(tmp_path: Path, folders: dict[str, Path]) -> None:
    folder = folders["image-classification"]
    best = pipe("image-classification", folder)(scene())[0]["label"]
    names = {"Katze": ("cat",), "Hund": ("dog",), "Vogel": ("bird",)}
    answer = said(
        loaded("image-classification", folder, control("choices", tuple(names), names=names)),
        saved(tmp_path / "a", scene()),
    )
    assert names[answer.regions[0].labels[0]] == (best,)


def test_a_class_without_a_choice_is_an_error(folders: dict[str, Path]) -> None:
    with pytest.raises(ConfigurationError, match="classes 'bird' have no label"):
        loaded("image-classification", folders["image-classification"], control("choices", ("Cat", "Dog")))


def corners(region: Region, width: int, height: int) -> tuple[float, ...]:
    box = region.value
    assert isinstance(box, Rectangle)
    scale = np.array([width, height, width, height]) / 100
    return tuple((np.array([box.x, box.y, box.x + box.width, box.y + box.height]) * scale).tolist())


@pytest.mark.parametrize("turned", [1, 3, 6, 8])
def test_boxes_are_where_the_pipeline_sees_them(tmp_path: Path, folders: dict[str, Path], turned: int) -> None:
    """In percent of the picture as a person sees it."""
    folder = folders["object-detection"]
    back = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[turned]
    stored = scene() if back is None else scene().transpose(back)
    model = loaded("object-detection", folder, control("rectanglelabels"), minimum=0.2)
    answer = said(model, saved(tmp_path / "a", stored, turned))
    found = pipe("object-detection", folder)(scene(), threshold=0.2)
    kept = [f for f in found if f["box"]["xmax"] > f["box"]["xmin"] and f["box"]["ymax"] > f["box"]["ymin"]]
    assert kept
    assert [region.labels for region in answer.regions] == [(f["label"].capitalize(),) for f in kept]
    for region, f in zip(answer.regions, kept, strict=True):
        x1, y1, x2, y2 = (f["box"][k] for k in ("xmin", "ymin", "xmax", "ymax"))
        expected = max(x1, 0), max(y1, 0), min(x2, 90), min(y2, 60)
        assert corners(region, 90, 60) == pytest.approx(expected, abs=1e-6)
        assert region.score == pytest.approx(f["score"], abs=1e-5)
        assert (region.size.width, region.size.height) == (90, 60) if region.size else False
    assert answer.confidence == pytest.approx(math.prod(f["score"] for f in kept), rel=1e-3)


def test_where_no_box_is_sure_the_best_left_out_decides(tmp_path: Path, folders: dict[str, Path]) -> None:
    folder = folders["object-detection"]
    best = max(f["score"] for f in pipe("object-detection", folder)(scene(), threshold=0.0))
    model = loaded("object-detection", folder, control("rectanglelabels"), minimum=0.99)
    answer = said(model, saved(tmp_path / "a", scene()))
    assert answer.regions == ()
    assert answer.confidence == pytest.approx(1 - best, abs=1e-5)


def test_classes_without_a_label_are_told_and_counted(
    tmp_path: Path, folders: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    folder = folders["object-detection"]
    every = pipe("object-detection", folder)(scene(), threshold=0.2)
    lost = every[0]["label"]
    names = tuple(name for name in CLASSES if name.casefold() != lost)
    model = loaded("object-detection", folder, control("rectanglelabels", names), minimum=0.2)
    assert lost in caplog.text
    answer = said(model, saved(tmp_path / "a", scene()))
    assert answer.numbers["unlabelled"] == sum(f["label"] == lost for f in every)
    assert all(region.labels[0].casefold() != lost for region in answer.regions)
    with pytest.raises(ConfigurationError, match="None of the classes"):
        loaded("object-detection", folder, control("rectanglelabels", ("Fish",)))
    with pytest.raises(ConfigurationError, match="label_map names 'fish'"):
        loaded("object-detection", folder, control("rectanglelabels"), label_map={"fish": "Cat"})


def test_masks_become_runs(tmp_path: Path, folders: dict[str, Path]) -> None:
    folder = folders["image-segmentation"]
    found = pipe("image-segmentation", folder)(scene())
    answer = said(
        loaded("image-segmentation", folder, control("brushlabels"), minimum=0.0), saved(tmp_path / "a", scene())
    )
    assert len(found) > 1, "one class everywhere would show nothing"
    assert [region.labels[0].casefold() for region in answer.regions] == [f["label"] for f in found]
    for region, f in zip(answer.regions, found, strict=True):
        assert isinstance(region.value, Mask)
        bits = np.repeat(np.arange(len(region.value.runs)) % 2 == 1, region.value.runs).reshape(60, 90)
        np.testing.assert_array_equal(bits, np.asarray(f["mask"]) > 127)
        assert 1 / 3 <= (region.score or 0) <= 1, "the likeliest of three"


def test_masks_become_polygons(tmp_path: Path, folders: dict[str, Path]) -> None:
    folder = folders["image-segmentation"]
    answer = said(
        loaded("image-segmentation", folder, control("polygonlabels"), minimum=0.0), saved(tmp_path / "a", scene())
    )
    labels = {f["label"].capitalize() for f in pipe("image-segmentation", folder)(scene())}
    assert {region.labels[0] for region in answer.regions} <= labels
    assert answer.regions
    for region in answer.regions:
        assert isinstance(region.value, Polygon)
        assert all(0 <= value <= 100 for point in region.value.points for value in point)


def sound(path: Path, samples: NDArray[Any], rate: int = 16_000) -> Path:
    soundfile.write(path, samples, rate, format="WAV", subtype="FLOAT")
    return path


def test_what_is_heard_becomes_text(tmp_path: Path, folders: dict[str, Path]) -> None:
    folder = folders["automatic-speech-recognition"]
    samples = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    expected = pipe("automatic-speech-recognition", folder)({"raw": samples, "sampling_rate": 16_000})["text"]
    model = loaded("automatic-speech-recognition", folder, control("textarea", (), Medium.AUDIO))
    answer = said(model, sound(tmp_path / "a", samples))
    assert expected.strip()
    assert [region.value for region in answer.regions] == [Text(texts=(expected.strip(),))]
    assert answer.numbers["min_score"] <= answer.confidence <= 1
    assert answer.numbers["input_seconds"] == 1.0


def test_the_probabilities_of_signs_are_the_networks(tmp_path: Path, folders: dict[str, Path]) -> None:
    import torch

    folder = folders["automatic-speech-recognition"]
    samples = np.random.default_rng(1).normal(0, 0.1, 8_000).astype(np.float32)
    own = pipe("automatic-speech-recognition", folder)
    with torch.inference_mode():
        logits = own.model(**own.feature_extractor(samples, sampling_rate=16_000, return_tensors="pt")).logits[0]
    best, place = logits.softmax(-1).max(-1)
    model = loaded("automatic-speech-recognition", folder, control("textarea", (), Medium.AUDIO))
    answer = said(model, sound(tmp_path / "a", samples))
    expected = best[place != 0].log().mean().exp().item()
    assert answer.confidence == pytest.approx(expected, abs=1e-4)


def test_a_long_recording_is_heard_in_chunks(tmp_path: Path, folders: dict[str, Path]) -> None:
    folder = folders["automatic-speech-recognition"]
    samples = np.random.default_rng(2).normal(0, 0.1, 16_000 * 40).astype(np.float32)
    expected = pipe("automatic-speech-recognition", folder)(
        {"raw": samples, "sampling_rate": 16_000}, chunk_length_s=30.0
    )["text"]
    model = loaded("automatic-speech-recognition", folder, control("textarea", (), Medium.AUDIO))
    (region,) = said(model, sound(tmp_path / "a", samples)).regions
    assert region.value == Text(texts=(expected.strip(),))


@pytest.mark.parametrize("seconds", [2, 40])
def test_a_decoder_writes_what_it_writes_by_itself(tmp_path: Path, seconds: int) -> None:
    folder = tiny.whisper(tmp_path / "whisper")
    samples = np.random.default_rng(5).normal(0, 0.1, 16_000 * seconds).astype(np.float32)
    more = {"chunk_length_s": 30.0} if seconds > 30 else {}
    own = pipe("automatic-speech-recognition", folder)
    expected = own(
        {"raw": samples, "sampling_rate": 16_000}, generate_kwargs={"num_beams": 1}, ignore_warning=True, **more
    )["text"]
    model = loaded("automatic-speech-recognition", folder, control("textarea", (), Medium.AUDIO))
    answer = said(model, sound(tmp_path / "a", samples))
    assert expected.strip()
    assert [region.value for region in answer.regions] == [Text(texts=(expected.strip(),))]
    steps = answer.numbers["signs"]
    assert steps >= len(expected.strip()), "one step of the decoder a letter"
    assert math.log(answer.confidence) == pytest.approx(answer.numbers["log_product"] / steps)


def test_where_nothing_is_heard_blanks_are_sure(tmp_path: Path) -> None:
    folder = tiny.recognizer(tmp_path / "deaf", blank=9.0)
    model = loaded("automatic-speech-recognition", folder, control("textarea", (), Medium.AUDIO))
    answer = said(model, sound(tmp_path / "a", np.zeros(16_000)))
    assert answer.regions == ()
    assert 0.9 < answer.confidence < 1


@pytest.mark.parametrize("task", ["image-classification", "object-detection", "image-segmentation"])
def test_a_bad_picture_harms_no_other(tmp_path: Path, folders: dict[str, Path], task: PipelineTask) -> None:
    kinds: dict[str, ControlKind] = {
        "image-classification": "choices",
        "object-detection": "rectanglelabels",
        "image-segmentation": "brushlabels",
    }
    broken = tmp_path / "broken"
    whole = io.BytesIO()
    scene().save(whole, "PNG")
    broken.write_bytes(whole.getvalue()[:200])
    model = loaded(task, folders[task], control(kinds[task]))
    answers = model.predict([item(broken), item(saved(tmp_path / "a", scene())), Item(key="none", data={})])
    assert [one.code if isinstance(one, Failure) else None for one in answers] == [
        "unreadable_image",
        None,
        "missing_field",
    ]
    model.warm_up()
    model.self_test()


def test_a_broken_recording_is_a_failure(tmp_path: Path, folders: dict[str, Path]) -> None:
    (tmp_path / "a").write_bytes(b"RIFF")
    asked = control("textarea", (), Medium.AUDIO)
    model = loaded("automatic-speech-recognition", folders["automatic-speech-recognition"], asked)
    (answer,) = model.predict([item(tmp_path / "a")])
    assert isinstance(answer, Failure)
    assert answer.code == "unreadable_audio"
    model.self_test()


def test_each_task_fills_its_kind_of_control() -> None:
    choices, text = control("choices"), control("textarea", (), Medium.AUDIO)
    brush = control("brushlabels")
    config = LabelConfig(digest="0" * 64, controls=(choices, text, brush))
    filled: dict[PipelineTask, ControlSpec] = {
        "image-classification": choices,
        "automatic-speech-recognition": text,
        "image-segmentation": brush,
    }
    for task, expected in filled.items():
        assert registry.assign(PipelineSpec(task=task, source="x"), config).controls[0] is expected
    with pytest.raises(ConfigurationError, match="fills RectangleLabels on Image"):
        registry.assign(PipelineSpec(task="object-detection", source="x"), config)


def test_other_weights_or_another_threshold_are_another_version(tmp_path: Path, folders: dict[str, Path]) -> None:
    folder = folders["image-classification"]
    spec = PipelineSpec(task="image-classification", source=str(folder))
    ref = registry.reference(spec, (control("choices"),), name="p")
    other = spec.model_copy(update={"minimum": 0.9})
    assert registry.reference(other, (control("choices"),), name="p").version != ref.version
    moved = tiny.classifier(tmp_path / "again")
    elsewhere = registry.reference(spec.model_copy(update={"source": str(moved)}), ref.controls, name="p")
    assert elsewhere.sha256 == ref.sha256, "the same weights at another place"
    with pytest.raises(ModelError, match="connect the model again"):
        registry.load(ref.model_copy(update={"sha256": "0" * 64}))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="does not hold a model"):
        loaded("image-classification", tmp_path / "empty", control("choices"))
