"""The API of reviews: the queue, decisions, appeals, and what each reviewer did."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.support.local_world import LocalWorld, easy
from tests.unit.serving.api.conftest import OPERATOR
from tests.unit.serving.conftest import MakeWorld

PROJECT = "/api/v1/projects/moods"
ANNA, BERT, CARL = 21, 22, 23
RULE = {"kind": "rule", "text": "3.2: irony is negative"}


@pytest.fixture
def world(make: MakeWorld) -> LocalWorld:
    return make(review_rate=1.0)


@pytest.fixture
def staffed(world: LocalWorld, client: TestClient) -> LocalWorld:
    tasks = world.arrive(easy(2))
    world.sync()
    for user, reviews in ((ANNA, None), (BERT, True), (CARL, True)):
        person = {"email": f"{user}@example.com", "reviews": reviews}
        assert client.put(f"{PROJECT}/people/{user}", json=person, headers=OPERATOR).json()["reviews"] is bool(reviews)
    world.label(tasks[0], "good", user=ANNA)
    world.sync()
    return world


def post(client: TestClient, path: str, **body: Any) -> tuple[int, Any]:
    answer = client.post(f"{PROJECT}/{path}", json=body, headers=OPERATOR)
    return answer.status_code, answer.json()


def get(client: TestClient, path: str) -> Any:
    answer = client.get(f"{PROJECT}/{path}", headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rejected(client: TestClient) -> int:
    """Bert's rejection of Anna's label."""
    _, found = post(client, "reviews/next", user=BERT)
    review, seen = found["review"]["review"], found["review"]["seen"]
    said = {"user": BERT, "outcome": "reject", "seen": seen, "code": "guideline", "evidence": RULE, "note": "see 3.2"}
    assert post(client, f"reviews/{review}/decide", **said)[0] == 200
    return int(review)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "reviews"),
        ("GET", "reviewers"),
        ("GET", "people/21/reviews"),
        ("PUT", "review-rate"),
        ("POST", "reviews/next"),
        ("POST", "reviews/1/decide"),
        ("POST", "reviews/1/give-back"),
        ("POST", "reviews/1/appeal"),
        ("POST", "reviews/1/answer"),
    ],
)
def test_nothing_without_the_token(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, f"{PROJECT}/{path}").status_code == 401


def test_a_review_from_the_queue_to_the_decision(staffed: LocalWorld, client: TestClient) -> None:
    status, found = post(client, "reviews/next", user=BERT)
    shown = found["review"]
    assert (status, shown["label"], shown["suggestion"], shown["appeal"]) == (200, ["mood: good"], None, False)
    assert shown["url"].endswith(f"/projects/1/data?task={shown['task']}")
    assert post(client, "reviews/next", user=CARL)[1] == {"review": None, "nothing": "empty", "retry_after_s": 5.0}
    path = f"reviews/{shown['review']}/decide"
    status, problem = post(client, path, user=BERT, outcome="reject", seen=shown["seen"], code="wrong_label")
    assert (status, problem["error"]) == (422, "evidence_missing")
    assert post(client, path, user=BERT, outcome="reject", seen=shown["seen"], code="ugly")[0] == 422
    status, problem = post(client, path, user=CARL, outcome="accept", seen=shown["seen"])
    assert (status, problem["error"]) == (409, "review_refused")
    status, done = post(client, path, user=BERT, outcome="accept", seen=shown["seen"])
    assert (status, done["state"], done["decided_by"], done["closed"]) == (200, "accepted", "reviewer", True)
    assert post(client, path, user=BERT, outcome="accept", seen=shown["seen"])[0] == 409


def test_who_may_not_review_is_told_so(staffed: LocalWorld, client: TestClient) -> None:
    status, problem = post(client, "reviews/next", user=ANNA)
    assert (status, "an operator sets 'reviews'" in problem["message"]) == (409, True)
    client.put(f"{PROJECT}/people/{BERT}", json={"email": "b@x"}, headers=OPERATOR)
    assert post(client, "reviews/next", user=BERT)[0] == 200, "what is not said stays"


def test_a_rejection_is_told_appealed_and_overturned(staffed: LocalWorld, client: TestClient) -> None:
    review = rejected(client)
    [told] = get(client, f"people/{ANNA}/reviews")
    assert (told["state"], told["code"], told["evidence"], told["note"]) == ("rejected", "guideline", RULE, "see 3.2")
    assert (told["said"], told["by"]) == (["mood: good"], "a reviewer")
    assert told["appeal_until"] == pytest.approx(staffed.clock() + 7 * 86_400.0)
    assert str(BERT) not in str({key: value for key, value in told.items() if key != "decided_at"})
    assert post(client, f"reviews/{review}/appeal", user=CARL, reason="no irony")[0] == 404
    assert post(client, f"reviews/{review}/appeal", user=ANNA, reason="no")[0] == 422
    assert post(client, f"reviews/{review}/appeal", user=ANNA, reason="no irony")[1]["state"] == "appealed"
    assert post(client, f"reviews/{review}/appeal", user=ANNA, reason="no irony")[0] == 409
    assert post(client, "reviews/next", user=BERT)[1]["nothing"] == "empty"
    shown = post(client, "reviews/next", user=CARL)[1]["review"]
    assert (shown["appeal"], shown["code"], shown["evidence"], shown["reason"]) == (True, "guideline", RULE, "no irony")
    answer = {"user": CARL, "outcome": "overturn", "reason": "there is none"}
    assert post(client, f"reviews/{review}/answer", **answer)[1]["state"] == "overturned"
    [told] = get(client, f"people/{ANNA}/reviews")
    assert (told["state"], told["answer"], told["answered_by"]) == ("overturned", "there is none", "a reviewer")
    found = get(client, "reviewers")
    bert, carl = found["reviewers"]
    assert (bert["user"], bert["rejected"], bert["by_reason"], bert["in_time"]) == (BERT, 1, {"guideline": 1}, 1)
    assert (bert["appealed"], bert["overturned"], bert["overturn_rate"]["share"]) == (1, 1, 1.0)
    assert 0.1 < bert["overturn_rate"]["lower"] < bert["overturn_rate"]["upper"] == pytest.approx(1.0, abs=0.01)
    assert (carl["answered"], carl["overturn_rate"]) == (1, None)
    assert found["states"] == {"overturned": 1}


def test_lists_and_giving_back(staffed: LocalWorld, client: TestClient) -> None:
    _, found = post(client, "reviews/next", user=BERT)
    review = found["review"]["review"]
    assert post(client, f"reviews/{review}/give-back", user=CARL, reason="not mine")[0] == 409
    assert post(client, f"reviews/{review}/give-back", user=BERT, reason="not my field")[1]["state"] == "pending"
    assert [row["review"] for row in get(client, "reviews?state=pending")] == [review]
    assert get(client, "reviews?state=void") == []
    assert get(client, f"reviews?after={review}") == []
    assert post(client, "reviews/999/give-back", user=BERT, reason="not my field")[0] == 404


def test_the_rate_can_be_changed(staffed: LocalWorld, client: TestClient) -> None:
    answer = client.put(f"{PROJECT}/review-rate", json={"rate": 0.25}, headers=OPERATOR)
    assert answer.json() == {"review_rate": 0.25}
    assert staffed.project.review_rate == 0.25
    assert client.put(f"{PROJECT}/review-rate", json={"rate": 1.5}, headers=OPERATOR).status_code == 422


def test_a_person_is_exported_without_the_others_and_forgotten(staffed: LocalWorld, client: TestClient) -> None:
    review = rejected(client)
    post(client, f"reviews/{review}/appeal", user=ANNA, reason="no irony")
    anna, bert = (get(client, f"people/{user}/export") for user in (ANNA, BERT))
    assert [row["parts"] for row in anna["reviews"]] == [["author"]]
    assert [row["parts"] for row in bert["reviews"]] == [["reviewer"]]
    assert anna["reviews"][0]["appeal"] == "no irony"
    assert not {"reviewer_id", "second_id", "author"} & anna["reviews"][0].keys()
    assert (len(anna["review_turns"]), len(bert["review_turns"])) == (0, 1)
    for user in (ANNA, BERT):
        assert client.delete(f"{PROJECT}/people/{user}", headers=OPERATOR).status_code == 204
    [row] = get(client, "reviews")
    assert (row["state"], row["code"]) == ("appealed", "guideline")
    assert [one["user"] for one in get(client, "reviewers")["reviewers"]] == [CARL]
    shown = post(client, "reviews/next", user=CARL)[1]["review"]
    assert (shown["note"], shown["reason"], shown["evidence"]) == ("", "", RULE)


def test_explaining_a_task_tells_of_its_reviews(staffed: LocalWorld, client: TestClient) -> None:
    rejected(client)
    [item] = [item for item in staffed.items() if item.reason == "label_rejected"]
    told = get(client, f"tasks/{item.task_id}")
    assert [(row["state"], row["evidence"]) for row in told["reviews"]] == [("rejected", RULE)]
    assert [row["set_aside"] for row in told["labels"]] == [True]
