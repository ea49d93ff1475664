"""Consensus labels of items with several answers, each with its certainty, for operators and programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Final

import numpy as np

from models.people import Consensus, Vote, options
from models.people.overlap import TARGET
from models.types import Frozen
from serving.pipeline.runtime import Runtime
from serving.store.records import ProjectRow
from serving.workforce.consensus import Method, control_of, hear, judge, key, voices, votes_of

DEFINITIONS: Final[Mapping[Method, str]] = {
    Method.DAWID_SKENE: "Dawid & Skene (1979): everybody has a confusion matrix, found together with the truth. The "
    "model is one more voice on items that were answered blind. With few answers an item the certainty is too high.",
    Method.CROWDLAB: "Goh et al. (2022): a weighted average of the model and of people, of items that were answered "
    "blind. Its certainty seldom comes near 0 or 1. Better than Dawid-Skene only where the model is very good.",
}


class ConsensusLabel(Frozen):
    """One item with several people's answers."""

    item: int
    task: int
    """Label Studio's task id."""
    label: str
    certainty: float
    """Probability of the label, in [0, 1]."""
    answers: int
    """People who said one of the classes."""
    agreed: int
    """Of these, who said this label."""
    blind: bool
    """They had seen no suggestion."""
    model: str | None
    """What the model said, where it has a voice."""


class ConsensusReport(Frozen):
    """Consensus labels of one control: all, or a page of them."""

    project: str
    control: str
    classes: tuple[str, ...]
    method: Method
    items: int
    """With several people's answers, in all."""
    uncertain: int
    """Of these, less certain than 0.95."""
    mean_certainty: float | None
    fitted_items: int
    """Items that the method learned from; those with a single blind answer beside the model are among them."""
    fitted_votes: int
    """People's answers to these."""
    people: int
    """Who gave them."""
    model_votes: int
    """Items on which the model had a voice."""
    model_accuracy: float | None
    """Its expected share of right answers among these; None: it had no voice, or the method does not say."""
    labels: tuple[ConsensusLabel, ...]
    """By item."""
    next_after: int | None
    """Ask for what comes after this item; None: nothing does."""
    definition: str


def consensus(
    runtime: Runtime,
    project: ProjectRow,
    *,
    control: str | None = None,
    method: Method = Method.DAWID_SKENE,
    after: int = 0,
    limit: int | None = None,
) -> ConsensusReport:
    """Consensus of one control, the first whose answer is one class unless it is named.

    Args:
        runtime: the composition.
        project: whose people.
        control: its name.
        method: how votes become a label.
        after: only labels of items with a higher id.
        limit: most labels; None: all.

    Raises:
        NotFoundError: there is no such control.
        MissingDependencyError: the extra ``people`` is not installed.
    """
    spec = control_of(project.label_config, control)
    with runtime.store.read() as uow:
        heard = hear(uow, project)
    found, votes, model = judge(heard, spec, method), votes_of(heard, spec), voices(heard, spec)
    said: dict[str, list[Vote]] = {}
    for vote in votes:
        said.setdefault(vote.item, []).append(vote)
    best = found.labels() if found is not None else {}
    classes = options(spec)
    rows = [
        ConsensusLabel(
            item=one.item.id,
            task=one.item.task_id,
            label=best[name][0],
            certainty=best[name][1],
            answers=len(said[name]),
            agreed=sum(vote.label == best[name][0] for vote in said[name]),
            blind=one.blind,
            model=classes[int(model[name].argmax())] if name in model else None,
        )
        for one in heard
        if len(said.get(name := key(one), ())) > 1 and name in best
    ]
    wanted = [row for row in rows if row.item > after]
    page = wanted if limit is None else wanted[:limit]
    return ConsensusReport(
        project=project.slug,
        control=spec.name,
        classes=classes,
        method=method,
        items=len(rows),
        uncertain=sum(row.certainty < TARGET for row in rows),
        mean_certainty=float(np.mean([row.certainty for row in rows])) if rows else None,
        fitted_items=len(best),
        fitted_votes=sum(len(said[name]) for name in best),
        people=len(found.people) if found is not None else 0,
        model_votes=sum(name in model for name in best),
        model_accuracy=_accuracy(found),
        labels=tuple(page),
        next_after=(page[-1].item if page else after) if len(page) < len(wanted) else None,
        definition=DEFINITIONS[method],
    )


def as_csv(report: ConsensusReport) -> str:
    """The labels, a line each, under the names of their fields."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ConsensusLabel.model_fields), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.model_dump() for row in report.labels)
    return text.getvalue()


def in_words(report: ConsensusReport) -> str:
    """The report in a line, for tables."""
    if report.mean_certainty is None:
        return "no item has several people's answers yet"
    model = "" if report.model_accuracy is None else f"; the model is thought right on {report.model_accuracy:.0%}"
    return (
        f"{report.items} items with several answers, certain of {report.mean_certainty:.0%} on average, "
        f"{report.uncertain} below {TARGET:.0%}{model}"
    )


def _accuracy(found: Consensus | None) -> float | None:
    return None if found is None else found.model_accuracy
