"""Which tests may run at the same time: those that share real servers one after another, beside all others.

Real servers are mostly waited for: three units of work with servers run beside each other, and begin first. The other
tests are sent file by file, since fixtures of a module are costly to make twice.
"""

from __future__ import annotations

import os
from functools import cache

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.support.shared_servers import end_all

SERVERS = (
    ("tests/e2e/test_nothing_is_lost.py",),
    ("tests/contract/", "tests/e2e/test_demo.py", "tests/ray/"),
    ("tests/e2e/",),
)
"""Tests with real servers; each group is one unit of work, in this order. The last shares one service, which polls
until they are over; the others start what they need themselves."""
LAST = ("tests/store/test_concurrency.py", "tests/store/test_desks.py")
"""Many processes, and leases that end by the clock: when servers have left the processors to them."""
PATIENT = ("tests/e2e/test_nothing_is_lost.py", "tests/e2e/test_demo.py", "tests/ray/")
"""With servers, and no answer in them is due within a second."""
BEHIND, POLITE = 10, 19
"""Niceness of the patient, and of what needs no server: the latter is above Ray's own 15 for replicas. Label Studio
gives a service one second to say that it is well."""

settings.register_profile("prelabel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("prelabel")  # how long an example takes says something of the machine


def place(nodeid: str) -> tuple[int, int]:
    """Group in ``SERVERS`` and place in the group; behind them all for other tests, and then ``LAST``."""
    places = ((n, k) for n, group in enumerate(SERVERS) for k, start in enumerate(group) if nodeid.startswith(start))
    return next(places, (len(SERVERS), int(nodeid.startswith(LAST))))


def needs_servers(nodeid: str) -> bool:
    return place(nodeid)[0] < len(SERVERS)


class ServersApart(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        return SERVERS[place(nodeid)[0]][0] if needs_servers(nodeid) else nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ServersApart:
    return ServersApart(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest units of work begin first."""
    items.sort(key=lambda item: place(item.nodeid))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if not needs_servers(item.nodeid):
        end_all()
        step_back(POLITE)
    elif item.nodeid.startswith(PATIENT):
        step_back(BEHIND)


@cache
def step_back(niceness: int) -> None:
    """For good: niceness is never taken back. A run without other processes has nobody to stand back for."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.nice(max(0, niceness - os.nice(0)))
