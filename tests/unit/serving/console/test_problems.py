"""What went wrong is a page for browsers, a sentence for htmx, and JSON for programs."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from models.errors import StoreError
from serving.api.application import create_app
from serving.console import staff
from serving.console.problems import ADVICE, TITLES
from serving.secrets import viewer_token
from tests.support.local_world import LocalWorld

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
HTMX = {"HX-Request": "true", "Accept": "*/*"}
CLOSE = "/projects/moods/gate/close"


@pytest.fixture
def app(world: LocalWorld) -> FastAPI:
    staff._failures.clear()
    app = create_app(world.runtime)

    @app.get("/breaks")
    def breaks() -> str:
        raise RuntimeError("t0p-secret")

    @app.get("/refuses")
    def refuses() -> str:
        raise StoreError("the database is at schema 0001")

    return app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    client = TestClient(app, follow_redirects=False)
    client.post("/sign-in", data={"token": "operator-token"})
    return client


def test_a_page_says_what_to_do_under_the_policy(client: TestClient) -> None:
    answer = client.get("/nowhere", headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<h1>There is no such page</h1>" in answer.text
    assert "begin at the list of projects" in answer.text
    assert 'href="/"' in answer.text
    assert 'href="/train"' in client.get("/train/nowhere/at/all", headers=BROWSER).text


@pytest.mark.parametrize("path", ["/projects/none", "/projects/moods/items/999999", "/projects/moods/items/x"])
def test_what_is_not_there(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_known_name_is_told(client: TestClient) -> None:
    assert "connected are: moods" in client.get("/projects/none", headers=BROWSER).text


def test_an_engineer_is_told_who_may(world: LocalWorld, client: TestClient) -> None:
    client.post("/sign-in", data={"token": viewer_token(world.runtime.settings)})
    answer = client.post(CLOSE, data={"reason": "a strike"}, headers=BROWSER)
    assert answer.status_code == 403
    assert "engineers look, and change nothing" in answer.text
    chinese = client.post(CLOSE, data={"reason": "a strike"}, headers=BROWSER | {"Accept-Language": "zh-CN"})
    assert 'lang="zh-Hans"' in chinese.text
    assert "engineers look" not in chinese.text
    assert TITLES[403] not in chinese.text


def test_a_form_names_the_field_and_quotes_nothing(client: TestClient) -> None:
    answer = client.post(CLOSE, data={"reason": "x<"}, headers=BROWSER)
    assert answer.status_code == 422
    assert "reason: needs 3 characters or more" in answer.text
    assert "x&lt;" not in answer.text
    chinese = client.post(CLOSE, data={"reason": "x"}, headers=BROWSER | {"Accept-Language": "zh-CN"})
    assert "needs 3 characters" not in chinese.text
    assert "3" in chinese.text


def test_a_failure_gives_a_number_and_no_cause(client: TestClient) -> None:
    answer = client.get("/breaks", headers=BROWSER)
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "t0p-secret" not in answer.text
    chinese = client.get("/breaks", headers=BROWSER | {"Accept-Language": "zh"})
    assert 'lang="zh-Hans"' in chinese.text
    assert TITLES[500] not in chinese.text


def test_our_errors_keep_their_status_and_message(client: TestClient) -> None:
    answer = client.get("/refuses", headers=BROWSER)
    assert answer.status_code == 503
    assert "the database is at schema 0001" in answer.text


def test_htmx_gets_a_sentence(client: TestClient) -> None:
    answer = client.get("/projects/moods/what-if?percent=0", headers=HTMX)
    assert answer.status_code == 422
    assert answer.text.startswith('<p class="problem" role="alert">percent: must be above 0')
    assert "<html" not in answer.text
    broken = client.get("/breaks", headers=HTMX)
    assert (broken.status_code, "<html" in broken.text) == (500, False)


@pytest.mark.parametrize("path", ["/train/moods/next", "/train/moods/review/next", "/train/moods/leases/1/beat"])
def test_a_page_that_asks_by_itself_goes_on_asking_after_a_failure(
    world: LocalWorld, client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    url = world.project.platform_url
    assert client.post("/train/sign-in", data={"token": "user 21", "url": url}).status_code == 303

    def fail(*_: object) -> None:
        raise StoreError("the database is busy")

    for module in ("train", "review"):
        monkeypatch.setattr(f"serving.console.{module}.place_of", fail)
    answer = client.post(path, headers=HTMX)
    assert answer.status_code == 503
    asks = f'hx-post="{path}" hx-trigger="every 5s"' in answer.text
    assert (asks, answer.headers.get("hx-reswap")) == ((False, "none") if path.endswith("beat") else (True, None))


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/train/moods/next", "/train"),
        ("/train/moods/review/3/decide", "/train/moods/review"),
        ("/train/moods/decisions/3/appeal", "/train/moods/decisions"),
        ("/projects/moods/doctor/fix", "/projects/moods/doctor"),
        ("/projects/moods/items/dead/3/redrive", "/projects/moods/items/dead"),
        ("/connect/account", "/connect"),
    ],
)
def test_where_a_form_is_sent_to_is_opened_as_the_page_above(client: TestClient, path: str, page: str) -> None:
    """As somebody does who loads the answer again by its address, chooses a language on it, or signs in anew."""
    answer = client.get(path, headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert client.get(path).status_code == 405, "programs are told"
    assert client.get("/language", headers=BROWSER).status_code == 405
    chosen = {"Referer": f"http://testserver{path}", **BROWSER}
    back = client.post("/language", data={"language": "en"}, headers=chosen).headers["location"]
    assert client.get(back, headers=BROWSER).headers["location"] == page


def test_htmx_opens_the_form_where_nobody_is_signed_in(client: TestClient) -> None:
    client.post("/sign-out")
    answer = client.get("/projects/moods/figures", headers=HTMX)
    assert (answer.headers["hx-redirect"], answer.text) == ("/sign-in", "")
    lease = client.post("/train/moods/next", headers=HTMX)
    assert lease.headers["hx-redirect"] == "/train"
    assert client.get("/projects/moods", headers=BROWSER).headers["location"] == "/sign-in?next=/projects/moods"
    page = client.get("/train/moods/answers", headers=BROWSER)
    assert (page.status_code, page.headers["location"]) == (303, "/train?next=/train/moods/answers")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/projects", 401),
        ("GET", "/api/v1/nowhere", 404),
        ("POST", "/ml/moods/predict", 401),
        ("POST", "/hooks/label-studio/moods", 401),
        ("GET", "/metrics", 401),
    ],
)
def test_programs_get_json_whatever_they_accept(client: TestClient, method: str, path: str, status: int) -> None:
    for headers in (BROWSER, HTMX, {}):
        answer = client.request(method, path, headers=headers)
        assert (answer.status_code, set(answer.json())) == (status, {"error", "message"})


def test_a_page_asked_for_by_a_program_is_json(client: TestClient) -> None:
    assert client.get("/nowhere").json()["error"] == "not_found"
    assert client.get("/breaks").json()["error"] == "internal"


def test_every_status_that_has_a_title_has_advice() -> None:
    assert set(TITLES) == set(ADVICE)
