from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tasks import timeline, tracks
from models.values import Track
from tests.unit.models.tasks.marks import TRACKS, control, quick, region, track

VIDEO = control("videorectangle")


def test_an_object_that_changes_its_name_counts_by_its_longer_part() -> None:
    whole = (region(track((1, 0.0), frames=10)),)
    parts = (region(track((1, 0.0), frames=10, off=8)), region(track((8, 0.0), frames=10)))
    assert tracks.loss(parts, whole, VIDEO) == pytest.approx(1 - 2 * 7 / 20)


def test_another_label_is_another_object() -> None:
    ours, theirs = (region(track((1, 0.0), labels=(label,))) for label in "ab")
    assert tracks.loss((ours,), (theirs,), VIDEO) == 1.0


def test_tracks_that_are_never_seen_do_not_count() -> None:
    hidden = track((1, 0.0), off=1)
    keys = tuple(key.model_copy(update={"enabled": False}) for key in hidden.sequence)
    assert tracks.loss((region(hidden.model_copy(update={"sequence": keys})),), (), VIDEO) == 0.0


@quick
@given(st.lists(TRACKS, min_size=1, max_size=3), st.lists(TRACKS, min_size=3, max_size=3))
def test_against_all_ways_to_name_the_tracks(ours: list[Track], theirs: list[Track]) -> None:
    def agreeing(a: Track, b: Track) -> int:
        return timeline.shared(a, b, None) if a.labels == b.labels else 0

    best = max(sum(agreeing(a, b) for a, b in zip(ours, way, strict=False)) for way in permutations(theirs, len(ours)))
    boxes = sum(timeline.length(one) for one in (*ours, *theirs))
    loss = tracks.loss([region(one) for one in ours], [region(one) for one in theirs], VIDEO)
    assert loss == pytest.approx(1 - 2 * best / boxes if boxes else 0.0)
