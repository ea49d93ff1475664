from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.heads.spread import spread, spreads
from models.specs import HeadSpec, TransformersSpec
from models.types import Item, Medium
from tests.unit.models.samples import control, image_item, write_grey

CONTROL = control(medium=Medium.IMAGE)
PIXELS = HeadSpec(encoder="pixels")


@pytest.fixture
def pictures(tmp_path: Path) -> list[Item]:
    """Four looks, three pictures of each, all of one look together."""
    looks = np.zeros((4, 16, 16))
    looks[1, :, 8:], looks[2, 8:], looks[3] = 255, 255, 255
    grain = np.random.default_rng(0).integers(0, 20, (4, 3, 16, 16))
    return [
        image_item(f"{look}-{n}", write_grey(tmp_path / f"{look}-{n}.png", np.abs(looks[look] - grain[look, n])))
        for look in range(4)
        for n in range(3)
    ]


def test_one_of_each_look_comes_first(pictures: list[Item]) -> None:
    keys = spread(PIXELS, CONTROL, pictures, 4)
    assert keys[0] == "0-0"
    assert {key[0] for key in keys} == {"0", "1", "2", "3"}
    assert len(set(spread(PIXELS, CONTROL, pictures, 100))) == len(pictures)


def test_what_cannot_be_read_is_left_out(pictures: list[Item], tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    broken = [image_item("broken", tmp_path / "text.png"), Item(key="empty", data={})]
    keys = spread(PIXELS, CONTROL, [*broken, *pictures[:2]], 4)
    assert sorted(keys) == ["0-0", "0-1"]
    assert spread(PIXELS, CONTROL, broken, 4) == []


def test_which_models_are_spread() -> None:
    assert spreads(PIXELS)
    assert not spreads(HeadSpec(encoder="ngram"))
    assert not spreads(TransformersSpec(source="x"))
