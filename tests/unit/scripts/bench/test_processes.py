import os
import subprocess
import sys

import pytest

from scripts.bench.processes import Process, cpu_seconds, descendants, gcs_address, name_of, pss_mib, tree
from tests.support.patience import PATIENCE_S

ROLLUP = "55d0-7ffc ---p 00000000 00:00 0 [rollup]\nRss:  20480 kB\nPss:  10240 kB\nPss_Anon:  5000 kB\n"


def test_pss_is_read_in_mib() -> None:
    assert pss_mib(ROLLUP) == 10.0
    assert pss_mib("") == 0.0


def test_descendants_are_all_generations_and_nobody_else() -> None:
    parents = {2: 1, 3: 1, 4: 2, 5: 4, 6: 9, 9: 0, 1: 0}
    assert descendants(1, parents) == [1, 2, 3, 4, 5]
    assert descendants(9, parents) == [9, 6]


def test_tree_of_real_processes_has_memory() -> None:
    code = "print(1, flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        found = {process.pid: process for process in tree(os.getpid())}
    finally:
        child.communicate(b"\n", timeout=PATIENCE_S)
    assert found[child.pid].command[1:] == ("-c", code)
    assert 0.5 < found[child.pid].pss_mib < found[os.getpid()].pss_mib


def test_cpu_time_of_a_tree_grows_with_its_work() -> None:
    before = cpu_seconds(os.getpid())
    child = subprocess.Popen(
        [sys.executable, "-c", "sum(range(10**7)); print(1, flush=True); input()"], stdin=-1, stdout=-1
    )
    assert child.stdout is not None
    child.stdout.readline()
    used = cpu_seconds(os.getpid()) - before
    child.communicate(b"\n", timeout=PATIENCE_S)
    assert used > 0.05


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("ray::ServeReplica:prelabel:Pipeline",), "Pipeline"),
        (("ray::ServeReplica:prelabel:Scorer.score",), "Scorer.score"),
        (("ray::IDLE",), "idle worker"),
        (("ray::ProxyActor",), "ProxyActor"),
        (("/x/ray/core/src/ray/raylet/raylet", "--gcs-address=127.0.0.1:6379"), "Ray raylet"),
        (("/x/bin/python", "/x/bin/prelabel", "serve"), "driver"),
        (("/bin/sleep", "5"), "sleep"),
        ((), "?"),
    ],
)
def test_names(command: tuple[str, ...], name: str) -> None:
    assert name_of(command) == name


def test_the_cluster_is_found_by_its_raylet() -> None:
    driver = Process(1, ("prelabel", "serve"), 1.0)
    raylet = Process(2, ("raylet", "--node_ip_address=127.0.0.1", "--gcs-address=127.0.0.1:6379"), 1.0)
    assert gcs_address([driver, raylet]) == "127.0.0.1:6379"
    with pytest.raises(LookupError, match="no Ray cluster"):
        gcs_address([driver])
