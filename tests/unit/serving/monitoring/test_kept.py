"""Figures that the pipeline counts: they are what a count of one's own would say, and are not read when too old."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic_core import from_json

from serving.monitoring import kept_figures
from serving.monitoring.kept import EVERY_S, LATE, SHARE, Kept, every_s
from serving.monitoring.kept_figures import FIGURES, counted, sampled
from serving.pipeline.worker import FIGURES_S
from serving.store.kept import KeptFigure
from tests.support.local_world import LocalWorld, another_worker, easy

MakeWorld = Callable[..., LocalWorld]


def plain(value: Any) -> Any:
    """For comparison; arrays know no ``==`` of their own."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    return {name: one.tolist() if isinstance(one, np.ndarray) else one for name, one in fields}


@pytest.fixture
def busy(world: LocalWorld) -> LocalWorld:
    world.open(easy(120))
    world.arrive(easy(30, seed=1))
    world.sync()
    world.settle()
    return world


def test_what_is_kept_is_what_a_recount_says(busy: LocalWorld) -> None:
    assert busy.worker.figures(busy.project) == len(FIGURES)
    for figure in FIGURES:
        found = figure(busy.runtime, busy.project)
        assert found.at == busy.clock.now
        assert plain(found.value) == plain(figure.make(busy.runtime, busy.project)), figure.name
    assert sampled(busy.runtime, busy.project).value.confidences.size > 10


def test_pages_read_what_is_stored_and_count_only_where_nobody_else_has(busy: LocalWorld) -> None:
    made: list[int] = []

    def make(*_: object) -> list[int]:
        made.append(len(made))
        return made[:]

    figure = Kept("test", make, dump=list, load=from_json)
    assert figure(busy.runtime, busy.project).value == [0], "nothing is stored: it is counted"
    busy.later()
    assert figure.refresh(busy.runtime, busy.project)
    assert not figure.refresh(busy.runtime, busy.project), "it is not time"
    assert figure(busy.runtime, busy.project).value == [0, 1]
    busy.later(LATE * EVERY_S - 1.0)
    assert figure(busy.runtime, busy.project).value == [0, 1], "late, but told with its time"
    assert len(made) == 2
    busy.later(1.0)
    assert figure(busy.runtime, busy.project).value == [0, 1, 2], "no pipeline has counted: it is counted here"
    assert figure.refresh(busy.runtime, busy.project)
    assert figure(busy.runtime, busy.project).value == [0, 1, 2, 3]


def test_what_takes_long_is_counted_less_often() -> None:
    assert every_s(KeptFigure(at=0.0, seconds=0.1)) == EVERY_S
    assert every_s(KeptFigure(at=0.0, seconds=6.0)) == 6.0 / SHARE


def test_one_process_counts_and_all_read(busy: LocalWorld) -> None:
    second = another_worker(busy)
    assert busy.worker.figures(busy.project) == len(FIGURES)
    busy.later(EVERY_S + FIGURES_S)
    assert second.figures(busy.project) == 0, "the first one holds the lease"
    assert busy.worker.figures(busy.project) > 0
    before = counted(busy.runtime, busy.project).value
    busy.arrive(easy(5, seed=4))
    busy.sync()
    assert counted(busy.runtime, busy.project).value == before
    busy.later(10 * EVERY_S)
    assert second.figures(busy.project) > 0, "the first one is gone"
    assert sum(counted(busy.runtime, busy.project).value[0].values()) == sum(before[0].values()) + 5


def test_a_paused_project_is_counted_too(busy: LocalWorld) -> None:
    busy.change(paused=True)
    assert kept_figures.refresh(busy.runtime, busy.project) == len(FIGURES)
