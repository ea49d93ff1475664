import numpy as np
import pytest

from models.gate.bounds import binomial_upper
from models.people.rates import per_hour, share


def test_a_share_of_a_textbook() -> None:
    """Clopper & Pearson's interval of 10 in 30, as R's binom.test gives it."""
    found = share(10, 30)
    assert found.value == pytest.approx(1 / 3)
    assert [found.lower, found.upper] == pytest.approx([0.1728742, 0.5281200], abs=1e-6)
    assert found.upper == pytest.approx(binomial_upper(10, 30, 0.025))


def test_nothing_and_everything() -> None:
    assert (share(0, 0).value, share(0, 0).n) == (None, 0)
    assert share(0, 12).lower == 0.0
    assert share(12, 12).upper == 1.0
    assert share(0, 12).upper == pytest.approx(1 - 0.025 ** (1 / 12))


def test_a_rate_of_a_table() -> None:
    """Garwood (1936): ten events, 95 %: 4.795 to 18.390; none: 0 to 3.689."""
    ten, none = per_hour(10, 2.0), per_hour(0, 2.0)
    assert ten.value == 5.0
    assert [ten.lower, ten.upper] == pytest.approx([4.7954 / 2, 18.3904 / 2], abs=1e-4)
    assert [none.value, none.lower, none.upper] == pytest.approx([0.0, 0.0, 3.6889 / 2], abs=1e-4)
    assert per_hour(3, 0.0).value is None


@pytest.mark.parametrize("true", [0.02, 0.3])
def test_the_intervals_hold_what_they_say(true: float) -> None:
    rng = np.random.default_rng(5)
    counts, events = rng.binomial(60, true, 1000), rng.poisson(20 * true, 1000)
    shares = [share(int(k), 60) for k in counts]
    rates = [per_hour(int(k), 20.0) for k in events]
    for found in (shares, rates):
        held = sum((one.lower or 0.0) <= true <= (one.upper or 0.0) for one in found)
        print("coverage of 95 %:", held / 1000)
        assert held >= 935


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        share(3, 2)
    with pytest.raises(ValueError, match="negative"):
        per_hour(-1, 2.0)
    with pytest.raises(ValueError, match="negative"):
        per_hour(1, float("nan"))
