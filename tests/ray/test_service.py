"""The service on a real Ray Serve cluster: it starts, is closed to strangers, and leaves nothing behind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from connectors.base import User
from connectors.label_studio.webhooks import SECRET_HEADER
from connectors.memory import MemoryPlatform
from scripts.demo.stack import Service, start_service, stop_service
from scripts.label_studio import listening
from serving.composition import make_runtime
from serving.console.live import MOST
from serving.deployments import ingress, run, scorer
from serving.secrets import open_vault
from serving.settings import Settings
from serving.store.engine import Store
from tests.support.local_world import CONFIG, KEY, OURS, SECRET, Clock, LocalWorld, WatchedScorer, easy, new_project
from tests.support.patience import PATIENCE_S
from tests.support.traces import CLIENT, SERVER, Receiver, Sent

pytestmark = pytest.mark.ray
PROXY = {
    "PRELABEL_PROXY_USER_HEADER": "X-Forwarded-User",
    "PRELABEL_PROXY_GROUPS_HEADER": "X-Forwarded-Groups",
    "PRELABEL_PROXY_OPERATOR_GROUPS": "operators",
    "PRELABEL_PROXY_TRUSTED": "127.0.0.1",
}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """What the service traces; it stands for its Label Studio, too, and knows nothing there."""
    with Receiver() as opened:
        yield opened


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Service]:
    """The last test stops it."""
    folder = tmp_path_factory.mktemp("service")
    settings = {"SECRET_KEY": KEY, "LEARN_S": "0.5", "TRACING_ENDPOINT": receiver.endpoint}
    named = {f"PRELABEL_{name}": value for name, value in settings.items()} | PROXY
    yield start_service(folder, settings=named, progress=lambda _: None)
    stop_service(folder)


def of_session(session: int) -> set[int]:
    """Processes that the service started."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                ended = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
                if os.getsid(int(folder.name)) == session and not ended:
                    found.add(int(folder.name))
            except (ProcessLookupError, FileNotFoundError):
                continue
    return found


def titles(pids: set[int]) -> str:
    texts = []
    for pid in pids:
        try:
            texts.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return "\n".join(texts)


def test_the_port_answers_on_loopback_alone(service: Service) -> None:
    port = int(service.url.rsplit(":", 1)[1])
    bound = {address for pid in of_session(service.pid) for address in listening(pid) if address[1] == port}
    assert bound == {("127.0.0.1", port)}


def test_only_health_is_open_to_strangers(service: Service) -> None:
    with httpx.Client(base_url=service.url, trust_env=False, timeout=30) as http:
        assert http.get("/healthz").json() == {"status": "ok"}
        assert http.get("/api/v1/projects").status_code == 401
        assert http.get("/metrics").status_code == 401
        assert http.post("/hooks/label-studio/nobody", json={"action": "x"}).status_code in (401, 404)
    with service.client() as http:
        assert http.get("/api/v1/projects").json() == []


def test_a_proxy_is_known_by_the_address_of_the_connection_and_by_no_header(service: Service) -> None:
    ada = {"X-Forwarded-User": "ada", "X-Forwarded-Groups": "operators"}
    with httpx.Client(base_url=service.url, trust_env=False, timeout=30) as http:
        assert http.get("/").status_code == 303
        for hops in ({}, {"X-Forwarded-For": "10.9.9.9"}):
            assert "ada, operator" in http.get("/", headers=ada | hops).text, "Ray Serve tells the peer as it is"


def test_it_becomes_ready_once_the_pipeline_is_heard_of(service: Service) -> None:
    with service.client() as http:
        end = time.monotonic() + PATIENCE_S
        while http.get("/readyz").status_code != 200:
            assert time.monotonic() < end, http.get("/readyz").text
            time.sleep(0.5)
        assert "prelabel_store_up 1.0" in http.get("/metrics").text.splitlines()


def test_every_deployment_runs_and_ray_asks_for_its_token(service: Service) -> None:
    names = titles(of_session(service.pid))
    for deployment in ("Ingress", "Pipeline", "Scorer"):
        assert f"ServeReplica:prelabel:{deployment}" in names
    variables = Path(f"/proc/{service.pid}/environ").read_bytes().split(b"\0")
    assert run.ENVIRONMENT["RAY_AUTH_MODE"] == "token"
    assert b"RAY_USAGE_STATS_ENABLED=0" in variables
    assert ingress.IngressDeployment.name
    assert scorer.ScorerDeployment.name


@pytest.fixture
def moods(service: Service) -> Iterator[None]:
    """A project in the service's store, whose Label Studio is away."""
    settings = Settings(data_dir=service.data_dir)
    store = Store.open(settings.store_url)
    with store.begin() as uow:
        project = uow.projects.add(new_project(open_vault(settings)), time.time())
        uow.projects.update(project.id, paused=True)
    yield
    with store.begin() as uow:
        uow.projects.remove(project.id)
    store.close()


@pytest.mark.usefixtures("moods")
def test_progress_comes_live_through_serve(service: Service) -> None:
    """Piece by piece, not when it is over, and to no more listeners than are there."""
    with httpx.Client(base_url=service.url, trust_env=False, timeout=30, headers={"Origin": service.url}) as http:
        assert http.get("/projects/moods/live").headers["location"] == "/sign-in"
        assert http.post("/sign-in", data={"token": service.token}).status_code == 303
        for _ in range(MOST + 2):
            begun = time.monotonic()
            with http.stream("GET", "/projects/moods/live") as answer:
                assert answer.status_code == 200
                assert answer.headers["content-type"].startswith("text/event-stream")
                events = (line for line in answer.iter_lines() if line.startswith("event: progress"))
                assert next(events)
                assert time.monotonic() - begun < 20
        with http.stream("GET", "/projects/moods/live") as answer:
            events = (line for line in answer.iter_lines() if line.startswith("event: progress"))
            assert [next(events), next(events)], "the second look comes to the same stream"
    time.sleep(1.0)
    logs = "".join(log.read_text() for log in (service.data_dir / "logs").glob("*ingress*"))
    assert logs
    assert "a request failed" not in logs, "that a browser has left is no fault"


def connected(service: Service, url: str) -> LocalWorld:
    """A project written into the store of the running service, with labels enough for a first head."""
    settings = Settings(data_dir=service.data_dir, secret_key=KEY, api_token=service.token)
    clock, models = Clock(), WatchedScorer(service.data_dir / "models")
    clock.now = time.time()
    platform = MemoryPlatform(CONFIG, user=User(id=OURS, email="prelabel@example.com"), clock=clock)
    runtime = replace(make_runtime(settings, models), platform=lambda _: platform, clock=clock)
    with runtime.store.begin() as uow:
        row = uow.projects.add(new_project(runtime.vault, platform_url=url), clock())
    world = LocalWorld(runtime.store, platform, clock, models, runtime, row.id)
    tasks = world.arrive(easy(100))
    world.sync()
    for task in tasks:
        world.label(task)
    world.sync()
    return world


def above(span: Sent, spans: dict[str, Sent]) -> list[tuple[str, str]]:
    """(service, name) of a span and of those around it, innermost first."""
    names = [(span.service, span.name)]
    while span.parent:
        span = spans[span.parent]
        names.append((span.service, span.name))
    return names


def test_one_trace_goes_from_the_request_through_the_scorer(service: Service, receiver: Receiver) -> None:
    world = connected(service, receiver.url)
    end = time.monotonic() + PATIENCE_S
    while (version := world.project.active_model) is None:
        assert time.monotonic() < end, (service.data_dir / "logs" / "pipeline.log").read_text()
        time.sleep(0.5)
    new = [{"id": 1000 + n, "data": {"text": text}} for n, (text, _) in enumerate(easy(20, seed=1))]
    header = f"00-{'ab' * 16}-{'cd' * 8}-01"
    with httpx.Client(base_url=service.url, trust_env=False, timeout=60, headers={"traceparent": header}) as http:
        answer = http.post("/ml/moods/predict", json={"tasks": new, "project": "1.1"}, auth=("prelabel", SECRET))
        assert sum(bool(one["result"]) for one in answer.json()["results"]) > 0, answer.text
        task = {"id": 2000, "data": {"text": "a happy one"}, "updated_at": "2026-01-01T00:00:00Z"}
        hook = {"action": "TASKS_CREATED", "project": {"id": 1}, "tasks": [task]}
        told = http.post("/hooks/label-studio/moods", json=hook, headers={SECRET_HEADER: SECRET})
        assert told.status_code == 202, told.text

    inference = receiver.soon(lambda span: span.name == "predict" and span.trace == "ab" * 16)
    root = receiver.soon(lambda span: span.name == "POST /ml/{slug}/predict")
    chunk = receiver.soon(lambda span: span.name == "chunk" and span.attributes["prelabel.last_task"] == 2000)
    receiver.soon(lambda span: span.name == "pipeline score" and span.id == chunk.parent)
    later = receiver.soon(lambda span: span.name == "predict" and span.trace == chunk.trace)
    ingest = receiver.soon(lambda span: span.name == "ingest" and span.attributes.get("prelabel.last_task") == 2000)
    spans = receiver.by_id()
    scored = [("prelabel-scorer", "predict"), ("prelabel-scorer", "Scorer.score")]
    assert root.parent == "cd" * 8
    spans["cd" * 8] = Sent("a client", "", CLIENT, "ab" * 16, "cd" * 8, "", {}, False)
    assert above(inference, spans) == [
        *scored,
        ("prelabel-ingress", "scorer call"),
        ("prelabel-ingress", "POST /ml/{slug}/predict"),
        ("a client", ""),
    ]
    assert above(later, spans) == [
        *scored,
        ("prelabel-pipeline", "scorer call"),
        ("prelabel-pipeline", "chunk"),
        ("prelabel-pipeline", "pipeline score"),
    ]
    assert (spans[inference.parent].kind, spans[spans[inference.parent].parent].kind) == (SERVER, CLIENT)
    assert spans[later.parent].attributes["prelabel.model"] == version
    assert ingest.trace != chunk.trace, "what is stored in between carries no trace: the numbers of tasks lead on"
    assert chunk.attributes["prelabel.first_task"] <= 2000
    asked = [one for one in receiver.seen if one.path.startswith("/api/") and "traceparent" in one.headers]
    assert {one.headers["traceparent"].split("-")[2] for one in asked} & receiver.by_id().keys()
    for never in (b"happy", b"lovely", SECRET.encode(), b"token-of-the-tests", service.token.encode()):
        assert never not in receiver.raw()
    world.store.close()


def test_stopping_ends_every_process(service: Service) -> None:
    assert len(of_session(service.pid)) > 3
    assert stop_service(service.data_dir)
    end = time.monotonic() + PATIENCE_S
    while left := of_session(service.pid):
        assert time.monotonic() < end, titles(left)
        time.sleep(0.2)
    assert not stop_service(service.data_dir)
