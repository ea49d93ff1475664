"""Several people's answers to the blind sample: who is asked again, and whose word is taken.

With ``validation_people`` above 1 an item is put to another person when its first answer disagrees with the model's
prediction, until so many people have answered, or a majority stands, or none can any more. Agreements are taken as
they are, but for a share of them, drawn by keyed hash: these are asked again all the same, and show how often people
are wrong and what goes unseen. See docs/decisions/0009.

With a single person nobody is asked again, until the gate has been tested and stays closed for its errors: then the
same share of the sample is, to tell whether people's own mistakes are the reason. Nothing waits for that.

Audits are judged as the sample was: what the first person disputes is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.gate.noise import Noise, Pairs, measure
from models.gate.sampling import keyed_uniform
from models.tasks import item_loss
from models.types import GateState, LabelConfig, Prediction
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import move
from serving.store.engine import UnitOfWork
from serving.store.records import Audit, CertificateRow, ItemRow, LabelRow, ProjectRow

Sample = list[tuple[ItemRow, LabelRow | None]]

SHARE = 0.1
"""Share of the items whose answer is checked by a second person whatever the model says, by keyed hash."""
PURPOSE = "second_opinion"


@dataclass(frozen=True, slots=True)
class Hearing:
    """What people say of a model's predictions on the sample, as far as they have been asked."""

    losses: np.ndarray[Any, np.dtype[np.float64]]
    """``(n,)``, 0 or 1, in the order of the sample."""
    people: dict[int, int]
    """Item id -> how many different people are to answer it, where that is more than one."""
    pending: int
    """Items that wait for another answer; while there are any, the losses are not final."""
    noise: Noise


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the answers to one item come to."""

    loss: float
    """Of the prediction, in [0, 1]; 1 while nobody knows."""
    people: int
    """How many different people have to answer until this is final."""
    pending: bool = False
    """Not so many have answered."""


def hear(runtime: Runtime, project: ProjectRow, sample: Sample, said: Mapping[int, Prediction]) -> Hearing:
    """Judge a model's predictions (item id -> prediction) by the blind answers that are in.

    A prediction that is not wholly right is wrong: what is accepted, nobody mends. An item that people skipped is lost
    (loss 1): leaving it out would make the sample easier than the stream. So is one without a prediction, or an answer.
    """
    secret, config, people = runtime.sampling_secret(project), project.label_config, project.validation_people
    with runtime.store.read() as uow:
        answers = uow.opinions.answers([item.id for item, _ in sample])
    losses = np.ones(len(sample))
    asked: dict[int, int] = {}
    pending = overturned = 0
    disputed: list[bool] = []
    checked: list[bool] = []
    items = 0
    for i, (item, label) in enumerate(sample):
        heard = answers.get(item.id, [])
        if label is None or item.id not in said or not heard:
            continue
        items += 1
        lot, twice = is_checked(item, secret), len(heard) > 1
        split = twice and not same(heard[0], heard[1], config)
        if people == 1:
            losses[i] = loss_against(said[item.id], label, config)
            checked += [split] if lot and twice else []
            continue
        verdict = judge(said[item.id], heard, checked=lot, people=people, config=config)
        losses[i] = verdict.loss
        pending += verdict.pending
        asked |= {item.id: verdict.people} if verdict.people > 1 else {}
        if loss_against(said[item.id], heard[0], config) > 0:
            disputed.append(split)
        elif lot and twice:
            checked.append(split)
            overturned += verdict.loss > 0
    noise = measure(
        Pairs(items, len(disputed), sum(disputed), len(checked), sum(checked)),
        people=people,
        second_opinions=sum(max(0, len(answers.get(item.id, [])) - 1) for item, _ in sample),
        overturned=overturned,
        classes=_classes(config),
    )
    return Hearing(losses=(losses > 0).astype(np.float64), people=asked, pending=pending, noise=noise)


def judge(
    prediction: Prediction, answers: Sequence[LabelRow], *, checked: bool, people: int, config: LabelConfig
) -> Verdict:
    """What the answers to one item say of a prediction.

    A first answer that agrees is taken for the truth, unless the item is ``checked`` or has been answered by others
    already. Else the majority of ``people`` is; where none can come about any more the item is lost: nobody has shown
    the prediction right.
    """
    if len(answers) == 1 and not checked and loss_against(prediction, answers[0], config) == 0:
        return Verdict(0.0, 1)
    truth, wanted = majority(answers, people, config)
    loss = 1.0 if truth is None else loss_against(prediction, truth, config)
    return Verdict(loss, wanted, pending=wanted > len(answers))


def majority(answers: Sequence[LabelRow], people: int, config: LabelConfig) -> tuple[LabelRow | None, int]:
    """The answer that more than half of ``people`` have given, and how many have to answer before it can be told.

    Of more answers than that, the first ``people`` count.
    """
    groups: list[list[LabelRow]] = []
    for answer in answers[:people]:
        group = next((g for g in groups if same(g[0], answer, config)), None)
        if group is None:
            groups.append([answer])
        else:
            group.append(answer)
    most = max(groups, key=len)
    missing, left = people // 2 + 1 - len(most), people - len(answers)
    if missing <= 0:
        return most[0], len(answers)
    return None, len(answers) + (missing if missing <= left else 0)


def same(one: LabelRow, other: LabelRow, config: LabelConfig) -> bool:
    """Whether two people said the same; to skip is an answer of its own."""
    if one.was_cancelled or other.was_cancelled:
        return one.was_cancelled and other.was_cancelled
    return item_loss(one.regions, other.regions, config) == 0


def loss_against(prediction: Prediction, answer: LabelRow, config: LabelConfig) -> float:
    """Loss in [0, 1] of a prediction if this answer is the truth; a skip is no support for it."""
    return 1.0 if answer.was_cancelled else item_loss(prediction.regions, answer.regions, config)


def is_checked(item: ItemRow, secret: bytes) -> bool:
    """Whether a second person is asked of this item whatever the model says; the same under every model."""
    return keyed_uniform(secret, PURPOSE, item.task_id, item.revision) < SHARE


def ask(runtime: Runtime, project: ProjectRow, hearing: Hearing) -> bool:
    """Have the queue, and Label Studio's own stream, ask for what is missing. Returns whether anything is.

    What an earlier model made us ask, and this one does not need, is taken back.
    """
    if project.validation_people == 1:
        return False
    with runtime.store.read() as uow:
        before = uow.opinions.asked(project.id, audits=False)
    changed = {
        id: hearing.people.get(id, 1)
        for id in before.keys() | hearing.people.keys()
        if before.get(id, 1) != hearing.people.get(id, 1)
    }
    _put(runtime, project, changed)
    return hearing.pending > 0


def hear_audits(uow: UnitOfWork, project: ProjectRow, disputed: Sequence[Audit]) -> dict[int, Verdict]:
    """Decision id -> what people say of an audited prediction that the first of them did not agree with.

    An audit that nobody can answer any more, since its task or its data is gone, stands as the first answer left it.
    """
    people, config = project.validation_people, project.label_config
    if people == 1 or not disputed:
        return {}
    answers = uow.opinions.answers({audit.item_id for audit in disputed})
    said = uow.items.predictions([a.prediction_id for a in disputed if a.prediction_id is not None])
    verdicts = {}
    for a in disputed:
        if a.current and a.prediction_id in said and a.item_id in answers:
            prediction, heard = said[a.prediction_id].prediction, answers[a.item_id]
            verdicts[a.decision_id] = judge(prediction, heard, checked=False, people=people, config=config)
    return verdicts


def ask_of_audits(runtime: Runtime, project: ProjectRow, people: Mapping[int, int]) -> None:
    """Item id -> how many people are to answer an audit; who was asked before is not asked anew."""
    with runtime.store.read() as uow:
        before = uow.opinions.asked(project.id, audits=True) if people else {}
    _put(runtime, project, {id: n for id, n in people.items() if before.get(id, 1) < n})


def look_into(runtime: Runtime, project: ProjectRow, sample_of: Callable[[UnitOfWork, ProjectRow], Sample]) -> bool:
    """Tell whether people's own mistakes keep a gate with single labels closed: ask a second person, by lot, and say.

    Only where the last test saw errors, and more than one person labels in the project. Returns whether anything
    changed.
    """
    if project.validation_people > 1:
        return False
    with runtime.store.read() as uow:
        certificate = uow.gate.latest(project.id)
        if certificate is None or not _unexplained(project, certificate) or uow.opinions.people(project.id) < 2:
            return False
        before = uow.opinions.asked(project.id, audits=False)
        sample = [item for item, label in sample_of(uow, project) if label is not None]
        answers = uow.opinions.answers([item.id for item in sample])
    secret = runtime.sampling_secret(project)
    lot = [item for item in sample if item.id in answers and is_checked(item, secret)]
    if new := {item.id: 2 for item in lot if item.id not in before}:
        _put(runtime, project, new)
        return True
    twice = [answers[item.id] for item in lot if len(answers[item.id]) > 1]
    if not lot or len(twice) < len(lot):
        return False
    split = sum(not same(heard[0], heard[1], project.label_config) for heard in twice)
    noise = measure(
        Pairs(len(sample), 0, 0, len(twice), split),
        people=1,
        second_opinions=sum(len(heard) - 1 for heard in twice),
        classes=_classes(project.label_config),
    )
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        if not _unexplained(current, certificate):
            return False
        reason = f"{certificate.reason} {noise.finding(certificate.epsilon)}"
        numbers = {"certificate": certificate.id, "pairs": noise.pairs, "split": split}
        move(uow, current, GateState.CLOSED, reason=reason, numbers=numbers, now=runtime.now())
    return True


def _unexplained(project: ProjectRow, certificate: CertificateRow) -> bool:
    """Whether the gate is closed for the errors that this test saw, and for nothing that was found out since."""
    closed = project.gate_state is GateState.CLOSED and project.gate_reason == certificate.reason
    return closed and certificate.errors > 0 and certificate.model_version == project.active_model


def _put(runtime: Runtime, project: ProjectRow, people: Mapping[int, int]) -> None:
    """Label Studio is told first: what it was not told, the next pass finds undone, and tells again.

    It does not count skips among the people that it waits for.
    """
    if not people:
        return
    with runtime.store.read() as uow:
        items = [uow.items.get(id) for id in people]
        answers = uow.opinions.answers(people)
    skips = {id: sum(answer.was_cancelled for answer in answers.get(id, ())) for id in people}
    labels = {item.task_id: max(1, people[item.id] - skips[item.id]) for item in items}
    runtime.platform(project).ask_again(labels)
    with runtime.store.begin() as uow:
        uow.opinions.ask(people)


def _classes(config: LabelConfig) -> int | None:
    """How many answers a single choice has; None where answers are sets, or several controls have to agree."""
    (control, *others) = config.controls
    return None if others or control.multiple or len(control.labels) < 2 else len(control.labels)
