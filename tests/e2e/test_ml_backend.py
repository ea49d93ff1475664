"""Label Studio's "Connect Model", with a real Label Studio: it stores our predictions, and never two of them."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.label_studio.webhooks import SECRET_HEADER
from tests.support.world import World, mood_texts, soon

pytestmark = [pytest.mark.label_studio, pytest.mark.ray]
BUSY = ("health check failed", "look like a valid ML backend")
"""What Label Studio says where the busy machine did not answer in the second, or the three, that it gives.

It asks before every prediction, too, and stores none where nothing came: each test here asks it again."""


@pytest.fixture(scope="module")
def body(shadow: World) -> dict[str, Any]:
    """What the form of "Connect Model" sends."""
    url = f"{shadow.service.url}/ml/shadow"
    secret = next(hook for hook in shadow.hooks() if "/hooks/" in hook["url"])["headers"][SECRET_HEADER]
    return {
        "project": shadow.project,
        "url": url,
        "title": "Prelabel",
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": "prelabel",
        "basic_auth_pass": secret,
        "is_interactive": True,
    }


@pytest.fixture(scope="module")
def backend(shadow: World, body: dict[str, Any]) -> Iterator[int]:
    """Id of the connected model in Label Studio."""
    number = soon(lambda: connect(shadow, body))
    yield number
    with shadow.admin() as http:
        http.delete(f"/api/ml/{number}").raise_for_status()
        for hook in shadow.hooks():
            if "/ml/" in hook["url"]:
                http.delete(f"/api/webhooks/{hook['id']}/").raise_for_status()


def connect(world: World, body: dict[str, Any]) -> int | None:
    """None where the machine was busy."""
    with world.admin() as http:
        answer = http.post("/api/ml/", json=body)
    if busy(answer):
        return None
    return int(answer.raise_for_status().json()["id"])


def busy(answer: httpx.Response) -> bool:
    return answer.status_code == 400 and any(words in answer.text for words in BUSY)


def blind(world: World) -> set[int]:
    """Tasks that people label blind."""
    with world.service.client() as http:
        queue = http.get(f"/api/v1/projects/{world.slug}/queue", params={"limit": 1000}).raise_for_status().json()
    return {item["task"] for item in queue if item["blind"]}


def waiting(world: World) -> list[int]:
    """Tasks whose suggestion waits for a person."""
    rows = world.items().items()
    return [task for task, item in rows if (item["state"], item["route"]) == ("published", "suggest")]


def act(world: World, action: str, included: list[int] | None = None) -> None:
    """An action of the data manager, on some tasks or on all."""
    chosen = {"all": True, "excluded": []} if included is None else {"all": False, "included": included}
    with world.admin() as http:
        query: dict[str, Any] = {"id": action, "project": world.project}
        http.post("/api/dm/actions/", params=query, json={"selectedItems": chosen}).raise_for_status()


def once_each(world: World) -> dict[int, dict[str, Any]]:
    """Task id -> its only prediction.

    Waits: the sweep sends again what a test deletes, and where Label Studio has asked for the same prediction in that
    moment, the second one is removed seconds later.
    """

    def found() -> dict[int, dict[str, Any]] | None:
        predictions = world.predictions()
        single = {len(all_) for all_ in predictions.values()} == {1}
        return {task: all_[0] for task, all_ in predictions.items()} if single else None

    return soon(found)


def ids(predictions: dict[int, dict[str, Any]]) -> dict[int, int]:
    """Task id -> id of its prediction; what is shown beside it changes, such as its age."""
    return {task: prediction["id"] for task, prediction in predictions.items()}


def versions(world: World, backend: int) -> list[str] | None:
    """What Label Studio offers to choose from; None where the machine was busy."""
    with world.admin() as http:
        found: list[str] | None = http.get(f"/api/ml/{backend}/versions").raise_for_status().json().get("versions")
    return found


def test_connected(shadow: World, backend: int) -> None:
    def connected() -> dict[str, Any] | None:
        with shadow.admin() as http:
            (model,) = http.get("/api/ml/", params={"project": shadow.project}).raise_for_status().json()
        found: dict[str, Any] = model
        return found if found["readable_state"] == "Connected" else None

    model = soon(connected)
    version = shadow.summary()["model_version"]
    assert model["error_message"] is None
    assert model["model_version"] == version
    assert version in soon(lambda: versions(shadow, backend))
    soon(lambda: shadow.remote()["model_version"] == version or None)


def test_a_wrong_password_is_shown(shadow: World, backend: int, body: dict[str, Any]) -> None:
    def asked() -> httpx.Response | None:
        answer = http.post("/api/ml/", json=body | {"basic_auth_pass": "guessed"})
        return None if busy(answer) else answer

    with shadow.admin() as http:
        refused = soon(asked)
        assert refused.status_code == 400
        assert "authentication parameters were either not provided or are incorrect" in refused.text
        models = http.get("/api/ml/", params={"project": shadow.project}).json()
    assert [model["id"] for model in models] == [backend]


def test_health_and_setup_answer_at_once(body: dict[str, Any]) -> None:
    """Label Studio gives them one and three seconds, and asks before every prediction."""
    auth = ("prelabel", str(body["basic_auth_pass"]))
    times = []
    with httpx.Client(base_url=body["url"], auth=auth, trust_env=False, timeout=30) as http:
        for _ in range(10):
            began = time.monotonic()
            http.get("/health").raise_for_status()
            http.post("/setup", json={}).raise_for_status()
            times.append(time.monotonic() - began)
    assert min(times) < 0.5


def test_retrieve_predictions(shadow: World, backend: int) -> None:
    pushed = once_each(shadow)
    act(shadow, "retrieve_tasks_predictions")
    assert ids(once_each(shadow)).items() >= ids(pushed).items(), "what was pushed stays as it is"

    def all_pulled() -> dict[int, dict[str, Any]] | None:
        act(shadow, "delete_tasks_predictions")
        act(shadow, "retrieve_tasks_predictions")
        found = once_each(shadow)
        return found if found.keys() == {task["id"] for task in shadow.tasks()} - blind(shadow) else None

    pulled = soon(all_pulled)
    version = shadow.summary()["model_version"]
    for task, prediction in pulled.items():
        assert prediction["model_version"] == version
        assert 0.0 < prediction["score"] <= 1.0
        assert len(prediction["result"][0]["value"]["choices"]) == 1
        if task in pushed:
            assert prediction["result"] == pushed[task]["result"]
            assert prediction["score"] == pytest.approx(pushed[task]["score"])

    act(shadow, "retrieve_tasks_predictions")
    assert ids(once_each(shadow)) == ids(pulled)


def test_opening_a_task_asks_for_its_prediction(shadow: World, backend: int) -> None:
    suggested = soon(lambda: waiting(shadow) or None)[0]
    hidden = min(blind(shadow))

    def opened(task: int) -> set[str]:
        """Versions of the predictions that whoever opens it is shown; two of one version for a moment, where the sweep
        sends it at the same time."""
        with shadow.admin() as http:
            shown = http.get(f"/api/tasks/{task}/").raise_for_status().json()["predictions"]
        return {p["model_version"] for p in shown}

    act(shadow, "delete_tasks_predictions", [suggested])
    assert soon(lambda: opened(suggested) or None) == {shadow.summary()["model_version"]}
    assert opened(suggested) == {shadow.summary()["model_version"]}
    assert opened(hidden) == set()


def test_interactive_annotating(shadow: World, backend: int) -> None:
    suggested = soon(lambda: waiting(shadow) or None)[0]
    stored = once_each(shadow)[suggested]
    with shadow.admin() as http:
        path = f"/api/ml/{backend}/interactive-annotating"
        context = {"result": [{"from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": []}}]}
        told = http.post(path, json={"task": suggested, "context": context}).raise_for_status().json()
        assert told["data"]["result"] == stored["result"]
        told = http.post(path, json={"task": min(blind(shadow)), "context": context}).raise_for_status().json()
        assert told["data"]["result"] == []


def test_push_and_pull_together_do_not_double(shadow: World, backend: int) -> None:
    total = shadow.report()["arrived"]
    shadow.send(mood_texts(25, seed=30))
    act(shadow, "retrieve_tasks_predictions")
    shadow.settled(total + 25)
    found = shadow.audited()
    assert sum(found.values()) == total + 25
    assert not any("accept" in kind for kind in found), "nothing is accepted by pulling"


def test_start_training(shadow: World, backend: int) -> None:
    before = shadow.summary()["model_version"]
    tasks = {task["id"]: task["data"]["text"] for task in shadow.tasks()}
    with shadow.service.client() as http:
        folds = {
            task: http.get(f"/api/v1/projects/shadow/tasks/{task}").json()["item"]["fold"] for task in waiting(shadow)
        }
    suggested = [task for task, fold in folds.items() if fold == "train"][:3]
    for task in suggested:
        shadow.label(task, tasks[task])
    soon(lambda: all(shadow.items()[task]["state"] == "labeled" for task in suggested) or None)
    with shadow.admin() as http:
        http.post(f"/api/ml/{backend}/train", json={}).raise_for_status()

    def trained() -> str | None:
        version: str | None = shadow.summary()["model_version"]
        return version if version != before else None

    after = soon(trained)
    shadow.learned(len(tasks))
    assert shadow.remote()["model_version"] == after
    assert {before, after} <= set(soon(lambda: versions(shadow, backend)))
    shadow.audited()


def test_the_webhook_that_label_studio_makes_carries_no_password(
    shadow: World, backend: int, body: dict[str, Any]
) -> None:
    """Its events are refused and do no harm; with the password in its headers they are taken."""
    (hook,) = [hook for hook in shadow.hooks() if hook["url"] == f"{body['url']}/webhook"]
    assert hook["headers"] == {}
    event = {"action": "TASKS_CREATED", "tasks": [], "project": {"id": shadow.project}}
    total = shadow.report()["arrived"]
    shadow.send(mood_texts(2, seed=31))  # goes to both webhooks
    shadow.settled(total + 2)
    shadow.audited()
    refused = httpx.post(hook["url"], json=event, trust_env=False, timeout=60)
    assert refused.status_code == 401
    pair = base64.b64encode(f"prelabel:{body['basic_auth_pass']}".encode()).decode()
    with shadow.admin() as http:
        headers = {"Authorization": f"Basic {pair}"}
        http.patch(f"/api/webhooks/{hook['id']}/", json={"headers": headers}).raise_for_status()
    (hook,) = [hook for hook in shadow.hooks() if hook["url"] == f"{body['url']}/webhook"]
    taken = httpx.post(hook["url"], json=event, headers=hook["headers"], trust_env=False, timeout=60)
    assert taken.status_code == 201
    shadow.send(mood_texts(2, seed=32))  # both webhooks tell the same
    shadow.settled(total + 4)
    shadow.audited()
