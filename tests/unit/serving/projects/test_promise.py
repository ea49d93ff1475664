from __future__ import annotations

import math

import pytest

from models.gate.bounds import binomial_pvalue
from models.gate.spending import spend
from serving.projects.promise import promise


def test_the_words_of_the_default_budget() -> None:
    found = promise(epsilon=0.05, delta=0.1, validation_target=200)
    assert (found.wrong, found.sure, found.enough) == (50.0, 90.0, True)
    assert found.least == math.ceil(math.log(0.08) / math.log(0.95))


@pytest.mark.parametrize(("epsilon", "delta"), [(0.05, 0.1), (0.01, 0.05), (0.2, 0.5)])
def test_the_numbers_are_the_fewest_that_prove_it(epsilon: float, delta: float) -> None:
    found, first = promise(epsilon=epsilon, delta=delta, validation_target=1), spend(delta, 1)
    for errors, n in ((0, found.least), (2, found.about)):
        assert binomial_pvalue(errors, n, epsilon) <= first < binomial_pvalue(errors, n - 1, epsilon)
    assert not found.enough
