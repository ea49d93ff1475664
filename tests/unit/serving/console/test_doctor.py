"""What the doctor's page says of a project that works, and of one that is paused."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from serving.api.application import create_app
from serving.console import staff
from serving.console.speech import COOKIE
from serving.projects.checks import CHECKS
from tests.support.local_world import LocalWorld
from tests.unit.serving.console.connected import beside, connect


@pytest.mark.parametrize(
    ("language", "title", "works", "paused"),
    [
        ("en", "state of the project", "work goes on", "the project is paused: "),
        ("zh-Hans", "项目状态", "正常进行中", "项目已暂停："),
    ],
)
def test_its_last_check_reads_right_whether_it_is_well_or_not(
    world: LocalWorld, language: str, title: str, works: str, paused: str
) -> None:
    assert "paused" in [check.name for check in CHECKS], "what programs go by stays"
    with beside(world) as twin:
        staff._failures.clear()
        with TestClient(create_app(world.runtime), headers={"Origin": "http://testserver"}) as browser:
            browser.post("/sign-in", data={"token": "operator-token"})
            slug = connect(world, browser, twin, 2)
            browser.cookies.set(COOKIE, language)
            assert (
                f'<li class="good"><strong>{title}</strong>: {works}<'
                in browser.get(f"/projects/{slug}/doctor/findings").text
            )
            with world.store.begin() as uow:
                uow.projects.update(uow.projects.by_slug(slug).id, paused=True)
            found = browser.get(f"/projects/{slug}/doctor/findings").text
    assert f'<li class="bad"><strong>{title}</strong>: {paused}' in found
    assert works not in found
