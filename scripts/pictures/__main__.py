"""``make pictures``: what annotators see of a suggestion with each tag, from a real Label Studio and browser.

They go to docs/images/tags.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from connectors.label_studio.label_config import parse
from connectors.label_studio.results import encode
from scripts import label_studio
from scripts.browser import SUBMIT, at_rest, signed_in
from scripts.pictures.examples import Example, examples
from scripts.uploads import upload

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path(__file__).parents[2] / "docs/images/tags"
EMAIL, PASSWORD = "looks@example.com", "a long passphrase"
"""What a page takes to draw once nothing is loading any more."""


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        server = label_studio.start(home / "label-studio", progress=print)
        try:
            label_studio.create_user(server, EMAIL, PASSWORD)
            headers = {"Authorization": f"Token {server.token}"}
            with (
                httpx.Client(base_url=server.url, headers=headers, timeout=60.0, trust_env=False) as http,
                signed_in(server, EMAIL, PASSWORD, home / "profile") as page,
            ):
                page.set_viewport_size({"width": 960, "height": 920})
                for example in examples(home):
                    project, task = _set_up(http, example)
                    _take(page, f"{server.url}/projects/{project}/data?task={task}", FOLDER / f"{example.name}.jpg")
                    print(example.name)
        finally:
            server.stop()


def _set_up(http: httpx.Client, example: Example) -> tuple[int, int]:
    """(project id, task id) of a project with the example as its only task, and its suggestion."""

    def post(path: str, **said: object) -> httpx.Response:
        return http.post(path, **said).raise_for_status()  # type: ignore[arg-type]

    xml = f"<View>{example.xml}</View>"
    made = {"title": example.name, "label_config": xml, "show_collab_predictions": True, "model_version": "example"}
    project = int(post("/api/projects/", json=made).json()["id"])

    def sent(name: str, content: bytes) -> str:
        return upload(http, project, name, content)

    where = f"/api/projects/{project}/import?return_task_ids=true"
    [task] = post(where, json=[{"data": example.data(sent)}]).json()["task_ids"]
    result = encode(example.regions, parse(xml))
    post("/api/predictions/", json={"task": task, "result": result, "score": 0.9, "model_version": "example"})
    return project, int(task)


def _take(page: Page, url: str, path: Path) -> None:
    page.goto(url)
    page.locator(SUBMIT).wait_for()
    at_rest(page)
    page.screenshot(path=path, type="jpeg", quality=80)


if __name__ == "__main__":
    main()
