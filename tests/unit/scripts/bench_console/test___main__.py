"""The benchmark of the console, small: every page of the running application, over a store that it fills."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI

from scripts.bench_console import __main__ as command
from scripts.bench_console.addresses import LEFT_OUT, Page, pages, routes
from scripts.bench_console.fill import OTHER, SLUG, fill
from scripts.bench_console.served import runtime_of, settings_of
from scripts.bench_console.timing import GOAL_BYTES, Timed
from serving.api.application import create_app
from serving.monitoring.automation import report
from serving.monitoring.kept_figures import FIGURES
from serving.secrets import open_vault
from serving.store.engine import Store
from serving.store.records import ItemState, LabelRole


def test_every_page_is_measured_and_written_down(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    command.bench(items=1_000, database="sqlite", requests=2, json_file=file, keep=tmp_path, postgresql_url="")
    found = json.loads(file.read_text())
    assert found["items"] == 1_000
    assert {one["database"] for one in found["pages"]} == {"sqlite"}
    folder = tmp_path / "sqlite-1000"
    runtime = runtime_of(folder, f"sqlite:///{folder}/prelabel.db")
    known = set(routes(create_app(runtime)))
    assert {one["path"].partition("?")[0] for one in found["pages"]} == known - set(LEFT_OUT)
    assert set(LEFT_OUT) <= known
    assert set(LEFT_OUT) < set(found["not_measured"])
    runtime.store.close()
    assert all(one["p95_ms"] > 0 and one["first_ms"] > 0 and one["requests"] == 2 for one in found["pages"])
    assert all(0 < one["cpu_ms"] < 1000 * found["seconds"] for one in found["pages"])
    assert {one["path"]: one for one in found["pages"] if not 10 < one["bytes"] < GOAL_BYTES > one["weight"] > 10} == {}
    assert found["counting_s"]["sqlite"].keys() == {one.name for one in FIGURES}


def test_a_page_that_nobody_knows_how_to_ask_for_ends_the_run(tmp_path: Path) -> None:
    app, router = FastAPI(), APIRouter(include_in_schema=False)
    router.add_api_route("/projects/{slug}/moon/{phase}", lambda: None, methods=["GET"])
    app.include_router(router)
    store = Store.open(f"sqlite:///{tmp_path}/prelabel.db")
    store.migrate()
    fill(store, open_vault(settings_of(tmp_path, "")), 100, lambda _: None)
    with pytest.raises(LookupError, match=r"moon/\{phase\}"):
        pages(app, store)
    store.close()


def test_the_store_is_one_that_the_service_could_have_made(tmp_path: Path) -> None:
    """Items of every state, labels of every role that is not for gold, and numbers that add up."""
    url = f"sqlite:///{tmp_path}/prelabel.db"
    store = Store.open(url)
    store.migrate()
    fill(store, open_vault(settings_of(tmp_path, url)), 5_000, lambda _: None)
    runtime = runtime_of(tmp_path, url, store)
    with store.read() as uow:
        project, other = uow.projects.by_slug(SLUG), uow.projects.by_slug(OTHER)
        states, labels = uow.items.counts(project.id), uow.labels.counts(project.id)
        assert sum(uow.items.counts(other.id).values()) == 100
    assert states.keys() == set(ItemState)
    assert sum(states.values()) == 5_000
    assert labels.keys() == set(LabelRole) - {LabelRole.GOLD}
    seen = report(runtime, project)
    assert 0.5 < seen.automation_rate < 0.8
    assert seen.monitor is not None
    assert seen.monitor.audits > 10
    store.close()


def test_the_95th_percentile_counts_the_first_request() -> None:
    page = Page("/", "staff", ("/",))
    one = Timed(page, first_ms=900.0, bytes=1, weight=1, later=[float(n) for n in range(1, 20)])
    assert (one.p50_ms, one.p95_ms) == (10.0, 19.0)
    one.later = [5.0, 6.0]
    assert one.p95_ms == 900.0


def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(Exception, match="sqlite, postgresql, both"):
        command.bench(items=100, database="oracle", requests=2, json_file=None, keep=None, postgresql_url="")
