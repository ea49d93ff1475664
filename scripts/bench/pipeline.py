"""The whole pipeline of the real service against the slower of its two neighbours, in the same turns."""

from __future__ import annotations

import json
import time
from pathlib import Path

from connectors.bulk import CHUNK
from connectors.label_studio.label_config import parse
from models.base import ModelRef
from models.errors import PrelabelError
from models.types import Item, Prediction
from scripts.bench.measure import Line, Say, Series, slower, turns
from scripts.bench.publishing import PROJECT, bodies
from scripts.bench.scoring import rate
from scripts.bench.servers import Servers
from scripts.datasets import Example, reviews
from serving.composition import make_runtime
from serving.local import LocalScorer
from serving.pipeline import learn
from serving.pipeline.runtime import Runtime
from serving.projects.connect import Wish, connect
from serving.store.records import ItemState, ProjectRow

HISTORY = 1000
"""Labels that the head is trained on."""
LIMIT_S = 300.0
LOOK_S = 0.05
SETTLE_S = 8.0
"""The service's first poll of a new project reads all its tasks once; it is no part of their way."""
NEVER = 10**9
"""Labels after which the service would train by itself."""


class Releases:
    """Projects with all their tasks in the store and a trained head, that wait for the word."""

    def __init__(self, servers: Servers, examples: list[Example], history: list[Example]) -> None:
        self._studio, self._examples, self._history = servers.studio, examples, history
        self._local = LocalScorer(Path(servers.settings.model_dir))
        settings = servers.settings.model_copy(update={"public_url": servers.service.url})
        self._runtime: Runtime = make_runtime(settings, self._local)
        self._count = 0

    def prepare(self) -> ProjectRow:
        """Imported, connected, trained; paused."""
        self._count += 1
        number, _ = self._studio.project("pipeline", PROJECT.label_config, [str(e.content) for e in self._examples])
        past = self._runtime.settings.data_dir / "bench-history.jsonl"
        lines = (json.dumps({"data": {"text": e.content}, "label": e.label}) + "\n" for e in self._history)
        past.write_text("".join(lines), encoding="utf-8")
        wish = Wish(
            url=self._studio.url,
            token=self._studio.token,
            platform_project=number,
            slug=f"bench-{self._count}",
            spec=PROJECT.spec,
            train_target=NEVER,
            validation_fraction=1e-9,  # a blind item would get no prediction, and could not be counted
            control_rate=0.0,  # nor would one that is hidden by lot
            history=past,
        )
        project = connect(self._runtime, wish).project
        self._pause(project, True)
        learn.train(self._runtime, project, actor="bench")
        time.sleep(SETTLE_S)
        return self._project(project.id)

    def ref(self, project: ProjectRow) -> ModelRef:
        assert project.active_model is not None
        with self._runtime.store.read() as uow:
            return uow.models.get(project.id, project.active_model).ref

    def predict(self, ref: ModelRef, items: list[Item]) -> list[Prediction]:
        """Without the service."""
        said = self._local.score(ref, items)
        return [one for one in said if isinstance(one, Prediction)]

    def run(self, project: ProjectRow) -> float:
        """Let go; seconds until every item is published.

        Raises:
            PrelabelError: it did not happen.
        """
        states: dict[ItemState, int] = {}
        began = time.perf_counter()
        self._pause(project, False)
        while (seconds := time.perf_counter() - began) < LIMIT_S:
            with self._runtime.store.read() as uow:
                states = uow.items.counts(project.id)
            if states.get(ItemState.PUBLISHED, 0) == len(self._examples):
                self._pause(project, True)
                return seconds
            time.sleep(LOOK_S)
        raise PrelabelError(f"not published in {LIMIT_S:.0f} s: {states}")

    def _pause(self, project: ProjectRow, paused: bool) -> None:
        with self._runtime.store.begin() as uow:
            uow.projects.update(project.id, paused=paused)

    def _project(self, number: int) -> ProjectRow:
        with self._runtime.store.read() as uow:
            return uow.projects.get(number)


def pipeline(servers: Servers, say: Say, *, n: int, rounds: int) -> Line:
    """received -> scored -> decided -> published ÷ min(scorer alone, Label Studio's import alone)."""
    every = reviews(n + HISTORY)
    examples, history = every[:n], every[n:]
    releases, score = Releases(servers, examples, history), servers.score
    contents = [str(one.content) for one in examples]
    items = [Item(key=str(index), data={"text": text}) for index, text in enumerate(contents)]
    settings, config = servers.settings, parse(PROJECT.label_config)

    def whole() -> float:
        found = n / releases.run(releases.prepare())
        say(f"pipeline: whole {found:.0f} items/s")
        return found

    def scorer() -> float:
        found = rate(score, ref, items, chunk=settings.chunk_size, callers=settings.scorer_replicas + 1)
        say(f"pipeline: scorer alone {found:.0f} items/s")
        return found

    def imports() -> float:
        number, tasks = servers.studio.project("imported", PROJECT.label_config, contents)
        prepared = bodies(tasks, said, config)
        began = time.perf_counter()
        servers.studio.import_predictions(number, prepared, CHUNK)
        found = n / (time.perf_counter() - began)
        say(f"pipeline: Label Studio's import alone {found:.0f} items/s")
        return found

    say("pipeline: connecting, training, one run to warm up")
    first = releases.prepare()
    ref = releases.ref(first)
    said = releases.predict(ref, items)
    releases.run(first)
    measured = turns(rounds, whole, scorer, imports)
    neighbours = (
        Series("n-gram model alone, through Serve's handle", measured[1]),
        Series("Label Studio's bulk import alone, by a bare HTTP client", measured[2]),
    )
    base = slower(*neighbours)
    return Line(
        "pipeline",
        ours=Series("whole pipeline: received to published, by the running service", measured[0]),
        base=base,
        unit="items/s",
        n=n,
        goal=0.70,
        others=tuple(one for one in neighbours if one is not base),
        notes=("from the release of all items at once until the last is published in Label Studio",),
    )
