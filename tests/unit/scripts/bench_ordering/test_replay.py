"""The replay on a small made-up data set: what may be asked for, and that both orders are treated alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.encoders.base import Features
from scripts.bench_ordering import replay
from scripts.bench_ordering.__main__ import error_ratio, savings
from scripts.bench_ordering.replay import PLANS, Data, Ids, Plan, repetition

PLAN = Plan("blobs", "pixels", (20, 30, 45), (20, 30, 45, 90), held_out=400, pool=300, epsilons=(0.1,))


@pytest.fixture(scope="module")
def blobs() -> Data:
    """Three clouds that overlap a little."""
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 3, 700)
    centres = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
    features: Features = (centres[truth] + generator.normal(0, 1, (700, 2))).astype(np.float32)
    return Data(features, truth.astype(np.int64), 3)


def test_both_orders_are_measured_alike(blobs: Data) -> None:
    run = repetition(PLAN, blobs, 7)
    assert tuple(run["random"]) == PLAN.random
    assert tuple(run["ours"]) == PLAN.ours
    assert run == repetition(PLAN, blobs, 7), "the same seed gives the same numbers"
    for reached in [*run["random"].values(), *run["ours"].values()]:
        assert reached["accuracy"] > 0.6
        assert 0.0 <= reached["coverage at 10%"] <= 1.0
    assert "errors" not in run["ours"][20]
    assert 0.0 <= run["ours"][45]["errors"] <= 1.0
    found = savings(PLAN, [run, repetition(PLAN, blobs, 8)])
    assert set(found) == {"accuracy", "coverage at 10%"}
    assert [one.labels for one in found["accuracy"]] == [20, 30, 45]
    assert error_ratio(PLAN, [run]) > 0


@pytest.mark.parametrize("encoder", ["pixels", "ngram"])
def test_each_head_has_its_number_of_distinct_items_and_none_that_measures_it(
    blobs: Data, monkeypatch: pytest.MonkeyPatch, encoder: str
) -> None:
    trained: list[Ids] = []
    measured: list[Ids] = []
    train, measure = replay.train, replay.measure

    def note(data: Data, ids: Ids) -> replay.Head:
        trained.append(ids)
        return train(data, ids)

    def look(plan: Plan, data: Data, head: replay.Head, held_out: Ids, seed: int) -> dict[str, float]:
        measured.append(held_out)
        return measure(plan, data, head, held_out, seed)

    monkeypatch.setattr(replay, "train", note)
    monkeypatch.setattr(replay, "measure", look)
    repetition(replace(PLAN, encoder=encoder), blobs, 3)  # type: ignore[arg-type]
    assert [len(set(ids.tolist())) for ids in trained] == [*PLAN.random, *PLAN.ours]
    assert [ids.size for ids in trained] == [*PLAN.random, *PLAN.ours]
    assert not {id for ids in trained for id in ids.tolist()} & set(measured[0].tolist())
    assert len({tuple(ids) for ids in measured}) == 1
    same = np.array_equal(np.sort(trained[0]), np.sort(trained[len(PLAN.random)]))
    assert same == (encoder == "ngram"), "seeds are spread for pixels, and the lowest draws for words"


def test_the_plans_fit_their_data() -> None:
    assert PLANS["digits"].held_out + PLANS["digits"].pool <= 1797
    for plan in PLANS.values():
        assert set(plan.ours) <= set(plan.random)
        assert max(plan.random) <= plan.pool
