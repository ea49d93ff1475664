"""Which tests may run at the same time: those with real servers one after another, beside all others.

Real servers are mostly waited for, and share their session's fixtures: they are one unit of work, and begin first. The
other tests are sent file by file, since fixtures of a module are costly to make twice.
"""

from __future__ import annotations

import os
from functools import cache

import pytest
from xdist.scheduler import LoadScopeScheduling

SERVERS = ("tests/contract/", "tests/e2e/", "tests/ray/")
POLITE = 10
"""Niceness of what runs beside the servers: Label Studio gives a service one second to say that it is well."""


def needs_servers(nodeid: str) -> bool:
    return nodeid.startswith(SERVERS)


class ServersApart(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        return "servers" if needs_servers(nodeid) else nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ServersApart:
    return ServersApart(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ and not needs_servers(item.nodeid):
        step_back()


@cache
def step_back() -> None:
    os.nice(POLITE)
