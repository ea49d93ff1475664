"""Which tests may run at the same time: those with the same real servers one after another, beside all others.

Real servers are mostly waited for, and share their session's fixtures: what runs against one service is one unit of
work, what runs against Label Studio alone is another, and what has servers of its own a third; these begin first. The
other tests are sent file by file, since fixtures of a module are costly to make twice.
"""

from __future__ import annotations

import os
from functools import cache

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.shared_servers import end_all

OWN = ("tests/e2e/test_demo.py", "tests/ray/")
"""They start and end servers of their own, and no answer there is due within a second: they stand back a little."""
SERVERS = (OWN, ("tests/e2e/",), ("tests/contract/",))
"""Folders of tests with real servers; each group is one unit of work."""
FIRST = ("tests/e2e/test_nothing_is_lost.py",)
"""It has a service of its own, and takes long: before the shared one runs, which polls until all its tests are over."""
BEHIND, POLITE = 10, 19
"""Niceness of ``OWN``, and of what needs no server: the latter is above Ray's own 15 for replicas. Label Studio gives a
service one second to say that it is well."""


def group(nodeid: str) -> int:
    """Place in ``SERVERS``; of other tests its length."""
    return next((n for n, folders in enumerate(SERVERS) if nodeid.startswith(folders)), len(SERVERS))


def needs_servers(nodeid: str) -> bool:
    return group(nodeid) < len(SERVERS)


class ServersApart(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        return SERVERS[group(nodeid)][0] if needs_servers(nodeid) else nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ServersApart:
    return ServersApart(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest unit of work begins first."""
    items.sort(key=lambda item: (group(item.nodeid), not item.nodeid.startswith(FIRST)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if not needs_servers(item.nodeid):
        end_all()
        step_back(POLITE)
    elif item.nodeid.startswith(OWN):
        step_back(BEHIND)


@cache
def step_back(niceness: int) -> None:
    """For good: niceness is never taken back. A run without other processes has nobody to stand back for."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.nice(max(0, niceness - os.nice(0)))
