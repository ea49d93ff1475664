"""The wizard's second step where no script is there yet: its forms are sent by the browser itself."""

from __future__ import annotations

from fastapi.testclient import TestClient

from serving.api.application import create_app
from serving.console import staff
from tests.support.local_world import LocalWorld
from tests.support.studio_twin import TOKEN
from tests.unit.serving.console.connected import beside


def test_forms_that_the_browser_sends_by_itself(world: LocalWorld) -> None:
    staff._failures.clear()
    with (
        beside(world) as twin,
        TestClient(create_app(world.runtime), headers={"Origin": "http://testserver"}) as browser,
    ):

        def sent(path: str, **form: str) -> str:
            answer = browser.post(path, data=form, follow_redirects=False)
            assert (answer.status_code, answer.text) == (303, "")
            return answer.headers["location"]

        browser.post("/sign-in", data={"token": "operator-token"})
        browser.post("/connect/account", data={"url": twin.url, "token": TOKEN})
        assert sent("/connect/project", project="2") == "/connect/project"
        assert 'value="person"' in browser.get("/connect/project").text
        assert sent("/connect/model", slug="moods", onward="true") == "/connect/project"
        assert "The name moods is taken" in browser.get("/connect/project").text
        assert sent("/connect/model", slug="mine") == "/connect/project"
        assert 'value="mine"' in browser.get("/connect/project").text
        assert sent("/connect/model", slug="mine", onward="true") == "/connect/budget"
