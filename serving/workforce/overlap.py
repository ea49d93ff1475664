"""How many people an item that is not blind needs: one more at a time, up to ``overlap_people``; then those above them.

After each label the posterior over the classes is taken: the model's voice (its confidence in its class), and of each
person the answer with that person's accuracy. ``models.people.next_step`` says what follows. An item that goes to
experts needs the next level of its own field that somebody at the project has, and has not answered it. Where nobody is
above the others, these are asked up to the most, though it may not be enough.

Accuracies are kept by person and field. They learn of an item once, when it is done, from what the others said of it;
the model is no witness, since its suggestion was shown. Only controls whose answer is one class take part. What gold
items say of a person is kept apart, so that it can be taken back, and counts beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from models.gate.arrays import Floats
from models.people import Overlap, Step, class_of, next_step, one_coin, options
from models.people import Skill as Accuracy
from models.people.overlap import SUREST
from models.people.skill import LEVELS, PRIOR
from models.skills import FieldOfWork, Need
from models.types import ControlSpec, Prediction
from serving.store.engine import UnitOfWork
from serving.store.people_records import DeskRow
from serving.store.records import ItemState, LabelRow, ProjectRow
from serving.workforce import levels

ASSUMED = 0.8
"""Accuracy of somebody of whom nothing is known; a level says more where its own bound is higher."""
WORTH = 5.0
"""Items of known truth that this assumption is worth."""
ANY = FieldOfWork()

Known = dict[tuple[int, FieldOfWork], Accuracy]


def review(uow: UnitOfWork, project: ProjectRow, item_ids: Collection[int], now: float) -> dict[int, Overlap]:
    """Ask for what these items need now that labels have come in; what was decided, by item."""
    controls = [one for one in project.label_config.controls if len(options(one)) > 1]
    if project.overlap_people == 1 or not controls or not item_ids:
        return {}
    rows = [row for row in uow.items.rows(sorted(item_ids)) if not row.blind and row.state is ItemState.LABELED]
    answers = uow.opinions.said([row.id for row in rows])
    said = uow.items.predictions([row.prediction_id for row in rows if row.prediction_id is not None])
    needs = uow.people.needed([row.id for row in rows])
    desks = uow.people.desks(project.id)
    known = uow.people.accuracies([desk.trainer.id for desk in desks])
    decided: dict[int, Overlap] = {}
    wanted: dict[int, int] = {}
    raised: dict[int, Need | None] = {}
    for row in rows:
        heard, need = answers.get(row.id, []), needs.get(row.id, Need(ANY, 0))
        shown = said[row.prediction_id].prediction if row.prediction_id is not None else None
        been = {trainer for _, trainer in uow.work.been_through([row.id])}
        left = [desk for desk in desks if desk.trainer.id not in been]
        beliefs = [_belief(one, shown, heard, need.field, desks, known) for one in controls]
        step = next_step(
            min(beliefs, key=lambda belief: float(belief.max())),
            [accuracy_of(desk, need.field, known) for desk in left if need.level == 0 or need.met_by(desk.skills)],
            asked=len(heard),
            most=project.overlap_people,
        )
        decided[row.id] = step
        more = step.step is Step.ASK
        if step.step is Step.ESCALATE:
            level = _above(need, left)
            if level is not None:
                raised[row.id] = Need(need.field, level)
            more = level is not None or step.reason == "out_of_reach"
        wanted[row.id] = len(heard) + more
    uow.people.set_needs(project.id, raised)
    asked = {row.id: row.opinions for row in rows}
    uow.opinions.ask({id: n for id, n in wanted.items() if max(1, n) != asked[id]})
    done = uow.opinions.unsettled([id for id, n in wanted.items() if 2 <= n <= len(answers.get(id, ()))])
    before = uow.people.compared([desk.trainer.id for desk in desks])
    learned = dict(before)
    for id in sorted(done):
        field = needs.get(id, Need(ANY)).field
        for one in controls:
            learned |= _learned(one, answers[id], field, desks, known, learned)
    changed = {key: one for key, one in learned.items() if before.get(key) != one}
    uow.people.keep_compared(changed, now)
    levels.follow(uow, {trainer for trainer, _ in changed}, now)
    uow.opinions.settle(done)
    return decided


def accuracy_of(desk: DeskRow, field: FieldOfWork, known: Mapping[tuple[int, FieldOfWork], Accuracy]) -> float:
    """Expected accuracy in (0, 1): what is known of the person in the field, and ``WORTH`` items of assumption."""
    level = max((one.level for one in desk.skills if one.field.covers(field)), default=0)
    assumed = max(ASSUMED, LEVELS[level - 1]) if level else ASSUMED
    seen = known.get((desk.trainer.id, field), Accuracy())
    return (assumed * WORTH + seen.right - PRIOR) / (WORTH + seen.evidence)


def _belief(
    control: ControlSpec,
    shown: Prediction | None,
    heard: Sequence[LabelRow],
    field: FieldOfWork,
    desks: Sequence[DeskRow],
    known: Known,
) -> Floats:
    classes = options(control)
    prior: Floats = np.full(len(classes), 1.0 / len(classes))
    guess = class_of(shown.regions, control) if shown is not None else None
    if shown is not None and guess in classes:
        sure = float(np.clip(shown.confidence, 1.0 / len(classes), SUREST))
        prior = np.where([one == guess for one in classes], sure, (1.0 - sure) / (len(classes) - 1))
    people = {desk.trainer.user_id: accuracy_of(desk, field, known) for desk in desks}
    votes = [(answer.completed_by, class_of(answer.regions, control)) for answer in heard]
    clear = [(classes.index(label), people.get(user, ASSUMED)) for user, label in votes if label in classes]
    return one_coin(prior, [k for k, _ in clear], [accuracy for _, accuracy in clear])


def _learned(
    control: ControlSpec,
    heard: Sequence[LabelRow],
    field: FieldOfWork,
    desks: Sequence[DeskRow],
    known: Known,
    compared: Known,
) -> Known:
    """What each of these people's comparison with others comes to after this item, by what the others said."""
    found: Known = {}
    for answer in heard:
        desk = next((one for one in desks if one.trainer.user_id == answer.completed_by), None)
        label = class_of(answer.regions, control)
        if desk is None or label not in options(control):
            continue
        others = [one for one in heard if one is not answer]
        supported = float(_belief(control, None, others, field, desks, known)[options(control).index(label)])
        before = compared.get((desk.trainer.id, field), Accuracy())
        found[desk.trainer.id, field] = before.seen(supported, len(options(control)))
    return found


def _above(need: Need, desks: Sequence[DeskRow]) -> int | None:
    """The next level in the item's field that one of these people has."""
    return min(
        (one.level for desk in desks for one in desk.skills if one.level > need.level and one.field.covers(need.field)),
        default=None,
    )
