"""What a gate that accepts nothing waits for: the next thing that has to happen, with its numbers."""

from __future__ import annotations

from enum import StrEnum

from pydantic import computed_field

from models.specs import learns
from models.types import Fold, Frozen, GateState
from serving.language import gettext, joined, ngettext
from serving.pipeline import trouble
from serving.pipeline.certifying import UNSCORED, tested, validation_sample, waits_for_opinions
from serving.pipeline.learn import train_labels
from serving.pipeline.opinions import Sample
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import held
from serving.pipeline.trouble import Part
from serving.retold import retold
from serving.store.engine import UnitOfWork
from serving.store.records import WAITING, ItemState, ProjectRow


class WaitsFor(StrEnum):
    """The next thing that has to happen before a gate may open; the first of these that is missing."""

    PERSON = "person"
    """A person closed it, and has to reopen it."""
    LABEL_CONFIG = "label_config"
    """The project is paused: its label config cannot be used."""
    TRAIN_LABELS = "train_labels"
    """Labels that the first model learns from."""
    MODEL = "model"
    """There are enough, and no model yet: ``trouble`` says why, or it is the pipeline's turn."""
    TRIAL = "trial"
    """A version is tried beside the active one."""
    DRAW = "draw"
    """No item is drawn for the blind sample yet."""
    BLIND_LABELS = "blind_labels"
    ARRIVALS = "arrivals"
    """Items that fill the sample again, after the stream changed."""
    OPINIONS = "opinions"
    """Other people's answers about blind items."""
    EVIDENCE = "evidence"
    """All blind labels were tested, and kept it closed: another model, or more of them."""
    SCORES = "scores"
    """Too many items are not scored yet to know how much would be accepted."""
    ITEMS = "items"
    """Nothing waits that could be accepted."""
    TEST = "test"
    """Nothing is missing: it is the pipeline's turn."""


class Opening(Frozen):
    """How far a gate that accepts nothing is from its next test."""

    gate: GateState
    waits_for: WaitsFor
    train_labels: int
    """Items whose label the next model learns from, and labels of the history that the project came with."""
    train_target: int
    """How many it takes; 0: the model does not learn, or a person chose it."""
    teach_nothing: int
    """Items of the validation part with a label that is no blind one: no model learns from them."""
    trouble: str | None
    """Why learning came to nothing the last time, in English: the trainer's reason, or the error that ended a turn."""
    blind_labels: int
    """Items of the blind sample that are answered; a skip is an answer."""
    blind_drawn: int
    """Items of the blind sample: the test takes place when all are answered."""
    blind_target: int
    """How many are to be drawn, as far as items arrive."""
    opinions: int
    """Blind items that wait for another person's answer."""
    unscored: int
    """Items that wait to be scored."""
    tests: int
    """Made so far, open or not."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def in_words(self) -> str:
        """Said when it is asked for: what is kept for several viewers holds no words."""
        told = not self.trouble or self.waits_for in (WaitsFor.MODEL, WaitsFor.TEST)
        if told:
            return _words(self)
        last = gettext("Learning came to nothing the last time: {why}", why=retold(self.trouble or ""))
        return joined([_words(self), last])


def look(runtime: Runtime, uow: UnitOfWork, project: ProjectRow) -> Opening | None:
    """From one reading of the store; None: the gate accepts."""
    if project.gate_state.accepts:
        return None
    sample, states = validation_sample(uow, project), uow.items.counts(project.id)
    count, target = train_labels(runtime, uow, project)
    by_itself = learns(project.spec) and not project.pinned
    found = Opening(
        gate=project.gate_state,
        waits_for=WaitsFor.TEST,
        train_labels=count,
        train_target=target if by_itself else 0,
        teach_nothing=uow.labels.training_count(project.id, Fold.VALIDATION),
        trouble=_trouble(uow, project, may_train=by_itself and count >= target),
        blind_labels=sum(label is not None or item.state is ItemState.DEAD for item, label in sample),
        blind_drawn=len(sample),
        blind_target=project.validation_target,
        opinions=waits_for_opinions(uow, project),
        unscored=states.get(ItemState.RECEIVED, 0),
        tests=uow.gate.tests(project.id),
    )
    return found.model_copy(update={"waits_for": _missing(uow, project, found, sample, states)})


def _trouble(uow: UnitOfWork, project: ProjectRow, *, may_train: bool) -> str | None:
    turn = trouble.last(uow, project.id, Part.TURN)
    return turn or (trouble.last(uow, project.id, Part.TRAINING) if may_train else "") or None


def _missing(
    uow: UnitOfWork, project: ProjectRow, found: Opening, sample: Sample, states: dict[ItemState, int]
) -> WaitsFor:
    """In the order in which ``serving.pipeline.learn`` takes its steps."""
    version = project.active_model
    if held(uow, project) is not None:
        return WaitsFor.PERSON
    if project.paused:
        return WaitsFor.LABEL_CONFIG
    if version is None:
        return WaitsFor.TRAIN_LABELS if found.train_labels < found.train_target else WaitsFor.MODEL
    if project.challenger is not None:
        return WaitsFor.TRIAL
    if not sample:
        return WaitsFor.DRAW
    if found.blind_labels < found.blind_drawn:
        return WaitsFor.BLIND_LABELS
    if project.valid_since and found.blind_drawn < found.blind_target:
        return WaitsFor.ARRIVALS
    if found.opinions:
        return WaitsFor.OPINIONS
    if tested(uow, project, version, sample):
        return WaitsFor.EVIDENCE
    pool = sum(states.get(state, 0) for state in WAITING) - sum(item.state in WAITING for item, _ in sample)
    if found.unscored > UNSCORED * pool:
        return WaitsFor.SCORES
    return WaitsFor.TEST if pool > 0 else WaitsFor.ITEMS


def _words(found: Opening) -> str:
    match found.waits_for:
        case WaitsFor.PERSON:
            return gettext("The gate waits for a person to reopen it.")
        case WaitsFor.LABEL_CONFIG:
            return gettext(
                "The gate waits for a label config that can be used: until then nothing is trained or tested."
            )
        case WaitsFor.TRAIN_LABELS:
            return joined([_train_labels(found), _already(found)])
        case WaitsFor.MODEL:
            return joined([_model(found), _already(found)])
        case WaitsFor.TRIAL:
            return gettext("The gate waits for the end of the trial of another version.")
        case WaitsFor.DRAW:
            return gettext(
                "The gate waits for a test on {target:,} blind labels; none of their items is drawn yet: that "
                "follows once tasks have been read.",
                target=found.blind_target,
            )
        case WaitsFor.BLIND_LABELS | WaitsFor.ARRIVALS:
            return joined([_blind_labels(found), _to_be_drawn(found)])
        case WaitsFor.EVIDENCE:
            return _evidence(found)
        case _:
            return _test(found)


def _train_labels(found: Opening) -> str:
    said = gettext(
        "The gate waits for a first model: {n:,} of the {target:,} labels that it learns from are there.",
        n=found.train_labels,
        target=found.train_target,
    )
    if not found.teach_nothing:
        return said
    more = ngettext(
        "{n:,} other label is of an item of the validation part, from which no model learns.",
        "{n:,} other labels are of items of the validation part, from which no model learns.",
        found.teach_nothing,
    )
    return joined([said, more])


def _model(found: Opening) -> str:
    values = {"n": found.train_labels, "target": found.train_target, "why": retold(found.trouble or "")}
    if not found.train_target:
        if found.trouble:
            return gettext("The gate waits for a model, which could not be taken up: {why}", **values)
        return gettext("The gate waits for a model, which is taken up at the pipeline's next turn.")
    if found.trouble:
        return gettext(
            "The gate waits for a first model. Labels are enough ({n:,}, it takes {target:,}), but no model came of "
            "them: {why}",
            **values,
        )
    return gettext(
        "The gate waits for a first model. Labels are enough ({n:,}, it takes {target:,}): it is trained at the "
        "pipeline's next turn.",
        **values,
    )


def _already(found: Opening) -> str:
    """What a project without a model may do meanwhile."""
    if not found.blind_drawn:
        return ""
    return gettext(
        "A test follows, on blind labels: {n:,} of {drawn:,} are there.", n=found.blind_labels, drawn=found.blind_drawn
    )


def _blind_labels(found: Opening) -> str:
    values = {"n": found.blind_labels, "drawn": found.blind_drawn, "waiting": found.blind_drawn - found.blind_labels}
    if not found.tests:
        return gettext(
            "The gate waits for people: {n:,} of the {drawn:,} blind labels that the first test takes are there, and "
            "{waiting:,} are still to be given. Then the test opens the gate, or says why not.",
            **values,
        )
    return gettext(
        "The gate waits for people: {n:,} of the {drawn:,} blind labels that the next test takes are there, and "
        "{waiting:,} are still to be given. Then the test opens the gate, or says why not.",
        **values,
    )


def _to_be_drawn(found: Opening) -> str:
    missing = found.blind_target - found.blind_drawn
    if missing <= 0:
        return ""
    return ngettext(
        "{n:,} more is to be drawn as items arrive: {target:,} is the target.",
        "{n:,} more are to be drawn as items arrive: {target:,} is the target.",
        missing,
        target=found.blind_target,
    )


def _evidence(found: Opening) -> str:
    if not found.train_target:
        return gettext(
            "All {drawn:,} blind labels are tested: the next test takes more of them, or another model.",
            drawn=found.blind_drawn,
        )
    return gettext(
        "All {drawn:,} blind labels are tested: the next test takes more of them, or another model, for which {n:,} of "
        "{target:,} labels are there.",
        drawn=found.blind_drawn,
        n=found.train_labels,
        target=found.train_target,
    )


def _test(found: Opening) -> str:
    """All blind labels are there."""
    drawn = found.blind_drawn
    if found.waits_for is WaitsFor.OPINIONS:
        return ngettext(
            "The gate waits for a test: all {drawn:,} blind labels are there, and {n:,} item waits for another "
            "person's answer.",
            "The gate waits for a test: all {drawn:,} blind labels are there, and {n:,} items wait for another "
            "person's answer.",
            found.opinions,
            drawn=drawn,
        )
    if found.waits_for is WaitsFor.SCORES:
        return gettext(
            "The gate waits for a test: all {drawn:,} blind labels are there. It is made once nearly all items are "
            "scored; {n:,} are not yet.",
            drawn=drawn,
            n=found.unscored,
        )
    if found.waits_for is WaitsFor.ITEMS:
        return gettext(
            "The gate waits for items: all {drawn:,} blind labels are there, and no other item waits that could be "
            "accepted.",
            drawn=drawn,
        )
    if found.trouble:
        return gettext(
            "The gate waits for a test: all {drawn:,} blind labels are there, but the pipeline's last turn failed: "
            "{why}",
            drawn=drawn,
            why=retold(found.trouble),
        )
    return gettext(
        "The gate waits for a test: all {drawn:,} blind labels are there, and it is made at the pipeline's next turn.",
        drawn=drawn,
    )
