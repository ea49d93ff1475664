"""What the order of asking was worth: counted from the labels, and silent where they are too few."""

from __future__ import annotations

import pytest

from models.gate.ratio import rate_ratio
from models.ordering import control_from
from models.types import Fold
from serving.monitoring.ordering import DELTA, ENOUGH, ordering, summary
from serving.store.asking import Answers
from serving.store.records import Arm, ItemState, LabelRole
from tests.support.local_world import LocalWorld, easy, hard


def test_of_nothing(world: LocalWorld) -> None:
    report = world.report().ordering
    assert (report.asked_by_informativeness, report.asked_at_random, report.not_listed) == (0, 0, 0)
    assert report.error_ratio is None
    assert report.estimated_labels_saved_in_errors_found is None
    assert report.in_words == f"Not known yet: 0 corrections in random order are in, and {ENOUGH} are needed."


def test_ratio_and_estimate() -> None:
    report = ordering(
        {Arm.INFORMATIVE: Answers(300, 270, 108), Arm.RANDOM: Answers(40, 40, 8), Arm.UNLISTED: Answers(7, 3, 1)}
    )
    expected = rate_ratio(108, 270, 8, 40, delta=DELTA)
    assert report.error_ratio == expected.ratio == pytest.approx(2.0)
    assert (report.error_ratio_lower, report.error_ratio_upper) == (expected.lower, expected.upper)
    assert report.estimated_labels_saved_in_errors_found == pytest.approx(270)
    assert report.estimated_labels_saved_lower == pytest.approx(270 * (expected.lower - 1))
    assert (report.asked_by_informativeness, report.asked_at_random, report.not_listed) == (300, 40, 7)
    assert "2.0 times as often" in report.in_words
    assert "An estimate from that" in report.in_words
    assert "270 labels more" in report.in_words
    assert report.in_words in summary(report)


def test_an_order_that_costs_labels_says_so() -> None:
    report = ordering({Arm.INFORMATIVE: Answers(100, 100, 5), Arm.RANDOM: Answers(40, 40, 8)})
    assert report.error_ratio == pytest.approx(0.25)
    assert report.estimated_labels_saved_in_errors_found == pytest.approx(-75)
    assert "75 labels fewer" in report.in_words


@pytest.mark.parametrize(
    ("ours", "random", "why"),
    [
        (Answers(300, 300, 100), Answers(ENOUGH - 1, ENOUGH - 1, 9), "29 corrections in random order are in"),
        (Answers(300, 300, 100), Answers(50, 50, 0), "no error was found in random order, in 50 corrections"),
        (Answers(300, 0, 0), Answers(50, 50, 9), "no correction that we ordered is in"),
    ],
)
def test_with_too_few_nothing_is_said(ours: Answers, random: Answers, why: str) -> None:
    report = ordering({Arm.INFORMATIVE: ours, Arm.RANDOM: random})
    assert (report.error_ratio, report.error_ratio_lower, report.error_ratio_upper) == (None, None, None)
    assert report.estimated_labels_saved_in_errors_found is None
    assert (report.estimated_labels_saved_lower, report.estimated_labels_saved_upper) == (None, None)
    assert report.in_words.startswith(f"Not known yet: {why}")


def test_counts_are_those_of_the_labels(world: LocalWorld) -> None:
    world.open(easy(150) + hard(250), labels=60)
    world.tick()
    for row in [row for row in world.wanted() if not row.blind and row.asked is not None][:45]:
        world.label(row.task_id)
    world.sync()
    edge = control_from(world.project.validation_fraction)
    with world.store.read() as uow:
        labels = {label.item_id: label for label in uow.labels.for_project(world.id)}
    done = [i for i in world.items() if i.fold is Fold.TRAIN and i.state is ItemState.LABELED]
    ours = [i for i in done if i.asked is not None and i.draw < edge]
    control = [i for i in done if i.asked is not None and i.draw >= edge]
    report = world.report().ordering
    assert report.asked_by_informativeness == len(ours) > 30
    assert report.asked_at_random == len(control) > 2
    assert report.not_listed == len(done) - len(ours) - len(control) == 20
    assert report.informative_compared == sum(labels[i.id].role is LabelRole.CORRECTION for i in ours)
    assert report.informative_errors == sum(labels[i.id].loss == 1.0 for i in ours)
    assert report.random_errors == sum(labels[i.id].loss == 1.0 for i in control)
