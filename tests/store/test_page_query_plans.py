"""No page of the console, and none of the figures it shows, reads a big table as a whole, on both databases.

Every page is asked for over a filled store; each statement that was sent is then explained by the database.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models.types import GateState
from scripts.bench_console.addresses import LEFT_OUT, Page, Who, pages, routes
from scripts.bench_console.fill import URL, fill
from scripts.bench_console.served import TOKEN, app_of, runtime_of, settings_of
from serving.monitoring.kept_figures import FIGURES
from serving.monitoring.opening import look
from serving.pipeline.runtime import Runtime
from serving.secrets import open_vault
from serving.store.engine import Store
from tests.store.conftest import TEMPLATE
from tests.store.crowd import BIG, Statement, assert_searched, explained, recorded
from tests.support.postgres import fresh_database

ITEMS = 10_000
"""Of each of two projects: of a table that is all one project's, reading the whole is fair."""

OF_EVERYBODY = "FROM gold_answer JOIN gold ON gold.id = gold_answer.gold_id"
"""The marks of all people of a project, who are the same in both here: that is every answer, beside its gold item."""


@pytest.fixture(scope="module", params=["sqlite", "sqlite analyzed", "postgresql"])
def runtime(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("pages")
    if request.param.startswith("sqlite"):
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "prelabel.db")
        yield from filled(folder, f"sqlite:///{folder}/prelabel.db", analyze="analyzed" in request.param)
        return
    with fresh_database(request.getfixturevalue("postgres_template"), TEMPLATE) as url:
        yield from filled(folder, url)


def filled(folder: Path, url: str, *, analyze: bool = False) -> Iterator[Runtime]:
    store = Store.open(url)
    fill(store, open_vault(settings_of(folder, url)), ITEMS, lambda _: None, beside=ITEMS)
    if analyze:
        with store.engine.begin() as conn:
            conn.exec_driver_sql("ANALYZE")
    yield runtime_of(folder, url, store)
    store.close()


def browser_of(runtime: Runtime, who: Who) -> TestClient:
    browser = TestClient(app_of(runtime), headers={"Origin": "http://testserver"}, follow_redirects=False)
    if who == "staff":
        assert browser.post("/sign-in", data={"token": TOKEN}).status_code == 303
    elif who != "nobody":
        token = "user 100" if who == "reviewer" else "user 105"
        assert browser.post("/train/sign-in", data={"token": token, "url": URL}).status_code == 303
    return browser


def different(sent: Sequence[Statement]) -> list[Statement]:
    """Each statement once, however long its lists are."""
    found = {re.sub(r"\(([^()]*, )*[^()]*\)", "()", statement): (statement, given) for statement, given in sent}
    return list(found.values())


def scans(runtime: Runtime, sent: Sequence[Statement]) -> list[str]:
    """Steps that read a big table as a whole."""
    found = []
    for one in different(sent):
        steps = explained(runtime.store, [one], seqscan="off")
        whole = (step for step in steps if step.startswith("SCAN") and step.split()[1] in BIG)
        found += [step for step in whole if OF_EVERYBODY not in " ".join(step.split())]
    return found


def ask(browser: TestClient, page: Page) -> None:
    for address in page.addresses[:3]:
        with browser.stream("GET", address) as answer:
            assert answer.status_code == 200, (address, answer.status_code)


def test_no_page_reads_a_big_table_as_a_whole(runtime: Runtime) -> None:
    app = app_of(runtime)
    asked = pages(app, runtime.store)
    assert {page.path.partition("?")[0] for page in asked} == set(routes(app)) - set(LEFT_OUT)
    found: dict[str, list[str]] = {}
    seen = 0
    for who in ("nobody", "staff", "trainer", "reviewer"):
        with browser_of(runtime, who) as browser:
            for page in (page for page in asked if page.who == who):
                with recorded(runtime.store) as sent:
                    ask(browser, page)
                seen += len(sent)
                if steps := scans(runtime, sent):
                    found[f"{page.path} ({who})"] = steps
    assert found == {}
    assert seen > 100


def test_no_figure_reads_a_big_table_as_a_whole(runtime: Runtime) -> None:
    with runtime.store.read() as uow:
        project = uow.projects.by_slug("crowd")
    found: dict[str, list[str]] = {}
    for figure in FIGURES:
        with recorded(runtime.store) as sent:
            figure.make(runtime, project)
        assert sent
        if steps := scans(runtime, sent):
            found[figure.name] = steps
    assert found == {}


def test_what_a_gate_waits_for_is_counted_by_indexes(runtime: Runtime) -> None:
    """The gate of the crowd accepts, and its tolerance never changed: the figure has nothing to count there."""
    with runtime.store.read() as uow, recorded(runtime.store) as sent:
        project = uow.projects.by_slug("crowd")
        shut = replace(project, gate_state=GateState.SHADOW)
        ahead = look(runtime, uow, shut)
        assert uow.charts.accepted_by_budget(project.id)
    assert ahead is not None
    assert ahead.blind_labels > 0
    assert scans(runtime, sent) == []


def test_a_page_that_scanned_would_be_noticed(runtime: Runtime) -> None:
    with recorded(runtime.store) as sent, runtime.store.engine.connect() as conn:
        conn.exec_driver_sql("SELECT count(*) FROM item WHERE digest = 'x'")
    assert len(scans(runtime, sent)) == 1
    with pytest.raises(AssertionError):
        assert_searched(explained(runtime.store, sent))
