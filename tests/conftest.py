"""Which tests may run at the same time: those with real servers one after another, beside all others.

Real servers are mostly waited for, and share their session's fixtures: they are one group, and begin first. The other
tests are grouped by file, since fixtures of a module are costly to make twice.
"""

from __future__ import annotations

import os
from functools import cache

import pytest

SERVERS = "servers"
POLITE = 10
"""Niceness of what runs beside the servers: Label Studio gives a service one second to say that it is well."""


def needs_servers(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) is not None for name in ("label_studio", "ray"))


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group(SERVERS if needs_servers(item) else item.path.as_posix()))
    items.sort(key=lambda item: not needs_servers(item))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ and not needs_servers(item):
        step_back()


@cache
def step_back() -> None:
    os.nice(POLITE)
