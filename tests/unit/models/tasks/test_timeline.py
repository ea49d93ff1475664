from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from models.tasks import timeline
from models.values import FrameRanges, KeyFrame, Track
from tests.unit.models.tasks.marks import RANGES, TRACKS, quick, track


def test_a_box_moves_evenly_from_its_first_key_frame_and_stays_after_its_last() -> None:
    seen, places = timeline.positions(track((3, 0.0), (5, 10.0), frames=7))
    assert seen.tolist() == [False, False, True, True, True, True, True]
    assert places[2:, 0].tolist() == [0.0, 5.0, 10.0, 10.0, 10.0]


def test_a_disabled_key_frame_hides_it_until_the_next() -> None:
    keys = [
        KeyFrame(frame=n, time=0.0, x=0, y=0, width=1, height=1, enabled=enabled)
        for n, enabled in ((1, True), (3, False), (5, True))
    ]
    seen, _ = timeline.positions(Track(frames=6, duration=1.0, sequence=tuple(keys)))
    assert seen.tolist() == [True, True, False, False, True, True]


def test_shared_frames_are_those_with_half_an_overlap() -> None:
    """Boxes of 10: IoU is 1/2 when one stands 10/3 further; one is that far after a third of its way."""
    still, moving = track((1, 0.0), frames=10), track((1, 0.0), (10, 9.0), frames=10)
    assert timeline.shared(still, moving, None) == 4
    assert timeline.tracks(still, moving, None) == pytest.approx(4 / 16)


@quick
@given(TRACKS)
def test_a_whole_turn_changes_nothing(one: Track) -> None:
    keys = tuple(key.model_copy(update={"rotation": 360.0}) for key in one.sequence)
    turned = one.model_copy(update={"sequence": keys})
    assert timeline.shared(one, turned, None) == timeline.length(one)


@quick
@given(RANGES, RANGES)
def test_ranges_against_counted_frames(a: FrameRanges, b: FrameRanges) -> None:
    one, other = (np.zeros(40, dtype=bool) for _ in range(2))
    for marks, value in ((one, a), (other, b)):
        for start, end in value.ranges:
            marks[start : end + 1] = True
    assert timeline.ranges(a, b) == pytest.approx((one & other).sum() / (one | other).sum())
