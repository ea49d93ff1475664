"""The product's own queue as a policy: the real store, ``hand_out.next_for``, ``ingest``, and with it ``overlap``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from connectors.base import RemoteAnnotation
from models.skills import FieldOfWork, Skill, SkillRule
from models.specs import HeadSpec
from models.types import Choices, ControlSpec, Fold, InputSpec, LabelConfig, Medium, Prediction, Region, Route
from serving.pipeline import ingest, needs
from serving.pipeline.runtime import Runtime
from serving.settings import Settings
from serving.store.engine import Store
from serving.store.people_records import Nothing
from serving.store.records import Decision, ItemState, NewItem, NewProject
from serving.workforce.hand_out import next_for
from serving.workforce.simulation.world import CLASSES, DOMAINS, OWN_DOMAIN, Person, Simulated, Thing

CONTROL = ControlSpec(
    name="label",
    kind="choices",
    labels=CLASSES,
    input=InputSpec(name="text", field="text", medium=Medium.TEXT),
)
RULE = SkillRule(field="domain", domain="*", level=1)
"""Everybody may do everything: items name their domain, and say with it who is above the others in it."""
OWNER = "simulation"
MODEL = "m1"
PAGE_S = 10.0
"""How often the page of somebody who waits asks again."""
LEASE_S = 3600.0
FIRST_USER = 100


class Fair:
    """The product, with a clock that the simulation turns."""

    def __init__(
        self, store: Store, world: Simulated, *, overlap_people: int, experts_below: float | None = None
    ) -> None:
        self._store = store
        self._now = 0.0
        self._annotations = 0
        nothing = cast(Any, None)  # the queue asks for nothing else
        self._runtime = Runtime(
            store=store,
            settings=Settings(people_silent_s=LEASE_S, people_lease_s=LEASE_S),
            vault=nothing,
            scorer=nothing,
            media=nothing,
            platform=nothing,
            annotator=nothing,
            owner=OWNER,
            clock=lambda: self._now,
        )
        with store.begin() as uow:
            project = uow.projects.add(_project(overlap_people, _rules(experts_below)), 0.0)
            self._project = uow.projects.update(project.id, active_model=MODEL)
            for person in world.people:
                user = FIRST_USER + person.number
                row = uow.people.add(project.platform_url, user, email=f"{user}@x", name=f"{user}", now=0.0)
                uow.people.seat(project.id, row.id, daily_cap=None)
                uow.people.grant(row.id, _skills(person), 0.0)

    def arrive(self, items: Sequence[Thing], now: float) -> None:
        """Received, scored and published, as the pipeline does it."""
        self._now = now
        there = {one.number + 1: one for one in items}
        fresh = [
            NewItem(number, "0" * 64, {"domain": one.domain}, Fold.TRAIN, _draw(one)) for number, one in there.items()
        ]
        project = self._project.id
        claim: dict[str, Any] = {"limit": len(fresh), "owner": OWNER, "lease_s": LEASE_S, "now": now}
        with self._store.begin() as uow:
            uow.items.receive(project, fresh, now)
            needs.of_arrived(uow, self._project, list(there))
            rows = uow.items.claim(project, ItemState.RECEIVED, **claim)
            found = {row.id: _prediction(there[row.task_id]) for row in rows}
            uow.items.store_predictions(OWNER, list(found.items()), now)
            needs.keep(uow, self._project, rows, found, now)
            rows = uow.items.claim(project, ItemState.SCORED, **claim)
            said = [
                Decision(
                    item_id=row.id,
                    prediction_id=row.prediction_id,
                    route=Route.SUGGEST,
                    reason="below_threshold",
                    numbers={},
                    blind=False,
                )
                for row in rows
            ]
            uow.items.decide(OWNER, said, now)

    def next(self, person: Person, now: float) -> int | None:
        self._now = now
        with self._store.read() as uow:
            desk = uow.people.desks(self._project.id)[person.number]
        work = next_for(self._runtime, self._project, desk)
        if isinstance(work, Nothing):
            return None
        with self._store.read() as uow:
            return uow.items.get(work.item_id).task_id - 1

    def hand_in(self, person: Person, item: int, label: int, now: float) -> None:
        self._now = now
        self._annotations += 1
        value = {"choices": [CLASSES[label]]}
        annotation = RemoteAnnotation(
            id=self._annotations,
            task_id=item + 1,
            completed_by=FIRST_USER + person.number,
            result=[{"from_name": "label", "to_name": "text", "type": "choices", "value": value}],
            was_cancelled=False,
            lead_time=None,
            updated_at=now,
        )
        with self._store.begin() as uow:
            ingest.receive_annotations(self._runtime, uow, self._project, [annotation])

    def looks_s(self, person: Person, *, found: bool) -> float:
        return 0.0 if found else PAGE_S


def _rules(experts_below: float | None) -> tuple[SkillRule, ...]:
    """With a bound, what the model is less sure of goes to the domain's experts at once, as an operator may have it."""
    if experts_below is None:
        return (RULE,)
    level, above = OWN_DOMAIN.level, DOMAINS[1:]
    own = (
        SkillRule(field="domain", equals=one, domain=one, level=level, confidence_below=experts_below) for one in above
    )
    return (*own, RULE)


def _project(overlap_people: int, rules: tuple[SkillRule, ...]) -> NewProject:
    return NewProject(
        slug="simulation",
        platform_url="http://127.0.0.1",
        platform_project=1,
        token=b"",
        webhook_secret=b"",
        sampling_secret=b"",
        service_user=1,
        label_config=LabelConfig(digest="0" * 64, controls=(CONTROL,)),
        label_config_xml="<View/>",
        spec=HeadSpec(encoder="ngram"),
        epsilon=0.05,
        delta=0.1,
        train_target=200,
        validation_target=200,
        validation_fraction=0.25,
        audit_rate=0.05,
        overlap_people=overlap_people,
        skill_rules=rules,
    )


def _skills(person: Person) -> list[Skill]:
    """What an operator granted: a level in everything, and an expert's in the own domain."""
    levels = {domain: person.makeup(domain).level for domain in {"", person.domain}}
    return [Skill(FieldOfWork(domain=domain), level) for domain, level in sorted(levels.items())]


def _draw(one: Thing) -> float:
    return (one.number * 0.6180339887498949) % 1.0


def _prediction(one: Thing) -> Prediction:
    region = Region(control="label", value=Choices(labels=(CLASSES[one.guess],)), score=one.confidence)
    return Prediction(
        key=str(one.number), regions=(region,), confidence=one.confidence, model_version=MODEL, numbers={}
    )
