"""Does the exported model give what its source gives, on padded input too?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.errors import ParityError
from models.types import Frozen

Arrays = dict[str, NDArray[np.int64]]
Run = Callable[[Arrays], NDArray[np.float32]]

_SHAPES = ((1, 3), (1, 48), (2, 17), (5, 9), (4, 64), (3, 128))
"""(batch, longest length). One and several, short and long."""


class Tolerance(Frozen):
    """How far two outputs may be apart."""

    max_abs: float
    """Of any one output."""
    min_cosine: float
    """Of any one row."""


class Parity(Frozen, allow_inf_nan=True):
    """One comparison, as it came out."""

    compared: str
    """``onnx fp32 with torch fp32`` ..."""
    rows: int
    max_abs: float
    mean_abs: float
    min_cosine: float
    tolerance: Tolerance

    @property
    def passed(self) -> bool:
        """Whether all is within tolerance; a NaN is not."""
        return self.max_abs <= self.tolerance.max_abs and self.min_cosine >= self.tolerance.min_cosine

    def require(self) -> None:
        """Refuse what did not pass.

        Raises:
            ParityError: it is out of tolerance.
        """
        if not self.passed:
            raise ParityError(
                f"{self.compared}: outputs differ by up to {self.max_abs:.2g} (allowed {self.tolerance.max_abs:.2g}), "
                f"lowest cosine {self.min_cosine:.4f} (allowed {self.tolerance.min_cosine:.4f}). "
                "The exported model is not used: choose runtime torch, or switch quantize off."
            )


def compare(candidate: Run, source: Run, inputs: Sequence[Arrays], *, compared: str, tolerance: Tolerance) -> Parity:
    """Run both on the same inputs, ``(B, S)`` arrays; outputs are ``(B, K)``."""
    ours = np.concatenate([candidate(arrays) for arrays in inputs]).astype(np.float64)
    theirs = np.concatenate([source(arrays) for arrays in inputs]).astype(np.float64)
    difference = np.abs(ours - theirs)
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    cosine = (ours * theirs).sum(axis=1) / np.maximum(norms, 1e-12)
    return Parity(
        compared=compared,
        rows=len(ours),
        max_abs=float(difference.max()),
        mean_abs=float(difference.mean()),
        min_cosine=float(cosine.min()),
        tolerance=tolerance,
    )


def padded_inputs(names: Sequence[str], vocabulary: int, pad_id: int, *, longest: int, seed: int = 0) -> list[Arrays]:
    """Random tokens of random lengths, padded right and then left; in a batch one text fills its row.

    Args:
        names: inputs of the model; all but ``input_ids`` and ``attention_mask`` are zeros.
        vocabulary: number of tokens.
        pad_id: the token that fills up.
        longest: what the model can read, in tokens.
        seed: of the random generator.
    """
    rng = np.random.default_rng(seed)
    shapes = [(batch, min(width, longest)) for batch, width in _SHAPES]
    return [_padded(names, vocabulary, pad_id, shape, rng, left=left) for left in (False, True) for shape in shapes]


def _padded(
    names: Sequence[str], vocabulary: int, pad_id: int, shape: tuple[int, int], rng: np.random.Generator, *, left: bool
) -> Arrays:
    batch, width = shape
    lengths = rng.integers(2, width, size=batch, endpoint=True)
    lengths[0] = width
    place = np.arange(width)[::-1] if left else np.arange(width)
    mask = (place[None, :] < lengths[:, None]).astype(np.int64)
    ids = np.where(mask == 1, rng.integers(0, vocabulary, size=shape), pad_id)
    known = {"input_ids": ids, "attention_mask": mask}
    return {name: known.get(name, np.zeros(shape, np.int64)) for name in names}
