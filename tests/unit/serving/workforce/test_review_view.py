"""What is counted of a reviewer, and who is told what."""

from __future__ import annotations

from typing import Any

import pytest

from models.people.reviews import Code
from serving.store.people_records import TrainerRow, WorkState
from serving.store.review_records import Figures, ReviewRow, ReviewState
from serving.workforce.review_view import kept_of, may_appeal, reviewer

BERT = TrainerRow(2, "http://x", 22, "bert@example.com", "Bert", None, 0.0)


def row(**more: Any) -> ReviewRow:
    values: dict[str, Any] = dict.fromkeys(ReviewRow.__slots__) | {
        "id": 5,
        "author": 21,
        "state": ReviewState.REJECTED,
        "due_at": 100.0,
    }
    return ReviewRow(**values | more)


def test_decisions_are_counted_as_they_were_made() -> None:
    states = {ReviewState.ACCEPTED: 4, ReviewState.REJECTED: 2, ReviewState.FIXED: 1, ReviewState.OVERTURNED: 3}
    turns = {WorkState.DONE: 9, WorkState.LATE: 1, WorkState.EXPIRED: 2, WorkState.RELEASED: 1}
    one = Figures(2, states, {Code.GOLD: 5}, 2, turns, {ReviewState.UPHELD: 6}, overturned=2, upheld=0)
    told = reviewer(one, BERT)
    assert (told.decided, told.accepted, told.fixed, told.rejected) == (10, 4, 2, 4)
    assert (told.appealed, told.overturned, told.upheld, told.answered) == (3, 2, 0, 6)
    assert (told.in_time, told.late, told.let_go, told.given_back) == (9, 1, 2, 1)
    assert told.overturn_rate is not None
    assert (told.overturn_rate.share, told.overturn_rate.n) == (1.0, 2), "one of the three fell by a deadline"
    assert told.overturn_rate.lower < 0.5, "two say little"


@pytest.mark.parametrize(
    ("more", "may"),
    [
        ({}, True),
        ({"state": ReviewState.FIXED}, True),
        ({"due_at": 50.0}, False),
        ({"closed_at": 10.0}, False),
        ({"state": ReviewState.UPHELD}, False),
        ({"state": ReviewState.ACCEPTED}, False),
    ],
)
def test_what_may_be_appealed(more: dict[str, Any], may: bool) -> None:
    assert may_appeal(row(**more), 50.0) is may


def test_what_is_kept_of_a_person_says_nothing_of_the_others() -> None:
    kept = kept_of(row(reviewer_id=2, second_id=3), BERT)
    assert kept["parts"] == ["reviewer"]
    assert not {"author", "reviewer_id", "second_id"} & kept.keys()
    assert kept_of(row(reviewer_id=None, second_id=None), BERT)["parts"] == []
