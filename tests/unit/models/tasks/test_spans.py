from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tasks import spans
from models.types import Region
from models.values import HyperTextSpan, TextSpan
from tests.unit.models.tasks.marks import TEXT_SPANS, control, quick, region

TEXT = control("labels")
SPANS = st.lists(TEXT_SPANS, max_size=5)


def _span(start: int, end: int, *labels: str) -> Region:
    return region(TextSpan(start=start, end=end, labels=labels))


def test_by_hand() -> None:
    ours = (_span(0, 4, "a"), _span(10, 14, "b"), _span(20, 24, "a"))
    theirs = (_span(0, 4, "a"), _span(10, 15, "b"), _span(20, 24, "b"), _span(30, 31, "a"))
    assert spans.loss(ours, theirs, TEXT) == pytest.approx(1 - 2 / 7)
    assert spans.relaxed_loss(ours, theirs, TEXT) == pytest.approx(1 - 2 * (1 + 0.8) / 7)


def test_the_same_span_twice_is_one_too_many() -> None:
    assert spans.loss((_span(0, 4, "a"),) * 2, (_span(0, 4, "a"),), TEXT) == pytest.approx(1 / 3)


@quick
@given(SPANS, SPANS)
def test_zero_for_equals_only_and_never_below_the_relaxed_form(ours: list[TextSpan], theirs: list[TextSpan]) -> None:
    said, meant = ([region(span) for span in side] for side in (ours, theirs))
    strict = spans.loss(said, meant, TEXT)

    def told(side: list[TextSpan]) -> list[tuple[int, int, tuple[str, ...]]]:
        return sorted((span.start, span.end, span.labels) for span in side)

    assert (strict == 0.0) == (told(ours) == told(theirs))
    assert 0.0 <= spans.relaxed_loss(said, meant, TEXT) <= strict + 1e-9


def test_html_is_compared_by_its_visible_text_only_where_all_have_it() -> None:
    first = HyperTextSpan(start="/p", end="/p", start_offset=0, end_offset=4, global_start=7, global_end=11)
    other_path = first.model_copy(update={"start": "/div/p", "end": "/div/p"})
    unknown = other_path.model_copy(update={"global_start": None})
    html = control("hypertextlabels")
    assert spans.loss((region(first),), (region(other_path),), html) == 0.0
    assert spans.loss((region(first),), (region(unknown),), html) == 1.0
