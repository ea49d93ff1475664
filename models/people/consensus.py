"""What is right where several people answered, and how often each of them is: Dawid-Skene and CROWDLAB.

Both answer for controls whose answer is one class (``models.people.classes``). The model may be one more voice. It must
then be a voice of its own: an answer that was given after seeing the model's suggestion counts the model twice, so only
blind answers belong beside it.

Sources: Dawid & Skene, Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm (1979), by
``crowd-kit``; Goh, Tkachenko & Mueller, CROWDLAB (2022), by ``cleanlab``.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.errors import MissingDependencyError
from models.gate.arrays import Counts, Floats

ROUNDS = 10
"""Of expectation and maximization. ``crowd-kit`` stops by a bound that counts the class prior once a vote, not once an
item, and may fall, so it is not asked when to stop. More rounds fit three votes an item too well: see
docs/people-quality.md."""
SMOOTHING = 5.0
"""Votes, a class, that a person is thought to have cast before the first one."""
LEAST = 1e-12
"""Probabilities are kept above it before their logarithm is taken."""


class Vote(NamedTuple):
    """One person's answer to one item. Who labelled an item twice has two votes."""

    item: str
    person: str
    label: str


@dataclass(frozen=True, slots=True)
class Consensus:
    """N items, M people, K classes; V votes in the order in which they came."""

    items: tuple[str, ...]
    people: tuple[str, ...]
    classes: tuple[str, ...]
    posterior: Floats
    """``(N, K)``, rows add up to 1: probability of each class. CROWDLAB's is an average of voices, which seldom comes
    near 0 or 1 however many agree."""
    accuracy: Floats
    """``(M,)`` in [0, 1]: how often each person is right. NaN: CROWDLAB, and nobody answered an item beside them."""
    confusion: Floats | None
    """``(M, K, K)``, ``[person, true, said]``, rows add up to 1; None: CROWDLAB has none."""
    supported: Floats
    """``(V,)`` in [0, 1]: probability that the vote is right, by everyone but who cast it: the others, the model and
    how frequent the class is. It is what ``models.people.skill`` learns from."""
    model_accuracy: float | None
    """Of the model's most probable class; None: the model was not asked, or the method does not say."""

    def labels(self) -> dict[str, tuple[str, float]]:
        """Item -> its most probable class, and that probability."""
        best = self.posterior.argmax(axis=1)
        tops = self.posterior.max(axis=1)
        return {item: (self.classes[k], float(top)) for item, k, top in zip(self.items, best, tops, strict=True)}


def dawid_skene(
    votes: Sequence[Vote],
    classes: Sequence[str],
    probabilities: Mapping[str, ArrayLike] | None = None,
    *,
    smoothing: float = SMOOTHING,
) -> Consensus:
    """Each person has a confusion matrix; expectation-maximization finds these and the truth together.

    The matrices of the last round are smoothed, each row towards the person's own accuracy, and that towards
    everybody's, by ``smoothing`` votes; then the posterior is taken once more. Without it a person who was never seen
    to err would overrule any number of others. The model votes for its most probable class, with a matrix of its own.

    Args:
        votes: at least one.
        classes: K >= 2; every label of a vote is among them.
        probabilities: item -> ``(K,)``, the model's; items without stay without its voice.
        smoothing: votes, above 0.

    Raises:
        MissingDependencyError: ``crowd-kit`` is not installed.
        ValueError: no vote, an unknown label, fewer than two classes, or probabilities of another length.
    """
    if not smoothing > 0.0:
        raise ValueError(f"smoothing must be above 0, not {smoothing}")
    table = _Table.of(votes, classes)
    item, person, said = table.item, table.person, table.said
    places = {name: n for n, name in enumerate(table.items)}
    heard = [name for name in table.items if name in (probabilities or {})]
    if probabilities is not None and heard:
        rows = _rows(probabilities, heard, len(table.classes))
        item = np.concatenate([item, [places[name] for name in heard]])
        person = np.concatenate([person, np.full(len(heard), len(table.people))])
        said = np.concatenate([said, rows.argmax(axis=1)])
    m, k = len(table.people) + bool(heard), len(table.classes)
    truth = _expected(item, person, said, len(table.items), k)
    counts = np.zeros((m, k, k))
    np.add.at(counts.transpose(0, 2, 1), (person, said), truth[item])
    confusion = _smoothed(counts, smoothing)
    prior = truth.mean(axis=0)
    evidence: Floats = np.log(np.maximum(confusion, LEAST))[person, :, said]
    logs = np.log(np.maximum(np.tile(prior, (len(table.items), 1)), LEAST))
    np.add.at(logs, item, evidence)
    _, pair = np.unique(item * m + person, return_inverse=True)
    own = np.zeros((int(pair.max()) + 1, k))
    np.add.at(own, pair, evidence)
    others = _softmax(logs[table.item] - own[pair[: len(votes)]])
    right = counts.trace(axis1=1, axis2=2) / counts.sum(axis=(1, 2))
    return Consensus(
        items=table.items,
        people=table.people,
        classes=table.classes,
        posterior=_softmax(logs),
        accuracy=right[: len(table.people)],
        confusion=confusion[: len(table.people)],
        supported=others[np.arange(len(votes)), table.said],
        model_accuracy=float(right[-1]) if heard else None,
    )


def crowdlab(votes: Sequence[Vote], classes: Sequence[str], probabilities: Mapping[str, ArrayLike]) -> Consensus:
    """A weighted average of the model's probabilities and of every voice's likelihood.

    Each voice says ``P`` of its own class and ``(1 - P) / (K - 1)`` of the others, where ``P`` is how often people
    agree with the consensus; its weight is how much more often it agrees with others than always saying the most
    frequent class would. The last vote of a person on an item counts.

    Args:
        votes: of at least two people, at least one item with two of them.
        classes: K >= 2.
        probabilities: item -> ``(K,)``, the model's, of every item, from a model that did not train on these labels.

    Raises:
        MissingDependencyError: ``cleanlab`` is not installed.
        ValueError: as ``dawid_skene``; an item without probabilities; no item that two people answered.
    """
    try:
        from cleanlab.multiannotator import get_label_quality_multiannotator
    except ImportError as error:
        raise MissingDependencyError("cleanlab", "people") from error
    table = _Table.of(votes, classes)
    n, k = len(table.items), len(table.classes)
    rows = _rows(probabilities, table.items, k)
    labels = np.full((n, len(table.people)), np.nan)
    labels[table.item, table.person] = table.said
    if not ((~np.isnan(labels)).sum(axis=1) > 1).any():
        raise ValueError("no item was answered by two people: CROWDLAB cannot tell how far people agree")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nobody agrees is said by the numbers
        found = get_label_quality_multiannotator(
            labels, rows, consensus_method="best_quality", return_weights=True, verbose=False
        )
    quality, stats = found["label_quality"], found["annotator_stats"].sort_index()
    agreed = float(quality["annotator_agreement"][quality["num_annotations"] != 1].mean())
    answered, who = np.nonzero(~np.isnan(labels))
    model, weights = float(found["model_weight"]), np.asarray(found["annotator_weight"], dtype=np.float64)

    def voices(heard: Floats) -> Floats:
        return np.where(heard[:, None] == np.arange(k), agreed, (1.0 - agreed) / (k - 1))

    total, weight = model * rows, np.full(n, model)
    np.add.at(total, answered, weights[who, None] * voices(labels[answered, who]))
    np.add.at(weight, answered, weights[who])
    own = weights[table.person]
    without = total[table.item] - own[:, None] * voices(labels[table.item, table.person])
    without /= (weight[table.item] - own)[:, None]
    posterior = total / weight[:, None]
    return Consensus(
        items=table.items,
        people=table.people,
        classes=table.classes,
        posterior=posterior / posterior.sum(axis=1, keepdims=True),
        accuracy=stats["annotator_quality"].to_numpy(dtype=np.float64),
        confusion=None,
        supported=np.clip(without[np.arange(len(votes)), table.said], 0.0, 1.0),
        model_accuracy=None,
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """Votes as numbers, each ``(V,)``."""

    items: tuple[str, ...]
    people: tuple[str, ...]
    classes: tuple[str, ...]
    item: Counts
    person: Counts
    said: Counts

    @classmethod
    def of(cls, votes: Sequence[Vote], classes: Sequence[str]) -> _Table:
        if not votes:
            raise ValueError("there is no vote")
        place = {label: k for k, label in enumerate(classes)}
        if len(place) < 2 or len(place) != len(classes):
            raise ValueError(f"there are at least two classes, each once, not {list(classes)}")
        if unknown := sorted({vote.label for vote in votes} - place.keys()):
            raise ValueError(f"{unknown[0]!r} is none of the classes")
        items, item = np.unique([vote.item for vote in votes], return_inverse=True)
        people, person = np.unique([vote.person for vote in votes], return_inverse=True)
        said = np.array([place[vote.label] for vote in votes], dtype=np.int64)
        return cls(tuple(items.tolist()), tuple(people.tolist()), tuple(classes), item, person, said)


def _rows(probabilities: Mapping[str, ArrayLike], items: Sequence[str], k: int) -> Floats:
    """``(len(items), K)``, scaled to add up to 1."""
    if missing := next((item for item in items if item not in probabilities), None):
        raise ValueError(f"item {missing!r} has no probabilities of the model")
    rows: Floats = np.array([np.asarray(probabilities[item], dtype=np.float64) for item in items])
    if rows.shape != (len(items), k) or not (rows >= 0.0).all() or not (rows.sum(axis=1) > 0.0).all():
        raise ValueError(f"the model's probabilities must be {k} numbers an item, none below 0, not all 0")
    return np.asarray(rows / rows.sum(axis=1, keepdims=True), dtype=np.float64)


def _expected(item: Counts, person: Counts, said: Counts, n: int, k: int) -> Floats:
    """``(N, K)``: the truth by Dawid-Skene."""
    try:
        import pandas as pd
        from crowdkit.aggregation import DawidSkene
    except ImportError as error:
        raise MissingDependencyError("crowd-kit", "people") from error
    frame = pd.DataFrame({"task": item, "worker": person, "label": said})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of crowd-kit 1.4 on pandas 3
        fitted: Any = DawidSkene(n_iter=ROUNDS, tol=-np.inf).fit(frame)
    probabilities = fitted.probas_.reindex(index=range(n), columns=range(k), fill_value=0.0)
    return np.asarray(probabilities.to_numpy(), dtype=np.float64)


def _smoothed(counts: Floats, votes: float) -> Floats:
    """Confusion matrices ``(M, K, K)`` from expected counts, see ``dawid_skene``."""
    k = counts.shape[1]
    right, total = counts.trace(axis1=1, axis2=2), counts.sum(axis=(1, 2))
    accuracy = (right + votes * right.sum() / total.sum()) / (total + votes)
    towards = np.where(np.eye(k) > 0.0, accuracy[:, None, None], ((1.0 - accuracy) / (k - 1))[:, None, None])
    return np.asarray((counts + votes * towards) / (counts.sum(axis=2, keepdims=True) + votes), dtype=np.float64)


def _softmax(logs: Floats) -> Floats:
    shifted = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float64)
