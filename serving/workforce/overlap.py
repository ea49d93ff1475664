"""How many people an item that is not blind needs: one more at a time, up to ``overlap_people``; then those above them.

After each label the posterior over the classes is taken: the model's voice (its confidence in its class), and of each
person the answer with that person's accuracy. ``models.people.next_step`` says what follows. An item that goes to
experts needs the next level of its own field that somebody at the project has, and has not answered it. Where nobody is
above the others, these are asked up to the most, though it may not be enough.

Before the first label it is asked whether those above should have the item at once: their answer must tell ``DEARER``
times as much as the others' do, and their line must not be longer than ``LINE`` times everybody's.

Accuracies are kept by person and field, apart for items of which the model was sure and unsure: what is hard for the
model is often hard for people. They learn of an item once, when it is done, from what the others said of it; the model
is no witness, since its suggestion was shown. Only controls whose answer is one class take part. What gold items say of
a person is kept apart, so that it can be taken back, and counts beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from models.people import Overlap, Step, Voices, class_of, next_step, options, worth_more
from models.people import Skill as Accuracy
from models.people.skill import LEVELS, PRIOR
from models.skills import FieldOfWork, Need
from models.types import ControlSpec, Prediction
from serving.store.engine import UnitOfWork
from serving.store.people_records import DeskRow, Ground
from serving.store.records import ItemState, LabelRow, ProjectRow
from serving.workforce import levels

SURE = 0.8
"""Confidence from which on the model is sure. Without a model there is no sign that an item is hard."""
ASSUMED = 0.85
"""Accuracy of somebody of whom nothing is known; a level says more where its own bound is higher."""
ASSUMED_UNSURE = 0.65
"""The same on items of which the model is unsure."""
WORTH = 5.0
"""Items of known truth that an assumption is worth."""
LINE = 1.5
"""Items a head that wait for those above the others, against items a head that wait for anybody, at the most."""
DAY_S = 86_400.0
"""Whoever asked for nothing for so long is not counted on."""
ANY = FieldOfWork()

Known = Mapping[Ground, Accuracy]


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
    known = uow.people.grounds([desk.trainer.id for desk in desks], sure=SURE)
    decided: dict[int, Overlap] = {}
    wanted: dict[int, int] = {}
    raised: dict[int, Need | None] = {}
    for row in rows:
        heard, need = answers.get(row.id, []), needs.get(row.id, Need(ANY, 0))
        shown = said[row.prediction_id].prediction if row.prediction_id is not None else None
        been = {trainer for _, trainer in uow.work.been_through([row.id])}
        left = [desk for desk in desks if desk.trainer.id not in been]
        unsure = is_unsure(shown)
        voices = [_voices(one, shown, heard, need.field, desks, known, unsure) for one in controls]
        step = next_step(
            min(voices, key=lambda one: float(one.posterior.max())),
            [accuracy_of(desk, need.field, known, unsure) for desk in left if _meets(desk, need)],
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
    for row in sorted((one for one in rows if one.id in done), key=lambda one: one.id):
        shown = said[row.prediction_id].prediction if row.prediction_id is not None else None
        field = needs.get(row.id, Need(ANY)).field
        for one in controls:
            learned |= _learned(one, answers[row.id], field, desks, known, learned, is_unsure(shown))
    changed = {key: one for key, one in learned.items() if before.get(key) != one}
    uow.people.keep_compared(changed, now)
    levels.follow(uow, {ground.trainer_id for ground in changed}, now)
    uow.opinions.settle(done)
    return decided


def at_once(
    uow: UnitOfWork, project: ProjectRow, found: Mapping[int, Need | None], said: Mapping[int, Prediction], now: float
) -> dict[int, Need | None]:
    """What items need that no person has seen: as ``found``, or what those above the others have.

    Args:
        uow: a unit of work.
        project: theirs.
        found: item id -> what the project's rules ask for.
        said: item id -> the model's word; an item without stays as it is.
        now: epoch seconds.
    """
    controls = [one for one in project.label_config.controls if len(options(one)) > 1]
    desks = [one for one in uow.people.desks(project.id) if one.seen_at >= now - DAY_S]
    doubtful = sorted((id for id in found if id in said), key=lambda id: (said[id].confidence, id))
    if (
        project.overlap_people == 1
        or not controls
        or not any(_steps(found[id] or Need(ANY, 0), desks) for id in doubtful)
    ):
        return dict(found)
    known = uow.people.grounds([desk.trainer.id for desk in desks], sure=SURE)
    waiting = uow.people.waiting(project.id)
    for need in found.values():
        waiting[need] = waiting.get(need, 0) + 1
    raised = dict(found)
    for id in doubtful:
        need = found[id] or Need(ANY, 0)
        unsure = is_unsure(said[id])
        for level in _steps(need, desks):
            higher = Need(need.field, level)
            able = [desk for desk in desks if _meets(desk, need)]
            above = [accuracy_of(desk, need.field, known, unsure) for desk in able if _meets(desk, higher)]
            others = [accuracy_of(desk, need.field, known, unsure) for desk in able if not _meets(desk, higher)]
            voices = (_voices(one, said[id], (), need.field, desks, known, unsure) for one in controls)
            least = min(voices, key=lambda one: float(one.posterior.max()))
            if worth_more(least, above, others) and _room(higher, len(above), len(desks), waiting):
                waiting[raised[id]] -= 1
                waiting[higher] = waiting.get(higher, 0) + 1
                raised[id] = higher
    return raised


def _room(need: Need, able: int, people: int, waiting: Mapping[Need | None, int]) -> bool:
    """Whether one more item may wait for these people."""
    theirs = sum(n for one, n in waiting.items() if one and one.level >= need.level and one.field == need.field)
    return (theirs + 1) / able <= LINE * max(1.0, sum(waiting.values()) / people)


def is_unsure(shown: Prediction | None) -> bool:
    """Whether the model's doubt says that an item is hard."""
    return shown is not None and shown.confidence < SURE


def accuracy_of(desk: DeskRow, field: FieldOfWork, known: Known, unsure: bool) -> float:
    """Expected accuracy in (0, 1): what is known of the person in the field, and ``WORTH`` items of assumption."""
    level = max((one.level for one in desk.skills if one.field.covers(field)), default=0)
    usual = ASSUMED_UNSURE if unsure else ASSUMED
    assumed = max(usual, LEVELS[level - 1]) if level else usual
    seen = known.get(Ground(desk.trainer.id, field, unsure), Accuracy())
    return (assumed * WORTH + seen.right - PRIOR) / (WORTH + seen.evidence)


def _voices(
    control: ControlSpec,
    shown: Prediction | None,
    heard: Iterable[LabelRow],
    field: FieldOfWork,
    desks: Sequence[DeskRow],
    known: Known,
    unsure: bool,
) -> Voices:
    classes = options(control)
    places = {label: place for place, label in enumerate(classes)}
    voices = Voices(len(classes))
    guess = class_of(shown.regions, control) if shown is not None else None
    if shown is not None and guess in places:
        voices = voices.hear(places[guess], shown.confidence)
    people = {desk.trainer.user_id: accuracy_of(desk, field, known, unsure) for desk in desks}
    for answer in heard:
        label = class_of(answer.regions, control)
        if label in places:
            stranger = ASSUMED_UNSURE if unsure else ASSUMED
            voices = voices.hear(places[label], people.get(answer.completed_by, stranger))
    return voices


def _learned(
    control: ControlSpec,
    heard: Sequence[LabelRow],
    field: FieldOfWork,
    desks: Sequence[DeskRow],
    known: Known,
    compared: Known,
    unsure: bool,
) -> dict[Ground, Accuracy]:
    """What each of these people's comparison with others comes to after this item, by what the others said."""
    found: dict[Ground, Accuracy] = {}
    for answer in heard:
        desk = next((one for one in desks if one.trainer.user_id == answer.completed_by), None)
        label = class_of(answer.regions, control)
        if desk is None or label not in options(control):
            continue
        others = [one for one in heard if one is not answer]
        voices = _voices(control, None, others, field, desks, known, unsure)
        ground = Ground(desk.trainer.id, field, unsure)
        supported = float(voices.posterior[options(control).index(label)])
        found[ground] = compared.get(ground, Accuracy()).seen(min(supported, 1.0), voices.classes)
    return found


def _meets(desk: DeskRow, need: Need) -> bool:
    return need.level == 0 or need.met_by(desk.skills)


def _steps(need: Need, desks: Iterable[DeskRow]) -> list[int]:
    """Levels in the item's field above what it needs that these people have, rising."""
    skills = (one for desk in desks for one in desk.skills)
    return sorted({one.level for one in skills if one.level > need.level and one.field.covers(need.field)})


def _above(need: Need, desks: Iterable[DeskRow]) -> int | None:
    """The next level in the item's field that one of these people has."""
    return next(iter(_steps(need, desks)), None)
