"""Decisions by day and project, and a random part of what waits."""

from __future__ import annotations

from models.types import Route
from serving.store.records import ItemState, OutboxKind
from tests.store.test_gate_models_leases import CERTIFICATE
from tests.store.world import SHOWN, World, decision, task


def decide_on(world: World, at: float, route: Route, n: int) -> None:
    """Score and decide ``n`` items at a time."""
    world.now = at
    world.score(limit=n)
    with world.store.begin() as uow:
        rows = uow.items.claim(world.project, ItemState.SCORED, limit=n, owner=world.owner, lease_s=60.0, now=world.now)
        assert len(uow.items.decide(world.owner, [decision(row, route, SHOWN) for row in rows], world.now)) == n


def test_decisions_by_day(world: World) -> None:
    world.receive(*(task(n) for n in range(12)))
    other = World(world.store, "other", number=2)
    other.receive(task(1))
    with world.store.read() as uow:
        assert (uow.charts.newest_decision(), uow.charts.decided_before(1e12), uow.charts.decided_at(0)) == (0, 0, None)
    days = [86_400.0 * day + 60.0 for day in (20_000, 20_001, 20_003)]
    decide_on(world, days[0], Route.SUGGEST, 4)
    decide_on(world, days[1] - 61.0, Route.SUGGEST, 1)
    decide_on(other, days[1], Route.SUGGEST, 1)
    decide_on(world, days[1], Route.ACCEPT, 3)
    decide_on(world, days[2], Route.AUDIT, 2)
    with world.store.read() as uow:
        charts = uow.charts
        newest = charts.newest_decision()
        sums = charts.decided(world.project, after=0, upto=newest)
        assert sums == {(20_000, Route.SUGGEST): 5, (20_001, Route.ACCEPT): 3, (20_003, Route.AUDIT): 2}
        assert charts.decided(other.project, after=0, upto=newest) == {(20_001, Route.SUGGEST): 1}
        ends = [charts.decided_before(at) for at in (0.0, days[0], days[0] + 1, days[1], days[1] + 1, days[2] + 1)]
        assert ends == [0, 0, 4, 5, 9, newest]
        parts = [charts.decided(world.project, after=a, upto=b) for a, b in ((0, 4), (4, newest))]
        assert sum(n for part in parts for n in part.values()) == sum(sums.values())
        known = charts.decided_at(newest)
        assert known is not None
        assert known[1] == days[2]


def test_accepted_items_by_the_budget_of_their_newest_acceptance(world: World) -> None:
    def tested(epsilon: float) -> int:
        with world.store.begin() as uow:
            return uow.gate.add_certificate(world.project, **(CERTIFICATE | {"epsilon": epsilon}), now=world.now).id

    def accept(certificate: int, n: int) -> None:
        world.score(limit=n)
        world.decide(Route.ACCEPT, (OutboxKind.SUGGESTION, OutboxKind.ACCEPTANCE), limit=n, certificate_id=certificate)
        world.send()
        world.send(OutboxKind.ACCEPTANCE)

    world.receive(*(task(n) for n in range(10)))
    loose, strict = tested(0.1), tested(0.02)
    accept(loose, 3)
    accept(strict, 2)
    accept(tested(0.1), 1)
    world.decide()
    with world.store.read() as uow:
        assert uow.charts.accepted_by_budget(world.project) == [(0.1, 4), (0.02, 2)]
    world.label(0, 500)
    with world.store.read() as uow:
        assert uow.charts.accepted_by_budget(world.project) == [(0.1, 3), (0.02, 2)], "a person labelled one"


def test_the_pool_is_a_band_of_the_draw(world: World) -> None:
    world.receive(*(task(n, draw=n / 10) for n in range(10)))
    decide_on(world, 86_400.0, Route.SUGGEST, 8)
    with world.store.read() as uow:
        version = uow.items.page(world.project, state=ItemState.DECIDED)[0].model_version or ""
        assert len(uow.charts.pool(world.project, version, start=0.0, end=1.0)) == 8
        assert len(uow.charts.pool(world.project, version, start=0.5, end=0.75)) == 3
        assert uow.charts.pool(world.project, "another", start=0.0, end=1.0) == []
