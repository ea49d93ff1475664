from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from models import encoders
from models.encoders.base import Encoder
from models.encoders.minilm import MinilmEncoder
from models.encoders.ngram import NgramEncoder
from models.encoders.pixels import PixelsEncoder

CLASSES: dict[str, type[Encoder[Any]]] = {"ngram": NgramEncoder, "pixels": PixelsEncoder, "minilm": MinilmEncoder}


@pytest.mark.parametrize("name", encoders.MEDIA)
def test_the_table_says_what_the_encoders_say(name: str) -> None:
    assert {known: medium for known, medium in encoders.MEDIA.items() if known == name} == {name: CLASSES[name].medium}


def test_a_command_that_needs_no_model_loads_none() -> None:
    code = "import sys, serving.cli, serving.projects.doctor; print('sklearn' in sys.modules or 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
