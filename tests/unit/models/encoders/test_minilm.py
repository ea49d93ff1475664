from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from models import encoders
from models.encoders.minilm import MAX_TOKENS, MinilmEncoder
from models.errors import ProviderError
from models.specs import HeadSpec

TEXTS = [
    "The parcel came late.",
    "Delivery took far too long.",
    "",
    "I love this camera!",
    "word " * 600,
    "服务很好 👍",
]


@pytest.fixture(scope="module")
def encoder() -> MinilmEncoder:
    return MinilmEncoder()


def test_the_manifest_says_how_the_export_compared(encoder: MinilmEncoder) -> None:
    plain, small = encoder.manifest.checks
    assert (plain.compared, small.compared) == ("onnx fp32 with torch fp32", "onnx int8 with onnx fp32")
    assert plain.max_abs < 1e-5
    assert small.min_cosine > 0.9
    assert encoder.manifest.recipe.quantized


def test_embeddings_have_length_one_and_mean_something(encoder: MinilmEncoder) -> None:
    rows = encoder.encode(TEXTS)
    assert rows.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    assert rows[0] @ rows[1] > 0.5 > rows[0] @ rows[3]


def test_order_and_batch_do_not_matter_beyond_what_int8_costs(encoder: MinilmEncoder) -> None:
    together = encoder.encode(TEXTS)
    turned = encoder.encode(TEXTS[::-1])[::-1]
    alone = np.stack([encoder.encode([text])[0] for text in TEXTS])
    assert (together * turned).sum(axis=1).min() > 0.95
    assert (together * alone).sum(axis=1).min() > 0.95


def test_long_text_is_cut(encoder: MinilmEncoder) -> None:
    cut, longer = encoder.encode(["word " * MAX_TOKENS, "word " * (MAX_TOKENS + 300)])
    assert cut @ longer > 0.999


def test_serving_does_not_need_torch(encoder: MinilmEncoder) -> None:
    code = "import sys; from models.encoders.minilm import MinilmEncoder as M; M().encode(['a']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "onnxruntime" in loaded
    assert not {"torch", "transformers"} & set(loaded)


def test_one_encoder_a_process() -> None:
    spec = HeadSpec(encoder="minilm")
    assert encoders.get(spec) is encoders.get(spec)
    assert encoders.get(spec) is not encoders.get(spec, threads=2)


@pytest.mark.parametrize("name", ["minilm", "ngram", "pixels"])
@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_another_provider_is_refused_never_replaced(name: str, provider: str) -> None:
    with pytest.raises(ProviderError):
        encoders.get(HeadSpec.model_validate({"encoder": name, "provider": provider}))
