"""How often people are wrong: estimates, bounds, what they leave to be shown, and that asking again helps honestly."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import TypeAdapter

from models.gate.certify import certify
from models.gate.noise import MOST_PEOPLE, Noise, Pairs, disagreement, error_rate, floor, measure, people_needed

RATES = st.floats(0.0, 0.45)
CLASSES = st.one_of(st.none(), st.integers(2, 50))


class TestErrorRate:
    @given(rate=RATES, classes=CLASSES)
    def test_undoes_the_disagreement_of_two_people(self, rate: float, classes: int | None) -> None:
        coincide = 0.0 if classes is None else 1.0 / (classes - 1)
        share = 2 * rate - rate**2 * (1 + coincide)
        assert error_rate(share, classes) == pytest.approx(rate, abs=1e-6)

    def test_people_who_answer_at_random_are_wrong_as_often_as_chance_has_it(self) -> None:
        assert error_rate(0.5, 2) == error_rate(0.7, 2) == 0.5
        assert error_rate(0.9, 10) == pytest.approx(0.9)
        assert error_rate(0.0, 2) == 0.0

    @pytest.mark.parametrize(("share", "classes"), [(-0.1, 2), (1.1, None), (float("nan"), 2), (0.1, 1)])
    def test_nonsense_is_refused(self, share: float, classes: int) -> None:
        with pytest.raises(ValueError, match="not"):
            error_rate(share, classes)


class TestFloor:
    def test_of_single_labels_is_the_rate(self) -> None:
        assert floor(0.12, 1) == 0.12

    def test_of_three_is_a_wrong_first_answer_that_the_two_others_do_not_both_mend(self) -> None:
        assert floor(0.12, 3) == pytest.approx(0.12 * (1 - 0.88**2))

    @given(rate=st.floats(0.001, 0.45), half=st.integers(0, 3))
    def test_two_more_people_help_and_one_more_does_not(self, rate: float, half: int) -> None:
        odd = 2 * half + 1
        assert floor(rate, odd + 2) < floor(rate, odd)
        assert floor(rate, odd + 1) >= floor(rate, odd) * (1 - 1e-12)

    def test_people_needed_leave_room_for_the_model(self) -> None:
        assert people_needed(0.01, 0.05) == 1
        assert people_needed(0.1, 0.05) == 3
        assert people_needed(0.12, 0.05) == 5
        assert people_needed(0.2, 0.05) is None
        assert floor(0.2, MOST_PEOPLE) > 0.025

    @pytest.mark.parametrize(("rate", "people"), [(0.1, 0), (1.1, 3), (-0.1, 3)])
    def test_nonsense_is_refused(self, rate: float, people: int) -> None:
        with pytest.raises(ValueError, match="not"):
            floor(rate, people)


class TestDisagreement:
    def test_weighs_the_checked_by_what_they_stand_for(self) -> None:
        found = disagreement(Pairs(200, 40, 30, 16, 1))
        assert found is not None
        assert found.estimate == pytest.approx(30 / 200 + 160 / 200 * 1 / 16)
        assert found.lower < found.estimate < found.upper

    def test_is_not_known_while_agreements_were_never_checked(self) -> None:
        assert disagreement(Pairs(200, 40, 30, 0, 0)) is None
        assert disagreement(Pairs(0, 0, 0, 0, 0)) is None
        everything = disagreement(Pairs(40, 40, 30, 0, 0))
        assert everything is not None
        assert everything.estimate == 0.75

    @pytest.mark.parametrize("counts", [(10, 11, 0, 0, 0), (10, 5, 6, 0, 0), (10, 5, 0, 6, 0), (10, 5, 0, 2, 3)])
    def test_counts_that_do_not_fit_are_refused(self, counts: tuple[int, int, int, int, int]) -> None:
        with pytest.raises(ValueError, match="do not fit"):
            Pairs(*counts)


class TestNoise:
    def test_unmeasured_noise_is_said_to_be_unmeasured(self) -> None:
        noise = measure(Pairs(100, 0, 0, 0, 0), people=1, second_opinions=0)
        assert (noise.rate, noise.floor, noise.overturned_upper) == (None, None, None)
        assert noise.assumption().endswith("was not measured")
        assert noise.warning(0.01) == noise.finding(0.01) == ""

    def test_noise_alone_is_named_with_what_would_help(self) -> None:
        noise = measure(Pairs(400, 0, 0, 40, 8), people=1, second_opinions=40, classes=2)
        words = noise.warning(0.05)
        assert "about 20 % of the items (40 labelled twice)" in words
        assert "with single labels no budget below 11 % can be shown; take validation_people = 3." in words
        assert noise.finding(0.05) == words
        assert noise.warning(0.12) == ""

    def test_too_much_noise_for_any_number_of_people(self) -> None:
        noise = measure(Pairs(400, 100, 60, 30, 10), people=3, second_opinions=200, classes=2)
        assert "with the majority of 3 people no budget below" in noise.warning(0.01)
        assert "clearer guidelines" in noise.warning(0.01)

    def test_little_noise_is_not_blamed(self) -> None:
        few, many = (measure(Pairs(10 * n, 0, 0, n, n // 20), people=1, second_opinions=n) for n in (20, 400))
        assert few.finding(0.06).startswith("Whether people's own mistakes explain it is not clear")
        assert many.finding(0.06).startswith("People's own mistakes alone do not explain it")

    def test_what_goes_unseen_is_part_of_the_assumption(self) -> None:
        noise = measure(Pairs(200, 20, 15, 18, 1), people=3, second_opinions=50, overturned=1, classes=2)
        assert "the majority of 3 people is taken for the truth" in noise.assumption()
        assert "of 18 agreements checked 1 fell, at most 24 %" in noise.assumption()

    def test_more_overturned_than_checked_is_refused(self) -> None:
        with pytest.raises(ValueError, match="overturned"):
            measure(Pairs(200, 20, 15, 18, 1), people=3, second_opinions=50, overturned=19)

    def test_survives_being_stored(self) -> None:
        noise = measure(Pairs(200, 20, 15, 18, 1), people=3, second_opinions=50, overturned=1, classes=2)
        assert TypeAdapter(Noise).validate_python(asdict(noise)) == noise


def test_bounds_hold_over_many_samples() -> None:
    """At a true rate of 12 %, stratified by a model that is wrong on 8 %."""
    random, rate, n, missed = np.random.default_rng(0), 0.12, 300, [0, 0]
    for _ in range(400):
        model = random.random(n) < 0.08
        first, second = random.random((2, n)) < rate
        disputed = model != first
        checked = ~disputed & (random.random(n) < 0.1)
        split = first != second
        pairs = Pairs(n, int(disputed.sum()), int(split[disputed].sum()), int(checked.sum()), int(split[checked].sum()))
        found = measure(pairs, people=3, second_opinions=0, classes=2).rate
        if found is not None:
            missed[0] += found.lower > rate
            missed[1] += found.upper < rate
    assert max(missed) <= 0.05 * 400


class TestGate:
    """A stream with two answers, a model that is wrong the more often the less sure it is, and people who err."""

    DELTA, EPSILON = 0.1, 0.1

    def run(self, people: int, *, rate: float, runs: int = 200) -> tuple[float, float]:
        """(share of runs in which the gate opens, share in which it opens and the true error is above epsilon)."""
        random = np.random.default_rng(people)
        opened = violated = 0
        for _ in range(runs):
            scores, wrong = self.stream(random, 400)
            pool, pool_wrong = self.stream(random, 4000)
            losses = adjudicated(random, wrong, rate=rate, people=people)
            found = certify(scores, losses, pool, epsilon=self.EPSILON, delta=self.DELTA)
            if found.threshold is not None:
                opened += 1
                violated += pool_wrong[pool >= found.threshold].mean() > self.EPSILON
        return opened / runs, violated / runs

    def stream(self, random: np.random.Generator, n: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        scores = random.random(n)
        return scores, random.random(n) < 0.25 * (1 - scores) ** 1.5

    def test_single_labels_hardly_open_it_and_three_people_do(self) -> None:
        alone, _ = self.run(1, rate=0.12)
        three, violated = self.run(3, rate=0.12)
        assert alone <= 0.05
        assert three >= 0.6
        assert violated <= self.DELTA

    @pytest.mark.parametrize(("people", "rate"), [(3, 0.02), (5, 0.12), (5, 0.05)])
    def test_what_goes_unseen_breaks_no_promise(self, people: int, rate: float) -> None:
        """Where little noise is left to count against the model, unseen errors weigh most."""
        opened, violated = self.run(people, rate=rate)
        assert opened >= 0.9
        assert violated <= self.DELTA


def adjudicated(
    random: np.random.Generator, wrong: NDArray[np.bool_], *, rate: float, people: int
) -> NDArray[np.float64]:
    """Losses as people's answers give them: disagreements go to the majority, agreements stand but for one in ten."""
    errs = random.random((people, wrong.size)) < rate
    against = errs != wrong  # with two answers, whoever errs where the model does agrees with it
    again = against[0] | (random.random(wrong.size) < 0.1)
    lost = against[0] if people == 1 else np.where(again, against.sum(axis=0) * 2 >= people, against[0])
    return np.asarray(lost, dtype=np.float64)
