"""An authenticating proxy says who somebody is; nobody else can."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from models.errors import ConfigurationError
from serving.api.application import create_app
from serving.console import staff
from serving.deployments.run import ENVIRONMENT
from serving.settings import Settings
from tests.support.local_world import LocalWorld
from tests.support.served import serve
from tests.unit.serving.conftest import MakeWorld

SECRET = "s" * 40
PROXY: dict[str, Any] = {
    "proxy_user_header": "X-Forwarded-User",
    "proxy_email_header": "X-Forwarded-Email",
    "proxy_groups_header": "X-Forwarded-Groups",
    "proxy_operator_groups": ("label-operators",),
    "proxy_engineer_groups": ("engineering", "data"),
    "proxy_trusted": ("10.0.0.0/24", "fd00::1"),
}
ADA = {
    "X-Forwarded-User": "ada",
    "X-Forwarded-Email": "ada@example.com",
    "X-Forwarded-Groups": "everybody, label-operators",
    "Origin": "http://testserver",
}
EVE = {"X-Forwarded-User": "eve", "X-Forwarded-Groups": "data"}
CLOSE = "/projects/moods/gate/close"


def browser(world: LocalWorld, peer: str = "10.0.0.7") -> TestClient:
    staff._failures.clear()
    return TestClient(create_app(world.runtime), follow_redirects=False, client=(peer, 50000))


@pytest.fixture
def world(make: MakeWorld) -> LocalWorld:
    return make(settings=PROXY)


def test_headers_mean_nothing_unless_the_settings_name_them(make: MakeWorld) -> None:
    assert browser(make()).get("/", headers=ADA).status_code == 303
    off = browser(make(settings={"proxy_trusted": ("10.0.0.0/24",)}))
    assert off.get("/", headers=ADA).status_code == 303


def test_somebody_known_to_the_proxy_needs_no_token_and_is_named(world: LocalWorld) -> None:
    ada = browser(world)
    page = ada.get("/", headers=ADA)
    assert page.status_code == 200
    assert "ada (ada@example.com), operator" in page.text
    assert ada.post(CLOSE, data={"reason": "a strike"}, headers=ADA).status_code == 303
    with world.store.read() as uow:
        [row] = uow.changes.page()
        event = uow.gate.events(world.id)[-1]
    assert (row.role, row.actor, row.action) == ("operator", "ada (ada@example.com)", "gate.close")
    assert event.actor == "ada (ada@example.com), operator"


def test_groups_make_the_role(world: LocalWorld) -> None:
    eve = browser(world)
    assert eve.get("/", headers=EVE).status_code == 200
    assert (
        eve.post(CLOSE, data={"reason": "a strike"}, headers=EVE | {"Origin": "http://testserver"}).status_code == 403
    )
    nobody = EVE | {"X-Forwarded-Groups": "sales", "Accept": "text/html"}
    refused = eve.get("/", headers=nobody)
    assert (refused.status_code, "none of your groups may look" in refused.text) == (403, True)
    without = {"X-Forwarded-User": "eve"}
    assert eve.get("/", headers=without).status_code == 403


@pytest.mark.parametrize("peer", ["10.0.1.7", "127.0.0.1", "192.168.0.1", "fd00::2", "testclient", "10.0.0.7.evil"])
def test_headers_of_anybody_else_are_ignored(world: LocalWorld, peer: str) -> None:
    spoofed = ADA | {"X-Forwarded-For": "10.0.0.7", "X-Real-IP": "10.0.0.7", "Forwarded": "for=10.0.0.7"}
    client = browser(world, peer)
    assert client.get("/", headers=spoofed).status_code == 303
    assert client.post(CLOSE, data={"reason": "a strike"}, headers=spoofed).status_code == 303
    assert world.project.gate_state.value == "cold"


@pytest.mark.parametrize("peer", ["10.0.0.1", "::ffff:10.0.0.7", "fd00::1"])
def test_the_proxy_is_known_by_its_address(world: LocalWorld, peer: str) -> None:
    assert browser(world, peer).get("/", headers=ADA).status_code == 200


@pytest.mark.parametrize(("allowed", "status"), [(ENVIRONMENT["FORWARDED_ALLOW_IPS"], 303), ("127.0.0.1", 200)])
def test_the_server_takes_no_address_from_a_header(
    world: LocalWorld, monkeypatch: pytest.MonkeyPatch, allowed: str, status: int
) -> None:
    """What uvicorn would believe of 127.0.0.1 by default is the second case."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", allowed)
    with serve(create_app(world.runtime)) as url:
        answer = httpx.get(url, headers={**ADA, "X-Forwarded-For": "10.0.0.7"}, trust_env=False)
    assert answer.status_code == status


def test_a_header_that_came_twice_names_nobody(world: LocalWorld) -> None:
    twice = [("X-Forwarded-User", "eve"), ("X-Forwarded-User", "ada"), ("X-Forwarded-Groups", "label-operators")]
    assert browser(world).get("/", headers=twice).status_code == 303


def test_with_a_secret_the_address_alone_is_not_enough(make: MakeWorld) -> None:
    client = browser(make(settings=PROXY | {"proxy_secret_header": "X-Proxy-Secret", "proxy_secret": SECRET}))
    assert client.get("/", headers=ADA).status_code == 303
    assert client.get("/", headers=ADA | {"X-Proxy-Secret": "wrong"}).status_code == 303
    assert client.get("/", headers=ADA | {"X-Proxy-Secret": SECRET}).status_code == 200
    alone = PROXY | {"proxy_trusted": (), "proxy_secret_header": "X-Proxy-Secret", "proxy_secret": SECRET}
    anywhere = browser(make(settings=alone), "192.168.3.4")
    assert anywhere.get("/", headers=ADA).status_code == 303
    assert anywhere.get("/", headers=ADA | {"X-Proxy-Secret": SECRET}).status_code == 200


def test_a_session_ends_when_the_proxy_says_somebody_else(world: LocalWorld) -> None:
    client = browser(world)
    assert client.get("/", headers=ADA).status_code == 200
    url = world.project.platform_url
    entered = client.post("/train/sign-in", data={"token": "user 21", "url": url}, headers=ADA)
    assert entered.status_code == 303
    assert "Your next item" in client.get("/train", headers=ADA).text
    assert "Sign in to label" in client.get("/train", headers=EVE).text, "Ada's trainer session is not Eve's"
    assert "eve, engineer" in client.get("/", headers=EVE).text


def test_a_session_is_no_way_around_the_proxy(world: LocalWorld) -> None:
    app = create_app(world.runtime)
    behind = TestClient(app, follow_redirects=False, client=("10.0.0.7", 1))
    url = world.project.platform_url
    behind.post("/train/sign-in", data={"token": "user 21", "url": url}, headers=ADA)
    around = TestClient(app, follow_redirects=False, client=("10.9.9.9", 1), cookies=dict(behind.cookies))
    assert "Sign in to label" in around.get("/train").text
    assert "Sign in to label" in behind.get("/train").text, "nor when the proxy names nobody"


def test_a_token_still_opens_the_service_where_no_proxy_stands(world: LocalWorld) -> None:
    direct = browser(world, "127.0.0.1")
    assert direct.post("/sign-in", data={"token": "operator-token"}).status_code == 303
    assert direct.get("/").status_code == 200


def test_the_proxys_word_goes_before_a_token(world: LocalWorld) -> None:
    client = browser(world)
    headers = EVE | {"Origin": "http://testserver"}
    assert client.post("/sign-in", data={"token": "operator-token"}, headers=headers).status_code == 303
    assert client.post(CLOSE, data={"reason": "a strike"}, headers=headers).status_code == 403


def test_a_change_needs_a_browser_that_says_where_it_came_from(world: LocalWorld) -> None:
    client = browser(world)
    bare = {name: held for name, held in ADA.items() if name != "Origin"}
    assert client.post(CLOSE, data={"reason": "a strike"}, headers=bare).status_code == 403
    other = bare | {"Origin": "http://evil.example"}
    assert client.post(CLOSE, data={"reason": "a strike"}, headers=other).status_code == 403
    assert client.post(CLOSE, data={"reason": "a strike"}, headers=bare | {"Sec-Fetch-Site": "same-origin"}).is_redirect


def test_signing_out_leads_to_the_proxys_own(make: MakeWorld) -> None:
    client = browser(make(settings=PROXY | {"proxy_sign_out": "/oauth2/sign_out"}))
    client.get("/", headers=ADA)
    assert client.post("/sign-out", headers=ADA).headers["location"] == "/oauth2/sign_out"


def test_the_api_takes_a_token_and_no_header(world: LocalWorld) -> None:
    assert browser(world).get("/api/v1/projects", headers=ADA).status_code == 401


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"proxy_trusted": ()}, "needs proxy_trusted or proxy_secret"),
        ({"proxy_groups_header": None}, "needs proxy_groups_header"),
        ({"proxy_operator_groups": (), "proxy_engineer_groups": ()}, "needs proxy_groups_header"),
        ({"proxy_trusted": ("10.0.0.5/24",)}, "no address and no network"),
        ({"proxy_user_header": "X Forwarded"}, "must be the name of a header"),
        ({"proxy_secret": SECRET}, "belong together"),
        ({"proxy_secret_header": "X-S", "proxy_secret": "short"}, "32 characters or more"),
        ({"proxy_sign_out": "//evil.example"}, "must be a path"),
    ],
)
def test_settings_that_would_let_anybody_in_are_refused(changed: dict[str, Any], said: str, tmp_path: Any) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Settings.load(data_dir=tmp_path, **{**PROXY, **changed})
