"""The gate on files: no store, no service, no settings."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from models.errors import ConfigurationError
from models.gate import certify
from serving import cli, terminal

RNG = np.random.default_rng(0)
CONFIDENCES = RNG.random(500)
LOSSES = (RNG.random(500) < 0.1 * (1 - CONFIDENCES)).astype(float)
POOL = RNG.random(800)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(terminal.out, "width", 200)


def write(name: str, **columns: Any) -> str:
    rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    Path(name).write_text("\n".join(rows), encoding="utf-8")
    return name


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["gate", *words], catch_exceptions=False)


def read(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_files_are_certified_like_arrays() -> None:
    files = ("--csv", write("v.csv", confidence=CONFIDENCES, loss=LOSSES), "--pool", write("p.csv", confidence=POOL))
    expected = certify(CONFIDENCES, LOSSES, POOL, epsilon=0.05, delta=0.1)
    assert expected.open
    assert read("certify", *files, "--epsilon", ".05", "--delta", ".1") == asdict(expected)
    assert read("certify", *files) == asdict(expected)
    said = run("certify", *files).stdout
    assert expected.reason in said.replace("\n", " ")
    assert "open" in said
    assert sorted(path.name for path in Path().iterdir()) == ["p.csv", "v.csv"]


def test_strata_inclusion_and_the_cut_are_read() -> None:
    strata, inclusion = np.where(np.arange(500) % 2, "cat", "[/dog]"), np.where(np.arange(500) % 3, 0.5, 1.0)
    pool_strata = np.where(np.arange(800) % 2, "cat", "[/dog]")
    files = (
        *("--csv", write("v.csv", confidence=CONFIDENCES, loss=LOSSES, stratum=strata, inclusion=inclusion)),
        *("--pool", write("p.csv", confidence=POOL, stratum=pool_strata)),
    )
    expected = certify(
        CONFIDENCES,
        LOSSES,
        POOL,
        epsilon=0.1,
        delta=0.2,
        strata=strata,
        inclusion=inclusion,
        pool_strata=pool_strata,
        targeted_from=0.0,
    )
    assert set(expected.gates) == {"cat", "[/dog]"}
    words = ("certify", *files, "--epsilon", "0.1", "--delta", "0.2", "--targeted-from", "0")
    assert read(*words) == asdict(expected)
    assert "[/dog]" in run(*words).stdout


def test_a_closed_gate_is_an_answer() -> None:
    write("v.csv", confidence=CONFIDENCES, loss=np.ones(500))
    write("p.csv", confidence=POOL)
    said = read("certify", "--csv", "v.csv", "--pool", "p.csv")
    assert said["open"] is False
    assert said["threshold"] is None


@pytest.mark.parametrize(
    ("columns", "pool", "more", "said"),
    [
        ({"loss": [0.0, 2.0]}, {}, (), "v.csv, line 3, column 'loss': '2.0' is not"),
        ({"loss": [0.0, 1.0]}, {"stratum": ["a", "b"]}, (), "pool_strata needs strata"),
        ({"loss": [0.0, 1.0]}, {}, ("--epsilon", "0"), "epsilon must lie between 0 and 1"),
        ({"loss": [0.0, 1.0]}, {}, ("--targeted-from", "0.9"), "below targeted_from"),
    ],
)
def test_what_is_wrong_is_said(columns: Any, pool: Any, more: tuple[str, ...], said: str) -> None:
    write("v.csv", confidence=[0.5, 0.6], **columns)
    write("p.csv", confidence=[0.5, 0.6], **pool)
    with pytest.raises(ConfigurationError, match=said):
        run("certify", "--csv", "v.csv", "--pool", "p.csv", *more)


def test_simulate_compares_rules_on_a_labelled_file() -> None:
    file = write("l.csv", confidence=CONFIDENCES, correct=1 - LOSSES.astype(int), predicted=["a", "b"] * 250)
    words = ("simulate", "--csv", file, "--epsilon", "0.1", "--delta", "0.2", "--labels", "200", "--splits", "20")
    said = read(*words, "--seed", "3")
    assert {key: said[key] for key in ("items", "labels", "splits", "seed", "epsilon", "delta")} == {
        "items": 500,
        "labels": 200,
        "splits": 20,
        "seed": 3,
        "epsilon": 0.1,
        "delta": 0.2,
    }
    rules = {rule["rule"]: rule for rule in said["rules"]}
    assert {"certify", "certify, by class", "plug-in", "TBAL, by class", "SGR", "PAC labels", "fixed 0.9"} <= set(rules)
    assert 0 < rules["certify"]["automation_rate"] <= 0.6
    assert said == read(*words, "--seed", "3")
    table = run(*words).stdout
    assert "plug-in" in table
    assert "never opens" in table


def test_simulate_says_what_does_not_fit() -> None:
    file = write("l.csv", confidence=CONFIDENCES, loss=LOSSES)
    with pytest.raises(ConfigurationError, match="labels must be between 1 and 499"):
        run("simulate", "--csv", file, "--labels", "500")
    assert run("simulate", "--csv", file).exit_code != 0
