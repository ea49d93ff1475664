"""A whole pipeline in one process: a real SQLite store, a real trained head, Label Studio's twin, a clock we own.

Stages are called one step at a time: nothing runs in the background.
"""

from __future__ import annotations

import copy
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from connectors.base import PublishResult, User
from connectors.label_studio.label_config import parse
from connectors.memory import MemoryAnnotator, MemoryPlatform
from models.base import Budget, ModelRef, TrainingExample, TrainingReport
from models.errors import AuthenticationError, ModelError
from models.specs import HeadSpec, ModelSpec
from models.types import ControlSpec, GateState, Item, Route, Scored
from serving.composition import GuardedMedia, Platforms
from serving.local import LocalScorer
from serving.monitoring.automation import AutomationReport, report
from serving.pipeline import learn, reconcile
from serving.pipeline.pace import ChunkPace
from serving.pipeline.runtime import Runtime
from serving.pipeline.worker import Worker
from serving.secrets import Vault, new_key
from serving.settings import Settings
from serving.store.engine import Store
from serving.store.records import ItemRow, ItemState, NewProject, ProjectRow

CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="mood" toName="text" choice="single" required="true">'
    '<Choice value="good"/><Choice value="bad"/></Choices></View>'
)
OURS, PERSON = 1, 2
"""User ids: the account of the token, and a trainer."""
SECRET = "hook-secret-of-the-tests"
WORDS = {
    "good": ["excellent", "lovely", "happy", "bright", "splendid", "warm"],
    "bad": ["terrible", "broken", "sad", "dark", "awful", "cold"],
}
Pair = tuple[str, str]


def easy(n: int, seed: int = 0) -> list[Pair]:
    """Different texts with their label, which any linear model can tell apart."""
    draw = random.Random(seed)
    made = []
    for i in range(n):
        label = draw.choice(("good", "bad"))
        made.append((f"{' '.join(draw.choices(WORDS[label], k=6))} {seed}-{i}", label))
    return made


def hard(n: int, seed: int = 0) -> list[Pair]:
    """Texts that hold as many words of one kind as of the other; the label is a coin's."""
    draw = random.Random(seed + 1)
    made = []
    for i in range(n):
        words = draw.choices(WORDS["good"], k=3) + draw.choices(WORDS["bad"], k=3)
        draw.shuffle(words)
        made.append((f"{' '.join(words)} {seed}-{i}", draw.choice(("good", "bad"))))
    return made


def choice(label: str) -> list[dict[str, Any]]:
    """An annotation's result, as Label Studio has it."""
    return [{"from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": [label]}}]


class Clock:
    """Seconds since the epoch; moves only when told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class WatchedScorer(LocalScorer):
    """The real scorer, which writes down what it was trained on, and fails where a test says so."""

    def __init__(self, model_dir: Path) -> None:
        super().__init__(model_dir)
        self.trained: list[list[TrainingExample]] = []
        self.calls: list[int] = []
        self.texts: set[str] = set()
        """Of the call that goes on."""
        self.failures: list[Exception] = []
        self.poison: set[str] = set()
        """Texts with which a chunk fails as a whole."""
        self.before: Callable[[], None] = lambda: None
        self.during_training: Callable[[], None] = lambda: None

    def score(self, ref: ModelRef, items: Sequence[Item]) -> list[Scored]:
        self.calls.append(len(items))
        self.texts = {str(item.data.get("text")) for item in items}
        self.before()
        if self.failures:
            raise self.failures.pop(0)
        if any(str(item.data.get("text")) in self.poison for item in items):
            raise ModelError("the tensor has no shape")
        return super().score(ref, items)

    def train(
        self,
        spec: ModelSpec,
        controls: tuple[ControlSpec, ...],
        examples: Sequence[TrainingExample],
        *,
        name: str,
        budget: Budget | None = None,
    ) -> TrainingReport:
        self.trained.append(list(examples))
        made = super().train(spec, controls, examples, name=name, budget=budget)
        self.during_training()
        return made


@dataclass(frozen=True)
class Snapshot:
    """A world whose gate is open, to copy from."""

    tasks: list[int]
    store: sqlite3.Connection
    platform: dict[str, Any]
    now: float
    gold: dict[str, str]
    trained: list[list[TrainingExample]]


SNAPSHOTS: dict[tuple[str, tuple[Pair, ...], int], Snapshot] = {}
PLATFORM_STATE = ("_tasks", "_last_id", "_moment", "_project")
KEY = new_key()
"""One key for all worlds of a session: a copied store is read with it."""


@dataclass
class LocalWorld:
    """One project, its twin of Label Studio, and everything between them."""

    store: Store
    platform: MemoryPlatform
    clock: Clock
    scorer: WatchedScorer
    runtime: Runtime
    id: int
    gold: dict[str, str] = field(default_factory=dict)
    """Text -> label."""
    kind: str | None = None
    """Worlds of one kind are made alike; None: this one has no like."""
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.worker = Worker(self.runtime)

    @property
    def project(self) -> ProjectRow:
        with self.store.read() as uow:
            return uow.projects.get(self.id)

    def later(self, seconds: float = 1.0) -> None:
        self.clock.now += seconds

    def change(self, **changes: Any) -> None:
        """Other fields of the project; what was made so is like no other world."""
        self.kind = None
        with self.store.begin() as uow:
            uow.projects.update(self.id, **changes)

    # Label Studio's side.

    def arrive(self, pairs: Iterable[Pair]) -> list[int]:
        """New tasks in Label Studio; we hear of them with the next ``sync``."""
        pairs = list(pairs)
        self.gold.update(pairs)
        self.later()
        return self.platform.add_tasks([{"text": text} for text, _ in pairs])

    def label(self, task: int, label: str | None = None, *, user: int = PERSON, lead_time: float | None = None) -> int:
        """A person labels a task, right unless told otherwise; the annotation's id."""
        self.later(0.01)
        said = choice(label or self.gold[self.item(task).data["text"]])
        return self.platform.annotate(task, said, user_id=user, lead_time=lead_time)

    def label_wanted(self, limit: int = 1000, *, blind_only: bool = False) -> list[int]:
        """People label what the queue gives them; their tasks."""
        rows = self.wanted(limit)
        tasks = [row.task_id for row in rows if row.blind or not blind_only]
        for task in tasks:
            self.label(task)
        self.sync()
        return tasks

    # Our side.

    def sync(self, *, full: bool = False) -> int:
        """One pass of reconcile."""
        self.later()
        return reconcile.run(self.runtime, self.project, full=full)

    def tick(self) -> bool:
        self.later()
        return learn.tick(self.runtime, self.project)

    def publish_while(self, happens: Callable[[], object]) -> None:
        """One round of publishing; something happens once acceptances are stored and before we hear of it.

        Then everything settles, after the publisher's lease, too.
        """
        accept = self.platform.accept

        def accept_and_then(*args: Any, **more: Any) -> PublishResult:
            made = accept(*args, **more)
            happens()
            return made

        self.platform.accept = accept_and_then  # type: ignore[method-assign]
        self.worker.publish(self.project)
        self.platform.accept = accept  # type: ignore[method-assign]
        self.settle()
        self.later(self.runtime.settings.publish_lease_s)
        self.settle()

    def blind(self) -> list[ItemRow]:
        """The items of which no suggestion may be shown."""
        return [item for item in self.items() if item.blind]

    def settle(self, limit: int = 200) -> None:
        """Score, decide and publish until nothing moves; waits are waited for."""
        for _ in range(limit):
            done = sum(stage(self.project) for stage in (self.worker.score, self.worker.decide, self.worker.publish))
            if not done and not self.moving():
                return
            self.later(0.1 if done else self.runtime.settings.retry_max_s)
        raise AssertionError(f"does not settle: {self.states()}")

    def moving(self) -> int:
        states = self.states()
        movable = (ItemState.SCORED, ItemState.DECIDED) + ((ItemState.RECEIVED,) if self.project.active_model else ())
        return sum(states.get(state, 0) for state in movable)

    def train(self, actor: str = "operator") -> ModelRef | None:
        self.later()
        return learn.train(self.runtime, self.project, actor=actor)

    def open(self, pairs: Iterable[Pair], *, labels: int = 70) -> list[int]:
        """The whole way to a certified gate; task ids. People label the blind sample, and seeds up to ``labels``.

        A world of the same kind that went this way before in this session is copied.
        """
        pairs = tuple(pairs)
        if self.kind is None or self.items() or self.project.gate_state is not GateState.COLD:
            return self._open(pairs, labels)
        key = (self.kind, pairs, labels)
        if key in SNAPSHOTS:
            return self._restore(SNAPSHOTS[key])
        tasks = self._open(pairs, labels)
        SNAPSHOTS[key] = self._snapshot(tasks)
        return tasks

    def _snapshot(self, tasks: list[int]) -> Snapshot:
        memory = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(self._file)) as file:
            file.backup(memory)
        kept = copy.deepcopy({name: getattr(self.platform, name) for name in PLATFORM_STATE})
        return Snapshot(tasks, memory, kept, self.clock.now, dict(self.gold), list(self.scorer.trained))

    def _restore(self, kept: Snapshot) -> list[int]:
        with closing(sqlite3.connect(self._file)) as file:
            signed_in = file.execute("SELECT key, role, until FROM sign_in").fetchall()
            kept.store.backup(file)
            file.execute("DELETE FROM sign_in")
            file.executemany("INSERT INTO sign_in (key, role, until) VALUES (?, ?, ?)", signed_in)
            file.commit()
        for name, value in copy.deepcopy(kept.platform).items():
            setattr(self.platform, name, value)
        self.clock.now = kept.now
        self.gold.update(kept.gold)
        self.scorer.trained += kept.trained
        return list(kept.tasks)

    @property
    def _file(self) -> str:
        return self.runtime.settings.store_url.removeprefix("sqlite:///")

    def _open(self, pairs: Sequence[Pair], labels: int) -> list[int]:
        tasks = self.arrive(pairs)
        self.sync()
        self.tick()
        self.label_wanted(labels)
        self.tick()
        self.settle()
        self.tick()
        self.settle()
        return tasks

    def item(self, task: int) -> ItemRow:
        with self.store.read() as uow:
            return uow.items.by_task(self.id, [task])[task]

    def items(self) -> list[ItemRow]:
        with self.store.read() as uow:
            return uow.items.page(self.id, state=None, limit=100_000)

    def wanted(self, limit: int = 1000) -> list[ItemRow]:
        project = self.project
        with self.store.read() as uow:
            return uow.items.wanted(self.id, limit=limit, now=self.clock(), train=project.active_model is None)

    def states(self) -> dict[ItemState, int]:
        with self.store.read() as uow:
            return uow.items.counts(self.id)

    def report(self) -> AutomationReport:
        return report(self.runtime, self.project)

    def versions(self, task: int) -> list[str]:
        """Model versions of the predictions on a task in Label Studio."""
        return [version for version, _ in self.platform.predictions(task)]

    def annotations(self, task: int) -> list[int]:
        """Who made the annotations on a task in Label Studio."""
        rows = (row for page in self.platform.tasks(with_annotations=True) for row in page)
        return [a.completed_by for row in rows if row.id == task for a in row.annotations or ()]

    def audit(self) -> AutomationReport:
        """Compare Label Studio with what we say of it.

        Raises:
            AssertionError: a prediction is missing or doubled, an accepted item has not exactly one annotation of
                ours, a blind item shows a prediction, or the numbers of the report do not add up.
        """
        authors: dict[int, list[int]] = {}
        for page in self.platform.tasks(with_annotations=True):
            authors |= {task.id: [a.completed_by for a in task.annotations or ()] for task in page}
        report, active = self.report(), self.project.active_model
        accepted = 0
        for item in self.items():
            if item.state is ItemState.GONE:
                continue
            versions, ours = self.versions(item.task_id), authors[item.task_id].count(OURS)
            where = f"{item} shows {versions}, annotations by {authors[item.task_id]}"
            assert len(versions) == len(set(versions)), f"doubled prediction: {where}"
            if item.state is ItemState.PUBLISHED and (item.blind or item.unaided):
                assert not versions, f"a prediction that nobody is to see: {where}"
            elif item.state is ItemState.PUBLISHED and item.route in (Route.SUGGEST, Route.ACCEPT):
                assert versions.count(item.model_version or "") == 1, f"missing prediction: {where}"
            if item.state is ItemState.PUBLISHED and item.route is Route.SUGGEST:
                assert item.model_version == active, f"an old suggestion is shown: {where}"
            stands = item.state is ItemState.PUBLISHED and item.route is Route.ACCEPT
            accepted += stands
            assert ours == int(stands), f"{'missing' if stands else 'unwanted'} annotation of ours: {where}"
        assert report.arrived == sum(n for state, n in report.states.items() if state != "gone")
        assert report.accepted == accepted
        assert report.automation_rate == (accepted / report.arrived if report.arrived else 0.0)
        return report


def new_project(vault: Vault, **changes: Any) -> NewProject:
    """A project of which every target is within reach of a test."""
    values: dict[str, Any] = {
        "slug": "moods",
        "platform_url": "http://127.0.0.1:9",
        "platform_project": 1,
        "token": vault.encrypt(b"token-of-the-tests"),
        "webhook_secret": vault.encrypt(SECRET.encode()),
        "sampling_secret": vault.encrypt(b"sampling-secret-of-the-tests"),
        "service_user": OURS,
        "label_config": parse(CONFIG),
        "label_config_xml": CONFIG,
        "spec": HeadSpec(encoder="ngram"),
        "epsilon": 0.1,
        "delta": 0.2,
        "train_target": 20,
        "validation_target": 40,
        "validation_fraction": 0.4,
        "audit_rate": 0.1,
    }
    return NewProject(**{**values, **changes})


def template(folder: Path) -> Path:
    """A migrated, empty store to copy from."""
    path = folder / "template.db"
    store = Store.open(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


def make_world(
    folder: Path, empty_store: Path, *, settings: dict[str, Any] | None = None, **project: Any
) -> LocalWorld:
    """A fresh world in ``folder``.

    Args:
        folder: for the store, the models and the secrets.
        empty_store: what ``template`` gave.
        settings: settings of the service that differ.
        project: fields of the project that differ.
    """
    shutil.copy(empty_store, folder / "prelabel.db")
    values: dict[str, Any] = {"chunk_size": 32, "max_attempts": 3, "retry_base_s": 1.0, "retry_max_s": 4.0}
    configured = Settings(data_dir=folder, api_token="operator-token", **{**values, **(settings or {})})
    vault, clock, scorer = Vault(KEY), Clock(), WatchedScorer(folder / "models")
    platform = MemoryPlatform(CONFIG, user=User(id=OURS, email="prelabel@example.com"), clock=clock)
    store = Store.open(configured.store_url)
    with store.begin() as uow:
        row = uow.projects.add(new_project(vault, **project), clock())
    runtime = Runtime(
        store=store,
        settings=configured,
        vault=vault,
        scorer=scorer,
        media=GuardedMedia(configured, Platforms(configured, vault)),
        platform=lambda _: platform,
        annotator=lambda _, token: person_of(platform, token),
        owner="worker-1",
        clock=clock,
        chunks=ChunkPace(first=configured.chunk_size),
    )
    return LocalWorld(store, platform, clock, scorer, runtime, row.id, kind=None if project else "plain")


def person_of(platform: MemoryPlatform, token: str) -> MemoryAnnotator:
    """The account of token ``"user 21"`` is user 21; any other is unknown."""
    word, _, number = token.partition(" ")
    if word != "user" or not number.isdigit():
        raise AuthenticationError("Label Studio does not know this token: make a new one")
    return MemoryAnnotator(platform, User(id=int(number), email=f"person-{number}@example.com"))


def another_worker(world: LocalWorld, owner: str = "worker-2") -> Worker:
    """A second process on the same store."""
    return Worker(replace(world.runtime, owner=owner))
