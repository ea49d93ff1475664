"""Somebody's way through the wizard."""

from __future__ import annotations

import base64
import json

from fastapi.testclient import TestClient

from tests.support.studio_twin import TOKEN, StudioTwin

HTMX = {"HX-Request": "true"}
BUDGET = {"wrong": "20", "sure": "95", "validation_target": "50"}


def sign(browser: TestClient, studio: StudioTwin, *, token: str = TOKEN) -> str:
    answer = browser.post("/connect/account", data={"url": studio.url, "token": token}, headers=HTMX)
    assert answer.status_code == 200
    return answer.text


def pick(browser: TestClient, studio: StudioTwin, number: int = 1) -> str:
    sign(browser, studio)
    return browser.post("/connect/project", data={"project": str(number)}, headers=HTMX).text


def session_of(browser: TestClient) -> dict[str, str]:
    """What the cookie says to anybody who reads it."""
    signed = browser.cookies["prelabel"].split(".")[0]
    found: dict[str, str] = json.loads(base64.b64decode(signed + "=="))
    return found
