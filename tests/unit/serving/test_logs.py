from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.logs import JsonFormatter, RedactionFilter, configure, configure_replica, log_context, redact
from serving.settings import Settings

HEX = "0123456789abcdef0123456789abcdef01234567"
JWT = "eyJhbGciOi.eyJ0b2tlbl90.c2lnbmF0dXJl"
log = logging.getLogger("serving.pipeline.test")


@pytest.fixture(autouse=True)
def _restore_root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def start(**settings: Any) -> io.StringIO:
    stream = io.StringIO()
    configure(Settings(**settings), stream)
    return stream


def test_a_line_is_an_object_with_ids() -> None:
    stream = start()
    with log_context(project="digits", request="r1"):
        log.info("scored %d", 64, extra={"item": 7})
    log.info("after")
    first, second = lines(stream)
    assert first.pop("ts").endswith("+00:00")
    assert first == {
        "level": "INFO",
        "logger": "serving.pipeline.test",
        "message": "scored 64",
        "project": "digits",
        "request": "r1",
        "item": 7,
    }
    assert second.keys() == {"ts", "level", "logger", "message"}


def test_contexts_nest_and_extra_wins() -> None:
    stream = start()
    with log_context(project="a", item=1), log_context(item=2):
        log.info("inner")
        log.info("given", extra={"item": 3})
    assert [(line["project"], line["item"]) for line in lines(stream)] == [("a", 2), ("a", 3)]


def test_a_context_cannot_overwrite_the_record() -> None:
    with pytest.raises(KeyError, match="levelname, name"), log_context(name="x", levelname="y"):
        pass


def test_text_for_terminals() -> None:
    stream = start(log_json=False)
    log.warning("slow", extra={"project": "digits"})
    assert stream.getvalue().endswith("WARNING serving.pipeline.test  slow  project=digits\n")


def test_level_and_second_configure() -> None:
    first = start()
    second = start(log_level="warning")
    log.info("not this")
    log.warning("this")
    assert first.getvalue() == ""
    assert [line["message"] for line in lines(second)] == ["this"]


@pytest.mark.parametrize("log_json", [True, False])
def test_no_credential_reaches_a_log(log_json: bool) -> None:
    stream = start(log_json=log_json)
    headers = {"Authorization": f"Token {HEX}", "X-Trace": "kept"}
    log.info("call with %s", headers, extra={"headers": headers, "note": f"Bearer {JWT}", "all": [f"Token {HEX}"]})
    try:
        raise ValueError(f"refused: Authorization: Bearer {HEX}{HEX}")
    except ValueError:
        log.exception("failed with Token %s", HEX)
    text = stream.getvalue()
    assert HEX not in text
    assert JWT not in text
    assert text.count("kept") == 2
    assert "ValueError: refused: Authorization: Bearer ***" in text
    assert "test_logs.py" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Token {HEX}", "Token ***"),
        (f"token {HEX.upper()} end", "token *** end"),
        (f"Bearer {JWT}, next", "Bearer ***, next"),
        ("'Authorization': 'Basic dXNlcjpwYXNz'", "'Authorization': 'Basic ***'"),
        (f'{{"authorization": "{HEX}"}}', '{"authorization": "***"}'),
        (f"[(b'authorization', b'Token {HEX}')]", "[(b'authorization', b'Token ***')]"),
        (f"sent {JWT} there", "sent *** there"),
        (f"api_key={HEX}&x=1", "api_key=***&x=1"),
        ("postgresql://user:pa%40ss@host/db", "postgresql://user:***@host/db"),
        (f"commit {HEX}", f"commit {HEX}"),
        (
            "Token 12 of 40, token_budget=256, http://host:8080/x",
            "Token 12 of 40, token_budget=256, http://host:8080/x",
        ),
        ("wrong token: use another", "wrong token: use another"),
    ],
)
def test_redact(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


def test_arguments_that_do_not_fit_lose_no_line() -> None:
    record = logging.makeLogRecord({"msg": "%d items", "args": ("many",)})
    assert RedactionFilter().filter(record)
    assert json.loads(JsonFormatter().format(record))["message"] == "%d items ('many',)"


def test_what_json_does_not_know_is_written_as_text() -> None:
    stream = start()
    log.info("x", extra={"state": {"ids": {3}, "token": HEX, "when": None}})
    assert lines(stream)[0]["state"] == {"ids": [3], "token": "***", "when": None}


def test_a_replica_appends_to_its_own_file(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    path = configure_replica(settings, "pipeline")
    log.warning("one", extra={"project": "p"})
    assert configure_replica(settings, "pipeline") == path
    log.warning("two")
    configure(settings)
    written = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["message"] for line in written] == ["one", "two"]
    assert written[0]["project"] == "p"
