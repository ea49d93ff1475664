"""Savings: every hour that people spent is taken off, and nothing is said that is not known."""

from __future__ import annotations

import numpy as np
import pytest

from models.costs import Costs
from models.people.savings import Stratum
from models.types import Route
from serving.monitoring.savings import Found, SavingsReport, judge, savings
from serving.projects.costs import set_costs
from serving.store.spending import Kind, Spent
from tests.support.local_world import LocalWorld, easy, hard

TIMES = np.random.default_rng(0).lognormal(4.0, 0.4, 60)


def found(**changes: object) -> Found:
    values: dict[str, object] = {
        "accepted": 900,
        "suggested": 100,
        "parts": (Stratum(1000, TIMES),),
        "spent": {
            Kind.SUGGESTED: Spent(100, 80, 80 * 36.0),
            Kind.BY_HAND: Spent(60, 60, TIMES.sum()),
            Kind.AGAIN: Spent(10, 10, 360.0),
            Kind.GOLD: Spent(10, 10, 720.0),
            Kind.DROPPED: Spent(5, 0, 0.0),
            Kind.REVIEW: Spent(20, 20, 1800.0),
        },
        "longest": 600.0,
        "compute_s": 7200.0,
    }
    return Found(**{**values, **changes})  # type: ignore[arg-type]


def test_what_people_spent_is_taken_off() -> None:
    said = judge(found(), None)
    assert said.by_hand_hours is not None
    assert said.saved_hours is not None
    assert said.by_hand_hours.estimate == pytest.approx(1000 * TIMES.mean() / 3600)
    spent = (100 * 36.0 + 360.0 + 720.0 + 1800.0) / 3600
    assert said.spent["suggested"].hours == pytest.approx(1.0), "those without a time as the others"
    for end in ("estimate", "lower", "upper"):
        assert getattr(said.saved_hours, end) == pytest.approx(getattr(said.by_hand_hours, end) - spent)
    assert said.saved_hours.lower < said.saved_hours.estimate < said.saved_hours.upper
    assert (said.control, said.wanted, said.compute_hours) == (60, 0, 2.0)
    assert (said.saved_money, said.currency) == (None, None)
    assert f"{said.saved_hours.estimate:,.1f} hours" in said.in_words


def test_money_is_net_of_compute() -> None:
    said = judge(found(), Costs(person_hour=20.0, compute_hour=3.0, currency="CNY"))
    assert said.saved_money is not None
    assert said.saved_hours is not None
    assert said.saved_money.lower == pytest.approx(said.saved_hours.lower * 20.0 - 6.0)
    assert f"CNY {said.saved_money.estimate:,.2f}" in said.in_words
    assert "net of compute" in said.in_words
    gross = judge(found(), Costs(person_hour=20.0))
    assert gross.saved_money is not None
    assert gross.saved_money.estimate == pytest.approx(said.saved_money.estimate + 6.0)
    assert "without what compute costs" in gross.in_words
    assert judge(found(), Costs(compute_hour=3.0)).saved_money is None


def test_a_suggestion_may_cost_time() -> None:
    slow = judge(found(accepted=0, parts=(Stratum(100, TIMES),), spent={Kind.SUGGESTED: Spent(100, 100, 9e5)}), None)
    assert slow.saved_hours is not None
    assert slow.saved_hours.upper < 0


def test_it_is_not_known_before_there_is_a_control() -> None:
    said = judge(found(parts=(Stratum(100, TIMES[:13]), Stratum(900, TIMES))), Costs(person_hour=20.0))
    assert (said.by_hand_hours, said.saved_hours, said.saved_money) == (None, None, None)
    assert said.wanted == 7
    assert "7 more labels" in said.in_words
    nothing = judge(found(accepted=0, suggested=0, parts=()), None)
    assert nothing.saved_hours is None
    assert "Nothing is saved yet" in nothing.in_words


def test_what_was_said_of_an_item_stands_beside_what_is_measured() -> None:
    spent = (100 * 36.0 + 360.0 + 720.0 + 1800.0) / 3600
    cold = found(parts=(Stratum(100, TIMES[:13]), Stratum(900, TIMES)))
    unknown = judge(cold, Costs(person_hour=20.0, item_seconds=36.0))
    assert unknown.told_hours == pytest.approx(10.0 - spent)
    assert (unknown.saved_hours, unknown.saved_money) == (None, None), "no money of what nobody measured"
    assert unknown.in_words.endswith(f"{10.0 - spent:,.1f} hours of people; nobody has measured that.")
    measured = judge(found(), Costs(item_seconds=36.0))
    assert measured.saved_hours == judge(found(), None).saved_hours
    assert measured.told_hours == unknown.told_hours
    assert "nobody has measured" not in measured.in_words
    assert judge(found(), Costs(person_hour=20.0)).told_hours is None
    assert judge(found(accepted=0, suggested=0, parts=()), Costs(item_seconds=36.0)).told_hours is None


def label_all(world: LocalWorld, *, seconds: float, shown: float) -> None:
    """People label what the queue has: by hand it takes them ``seconds``, with a suggestion ``shown``."""
    for row in world.wanted():
        aided = row.route is Route.SUGGEST and not row.unaided
        world.label(row.task_id, lead_time=shown if aided else seconds)
    world.sync()


def test_of_a_project(world: LocalWorld) -> None:
    world.change(audit_rate=0.4, control_rate=0.45)
    world.open(easy(90))
    before = savings(world.runtime, world.project)
    assert before.accepted > 0
    assert before.saved_hours is None, "its blind labels have no times"
    assert before.wanted > 0
    world.arrive(easy(60, seed=1) + hard(110, seed=1))
    world.sync()
    world.settle()
    label_all(world, seconds=30.0, shown=10.0)
    set_costs(world.runtime, world.project, Costs(person_hour=36.0))
    said = world.report().savings
    with world.store.engine.connect() as conn:
        aided, hours = conn.exec_driver_sql(
            "SELECT count(*), sum(lead_time) / 3600 FROM label WHERE role = 'correction'"
        ).one()
        accepted = conn.exec_driver_sql(
            "SELECT count(*) FROM item WHERE route = 'accept' AND state = 'published'"
        ).scalar_one()
    assert (said.accepted, said.suggested) == (accepted, aided)
    assert said.wanted == 0, said
    assert said.by_hand_hours is not None
    assert said.saved_hours is not None
    assert said.saved_money is not None
    assert said.by_hand_hours.estimate == pytest.approx((accepted + aided) * 30.0 / 3600)
    assert said.saved_hours.estimate == pytest.approx(said.by_hand_hours.estimate - hours)
    assert said.saved_money.estimate == pytest.approx(36.0 * said.saved_hours.estimate)
    assert SavingsReport.model_validate_json(said.model_dump_json()) == said
