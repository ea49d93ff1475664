import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest

from models.gate.sampling import audit_draw, fold_of, is_drawn, keyed_uniform
from models.types import Fold

SECRET = bytes(range(32))
N = 20_000


def _draws(purpose: str, secret: bytes = SECRET) -> NDArray[np.float64]:
    return np.array([keyed_uniform(secret, purpose, item) for item in range(N)])


def test_draws_never_change() -> None:
    """Stored folds and audits rest on these numbers: a change would draw every project anew."""
    assert keyed_uniform(SECRET, "fold", 1) == 0.02955865132977009
    assert keyed_uniform(SECRET, "fold", "1") == 0.3991740526365337


def test_draws_are_uniform() -> None:
    draws = _draws("fold")
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    assert kstest(draws, "uniform").pvalue > 0.01


def test_purposes_are_independent() -> None:
    folds, audits = _draws("fold"), np.array([audit_draw(SECRET, item, 1) for item in range(N)])
    assert abs(np.corrcoef(folds, audits)[0, 1]) < 4 / np.sqrt(N)
    assert kstest(audits[folds < 0.2], "uniform").pvalue > 0.01
    assert kstest((folds + audits) % 1.0, "uniform").pvalue > 0.01


def test_revisions_and_secrets_are_independent() -> None:
    first = np.array([audit_draw(SECRET, item, 1) for item in range(N)])
    second = np.array([audit_draw(SECRET, item, 2) for item in range(N)])
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(N)
    assert abs(np.corrcoef(_draws("fold"), _draws("fold", secret=b"another secret!!"))[0, 1]) < 4 / np.sqrt(N)


def test_names_are_not_confused() -> None:
    names: list[tuple[str | int, ...]] = [
        (1, 23),
        (12, 3),
        (123,),
        ("123",),
        ("1", "23"),
        ("12", "3"),
        ("ab", "c"),
        ("a", "bc"),
        (),
    ]
    assert len({keyed_uniform(SECRET, "fold", *name) for name in names}) == len(names)


def test_folds_come_in_the_share_asked_for() -> None:
    draws = _draws("fold")
    validation = sum(fold_of(draw, 0.25) is Fold.VALIDATION for draw in draws)
    assert validation / N == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / N))
    assert {fold_of(draw, 0.0) for draw in draws} == {Fold.TRAIN}
    assert {fold_of(draw, 1.0) for draw in draws} == {Fold.VALIDATION}


def test_raising_the_cut_only_adds_items() -> None:
    draws = _draws("fold")
    small = {item for item, draw in enumerate(draws) if is_drawn(draw, 0.1)}
    large = {item for item, draw in enumerate(draws) if is_drawn(draw, 0.3)}
    assert small < large


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        keyed_uniform(b"short", "fold", 1)
    with pytest.raises(ValueError, match=r"a draw lies in \[0, 1\)"):
        is_drawn(1.0, 0.5)
    with pytest.raises(ValueError, match="cut must lie"):
        is_drawn(0.5, 1.5)
    with pytest.raises(ValueError, match="validation_fraction must lie"):
        fold_of(0.5, -0.1)
