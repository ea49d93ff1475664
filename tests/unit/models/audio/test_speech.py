"""Speech that a synthesizer speaks, between pauses of known length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models import registry
from models.audio import speech
from models.base import Model
from models.errors import ConfigurationError, ModelError
from models.specs import SpeechSpec
from models.types import ControlSpec, Failure, InputSpec, Item, LabelConfig, Medium, Prediction
from models.values import Segment
from scripts.speech import pause, say

GERMAN = "Guten Morgen mein lieber alter Freund"


def control(*labels: str, medium: Medium = Medium.AUDIO, **more: Any) -> ControlSpec:
    source = InputSpec(name="audio", field="audio", medium=medium)
    return ControlSpec(name="kind", kind="labels", labels=labels or ("Speech", "Music"), input=source, **more)


def loaded(spec: SpeechSpec | None = None, asked: ControlSpec | None = None) -> Model:
    return registry.load(registry.reference(spec or SpeechSpec(), (asked or control(),), name="talk"))


@pytest.fixture(scope="module")
def model() -> Model:
    return loaded()


def item(path: Path, samples: NDArray[np.float32], rate: int = 16_000, **how: str) -> Item:
    soundfile.write(path, samples, rate, **how)
    return Item(key=path.name, data={"audio": "http://example.org/a"}, media={"audio": str(path)})


def spans(scored: object) -> list[tuple[float, float]]:
    assert isinstance(scored, Prediction)
    values = [region.value for region in scored.regions]
    return [(value.start, value.end) for value in values if isinstance(value, Segment)]


@pytest.mark.parametrize(
    ("rate", "kind"), [(16_000, "WAV"), (8_000, "WAV"), (44_100, "FLAC"), (48_000, "OGG"), (44_100, "MP3")]
)
def test_speech_is_found_where_it_is(tmp_path: Path, model: Model, rate: int, kind: str) -> None:
    first, second = say(rate=rate), say(GERMAN, rate=rate, voice="de")
    track = np.concatenate([pause(1.5, rate), first, pause(2.0, rate), second, pause(1.0, rate)])
    (said,) = model.predict([item(tmp_path / "a", track, rate, format=kind)])
    begin = 1.5 + len(first) / rate + 2.0
    truth = [(1.5, 1.5 + len(first) / rate), (begin, begin + len(second) / rate)]
    assert np.abs(np.array(spans(said)) - truth).max() < 0.25
    assert isinstance(said, Prediction)
    assert {region.labels for region in said.regions} == {("Speech",)}
    assert all(0.5 < (region.score or 0) <= 1 for region in said.regions)
    assert said.numbers["input_seconds"] == pytest.approx(len(track) / rate, abs=0.1)
    assert said.numbers["regions"] == 2


@pytest.mark.parametrize("sound", ["silence", "hiss", "noise", "tone", "clicks"])
def test_nothing_is_found_where_nobody_speaks(tmp_path: Path, model: Model, sound: str) -> None:
    n, rng = 16_000 * 6, np.random.default_rng(0)
    made: dict[str, NDArray[Any]] = {
        "silence": np.zeros(n),
        "hiss": pause(6.0),
        "noise": rng.normal(0, 0.1, n),
        "tone": 0.4 * np.sin(2 * np.pi * 440 * np.arange(n) / 16_000),
        "clicks": np.where(np.arange(n) % 8000 < 20, 0.8, 0.0),
    }
    (said,) = model.predict([item(tmp_path / "a.wav", made[sound].astype(np.float32))])
    assert spans(said) == []
    assert isinstance(said, Prediction)
    assert said.confidence == pytest.approx(1 - said.numbers["outside"])
    assert said.confidence > 0.5


def test_speech_in_noise_is_less_sure(tmp_path: Path, model: Model) -> None:
    clean = np.concatenate([pause(1.0), say(), pause(1.0)])
    noisy = clean + np.random.default_rng(1).normal(0, 0.15, len(clean)).astype(np.float32)
    sure, unsure = model.predict([item(tmp_path / "a.wav", clean), item(tmp_path / "b.wav", noisy)])
    assert isinstance(sure, Prediction)
    assert isinstance(unsure, Prediction)
    assert unsure.confidence < sure.confidence


def test_the_package_itself_says_the_same(tmp_path: Path, model: Model) -> None:
    """Its ordinary network, fed frame by frame, and its own rule."""
    torch = pytest.importorskip("torch")
    from silero_vad import get_speech_timestamps, load_silero_vad

    track = np.concatenate([pause(0.7), say(), pause(0.3), say(GERMAN, voice="de"), pause(0.11), say(), pause(1.234)])
    theirs = get_speech_timestamps(torch.from_numpy(track), load_silero_vad(onnx=True), return_seconds=False)
    (said,) = model.predict([item(tmp_path / "a.wav", track, subtype="FLOAT")])
    assert len(theirs) >= 2
    expected = [(one["start"] / 16_000, one["end"] / 16_000) for one in theirs]
    np.testing.assert_allclose(spans(said), expected, atol=6e-4)


@given(
    st.lists(st.sampled_from([0.0, 0.2, 0.34, 0.36, 0.5, 0.7, 1.0]), max_size=120).flatmap(
        lambda some: st.lists(st.sampled_from(some or [0.0]), min_size=1, max_size=160)
    ),
    st.sampled_from([0.1, 0.3, 0.5, 0.8]),
    st.integers(0, 511),
)
@settings(max_examples=300)
def test_the_rule_is_the_packages(probabilities: list[float], minimum: float, short: int) -> None:
    from silero_vad import get_speech_timestamps_from_probs

    count = len(probabilities) * 512 - short
    theirs = get_speech_timestamps_from_probs(probabilities, threshold=minimum, audio_length_samples=count)
    ours = speech.stretches(np.array(probabilities), count, minimum)
    assert ours == [(one["start"], one["end"]) for one in theirs]


def test_however_a_recording_is_cut_into_blocks() -> None:
    network = speech.Network(speech.network())
    track = np.concatenate([pause(0.5), say(), pause(0.5)])
    at_once = network([track])
    assert len(at_once) == -(-len(track) // 512)
    for size in (100, 511, 512, 513, 10_000):
        cut = [track[k : k + size] for k in range(0, len(track), size)]
        np.testing.assert_allclose(network(cut), at_once, atol=1e-4)


def test_a_bad_recording_harms_no_other(tmp_path: Path, model: Model) -> None:
    good = item(tmp_path / "a.wav", np.concatenate([pause(0.5), say()]))
    broken = tmp_path / "b.wav"
    broken.write_bytes(b"RIFF????WAVE")
    bad = Item(key="bad", data={"audio": "x"}, media={"audio": str(broken)})
    answers = model.predict([bad, good, Item(key="none", data={}), Item(key="away", data={"audio": "x"})])
    assert [getattr(one, "code", None) for one in answers] == [
        "unreadable_audio",
        None,
        "missing_field",
        "media_not_fetched",
    ]
    assert spans(answers[1])
    assert isinstance(answers[0], Failure)


def test_a_higher_threshold_is_another_version_and_finds_no_more(tmp_path: Path, model: Model) -> None:
    strict = loaded(SpeechSpec(minimum=0.9))
    assert strict.version != model.version
    one = item(tmp_path / "a.wav", np.concatenate([pause(0.5), say(), pause(0.5)]))

    def length(chosen: Model) -> float:
        return sum(end - start for start, end in spans(chosen.predict([one])[0]))

    assert 0 < length(strict) <= length(model)


@pytest.mark.parametrize(
    ("spec", "asked", "called"),
    [
        (SpeechSpec(), control("Noise", "SPEECH"), "SPEECH"),
        (SpeechSpec(), control("Voice"), "Voice"),
        (SpeechSpec(label="Voice"), control("Voice", "Speech"), "Voice"),
        (SpeechSpec(), control("A", "B", names={"B": ("speech",)}), "B"),
    ],
)
def test_what_speech_is_called(spec: SpeechSpec, asked: ControlSpec, called: str) -> None:
    assert speech.label(spec, asked) == called


def test_what_cannot_be_called_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError, match="No label of 'kind' is called Speech"):
        registry.reference(SpeechSpec(), (control("A", "B"),), name="talk")
    with pytest.raises(ConfigurationError, match="'kind' has no label 'C'"):
        registry.reference(SpeechSpec(label="C"), (control("A", "B"),), name="talk")


def test_it_fills_labels_on_audio() -> None:
    text, audio = control(medium=Medium.TEXT), control()
    config = LabelConfig(digest="0" * 64, controls=(text, audio))
    assert registry.assign(SpeechSpec(), config).controls == (audio,)
    with pytest.raises(ConfigurationError, match="Labels on Audio"):
        registry.assign(SpeechSpec(), LabelConfig(digest="0" * 64, controls=(text,)))


def test_another_network_is_not_taken_for_the_connected_one(model: Model) -> None:
    ref = registry.reference(SpeechSpec(), (control(),), name="talk")
    with pytest.raises(ModelError, match="connect the model again"):
        registry.load(ref.model_copy(update={"sha256": "0" * 64}))
    model.warm_up()
    model.self_test()
