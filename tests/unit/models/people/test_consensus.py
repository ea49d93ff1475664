import sys

import numpy as np
import pytest
from cleanlab.multiannotator import get_label_quality_multiannotator
from numpy.typing import NDArray

from models.errors import ConfigurationError, MissingDependencyError
from models.people.consensus import Consensus, Vote, crowdlab, dawid_skene

ANAESTHETISTS = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343 1111111 2223212 1211111
1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111 2322222 1111111 1111111 1121121
1111111 3333233 1111111 2222222 2223232 4334343 2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
"""
"""Dawid & Skene (1979), table 1: 45 patients, three readings of observer 1, one each of observers 2 to 5."""
CLASSES = ("1", "2", "3", "4")
PUBLISHED_MARGINALS = (0.40, 0.42, 0.11, 0.07)
PUBLISHED_OBSERVER_1 = ((0.89, 0.11, 0, 0), (0.07, 0.88, 0.05, 0), (0, 0.34, 0.66, 0), (0, 0, 0.56, 0.44))


def anaesthetists() -> list[Vote]:
    return [
        Vote(f"{patient:02}", observer, label)
        for patient, row in enumerate(ANAESTHETISTS.split())
        for observer, label in zip("1112345", row, strict=True)
    ]


def test_dawid_skene_is_the_published_one() -> None:
    found = dawid_skene(anaesthetists(), CLASSES, smoothing=1e-9)
    assert found.posterior.mean(axis=0) == pytest.approx(PUBLISHED_MARGINALS, abs=0.006)
    assert found.confusion is not None
    assert np.abs(found.confusion[0] - np.array(PUBLISHED_OBSERVER_1)).max() < 0.006


def test_consensus_beats_the_majority_on_the_published_confusion_matrices() -> None:
    """Truth drawn from the marginals of 1979, answers from the matrices of observers 1 to 3; two more guess."""
    fitted = dawid_skene(anaesthetists(), CLASSES, smoothing=1e-9)
    assert fitted.confusion is not None
    matrices = np.concatenate([fitted.confusion[:3], np.full((2, 4, 4), 0.25)])
    gains = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        truth = rng.choice(4, size=150, p=PUBLISHED_MARGINALS)
        said = [[rng.choice(4, p=matrix[k] / matrix[k].sum()) for matrix in matrices] for k in truth]
        votes = [Vote(f"{n:03}", str(p), CLASSES[k]) for n, row in enumerate(said) for p, k in enumerate(row)]
        counts = np.array([np.bincount(row, minlength=4) for row in said]) + rng.random((150, 4)) * 0.5
        right = float((counts.argmax(axis=1) == truth).mean())
        gains.append(share_right(dawid_skene(votes, CLASSES), truth) - right)
    print("gain over the majority, published matrices:", np.mean(gains))
    assert min(gains) > 0


def simulated(
    seed: int, *, items: int = 150, people: int = 6, each: int = 3, model: float = 0.75, k: int = 3
) -> tuple[list[Vote], NDArray[np.int64], dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Votes of people of mixed skill (right on 45 % to 95 %), truth, the model's probabilities, and the skills."""
    rng = np.random.default_rng(seed)
    skill, truth = rng.uniform(0.45, 0.95, people), rng.integers(k, size=items)
    votes = []
    for item in range(items):
        for person in rng.choice(people, each, replace=False):
            said = truth[item] if rng.random() < skill[person] else (truth[item] + rng.integers(1, k)) % k
            votes.append(Vote(f"{item:03}", str(person), str(said)))
    best = np.where(rng.random(items) < model, truth, (truth + rng.integers(1, k, items)) % k)
    rows = np.full((items, k), (1 - model) / (k - 1))
    rows[np.arange(items), best] = model
    return votes, truth, {f"{item:03}": rows[item] for item in range(items)}, skill


def majority(votes: list[Vote], items: int, k: int, seed: int) -> NDArray[np.int64]:
    """Ties by lot."""
    counts = np.random.default_rng(seed).random((items, k)) * 0.5
    for vote in votes:
        counts[int(vote.item), int(vote.label)] += 1
    return np.asarray(counts.argmax(axis=1), dtype=np.int64)


def share_right(found: Consensus, truth: NDArray[np.int64]) -> float:
    return float((found.posterior.argmax(axis=1) == truth).mean())


def test_consensus_beats_the_majority_where_skills_differ() -> None:
    """Counted over 12 samples; docs/people-quality.md has more."""
    alone, with_model, plain, off = [], [], [], []
    for seed in range(12):
        votes, truth, model, skill = simulated(seed, each=4)
        plain.append(float((majority(votes, 150, 3, seed) == truth).mean()))
        found = dawid_skene(votes, "012")
        alone.append(share_right(found, truth))
        off.append(np.abs(found.accuracy - skill).mean())
        with_model.append(share_right(dawid_skene(votes, "012", model), truth))
    print("majority, Dawid-Skene, with the model:", np.mean(plain), np.mean(alone), np.mean(with_model), np.mean(off))
    assert np.mean(alone) > np.mean(plain) + 0.01
    assert np.mean(with_model) > np.mean(alone) + 0.01
    assert sum(a > p for a, p in zip(with_model, plain, strict=True)) >= 10
    assert np.mean(off) < 0.1


def test_crowdlab_beats_the_majority_where_the_model_is_good() -> None:
    plain, found = [], []
    for seed in range(6):
        votes, truth, model, _ = simulated(seed, model=0.9)
        plain.append(float((majority(votes, 150, 3, seed) == truth).mean()))
        found.append(share_right(crowdlab(votes, "012", model), truth))
    print("majority, CROWDLAB:", np.mean(plain), np.mean(found))
    assert np.mean(found) > np.mean(plain) + 0.02


def test_crowdlab_says_what_cleanlab_says() -> None:
    votes, _, model, _ = simulated(3)
    found = crowdlab(votes, "012", model)
    labels = np.full((150, 6), np.nan)
    for vote in votes:
        labels[int(vote.item), int(vote.person)] = int(vote.label)
    theirs = get_label_quality_multiannotator(labels, np.array(list(model.values())), verbose=False)["label_quality"]
    chosen = theirs["consensus_label"].to_numpy()
    quality = found.posterior[np.arange(150), chosen]
    assert quality == pytest.approx(theirs["consensus_quality_score"].to_numpy(), abs=1e-9)


def test_what_supports_a_vote_leaves_the_vote_out() -> None:
    votes, _, model, _ = simulated(5, items=60)
    lonely = [*votes, Vote("zzz", "0", "1")]
    for found in (dawid_skene(lonely, "012"), crowdlab(lonely, "012", {**model, "zzz": [0.2, 0.5, 0.3]})):
        assert found.supported.shape == (len(lonely),)
        assert ((found.supported >= 0) & (found.supported <= 1)).all()
    alone = dawid_skene(lonely, "012")
    prior = alone.posterior.mean(axis=0)
    assert alone.supported[-1] == pytest.approx(prior[1], abs=0.02), "only how frequent the class is speaks for it"
    assert crowdlab(lonely, "012", {**model, "zzz": [0.2, 0.5, 0.3]}).supported[-1] == pytest.approx(0.5)


def test_shapes_and_order() -> None:
    votes, _, model, _ = simulated(1, items=30)
    backwards = dawid_skene(votes[::-1], "012", model)
    found = dawid_skene(votes, "012", model)
    assert found.items == backwards.items == tuple(sorted(model))
    assert found.posterior == pytest.approx(backwards.posterior)
    assert found.supported == pytest.approx(backwards.supported[::-1])
    assert found.posterior.sum(axis=1) == pytest.approx(1.0)
    assert found.confusion is not None
    assert found.confusion.sum(axis=2) == pytest.approx(1.0)
    assert found.confusion.shape == (len(found.people), 3, 3)
    assert found.model_accuracy is not None
    label, probability = found.labels()["000"]
    assert probability == pytest.approx(found.posterior[0].max())
    assert label == found.classes[int(found.posterior[0].argmax())]


def test_a_class_that_nobody_named_is_not_likely() -> None:
    votes = [Vote(str(n), who, "a") for n in range(5) for who in "AB"] + [Vote("9", "A", "b"), Vote("9", "B", "b")]
    found = dawid_skene(votes, "abc")
    assert found.posterior[:, 2].max() < 1e-6
    assert found.labels()["9"][0] == "b"


def test_what_does_not_fit_is_refused() -> None:
    vote = Vote("1", "A", "a")
    with pytest.raises(ValueError, match="no vote"):
        dawid_skene([], "ab")
    with pytest.raises(ValueError, match="two classes"):
        dawid_skene([vote], "a")
    with pytest.raises(ValueError, match="none of the classes"):
        dawid_skene([vote], "bc")
    with pytest.raises(ValueError, match="smoothing"):
        dawid_skene([vote], "ab", smoothing=0.0)
    with pytest.raises(ValueError, match="2 numbers"):
        dawid_skene([vote], "ab", {"1": [0.1, 0.2, 0.7]})
    with pytest.raises(ValueError, match="no probabilities"):
        crowdlab([vote], "ab", {})
    with pytest.raises(ValueError, match="two people"):
        crowdlab([vote], "ab", {"1": [0.5, 0.5]})


@pytest.mark.parametrize("package", ["crowdkit.aggregation", "cleanlab.multiannotator"])
def test_a_missing_package_names_the_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    votes = [Vote("1", "A", "a"), Vote("1", "B", "a")]
    with pytest.raises(MissingDependencyError, match=r"prelabel\[people\]") as caught:
        dawid_skene(votes, "ab") if package.startswith("crowdkit") else crowdlab(votes, "ab", {"1": [0.5, 0.5]})
    assert isinstance(caught.value, ConfigurationError)
