from __future__ import annotations

import pytest

from models.tasks import scalars
from models.types import Region
from models.values import DateTime, Number, Rating
from tests.unit.models.tasks.marks import control, region


def _stars(*stars: int) -> tuple[Region, ...]:
    return tuple(region(Rating(stars=count)) for count in stars)


def _numbers(*numbers: float) -> tuple[Region, ...]:
    return tuple(region(Number(number=number)) for number in numbers)


@pytest.mark.parametrize(
    ("ours", "theirs", "maximum", "expected"),
    [(4, 4, 5, 0.0), (4, 3, 5, 0.25), (1, 5, 5, 1.0), (0, 5, 5, 1.0), (1, 10, 10, 1.0), (4, 3, 1, 1.0), (1, 1, 1, 0.0)],
)
def test_stars(ours: int, theirs: int, maximum: float, expected: float) -> None:
    assert scalars.rating(_stars(ours), _stars(theirs), control("rating", maximum=maximum)) == expected


@pytest.mark.parametrize(
    ("ours", "theirs", "bounds", "expected"),
    [
        (2.0, 4.0, (0.0, 10.0), 0.2),
        (-5.0, 50.0, (0.0, 10.0), 1.0),
        (2.0, 4.0, (None, None), 0.5),
        (2.0, 4.0, (0.0, None), 0.5),
        (-2.0, 2.0, (None, None), 1.0),
        (0.1 + 0.2, 0.3, (None, None), 0.0),
        (0.0, 0.0, (None, None), 0.0),
        (0.0, 1e-300, (None, None), 1.0),
    ],
)
def test_numbers(ours: float, theirs: float, bounds: tuple[float | None, float | None], expected: float) -> None:
    spec = control("number", minimum=bounds[0], maximum=bounds[1])
    assert scalars.number(_numbers(ours), _numbers(theirs), spec) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("2024-01-01", "2024-01-01T00:00:00", 0.0),
        ("2024-01-01", "2024-01-02", 1.0),
        ("soon", "soon ", 0.0),
        ("soon", "2024-01-01", 1.0),
    ],
)
def test_dates(ours: str, theirs: str, expected: float) -> None:
    said, meant = ((region(DateTime(text=text)),) for text in (ours, theirs))
    assert scalars.moment(said, meant, control("datetime")) == expected


def test_one_without_a_partner_counts_in_full() -> None:
    assert scalars.rating(_stars(4, 2), _stars(2), control("rating")) == pytest.approx((0.0 + 1.0) / 2)
    assert scalars.number(_numbers(1.0), (), control("number")) == 1.0
