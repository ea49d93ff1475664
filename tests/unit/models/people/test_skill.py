import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from models.people.skill import LEVELS, Skill, may_pause

COUNTS = st.integers(0, 400)


@given(right=COUNTS, wrong=COUNTS, confidence=st.floats(0.5, 0.999))
def test_interval_is_the_quantiles_of_the_posterior(right: int, wrong: int, confidence: float) -> None:
    skill = Skill.of(right, wrong)
    lower, upper = skill.interval(confidence)
    theirs = beta(right + 0.5, wrong + 0.5).interval(confidence)
    assert (lower, upper) == pytest.approx(theirs, rel=1e-6, abs=1e-12)
    assert lower == skill.lower(confidence)
    assert 0 <= lower < upper <= 1


@given(right=st.floats(0, 300), wrong=st.floats(0, 300), supported=st.floats(0, 1), classes=st.integers(2, 50))
def test_one_more_item_moves_towards_what_it_says(right: float, wrong: float, supported: float, classes: int) -> None:
    before = Skill.of(right, wrong)
    after = before.seen(supported, classes)
    assert after.right > 0
    assert after.wrong > 0
    if supported > 1 / classes + 1e-9:
        assert after.mean >= before.mean - 1e-12
    if supported < 1 / classes - 1e-9:
        assert after.mean <= before.mean + 1e-12
    assert after.evidence <= before.evidence + 1 + 1e-6


@given(right=st.floats(0, 300), wrong=st.floats(0, 300), classes=st.integers(2, 50))
def test_known_truth_counts_whole_and_no_support_counts_nothing(right: float, wrong: float, classes: int) -> None:
    skill = Skill.of(right, wrong)
    sure, wrongly, blank = skill.seen(1.0, classes), skill.seen(0.0, classes), skill.seen(1 / classes, classes)
    assert (sure.right, sure.wrong) == pytest.approx((skill.right + 1, skill.wrong))
    assert (wrongly.right, wrongly.wrong) == pytest.approx((skill.right, skill.wrong + 1))
    assert (blank.right, blank.wrong) == pytest.approx((skill.right, skill.wrong), rel=1e-6)


def test_jeffreys_interval_covers_the_true_accuracy() -> None:
    """Brown, Cai & DasGupta: near the nominal level on average over accuracies, already with few items."""
    rng = np.random.default_rng(1)
    for n in (20, 100):
        accuracies = rng.uniform(0.6, 0.99, 4000)
        rights = rng.binomial(n, accuracies)
        ends = {int(k): Skill.of(int(k), n - int(k)).interval() for k in np.unique(rights)}
        held = np.mean([ends[int(k)][0] <= a <= ends[int(k)][1] for k, a in zip(rights, accuracies, strict=True)])
        print("coverage of 95 % with", n, "items:", held)
        assert 0.935 <= held <= 0.965


def test_interval_from_probable_truth_covers_the_true_accuracy() -> None:
    """The truth is never known, only its probability, which is calibrated: 60 items, three classes."""
    rng, held, gain, k = np.random.default_rng(2), 0, [], 3
    for _ in range(400):
        accuracy, skill = rng.uniform(0.6, 0.98), Skill()
        for _ in range(60):
            belief = rng.dirichlet(np.full(k, 0.3))
            truth = rng.choice(k, p=belief)
            said = truth if rng.random() < accuracy else (truth + rng.integers(1, k)) % k
            skill = skill.seen(float(belief[said]), k)
        lower, upper = skill.interval()
        held += lower <= accuracy <= upper
        gain.append(skill.evidence)
    print("coverage of 95 % with probable truth:", held / 400, "evidence of 60 items:", np.mean(gain))
    assert 0.925 <= held / 400 <= 0.98
    assert 20 < np.mean(gain) < 60


def test_levels_take_items_and_chance_raises_nobody() -> None:
    assert Skill().level() == 0
    assert [next(n for n in itertools.count() if Skill.of(n, 0).level() == level) for level in range(1, 6)] == [
        4,
        7,
        11,
        24,
        49,
    ]
    assert len(LEVELS) == 5
    assert Skill.of(500, 500).level() == 0


def test_nobody_is_paused_on_few_items() -> None:
    assert may_pause(Skill.of(0, 19), 0.9).reason == "few_items"
    assert may_pause(Skill.of(0, 20), 0.9).allowed


def test_a_pause_says_why_with_numbers() -> None:
    assert may_pause(Skill.of(95, 5), 0.9).reason == "good_enough"
    doubtful = may_pause(Skill.of(25, 5), 0.9)
    assert (doubtful.allowed, doubtful.reason) == (False, "not_shown")
    assert doubtful.numbers["mean"] < 0.9 < doubtful.numbers["upper"]
    shown = may_pause(Skill.of(60, 40), 0.9)
    assert (shown.allowed, shown.reason) == (True, "below_required")
    assert shown.numbers["upper"] < 0.9
    assert shown.numbers["odds"] >= 20


@given(right=COUNTS, wrong=COUNTS, required=st.floats(0.05, 0.95), doubt=st.floats(0.01, 0.2))
def test_a_pause_is_never_allowed_with_the_interval_reaching_the_required_level(
    right: int, wrong: int, required: float, doubt: float
) -> None:
    skill = Skill.of(right, wrong)
    found = may_pause(skill, required, doubt=doubt)
    if found.allowed:
        assert skill.interval(1 - doubt)[1] < required
        assert right + wrong >= 20


def test_who_is_just_good_enough_is_seldom_paused_however_often_one_looks() -> None:
    """Accuracy exactly as required, a look after each of 300 items. The interval alone would pause more of them."""
    rng, people, required = np.random.default_rng(3), 400, 0.85
    paused = by_interval = 0
    for _ in range(people):
        rights = np.cumsum(rng.random(300) < required)
        looks = [may_pause(Skill.of(int(rights[n - 1]), n - int(rights[n - 1])), required) for n in range(20, 301, 2)]
        paused += any(look.allowed for look in looks)
        by_interval += any(look.numbers["upper"] < required for look in looks)
    print("paused wrongly:", paused / people, "by the interval alone:", by_interval / people)
    assert paused / people <= 0.05
    assert by_interval > paused


def test_who_is_far_below_is_found() -> None:
    rng = np.random.default_rng(4)
    found = sum(may_pause(Skill.of(r, 60 - r), 0.85).allowed for r in rng.binomial(60, 0.6, 300).tolist())
    assert found / 300 > 0.85


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Skill(0.0, 1.0)
    with pytest.raises(ValueError, match="negative"):
        Skill.of(-1, 0)
    with pytest.raises(ValueError, match="probability"):
        Skill().seen(1.5)
    with pytest.raises(ValueError, match="two answers"):
        Skill().seen(0.5, 1)
