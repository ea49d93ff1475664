"""Alert rules, scrape config, dashboard and the table of metrics: all of them speak of metrics that there are."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry, ProcessCollector

from serving.monitoring.metrics import FAMILIES, NAMESPACE
from tests.support.prometheus import needs_promtool, promtool

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "configs" / "prometheus"
RULES_TEST = ROOT / "tests" / "fixtures" / "alerts_test.yml"
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
OF_TARGETS = {"job", "instance"}
"""Labels that Prometheus itself puts on every sample."""


def labels() -> dict[str, set[str]]:
    """Metric -> its labels, of all that /metrics may give."""
    registry = CollectorRegistry()
    process = ProcessCollector(namespace=NAMESPACE, registry=registry)
    own = {family.name: set(family.labels) for family in FAMILIES.values()}
    found = {sample.name: set(sample.labels) for family in process.collect() for sample in family.samples}
    return own | found | {"up": set()}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    made: dict[str, Any] = json.loads((ROOT / "configs" / "grafana" / "prelabel.json").read_text(encoding="utf-8"))
    return made


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    for rule in rules():
        yield rule["expr"]
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["definition"]


def anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def test_every_expression_asks_for_metrics_and_labels_that_there_are() -> None:
    known = labels()
    for expression in expressions():
        names = re.findall(r"\b(?:prelabel_\w+|up\b)", expression)
        assert names, expression
        assert set(names) <= known.keys(), expression
        for name, selector in re.findall(r"(\w+)\{([^}]*)\}", expression):
            asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
            assert asked <= known[name] | OF_TARGETS, expression
        grouped = {word for group in re.findall(r"\bby \(([^)]*)\)", expression) for word in re.split(r",\s*", group)}
        assert grouped <= set().union(*(known[name] for name in names), OF_TARGETS), expression


def test_every_alert_says_what_to_do_and_where_it_is_told() -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules()) >= 7
    for rule in rules():
        notes = rule["annotations"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert notes["summary"]
        assert notes["description"]
        file, _, anchor = notes["runbook_url"].partition("#")
        assert anchor in anchors((ROOT / file).read_text(encoding="utf-8")), notes["runbook_url"]
        assert f"`{rule['alert']}`" in OPERATING


def test_every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    cases = [
        (case["alertname"], bool(case["exp_alerts"]))
        for test in yaml.safe_load(RULES_TEST.read_text(encoding="utf-8"))["tests"]
        for case in test["alert_rule_test"]
    ]
    assert set(cases) == {(rule["alert"], fires) for rule in rules() for fires in (True, False)}


def test_the_scrape_config_asks_for_the_metrics_with_a_token() -> None:
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    [job] = config["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("prelabel", "/metrics")
    assert job["authorization"] == {"type": "Bearer", "credentials_file": "view.token"}
    assert config["rule_files"] == ["alerts.yml"]


def test_the_dashboard_is_of_the_form_that_grafana_loads() -> None:
    board = dashboard()
    assert board["schemaVersion"] >= 41
    assert board["uid"] == "prelabel"
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, f"{panel['title']} covers another panel"
        taken |= cells
    for panel in panels():
        assert panel["title"]
        assert panel["description"]
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    named = {variable["name"] for variable in board["templating"]["list"]}
    used = set(re.findall(r"\$(?:\{)?([a-z]\w*)", json.dumps(board["panels"])))
    assert used == named == {"datasource", "job", "project"}


def test_every_metric_is_in_the_table_with_its_type_and_labels() -> None:
    told = {}
    for name, kind, given in re.findall(r"^\| `(prelabel_\w+)` \| (\w+) \|([^|]*)\|", OPERATING, re.MULTILINE):
        told[name] = (kind, set(re.findall(r"`(\w+)`", given)))
    kinds = {True: "counter", False: "gauge"}
    assert told == {family.name: (kinds[family.counter], set(family.labels)) for family in FAMILIES.values()}


@needs_promtool
def test_promtool_takes_the_rules_and_the_config(tmp_path: Path) -> None:
    for file in (*PROMETHEUS.iterdir(), RULES_TEST):
        shutil.copy(file, tmp_path)
    (tmp_path / "view.token").write_text("x", encoding="utf-8")
    promtool("check", "config", "prometheus.yml", cwd=tmp_path)
    promtool("check", "rules", "--lint-fatal", "alerts.yml", cwd=tmp_path)
    promtool("test", "rules", RULES_TEST.name, cwd=tmp_path)


@needs_promtool
def test_promtool_parses_the_queries_of_the_dashboard(tmp_path: Path) -> None:
    queries = [target["expr"] for panel in panels() for target in panel["targets"]]
    recorded = [
        {"record": f"dashboard:query:{n}", "expr": query.replace("$__rate_interval", "1m")}
        for n, query in enumerate(queries)
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}), encoding="utf-8")
    promtool("check", "rules", str(file))
