"""What the gate's benchmarks are made of: data that is on the machine, and what models say of it.

Nothing is downloaded. The network of C1 takes a while, so its probabilities are kept in ``var/bench-gate``, under a
name that changes with the recipe. Its train fold is scored by cross-validation, as the product scores its own.
"""

from __future__ import annotations

import gzip
import json
import os
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

FASHION = Path("/usr/share/datasets/fashion-mnist")
FOLDS = 5
FASHION_TRAIN, DIGITS_TRAIN = 8000, 200
NETWORK = {"hidden_layer_sizes": (128,), "max_iter": 9, "batch_size": 128}
"""Few epochs: a fixed threshold of 0.9 then accepts about 55 %. Longer training makes the network much surer, and a
little better."""
DIGITS_STRENGTH = 10.0

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Learner = Callable[[Floats, Integers], Any]
"""Features ``(n, d)`` and labels ``(n,)`` -> a fitted scikit-learn classifier that has seen all classes."""
TREES = 100
"""Of the second model: fitted to the same train fold, and asked only how likely it finds what the first one said."""


class DataMissingError(Exception):
    """A data set is not on this machine; the message says how to get it."""


@dataclass(frozen=True)
class Predictions:
    """What one model says: of its own train fold by cross-validation, and of everything else."""

    probabilities: Floats
    """``(n, k)``, rows sum to 1."""
    truth: Integers
    """``(n,)``, in [0, k)."""
    train_probabilities: Floats
    """``(t, k)``; no row comes from a model that was trained on it."""
    train_truth: Integers
    folds: Integers
    """``(t,)``: items with the same number were scored by the same model."""
    second: Floats
    """``(n, k)``: the same of a second model."""
    train_second: Floats

    @property
    def predicted(self) -> Integers:
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def losses(self) -> Floats:
        """``(n,)``: 1 where the surest class is not the true one, else 0."""
        return np.asarray(self.predicted != self.truth, dtype=np.float64)

    @property
    def train_correct(self) -> NDArray[np.bool_]:
        """``(t,)``: whether the surest class is the true one."""
        return np.asarray(self.train_probabilities.argmax(axis=1) == self.train_truth)


def fashion(seed: int, cache_folder: Path) -> Predictions:
    """A network with 128 hidden units on 8,000 images of Fashion-MNIST; from the cache if it is there.

    Raises:
        DataMissingError: neither the cache nor the data set is there.
    """
    path = fashion_path(seed, cache_folder)
    if not path.exists():
        images, labels = fashion_images()
        made = _predictions(images, labels, FASHION_TRAIN, seed, lambda x, y: _network(x, y, seed))
        _keep(path, made)
    with np.load(path, allow_pickle=False) as stored:
        return Predictions(**{name: _wide(stored[name]) for name in stored.files})


def fashion_path(seed: int, cache_folder: Path) -> Path:
    """Where the cache has that model; another recipe has another name."""
    recipe = json.dumps([NETWORK, FASHION_TRAIN, FOLDS, TREES, seed], sort_keys=True)
    return cache_folder / f"fashion-{seed}-{sha256(recipe.encode()).hexdigest()[:10]}.npz"


def digits(seed: int) -> Predictions:
    """Logistic regression on 200 of the 1,797 digits of scikit-learn."""
    data = load_digits()
    return _predictions(data.data / 16.0, data.target.astype(np.int64), DIGITS_TRAIN, seed, _regression)


@cache
def fashion_images() -> tuple[Floats, Integers]:
    """``(70000, 784)`` grey levels in [0, 1] and ``(70000,)`` classes."""
    if not FASHION.is_dir():
        raise DataMissingError(
            f"Fashion-MNIST is not in {FASHION}: install Debian's package dataset-fashion-mnist, "
            "or leave C1 out with --only C2 --only C4 --only C6."
        )
    images = np.concatenate([_idx(f"{part}-images-idx3-ubyte.gz", 16) for part in ("train", "t10k")])
    labels = np.concatenate([_idx(f"{part}-labels-idx1-ubyte.gz", 8) for part in ("train", "t10k")])
    return images.reshape(labels.size, -1) / 255.0, labels.astype(np.int64)


def _idx(name: str, header: int) -> NDArray[np.uint8]:
    """The bytes after the header of a file in the IDX format."""
    return np.frombuffer(gzip.decompress((FASHION / name).read_bytes()), np.uint8, offset=header)


def _predictions(features: Floats, labels: Integers, train: int, seed: int, learner: Learner) -> Predictions:
    order = np.random.default_rng(seed).permutation(labels.size)
    inside, outside = order[:train], order[train:]
    x, y = features[inside], labels[inside]
    folds = np.zeros(train, np.int64)
    for number, (_, scored) in enumerate(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y)):
        folds[scored] = number
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        first, train_first = _said(learner, x, y, folds, features[outside])
        second, train_second = _said(_trees, x, y, folds, features[outside])
    return Predictions(first, labels[outside], train_first, y, folds, second, train_second)


def _said(learner: Learner, x: Floats, y: Integers, folds: Integers, others: Floats) -> tuple[Floats, Floats]:
    """Probabilities of the others by a model of all, and of each fold by a model without it."""
    held_out = np.zeros((y.size, int(y.max()) + 1))
    for fold in range(FOLDS):
        inside = folds == fold
        held_out[inside] = learner(x[~inside], y[~inside]).predict_proba(x[inside])
    return np.asarray(learner(x, y).predict_proba(others), dtype=np.float64), held_out


def _trees(features: Floats, labels: Integers) -> ExtraTreesClassifier:
    return ExtraTreesClassifier(TREES, random_state=0).fit(features.astype(np.float32), labels)


def _network(features: Floats, labels: Integers, seed: int) -> MLPClassifier:
    return MLPClassifier(random_state=seed, **NETWORK).fit(features.astype(np.float32), labels)


def _regression(features: Floats, labels: Integers) -> LogisticRegression:
    return LogisticRegression(C=DIGITS_STRENGTH, max_iter=1000).fit(features, labels)


def _keep(path: Path, made: Predictions) -> None:
    """At once or not at all; half the digits, which no confidence needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    narrow = {name: value.astype(np.float32) if value.ndim == 2 else value for name, value in asdict(made).items()}
    np.savez_compressed(draft, **narrow)
    draft.replace(path)


def _wide(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float64) if array.dtype == np.float32 else array
