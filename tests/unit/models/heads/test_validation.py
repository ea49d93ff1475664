from __future__ import annotations

import numpy as np
import pytest

from models.heads import validation


def test_few_examples_are_all_looked_at() -> None:
    assert validation.sample(np.array([0, 1, 1, 0])).tolist() == [0, 1, 2, 3]


def test_a_sample_of_many_keeps_proportions_and_two_of_each_answer() -> None:
    truth = np.array([0] * 8000 + [1] * 4000 + [2] * 3 + [3])
    rows = validation.sample(truth)
    assert rows.size == validation.LIMIT
    assert (np.diff(rows) > 0).all()
    assert np.bincount(truth[rows]) == pytest.approx([1998, 999, 2, 1], abs=2)


def test_unlike_answers_of_several_labels_never_exceed_the_sample() -> None:
    truth = (np.arange(5000)[:, None] >> np.arange(13)) & 1
    assert validation.sample(truth).size == validation.LIMIT


@pytest.mark.parametrize("multiple", [False, True])
def test_a_score_is_of_answers_that_were_held_out(multiple: bool) -> None:
    """Each row is known by a column of its own, which a fit on the other rows cannot know."""
    truth = np.arange(40) % 2
    answers = np.column_stack([truth, 1 - truth]) if multiple else truth
    own = np.eye(40, dtype=np.float32)
    score = validation.scores(own, answers, 2, (100.0,), multiple=multiple)[100.0]
    assert score.accuracy <= 0.5
    assert score.log_loss == pytest.approx((2 if multiple else 1) * np.log(2), rel=0.05)


def test_the_second_of_a_pair_is_learnt_from_the_first() -> None:
    features = np.array([[1, 0, 0]] * 20 + [[0, 1, 0]] * 20 + [[0, 0, 1]] * 2, np.float32)
    truth = np.array([0] * 20 + [1] * 20 + [2] * 2)
    assert validation.scores(features, truth, 3, (100.0,), multiple=False)[100.0].accuracy == 1


@pytest.mark.parametrize("multiple", [False, True])
def test_tempered_loss_takes_no_notice_of_how_sure_a_weak_fit_is(multiple: bool) -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(200) % 2
    features = (truth[:, None] + rng.normal(scale=0.5, size=(200, 1))).astype(np.float32)
    answers = np.column_stack([truth, 1 - truth]) if multiple else truth
    found = validation.scores(features, answers, 2, (0.1, 10.0), multiple=multiple)
    assert found[0.1].log_loss > 1.2 * found[10.0].log_loss
    assert found[0.1].tempered_loss == pytest.approx(found[10.0].tempered_loss, rel=0.1)
    assert found[10.0].tempered_loss <= found[10.0].log_loss
