"""What the store tests speak in: one project, tasks by number, a clock that the test owns."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from models.base import ModelRef
from models.specs import HeadSpec
from models.types import Choices, ControlSpec, Fold, InputSpec, LabelConfig, Medium, Prediction, Region, Route
from serving.store.engine import Store
from serving.store.records import (
    Decision,
    ItemRow,
    ItemState,
    LabelRole,
    NewItem,
    NewLabel,
    NewProject,
    OutboxKind,
    OutboxRow,
    ReceiveResult,
)

CONTROL = ControlSpec(
    name="label",
    kind="choices",
    labels=("a", "b"),
    input=InputSpec(name="text", field="text", medium=Medium.TEXT),
)
CONFIG = LabelConfig(digest="0" * 64, controls=(CONTROL,))
SHOWN = (OutboxKind.SUGGESTION,)
ACCEPTED = (OutboxKind.SUGGESTION, OutboxKind.ACCEPTANCE)
WITHDRAWN = (OutboxKind.WITHDRAWAL,)
LEASE_S = 60.0


def new_project(slug: str = "reviews", *, number: int = 1) -> NewProject:
    return NewProject(
        slug=slug,
        platform_url="http://127.0.0.1:8080",
        platform_project=number,
        token=b"token\x00\xff",
        webhook_secret=b"hook",
        sampling_secret=b"sampling",
        service_user=7,
        label_config=CONFIG,
        label_config_xml="<View/>",
        spec=HeadSpec(encoder="ngram"),
        epsilon=0.05,
        delta=0.1,
        train_target=100,
        validation_target=200,
        validation_fraction=0.5,
        audit_rate=0.02,
    )


def task(number: int, *, text: str = "good", fold: Fold = Fold.TRAIN, draw: float | None = None) -> NewItem:
    return NewItem(
        task_id=number,
        digest=sha256(text.encode("utf-8", "replace")).hexdigest(),
        data={"text": text, "n": number},
        fold=fold,
        draw=draw if draw is not None else (number % 1000) / 1000,
    )


def prediction(key: object, *, version: str = "m1", confidence: float = 0.9, label: str = "a") -> Prediction:
    region = Region(control="label", value=Choices(labels=(label,)), score=confidence)
    return Prediction(
        key=str(key), regions=(region,), confidence=confidence, model_version=version, numbers={"margin": 0.4}
    )


def model_ref(version: str = "m1") -> ModelRef:
    return ModelRef(spec=HeadSpec(encoder="ngram"), control=CONTROL, version=version, sha256="f" * 64, path="/x")


def decision(
    item: ItemRow, route: Route = Route.SUGGEST, outbox: Sequence[OutboxKind] = SHOWN, **more: Any
) -> Decision:
    values: dict[str, Any] = {"reason": "test", "numbers": {"confidence": 0.9}, "blind": route is Route.AUDIT} | more
    return Decision(item_id=item.id, prediction_id=item.prediction_id, route=route, outbox=tuple(outbox), **values)


class World:
    """One project in a store, and its items by task number."""

    def __init__(self, store: Store, slug: str = "reviews", number: int = 1) -> None:
        self.store = store
        self.now = 1000.0
        self.owner = "w1"
        with store.begin() as uow:
            self.project = uow.projects.add(new_project(slug, number=number), self.now).id

    def receive(self, *tasks: NewItem) -> ReceiveResult:
        with self.store.begin() as uow:
            return uow.items.receive(self.project, tasks, self.now)

    def item(self, number: int) -> ItemRow:
        with self.store.read() as uow:
            return uow.items.by_task(self.project, [number])[number]

    def states(self) -> dict[ItemState, int]:
        with self.store.read() as uow:
            return uow.items.counts(self.project)

    def claim(self, state: ItemState, *, limit: int = 100, owner: str | None = None) -> list[ItemRow]:
        with self.store.begin() as uow:
            return uow.items.claim(
                self.project, state, limit=limit, owner=owner or self.owner, lease_s=LEASE_S, now=self.now
            )

    def score(self, *, limit: int = 100, version: str = "m1", confidence: float = 0.9) -> list[int]:
        rows = self.claim(ItemState.RECEIVED, limit=limit)
        said = [(row.id, prediction(row.id, version=version, confidence=confidence)) for row in rows]
        with self.store.begin() as uow:
            return uow.items.store_predictions(self.owner, said, self.now)

    def decide(
        self, route: Route = Route.SUGGEST, outbox: Sequence[OutboxKind] = SHOWN, *, limit: int = 100, **more: Any
    ) -> list[int]:
        rows = self.claim(ItemState.SCORED, limit=limit)
        with self.store.begin() as uow:
            return uow.items.decide(self.owner, [decision(row, route, outbox, **more) for row in rows], self.now)

    def claim_outbox(self, kind: OutboxKind = OutboxKind.SUGGESTION, *, owner: str | None = None) -> list[OutboxRow]:
        with self.store.begin() as uow:
            return uow.outbox.claim(
                self.project, kind, limit=100, owner=owner or self.owner, lease_s=LEASE_S, now=self.now
            )

    def send(self, kind: OutboxKind = OutboxKind.SUGGESTION) -> list[int]:
        rows = self.claim_outbox(kind)
        with self.store.begin() as uow:
            return uow.outbox.sent(self.owner, [row.id for row in rows], self.now)

    def published(self, *numbers: int, **more: Any) -> None:
        """Take new tasks all the way to a suggestion that people see."""
        self.receive(*(task(number, **more) for number in numbers))
        self.score()
        self.decide()
        self.send()

    def label(self, number: int, annotation: int, **more: Any) -> list[int]:
        values: dict[str, Any] = {
            "completed_by": 3,
            "regions": (Region(control="label", value=Choices(labels=("b",))),),
            "was_cancelled": False,
            "lead_time": 2.5,
            "role": LabelRole.CORRECTION,
            "inclusion": None,
            "prediction_id": self.item(number).prediction_id,
            "loss": 1.0,
            "remote_updated_at": self.now,
        }
        new = NewLabel(item_id=self.item(number).id, annotation_id=annotation, **values | more)
        with self.store.begin() as uow:
            return uow.labels.upsert(self.project, [new], self.now)

    def ids(self, *numbers: int) -> list[int]:
        return [self.item(number).id for number in numbers]
