"""Graded losses, unequal inclusion, strata, targeted samples: what the certificate says of each."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.gate import EMPTY, Certificate, binomial_upper, certify, wsr_upper

POOL = np.linspace(0.001, 1.0, 1000)
EVEN = np.linspace(1.0, 0.0025, 400)
RIGHT = np.zeros(400)


def _certify(confidences: Any, losses: Any, pool: Any = POOL, **more: Any) -> Certificate:
    return certify(confidences, losses, pool, **({"epsilon": 0.05, "delta": 0.1, "targeted_from": 0.0} | more))


def _wrong(places: Any, n: int = 400) -> NDArray[np.float64]:
    losses = np.zeros(n)
    losses[places] = 1.0
    return losses


# --- graded losses


def test_graded_losses_are_bet_on() -> None:
    losses = np.where(np.arange(400) % 10 == 0, 0.1, 0.0)
    certificate = _certify(EVEN, losses)
    assert certificate.open
    assert certificate.errors == pytest.approx(4.0)
    assert certificate.selective_upper == pytest.approx(wsr_upper(losses, 0.1))
    assert certificate.selective_upper is not None
    assert certificate.selective_upper <= 0.05
    assert certificate.reason == (
        "Open: a loss of 4 in all among 400 blind labels at confidence 0.001 or above, so the mean loss of what is "
        "accepted is at most 5 %, with probability 90 %; 100 % of the waiting items lie there."
    )


def test_many_small_losses_and_few_total_ones_are_told_apart() -> None:
    """As many items are not wholly right; strict losses of them would be far above the budget."""
    small = np.where(np.arange(400) % 5 == 0, 0.1, 0.0)
    assert _certify(EVEN, small).open
    assert not _certify(EVEN, np.ceil(small)).open


def test_graded_losses_above_the_budget_stay_closed_and_say_so() -> None:
    certificate = _certify(EVEN, np.full(400, 0.06))
    assert not certificate.open
    assert certificate.needed_labels == 0
    assert "cannot show a mean loss of at most 5 %" in certificate.reason
    assert "the best error rate is 6" in certificate.reason


def test_unlucky_graded_labels_ask_for_more() -> None:
    certificate = _certify(EVEN[:200], np.full(200, 0.035))
    assert not certificate.open
    assert certificate.needed_labels > 0
    more = certificate.needed_labels + 200
    assert _certify(np.linspace(1, 0.01, more), np.full(more, 0.035)).open


def test_strict_losses_count_whole_errors() -> None:
    errors = _certify(EVEN, _wrong([300, 350])).errors
    assert isinstance(errors, int)
    assert errors == 2


# --- inclusion


def test_equal_inclusion_is_no_inclusion() -> None:
    losses = _wrong([200, 300, 320, 340])
    plain = _certify(EVEN, losses)
    for probability in (1.0, 0.1, 0.3):
        drawn, pool_drawn = np.full(400, probability), np.full(1000, probability)
        assert _certify(EVEN, losses, inclusion=drawn) == plain
        assert _certify(EVEN, losses, inclusion=drawn, pool_inclusion=pool_drawn) == plain


def test_unequal_inclusion_is_never_ignored() -> None:
    """All errors are of items that were drawn seldom: each stands for ten."""
    losses = _wrong(np.arange(45, 400, 50))
    inclusion = np.where(losses == 1, 0.1, 1.0)
    assert _certify(EVEN, losses).open
    certificate = _certify(EVEN, losses, inclusion=inclusion)
    assert not certificate.open
    assert "400 blind labels, worth 47 at equal inclusion, are too few" in certificate.reason


def test_errors_among_items_that_were_drawn_often_weigh_less() -> None:
    n = 3000
    confidences, losses = np.linspace(1, 0.001, n), _wrong(np.arange(0, n, 20), n)
    inclusion = np.where(np.arange(n) % 4 == 0, 1.0, 0.3)
    assert not _certify(confidences, losses).open
    certificate = _certify(confidences, losses, inclusion=inclusion)
    assert certificate.open
    assert certificate.n == n
    assert certificate.errors == 150
    assert certificate.selective_upper == pytest.approx(wsr_upper(losses, 0.1, weights=0.3 / inclusion), abs=1e-9)
    assert "150 errors among 3000 blind labels, weighted by their inclusion, at confidence" in certificate.reason


def test_only_ratios_of_inclusion_count() -> None:
    rng = np.random.default_rng(0)
    losses, inclusion = _wrong([250, 300]), rng.choice([0.4, 0.8], 400)
    one, other = (_certify(EVEN, losses, inclusion=scale * inclusion) for scale in (1.0, 0.25))
    assert (one.open, one.threshold, one.n) == (other.open, other.threshold, other.n)
    assert one.selective_upper == pytest.approx(other.selective_upper)


def test_where_the_pool_says_that_all_were_drawn_alike_the_exact_test_is_back() -> None:
    """Twice as many of the surer half were drawn; above any threshold in it all are alike."""
    inclusion = np.where(EVEN > 0.5, 1.0, 0.5)
    pool_inclusion = np.where(POOL > 0.5, 1.0, 0.5)
    losses = _wrong(np.arange(200, 400))
    unknown = _certify(EVEN, losses, inclusion=inclusion)
    known = _certify(EVEN, losses, inclusion=inclusion, pool_inclusion=pool_inclusion)
    assert known.open
    assert known.threshold is not None
    assert known.threshold > 0.5
    assert known.selective_upper == binomial_upper(int(known.errors), known.n, 0.1)
    assert unknown.coverage <= known.coverage


def test_items_that_could_hardly_be_drawn_are_not_forgotten() -> None:
    """None of the sample, but a part of the pool, was nearly out of reach: nothing is known of that part."""
    pool_inclusion = np.where(np.arange(1000) % 10 == 0, 0.001, 1.0)
    assert _certify(EVEN, RIGHT, inclusion=np.ones(400)).open
    assert not _certify(EVEN, RIGHT, inclusion=np.ones(400), pool_inclusion=pool_inclusion).open


# --- targeted samples


def test_a_targeted_sample_covers_a_share_of_the_whole_pool() -> None:
    confidences = np.linspace(1.0, 0.7005, 200)
    certificate = _certify(confidences, np.zeros(200), targeted_from=0.6995)
    assert certificate.open
    assert certificate.threshold == pytest.approx(0.7)
    assert certificate.coverage == pytest.approx(0.301)
    assert certificate.selective_upper == binomial_upper(0, 200, 0.1)
    assert certificate.overall_upper == pytest.approx(0.301 * binomial_upper(0, 200, 0.1))


def test_nothing_is_accepted_where_no_label_was_drawn() -> None:
    """Also when nobody says that the sample was targeted."""
    certificate = certify(np.linspace(1.0, 0.7005, 200), np.zeros(200), POOL, epsilon=0.05, delta=0.1)
    assert certificate.open
    assert certificate.threshold == pytest.approx(0.701)
    assert certificate.coverage == pytest.approx(0.3)
    below = certify(np.linspace(1.0, 0.7005, 200), np.zeros(200), POOL[:600], epsilon=0.05, delta=0.1)
    assert not below.open
    assert "the pool is not like the sample" in below.reason


def test_more_labels_of_the_top_are_counted_as_labels_of_the_top() -> None:
    confidences, losses = np.linspace(1.0, 0.7005, 200), _wrong(np.arange(0, 200, 33), 200)
    targeted = _certify(confidences, losses, targeted_from=0.6995)
    everywhere = _certify(confidences, losses, targeted_from=0.0)
    assert 0 < targeted.needed_labels < everywhere.needed_labels


def test_labels_below_the_cut_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at 0.6, below targeted_from = 0.6995"):
        _certify([0.9, 0.6], [0, 0], targeted_from=0.6995)
    with pytest.raises(ValueError, match=r"targeted_from must lie in \[0, 1\]"):
        _certify([0.9], [0], targeted_from=1.2)


# --- strata


def test_strata_share_delta_and_stand_for_themselves() -> None:
    strata = np.where(np.arange(400) % 2 == 0, "cat", "dog")
    pool_strata = np.where(np.arange(1000) % 4 == 0, "dog", "cat")
    losses = np.where((strata == "dog") & (np.arange(400) % 3 == 0), 1.0, 0.0)
    certificate = _certify(EVEN, losses, strata=strata, pool_strata=pool_strata)
    cat, dog = certificate.gates["cat"], certificate.gates["dog"]
    alone = _certify(EVEN[strata == "cat"], losses[strata == "cat"], POOL[pool_strata == "cat"], delta=0.05)
    assert (cat.threshold, cat.n, cat.errors, cat.selective_upper) == (
        alone.threshold,
        alone.n,
        alone.errors,
        alone.selective_upper,
    )
    assert cat.delta == dog.delta == 0.05
    assert cat.open
    assert not dog.open
    assert certificate.open
    assert certificate.threshold is None
    assert (certificate.n, certificate.errors) == (cat.n, cat.errors)
    assert certificate.selective_upper == cat.selective_upper
    assert certificate.coverage == cat.coverage == pytest.approx(0.75)
    assert certificate.delta == 0.1
    assert certificate.needed_labels == 0
    assert certificate.reason == (
        "Open for 1 of 2 strata (cat), each with a threshold of its own: at most 5 % of what is accepted in each is "
        "wrong, with probability 90 % for all of them together; 75 % of the waiting items lie there. Closed: dog."
    )


def test_open_strata_are_summed_up() -> None:
    strata = np.where(np.arange(400) % 2 == 0, "a", "b")
    pool_strata = np.where(np.arange(1000) % 2 == 0, "a", "b")
    certificate = _certify(EVEN, _wrong([10]), strata=strata, pool_strata=pool_strata)
    a, b = certificate.gates.values()
    assert a.open
    assert b.open
    assert certificate.n == 400
    assert certificate.errors == 1
    assert certificate.coverage == pytest.approx(1.0)
    assert certificate.selective_upper == max(u for u in (a.selective_upper, b.selective_upper) if u is not None)
    assert a.overall_upper is not None
    assert b.overall_upper is not None
    assert certificate.overall_upper == a.overall_upper + b.overall_upper


def test_without_strata_of_the_pool_shares_are_those_of_the_sample() -> None:
    strata = np.where(np.arange(400) % 4 == 0, "rare", "common")
    certificate = _certify(EVEN, RIGHT, strata=strata)
    assert certificate.gates["rare"].coverage == pytest.approx(0.25)
    assert certificate.gates["common"].coverage == pytest.approx(0.75)
    inclusion = np.where(strata == "rare", 1.0, 0.5)
    weighted = _certify(EVEN, RIGHT, strata=strata, inclusion=inclusion)
    assert weighted.gates["rare"].coverage == pytest.approx(100 / (100 + 300 / 0.5))
    assert weighted.gates["rare"].selective_upper == certificate.gates["rare"].selective_upper


def test_one_stratum_is_the_whole() -> None:
    certificate = _certify(EVEN, _wrong([10]), strata=["all"] * 400, pool_strata=["all"] * 1000)
    plain = _certify(EVEN, _wrong([10]))
    assert certificate.gates == {"all": plain}
    assert (certificate.threshold, certificate.reason, certificate.overall_upper) == (
        plain.threshold,
        plain.reason,
        plain.overall_upper,
    )


def test_empty_predictions_stand_or_fall_together() -> None:
    """They have no score. Given one confidence and a stratum of their own, they do not touch the others' gate."""
    confidences = np.append(EVEN, np.ones(150))
    strata = np.append(np.full(400, "regions"), np.full(150, EMPTY))
    pool, pool_strata = np.append(POOL, np.ones(100)), np.append(np.full(1000, "regions"), np.full(100, EMPTY))
    for share, accepted in ((0.0, True), (0.3, False)):
        losses = np.append(RIGHT, (np.arange(150) < share * 150).astype(float))
        gates = _certify(confidences, losses, pool, strata=strata, pool_strata=pool_strata).gates
        assert gates["regions"].open
        assert gates["regions"].n == 400
        assert gates[EMPTY].open == accepted
        assert gates[EMPTY].n == 150
        assert gates[EMPTY].coverage == (pytest.approx(100 / 1100) if accepted else 0.0)


def test_strata_that_one_side_lacks_are_closed_and_take_no_delta() -> None:
    certificate = _certify(EVEN, RIGHT, strata=["a"] * 300 + ["gone"] * 100, pool_strata=["a"] * 600 + ["new"] * 400)
    assert certificate.gates["new"].reason == "Closed: there is no blind label of this stratum."
    assert certificate.gates["gone"].reason == "Closed: no item of this stratum is waiting."
    assert certificate.gates["a"].delta == 0.05
    assert certificate.gates["a"].open


def test_when_all_strata_are_closed_the_nearest_is_named() -> None:
    strata = ["a", "b", "c", "d"] * 15
    certificate = _certify(np.linspace(1, 0.1, 60), np.zeros(60), strata=strata)
    assert not certificate.open
    needed = [gate.needed_labels for gate in certificate.gates.values()]
    assert certificate.needed_labels == min(needed) > 60
    assert certificate.selective_upper is None
    assert certificate.reason == (
        f"Closed for each of 4 strata (a, b, c, d); the nearest takes about {min(needed)} more blind labels."
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"strata": ["a"]}, "confidences and strata differ in length: 2 and 1"),
        ({"strata": ["a", ""]}, "strata must name a stratum for every item"),
        ({"strata": ["a", None]}, "strata must name a stratum for every item"),
        ({"strata": [1.0, float("nan")]}, "strata must name a stratum for every item"),
        ({"strata": [["a", "b"]]}, "strata must be a vector"),
        ({"pool_strata": ["a"]}, "pool_strata needs strata"),
        (
            {"strata": ["a", "b"], "pool_strata": ["a", "b"]},
            "pool_confidences and pool_strata differ in length: 1 and 2",
        ),
        ({"inclusion": [0.5]}, "confidences and inclusion differ in length: 2 and 1"),
        ({"inclusion": [0.5, 0.0]}, "inclusion must be above 0"),
        ({"inclusion": [0.5, 1.5]}, "inclusion must lie in"),
        ({"inclusion": [0.5, float("nan")]}, "inclusion must lie in .* and hold no NaN"),
        ({"pool_inclusion": [0.5]}, "pool_inclusion needs inclusion"),
        ({"inclusion": [0.5, 1.0], "pool_inclusion": [0.5, 1.0]}, "differ in length: 1 and 2"),
    ],
)
def test_what_does_not_fit_together_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _certify([0.5, 0.6], [0, 1], [0.5], **more)
