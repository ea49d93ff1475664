from __future__ import annotations

from pathlib import Path

from models.export.__main__ import main
from models.export.build import Order


def test_a_folder_without_a_model_is_an_outcome_and_no_crash(tmp_path: Path) -> None:
    order = Order(
        folder=str(tmp_path),
        draft=str(tmp_path),
        task="embedding",
        inputs=("input_ids", "attention_mask"),
        longest=16,
        quantized=False,
    )
    outcome = main(order)
    assert outcome.error == "ModelError"
    assert str(tmp_path) in outcome.message
    assert not outcome.checks
