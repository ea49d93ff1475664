from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from models.encoders import pixels
from models.encoders.pixels import SIDE, PixelsEncoder
from models.tasks.inputs import UnreadableItem
from tests.unit.models.samples import write_grey

ENCODER = PixelsEncoder()


def grid(value: str | bytes) -> NDArray[np.float32]:
    return ENCODER.prepare(value).reshape(SIDE, SIDE)


def test_an_eight_by_eight_digit_keeps_its_picture(tmp_path: Path) -> None:
    digit = load_digits().images[0] * 255 / 16
    small = grid(str(write_grey(tmp_path / "d.png", digit)))
    back = small.reshape(8, 2, 8, 2).mean(axis=(1, 3))
    assert np.corrcoef(back.ravel(), digit.ravel())[0, 1] > 0.97


def test_a_larger_image_is_averaged_and_scaled_to_one(tmp_path: Path) -> None:
    picture = np.zeros((28, 28))
    picture[:, 14:] = 255
    small = grid(str(write_grey(tmp_path / "f.png", picture)))
    assert small.dtype == np.float32
    assert small[:, : SIDE // 2].max() == 0
    assert small[:, SIDE // 2 :].min() == 1


def test_a_file_and_its_bytes_are_the_same(tmp_path: Path) -> None:
    path = write_grey(tmp_path / "n.png", np.arange(400).reshape(20, 20) % 256)
    np.testing.assert_array_equal(grid(str(path)), grid(path.read_bytes()))


def test_the_camera_was_held_upside_down() -> None:
    picture = np.zeros((64, 64), np.uint8)
    picture[:32] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # orientation: rotated by 180 degrees
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", exif=exif.tobytes())
    small = grid(stream.getvalue())
    assert small[: SIDE // 2 - 1].mean() < 0.1
    assert small[SIDE // 2 + 1 :].mean() > 0.9


def test_transparent_is_white_and_sixteen_bits_are_scaled() -> None:
    stream = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(stream, "PNG")
    assert grid(stream.getvalue()).min() == 1
    stream = io.BytesIO()
    Image.fromarray(np.full((20, 20), 32768, np.uint16)).save(stream, "PNG")
    np.testing.assert_allclose(grid(stream.getvalue()), 0.5, atol=0.01)


def test_what_is_no_image_is_unreadable(tmp_path: Path) -> None:
    whole = write_grey(tmp_path / "w.png", np.arange(400).reshape(20, 20) % 256).read_bytes()
    for bad in (b"", b"GIF89a", b"<svg/>", whole[: len(whole) // 2], str(tmp_path / "gone.png"), str(tmp_path)):
        with pytest.raises(UnreadableItem) as caught:
            ENCODER.prepare(bad)
        assert caught.value.code == "unreadable_image"
        assert str(tmp_path) not in str(caught.value)


def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "MAX_PIXELS", 399)
    with pytest.raises(UnreadableItem, match="20x20") as caught:
        ENCODER.prepare(str(write_grey(tmp_path / "big.png", np.zeros((20, 20)))))
    assert caught.value.code == "image_too_large"
