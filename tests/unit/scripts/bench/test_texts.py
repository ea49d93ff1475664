from statistics import median

from scripts.bench.network import in_order, planned
from scripts.bench.texts import LABELLED, LONGEST, sentences


def test_the_same_seed_gives_the_same_texts_and_another_gives_others() -> None:
    assert sentences(50, seed=3) == sentences(50, seed=3)
    assert sentences(50, seed=3) != sentences(50, seed=4)


def test_texts_differ_and_are_as_long_as_said() -> None:
    texts = [text for text, _ in sentences(2000)]
    words = [len(text.split()) - 1 for text in texts]
    assert len(set(texts)) == len(texts)
    assert 22 <= median(words) <= 28
    assert 3 <= min(words) <= max(words) <= LONGEST


def test_a_text_holds_words_of_its_own_label_only() -> None:
    for text, label in sentences(200):
        other = "bad" if label == "good" else "good"
        assert not set(text.split()) & set(LABELLED[other].split())


def test_plans_take_every_text_once() -> None:
    lengths = [5, 200, 17, 17, 90, 3] * 20
    for plan in (planned, in_order):
        assert sorted(index for batch in plan(lengths) for index in batch) == list(range(len(lengths)))
    assert in_order(lengths)[0] == list(range(32))
