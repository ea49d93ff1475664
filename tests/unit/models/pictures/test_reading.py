from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.pictures import reading
from models.pictures.reading import at_most, read_picture
from models.tasks.inputs import UnreadableItem

HALVES = np.zeros((200, 400, 3), np.uint8)
HALVES[:, :200] = (250, 10, 10)


def test_a_jpeg_is_decoded_no_larger_than_wanted_and_covers_the_same_picture(tmp_path: Path) -> None:
    Image.fromarray(HALVES).resize((1601, 803)).save(tmp_path / "a.jpg", quality=95)
    small = read_picture(tmp_path / "a.jpg", lambda width, height: (200, 100))
    assert (small.size.width, small.size.height) == (1601, 803)
    height, width = small.pixels.shape[:2]
    assert 200 <= width <= 400
    assert 100 <= height <= 202
    edge = np.argmax(small.pixels[height // 2, :, 0] < 128) / width
    assert edge == pytest.approx(0.5, abs=1 / width)


def test_without_a_wish_nothing_is_scaled(tmp_path: Path) -> None:
    Image.fromarray(HALVES).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png").pixels, HALVES)


@pytest.mark.parametrize(("orientation", "size", "corner"), [(3, (400, 200), (199, 399)), (6, (200, 400), (0, 199))])
def test_a_picture_is_turned_as_its_camera_says(
    orientation: int, size: tuple[int, int], corner: tuple[int, int], tmp_path: Path
) -> None:
    pixels = HALVES.copy()
    pixels[:40, :40] = 255  # the upper left as stored
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    seen = read_picture(tmp_path / "a.png")
    assert (seen.size.width, seen.size.height) == size
    assert seen.pixels.shape[:2] == size[::-1]
    assert seen.pixels[corner].tolist() == [255, 255, 255]


def test_what_is_transparent_is_white_and_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").pixels.min() == 255
    Image.fromarray(np.full((4, 4), 257 * 100, np.uint16)).save(tmp_path / "b.png")
    assert np.unique(read_picture(tmp_path / "b.png").pixels).tolist() == [100]


def test_traits_are_of_the_picture(tmp_path: Path) -> None:
    Image.fromarray(HALVES).convert("L").point(lambda grey: 255 if grey > 40 else 0).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").traits == pytest.approx({"input_brightness": 0.5, "input_contrast": 0.5})


@pytest.mark.parametrize("limit", ["ours", "Pillow's"])
def test_too_many_pixels_are_refused_before_they_are_decoded(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(HALVES).save(tmp_path / "a.png")
    if limit == "ours":
        monkeypatch.setattr(reading, "MAX_PIXELS", 79_999)
    else:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with pytest.raises(UnreadableItem) as caught:
        read_picture(tmp_path / "a.png")
    assert caught.value.code == "image_too_large"


@pytest.mark.parametrize("content", [b"", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xff\xd8\xff\xe0broken"])
def test_what_is_no_picture_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UnreadableItem) as caught:
        read_picture(tmp_path / "a.jpg")
    assert caught.value.code == "unreadable_image"


def test_what_a_reader_of_a_longest_side_needs() -> None:
    assert at_most(2000)(4000, 1000) == (2000, 500)
    assert at_most(2000)(800, 600) == (800, 600)
    assert at_most(2000)(90_000, 3) == (2000, 1)
