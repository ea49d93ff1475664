"""Operators and engineers sign in with a token each; nobody else sees the console."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from serving.api.application import create_app
from serving.console import attempts, session, staff, train
from serving.console.staff import OperatorDep, Role, StaffDep
from serving.secrets import viewer_token
from tests.support.local_world import LocalWorld


@pytest.fixture
def client(world: LocalWorld) -> TestClient:
    """The application with a page for everybody who is signed in, and one that changes something."""
    staff._failures.clear()
    train._failures.clear()
    app = create_app(world.runtime)

    @app.get("/page")
    def page(role: StaffDep) -> str:
        return role.value

    @app.post("/change")
    def change(role: OperatorDep) -> str:
        return role.value

    return TestClient(app, follow_redirects=False)


def enter(client: TestClient, token: str) -> int:
    return client.post("/sign-in", data={"token": token}).status_code


def test_nobody_sees_a_page_without_signing_in(client: TestClient) -> None:
    answer = client.get("/page")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.post("/change").status_code == 303
    assert "Token" in client.get("/sign-in").text


def test_an_operator_changes_things_and_an_engineer_looks(world: LocalWorld, client: TestClient) -> None:
    assert enter(client, "operator-token") == 303
    assert (client.get("/page").json(), client.post("/change").json()) == (Role.OPERATOR, Role.OPERATOR)
    assert client.post("/sign-out").status_code == 303
    assert client.get("/page").status_code == 303
    assert enter(client, viewer_token(world.runtime.settings)) == 303
    assert client.get("/page").json() == Role.ENGINEER
    assert client.post("/change").status_code == 403


def test_the_viewers_token_is_no_key_to_the_api(world: LocalWorld, client: TestClient) -> None:
    headers = {"Authorization": f"Bearer {viewer_token(world.runtime.settings)}"}
    assert client.get("/api/v1/projects", headers=headers).status_code == 401


def test_tokens_cannot_be_guessed_at_leisure(world: LocalWorld, client: TestClient) -> None:
    assert [enter(client, f"wrong-{n}") for n in range(attempts.EACH)] == [401] * attempts.EACH
    assert enter(client, "operator-token") == 429
    world.later(attempts.WINDOW_S + 1)
    assert enter(client, "operator-token") == 303


def test_somebody_who_guesses_shuts_nobody_else_out(world: LocalWorld, client: TestClient) -> None:
    app = client.app
    eve, ada = (TestClient(app, follow_redirects=False, client=(peer, 1)) for peer in ("192.0.2.1", "192.0.2.2"))
    assert [enter(eve, f"wrong-{n}") for n in range(attempts.EACH + 1)] == [401] * attempts.EACH + [429]
    assert enter(ada, "operator-token") == 303


def test_guessing_from_many_places_is_slow_too(world: LocalWorld, client: TestClient) -> None:
    for n in range(attempts.ALL):
        staff._failures.wrong(f"192.0.2.{n}", world.clock())
    assert enter(client, "operator-token") == 429
    world.later(attempts.WINDOW_S + 1)
    assert enter(client, "operator-token") == 303


def test_wrong_tokens_are_in_the_log_without_the_token(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    assert enter(client, "nearly-the-token") == 401
    [record] = [one for one in caplog.records if one.message == "a wrong token"]
    assert record.__dict__["client"] == "testclient"
    assert "nearly" not in caplog.text


def test_what_is_remembered_of_guesses_is_bounded() -> None:
    counted = attempts.Attempts()
    for n in range(3 * attempts.ADDRESSES):
        counted.wrong(str(n), 0.0)
    assert len(counted._each) == attempts.ADDRESSES


def test_a_trainers_token_cannot_be_guessed_at_leisure(world: LocalWorld, client: TestClient) -> None:
    form = {"token": "wrong", "url": world.project.platform_url}
    got = [client.post("/train/sign-in", data=form).status_code for _ in range(attempts.EACH + 1)]
    assert got == [401] * attempts.EACH + [429]
    world.later(attempts.WINDOW_S + 1)
    assert client.post("/train/sign-in", data=form | {"token": "user 21"}).status_code == 303


def test_a_sign_in_makes_a_new_session(client: TestClient) -> None:
    """A cookie that somebody planted in the browser before is none of whoever signs in."""
    assert enter(client, "operator-token") == 303
    first = client.cookies["prelabel"]
    assert enter(client, "operator-token") == 303
    assert client.cookies["prelabel"] != first
    other = TestClient(client.app, follow_redirects=False, cookies={"prelabel": first})
    assert other.get("/page").status_code == 303, "the session before it ended"


def test_signing_out_ends_every_copy_of_the_session(client: TestClient) -> None:
    assert enter(client, "operator-token") == 303
    stolen = TestClient(client.app, follow_redirects=False, cookies={"prelabel": client.cookies["prelabel"]})
    assert stolen.get("/page").status_code == 200
    assert client.post("/sign-out").status_code == 303
    assert stolen.get("/page").status_code == 303


def test_a_session_ends_by_itself(world: LocalWorld, client: TestClient) -> None:
    assert enter(client, "operator-token") == 303
    world.later(session.LASTS_S + 1)
    assert client.get("/page").status_code == 303


def test_the_cookie_is_signed_and_kept_from_scripts_and_other_sites(client: TestClient) -> None:
    set_cookie = client.post("/sign-in", data={"token": "operator-token"}).headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in set_cookie.split(";")}
    held = client.cookies["prelabel"]
    other_letter = "A" if held[-10] != "A" else "B"
    for forged in (held[:-10] + other_letter + held[-9:], held.replace(held[0], "A" if held[0] != "A" else "B", 1), ""):
        other = TestClient(client.app, follow_redirects=False, cookies={"prelabel": forged})
        assert other.get("/page").status_code == 303


def test_other_sites_sign_nobody_in(client: TestClient) -> None:
    answer = client.post("/sign-in", data={"token": "operator-token"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_a_trainers_session_is_none_of_staff(world: LocalWorld, client: TestClient) -> None:
    assert enter(client, "operator-token") == 303
    url = world.project.platform_url
    assert client.post("/train/sign-in", data={"token": "user 21", "url": url}).status_code == 303
    assert client.get("/page").status_code == 303
