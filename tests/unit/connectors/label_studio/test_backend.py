from __future__ import annotations

import base64
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_studio_sdk.label_interface import LabelInterface
from pydantic import ValidationError

from connectors.label_studio.backend import (
    NO_MODEL_VERSION,
    PredictRequest,
    SetupRequest,
    basic_auth_matches,
    health,
    predict_response,
    project_id_of,
    served_version,
    setup_response,
    to_items,
    versions_response,
    webhook_response,
)
from connectors.label_studio.webhooks import StartTraining, parse
from models.errors import ConfigurationError, ModelError
from models.types import Choices, ControlSpec, Failure, InputSpec, Item, LabelConfig, Medium, Prediction, Region, Scored

PAYLOADS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "fixtures/label_studio/payloads-1.23.2.json").read_text()
)
XML = PAYLOADS["ml POST /predict"]["label_config"]
CONFIG = LabelConfig(
    digest="0" * 64,
    controls=(
        ControlSpec(
            name="sentiment",
            kind="choices",
            labels=("Positive", "Negative"),
            input=InputSpec(name="text", field="text", medium=Medium.TEXT),
        ),
    ),
)


def predicted(key: str, label: str = "Positive", version: str = "m-1") -> Prediction:
    region = Region(control="sentiment", value=Choices(labels=(label,)), score=0.9)
    return Prediction(key=key, regions=(region,), confidence=0.75, model_version=version)


def failed(key: str) -> Failure:
    return Failure(key=key, code="missing_field", message="the task has no field `text`")


def answer(
    items: list[Item], scored: list[Scored | None], version: str = "m-1", interactive: bool = False
) -> list[Any]:
    response = predict_response(items, scored, config=CONFIG, model_version=version, interactive=interactive)
    assert list(response) == ["results"]
    results: list[Any] = json.loads(json.dumps(response, allow_nan=False))["results"]
    return results


def accepted_by_label_studio(task_count: int, results: list[Any]) -> bool:
    """Label Studio's own reading of an answer, and its SDK's check of every prediction."""
    interface = LabelInterface(XML)
    stored = [one for entry in results for one in ([entry] if isinstance(entry, dict) else entry)]
    return len(results) == task_count and all(
        isinstance(r["model_version"], str) and interface.validate_prediction(r, return_errors=True) == []
        for r in stored
    )


def test_batch_predict_of_the_captured_body() -> None:
    request = PredictRequest.model_validate(PAYLOADS["ml POST /predict"])
    items = to_items(request)
    assert [(item.key, item.data) for item in items] == [
        ("17062", {"text": "t0"}),
        ("17063", {"text": "t1"}),
        ("17064", {"text": "t2"}),
    ]
    assert request.project_id == 10
    assert request.context is None
    results = answer(items, [predicted("17062"), failed("17063"), predicted("17064", "Negative")])
    assert accepted_by_label_studio(3, results)
    assert results[1] == []
    made = [results[0], results[2]]
    assert [[region["value"]["choices"] for region in r["result"]] for r in made] == [[["Positive"]], [["Negative"]]]
    assert [r["score"] for r in made] == [0.75, 0.75]
    assert {r["model_version"] for r in made} == {"m-1"}


def test_interactive_predict_of_the_captured_body() -> None:
    request = PredictRequest.model_validate(PAYLOADS["ml POST /predict (interactive)"])
    (item,) = to_items(request)
    assert request.context == PAYLOADS["ml POST /predict (interactive)"]["params"]["context"]
    results = answer([item], [predicted(item.key)], interactive=True)
    assert accepted_by_label_studio(1, results)
    assert results[0]["result"][0]["from_name"] == "sentiment"
    nothing: dict[str, Any] = {"result": [], "score": None, "model_version": "m-1"}
    assert answer([item], [failed(item.key)], interactive=True) == [nothing]


def test_setup_of_the_captured_body() -> None:
    request = SetupRequest.model_validate(PAYLOADS["ml POST /setup"])
    assert request.project == "10.1795487047"
    assert request.label_config == XML
    assert setup_response("m-1") == {"model_version": "m-1"}


def test_health_and_versions_of_the_captured_calls() -> None:
    assert PAYLOADS["ml GET /health"] is None
    assert health()["status"] == "UP"
    assert PAYLOADS["ml GET /versions"] is None
    assert versions_response(["m-2", "m-1"]) == {"versions": ["m-2", "m-1"]}
    assert versions_response([]) == {"versions": [NO_MODEL_VERSION]}


def test_start_training_of_the_captured_body() -> None:
    assert parse(PAYLOADS["ml POST /webhook START_TRAINING"]) == StartTraining(10)
    assert "job" not in webhook_response()


def test_no_request_keeps_a_credential() -> None:
    setup = SetupRequest.model_validate(PAYLOADS["ml POST /setup"])
    raw = PAYLOADS["ml POST /predict"] | {"params": {"login": "u-ser", "password": "p-word", "context": None}}
    kept = repr(setup) + repr(PredictRequest.model_validate(raw)) + setup.model_dump_json()
    assert PAYLOADS["ml POST /setup"]["access_token"] == "not-a-real-token"
    assert not any(secret in kept for secret in ("not-a-real-token", "u-ser", "p-word"))


def test_a_refused_body_is_not_quoted() -> None:
    with pytest.raises(ValidationError) as caught:
        PredictRequest.model_validate({"tasks": "p-word"})
    assert "p-word" not in str(caught.value)
    assert "tasks" in str(caught.value)


def test_without_project_and_params() -> None:
    request = PredictRequest.model_validate({"tasks": [{"data": {"text": "a"}}], "label_config": XML})
    assert request.project_id is None
    assert request.context is None
    assert [item.data for item in to_items(request)] == [{"text": "a"}]


def test_a_lone_task_without_data() -> None:
    raw = {"tasks": {"id": 1}, "project": "1.1000000000", "params": {"context": {}}, "something": "new"}
    request = PredictRequest.model_validate(raw)
    assert to_items(request) == [Item(key="1", data={})]
    assert request.context is None
    assert answer(to_items(request), [failed("1")]) == [[]]


def test_null_params_and_null_data() -> None:
    request = PredictRequest.model_validate({"tasks": [{"id": 5, "data": None}], "project": 3, "params": None})
    assert (request.project_id, request.context) == (3, None)
    assert to_items(request) == [Item(key="5", data={})]


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["1", "#0", "#1", ""]))))
def test_keys_are_unique_and_in_order(ids: list[Any]) -> None:
    request = PredictRequest.model_validate({"tasks": [{"id": i, "data": {"n": n}} for n, i in enumerate(ids)]})
    items = to_items(request)
    assert [item.data["n"] for item in items] == list(range(len(ids)))
    assert len({item.key for item in items}) == len(ids)


@given(st.data())
def test_the_answer_has_the_tasks_length_and_order(data: st.DataObject) -> None:
    items = [Item(key=str(n), data={}) for n in range(data.draw(st.integers(1, 6)))]
    made: list[Scored | None] = [data.draw(st.sampled_from([predicted(i.key), failed(i.key), None])) for i in items]
    kept = data.draw(st.lists(st.sampled_from(made), unique_by=id)) if data.draw(st.booleans()) else made
    expected = {s.key for s in kept if isinstance(s, Prediction)}
    results = answer(items, data.draw(st.permutations(kept)))
    assert [isinstance(r, dict) for r in results] == [item.key in expected for item in items]
    assert accepted_by_label_studio(len(items), results)


def test_a_blind_item_cannot_be_told_from_a_failed_one() -> None:
    results = answer([Item(key="1", data={}), Item(key="2", data={})], [None, failed("2")])
    assert results[0] == results[1] == []


def test_a_prediction_for_another_label_config_harms_no_neighbour() -> None:
    other = Region(control="topic", value=Choices(labels=("Sport",)))
    stale = Prediction(key="1", regions=(other,), confidence=0.9, model_version="m-1")
    results = answer([Item(key="1", data={}), Item(key="2", data={})], [stale, predicted("2")])
    assert results[0] == []
    assert results[1]["score"] == 0.75


def test_a_prediction_keeps_its_own_version() -> None:
    (result,) = answer([Item(key="1", data={})], [predicted("1", version="m-2")], version="m-1")
    assert result["model_version"] == "m-2"


def test_an_answer_to_another_question_is_an_error() -> None:
    with pytest.raises(ModelError, match="1 answers belong to none of the 1 tasks"):
        predict_response([Item(key="1", data={})], [predicted("2")], config=CONFIG, model_version="m-1")


@pytest.mark.parametrize("active", [None, "", "m-1"])
def test_setup_and_predict_name_the_same_version(active: str | None) -> None:
    version = setup_response(active)["model_version"]
    (empty,) = answer([Item(key="1", data={})], [None], version=served_version(active), interactive=True)
    assert version == empty["model_version"]
    assert version


@pytest.mark.parametrize(("project", "number"), [("3.1795486458", 3), ("3", 3), (7, 7), ("12.1.2", 12)])
def test_project_id(project: str | int, number: int) -> None:
    assert project_id_of(project) == number


@pytest.mark.parametrize("project", ["", ".5", "x.1", "-3.1", "\u0663.1", "3 .1"])
def test_not_a_project_id(project: str) -> None:
    with pytest.raises(ConfigurationError, match="project id"):
        project_id_of(project)


def basic(pair: bytes, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(pair).decode()}"


@pytest.mark.parametrize(
    "header",
    [
        basic(b"ann:pa:ss\xc3\xa9"),
        basic(b"ann:pa:ss\xe9"),
        basic(b"ann:pa:ss\xc3\xa9", "basic"),
    ],
)
def test_right_basic_auth(header: str) -> None:
    assert basic_auth_matches(header, "ann", "pa:ssé")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic \u00e9",
        basic(b"ann:pa:ss"),
        basic(b"ann"),
        basic(b"bob:pa:ss\xc3\xa9"),
        basic(b"ann:pa:ss\xc3\xa9", "Bearer"),
        basic(b"ann:pa:ss?"),
    ],
)
def test_wrong_basic_auth(header: str | None) -> None:
    assert not basic_auth_matches(header, "ann", "pa:ssé")


def test_characters_outside_latin_1_are_not_weakened() -> None:
    assert basic_auth_matches(basic("ann:密码".encode()), "ann", "密码")
    assert not basic_auth_matches(basic(b"ann:??"), "ann", "密码")
    assert not basic_auth_matches(basic(b"ann:"), "ann", "密码")


def test_an_empty_password_matches_nothing() -> None:
    assert not basic_auth_matches(basic(b":"), "", "")
    assert not basic_auth_matches(None, "", "")


def test_basic_auth_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append(b)
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    basic_auth_matches(None, "ann", "pw")
    assert compared == [b"ann:pw", b"ann:pw"]
