"""What a process does before it serves."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from models.errors import MissingDependencyError
from serving.warm_up import warm_up

ONE = """
import gc, sys
from models.people.label_quality import load
from serving.warm_up import warm_up
class Ring:
    def __init__(self): self.itself = self
Ring()
warm_up(load)
left = gc.get_freeze_count()
print("cleanlab.rank" in sys.modules, left > 10_000, gc.collect() < left / 10, len(gc.get_objects()) < left / 10)
"""


def test_what_is_loaded_is_not_looked_through_again() -> None:
    said = subprocess.run([sys.executable, "-c", ONE], capture_output=True, text=True, check=True, timeout=120)
    assert said.stdout.split() == ["True"] * 4, said.stderr


def test_a_library_that_is_not_there_stops_nothing_and_a_fault_does() -> None:
    def missing() -> None:
        raise MissingDependencyError("cleanlab", "people")

    def broken() -> None:
        raise ValueError("broken")

    frozen = gc.get_freeze_count()
    with pytest.raises(ValueError, match="broken"):
        warm_up(missing, broken)
    assert gc.get_freeze_count() == frozen
