"""The service on a real Ray Serve cluster: it starts, is closed to strangers, and leaves nothing behind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scripts.demo.stack import Service, start_service, stop_service
from scripts.label_studio import listening
from serving.deployments import ingress, run, scorer

pytestmark = pytest.mark.ray
PROXY = {
    "PRELABEL_PROXY_USER_HEADER": "X-Forwarded-User",
    "PRELABEL_PROXY_GROUPS_HEADER": "X-Forwarded-Groups",
    "PRELABEL_PROXY_OPERATOR_GROUPS": "operators",
    "PRELABEL_PROXY_TRUSTED": "127.0.0.1",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The last test stops it."""
    folder = tmp_path_factory.mktemp("service")
    yield start_service(folder, settings=PROXY, progress=lambda _: None)
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
        end = time.monotonic() + 60
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


def test_stopping_ends_every_process(service: Service) -> None:
    assert len(of_session(service.pid)) > 3
    assert stop_service(service.data_dir)
    end = time.monotonic() + 30
    while left := of_session(service.pid):
        assert time.monotonic() < end, titles(left)
        time.sleep(0.2)
    assert not stop_service(service.data_dir)
