"""Every example of the API reference is sent as it is printed, to the real application, and is answered as it says."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.docs_site.api import BASE, Operation, curl, operations, path_of
from scripts.docs_site.examples import EXAMPLES, PATH
from serving.api.application import create_app
from serving.pipeline.vitals import Vitals
from tests.support.local_world import SECRET, LocalWorld, easy, hard, make_world, template
from tests.support.served import serve

ANNA, REVIEWER, SECOND = 7, 8, 9
NAMED = {one.name: one for one in operations()}
TOKENS = {"PRELABEL_API_TOKEN": "operator-token", "PRELABEL_VIEW_TOKEN": "viewer-token", "PROJECT_SECRET": SECRET}


@dataclass
class Reader:
    """Somebody who types the examples one after another, with the numbers that the answers before gave."""

    world: LocalWorld
    address: str
    sent: set[str] = field(default_factory=set)

    def send(self, name: str, *, instead: dict[str, str] | None = None, **places: object) -> Any:
        """The answer to an example.

        Args:
            name: ``METHOD path`` of the route.
            instead: texts of the example that this world has others for.
            places: what stands in the path; what is not named is as printed.
        """
        one = NAMED[name]
        path = one.path.format(**{key: value for key, (value, _) in PATH.items()} | places)
        text = curl(one).replace(BASE, self.address).replace(path_of(one), path)
        for old, new in (instead or {}).items():
            assert old in text, f"{old!r} is not in the example of {name}"
            text = text.replace(old, new)
        self.sent.add(name)
        answer = said(text)
        code = next(code for code in one.said["responses"] if code < "400")
        assert answer[0] == code, f"{text}\n{answer}"
        return answer[1]

    def post(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """What the examples leave out, of other people."""
        headers = {"Authorization": f"Bearer {TOKENS['PRELABEL_API_TOKEN']}"}
        url = f"{self.address}/api/v1/projects/mood/{path}"
        return (
            httpx.request(method, url, json=body, headers=headers, trust_env=False, timeout=60)
            .raise_for_status()
            .json()
        )

    def send_all(self, start: str) -> None:
        """The rest of the routes that begin so and need nothing prepared."""
        for name in [name for name in NAMED if name.startswith(start) and name not in self.sent]:
            self.send(name)


def said(text: str) -> tuple[str, Any]:
    """Status and body of what a printed curl command gets."""
    shell = f'curl() {{ command curl -sS -w "\\n%{{http_code}}" "$@"; }}\n{text}'
    done = subprocess.run(["bash", "-euc", shell], env=os.environ | TOKENS, capture_output=True, text=True)
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    body, _, code = done.stdout.rpartition("\n")
    try:
        return code, json.loads(body)
    except ValueError:
        return code, body


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A project ``mood`` with an open gate, and items that wait for people."""
    settings = {"view_token": "viewer-token", "audit_due_s": 1e12}
    world = make_world(tmp_path, template(tmp_path.parent), settings=settings, slug="mood")
    world.clock.now = time.time() - 3600
    world.platform._last_id = 300
    world.open(easy(110))
    world.arrive(hard(8))
    world.sync()
    world.settle()
    with serve(create_app(world.runtime)) as address:
        yield Reader(world, address)
    world.store.close()


def test_every_example_is_answered_as_the_route_says(reader: Reader) -> None:
    probes(reader)
    seats(reader)
    leases(reader)
    gold(reader)
    reviews(reader)
    the_gate(reader)
    versions(reader)
    reader.send_all("GET ")
    reader.send("DELETE /api/v1/projects/{slug}/people/{user}")
    reader.send_all("POST /hooks")
    reader.send_all("POST /ml")
    reader.send_all("P")
    assert reader.sent == NAMED.keys()
    assert EXAMPLES.keys() <= NAMED.keys()


def probes(reader: Reader) -> None:
    assert reader.send("GET /healthz") == {"status": "ok"}
    Vitals(reader.world.runtime).write({"score-0": reader.world.clock.now})
    assert reader.send("GET /readyz")["status"] == "ready"
    assert "prelabel_ready" in reader.send("GET /metrics")
    assert len(reader.send("GET /api/v1/projects/{slug}/queue")) == 2


def seats(reader: Reader) -> None:
    assert reader.send("PUT /api/v1/projects/{slug}/people/{user}")["daily_cap"] == 200
    for user in (REVIEWER, SECOND):
        reader.post("PUT", f"people/{user}", {"email": f"{user}@example.com", "reviews": True})


def leases(reader: Reader) -> None:
    work = reader.send("POST /api/v1/projects/{slug}/next")["work"]
    for what in ("beat", "extend", "give-back"):
        reader.send(f"POST /api/v1/leases/{{lease}}/{what}", lease=work["lease"])


def gold(reader: Reader) -> None:
    world, base = reader.world, "/api/v1/projects/{slug}/people/{user}"
    labelled = [item.task_id for item in world.items() if item.state.value == "labeled"][:8]
    for task in labelled:
        reader.send("PUT /api/v1/projects/{slug}/gold/{task}", task=task)
    reader.send(f"POST {base}/qualifications")
    work = reader.send("POST /api/v1/projects/{slug}/next")["work"]
    right = world.gold[world.item(work["task"]).data["text"]]
    world.label(work["task"], {"good": "bad", "bad": "good"}[right], user=ANNA)
    world.sync()
    [answer] = reader.send(f"GET {base}/gold")
    reader.send(f"POST {base}/gold/{{answer}}/dispute", answer=answer["answer"])
    reader.send("POST /api/v1/projects/{slug}/gold/{task}/rule", task=work["task"])
    reader.send(f"DELETE {base}/qualifications")
    reader.send("DELETE /api/v1/projects/{slug}/gold/{task}", task=work["task"])
    reader.send(f"POST {base}/pause")
    reader.send(f"POST {base}/resume")


def reviews(reader: Reader) -> None:
    world, base = reader.world, "/api/v1/projects/{slug}/reviews"
    waiting = [item.task_id for item in world.items() if item.state.value == "published" and not item.blind][:2]
    world.change(review_rate=1.0)
    for task in waiting:
        world.label(task, user=ANNA)
    world.sync()
    first = reader.send(f"POST {base}/next")["review"]
    reader.send(f"POST {base}/{{review}}/give-back", review=first["review"])
    found = reader.send(f"POST {base}/next")["review"]
    seen = {"1764340000.0": repr(found["seen"])}
    done = reader.send(f"POST {base}/{{review}}/decide", instead=seen, review=found["review"])
    assert done["state"] == "rejected"
    reader.send(f"POST {base}/{{review}}/appeal", review=found["review"])
    for _ in waiting:
        shown = reader.post("POST", "reviews/next", {"user": SECOND})["review"]
        if not shown["appeal"]:
            accepted = {"user": SECOND, "outcome": "accept", "seen": shown["seen"]}
            reader.post("POST", f"reviews/{shown['review']}/decide", accepted)
    assert reader.send(f"POST {base}/{{review}}/answer", review=found["review"])["state"] == "overturned"


def versions(reader: Reader) -> None:
    base = "/api/v1/projects/{slug}/models"
    first = reader.world.project.active_model
    added = reader.send(f"POST {base}")["version"]
    assert reader.send(f"POST {base}/{{version}}/shadow", version=added)["shadow"] == added
    assert reader.send(f"POST {base}/shadow/drop")["shadow"] is None
    assert reader.send(f"POST {base}/{{version}}/promote", version=added)["active"] == added
    assert reader.send(f"POST {base}/rollback")["active"] == first
    assert not reader.send(f"POST {base}/release")["pinned"]
    assert {one["version"] for one in reader.send(f"GET {base}")} >= {first, added}


def the_gate(reader: Reader) -> None:
    base = "POST /api/v1/projects/{slug}/gate"
    assert reader.send(f"{base}/close")["gate"] == "closed"
    assert reader.send(f"{base}/reopen")["gate"] == "open"
    assert reader.send(f"{base}/tolerance")["gate"] == "shadow"
    assert reader.send(f"{base}/extend")["validation_target"] == 190


@pytest.mark.parametrize("one", NAMED.values(), ids=NAMED)
def test_every_route_is_described(one: Operation) -> None:
    """In words; what its path and its query hold has a meaning, and what it takes has an example."""
    assert one.said.get("description"), one.name
    assert {p["name"] for p in one.said.get("parameters", ()) if p["in"] == "path"} <= PATH.keys()
    body = one.said.get("requestBody", {})
    assert not body.get("required") or one.example.body is not None, one.name
