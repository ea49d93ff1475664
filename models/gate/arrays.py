"""What comes in is checked once, here: shapes, ranges, NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = NDArray[np.str_]
T = TypeVar("T", bound=NDArray[Any])


def check_open_interval(name: str, value: float) -> None:
    """Raise ValueError unless ``0 < value < 1``; NaN is refused."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, not {value}")


def unit_vector(name: str, values: ArrayLike) -> Floats:
    """``(n,)`` numbers in [0, 1], n >= 1.

    Raises:
        ValueError: another shape, nothing in it, no numbers, NaN, or outside of [0, 1].
    """
    array: NDArray[Any] = np.asarray(values)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a vector with at least one value, not of shape {array.shape}")
    try:
        floats = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers: {error}") from error
    if not ((floats >= 0.0) & (floats <= 1.0)).all():
        raise ValueError(f"{name} must lie in [0, 1] and hold no NaN")
    return floats


def probabilities(name: str, values: ArrayLike) -> Floats:
    """``(n,)`` numbers in (0, 1], n >= 1; raises ValueError like ``unit_vector``, and for a 0."""
    array = unit_vector(name, values)
    if not array.all():
        raise ValueError(f"{name} must be above 0: what could not be drawn cannot be in the sample")
    return array


def names(name: str, values: ArrayLike) -> Names:
    """``(n,)`` labels as text, n >= 1.

    Raises:
        ValueError: another shape, nothing in it, or a missing label (None, NaN or empty text).
    """
    array: NDArray[Any] = np.asarray(values)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a vector with at least one value, not of shape {array.shape}")
    text: Names = array.astype(np.str_)
    if (text == "").any() or any(value is None or value != value for value in array.tolist()):
        raise ValueError(f"{name} must name a stratum for every item")
    return text


def optional(
    read: Callable[[str, ArrayLike], T], name: str, values: ArrayLike | None, other: str, length: int
) -> T | None:
    """``read(name, values)``, as long as ``other``; None stays None. Raises ValueError like both."""
    if values is None:
        return None
    found = read(name, values)
    same_length(name, found, other, length)
    return found


def is_strict(losses: Floats) -> bool:
    """Whether every loss is 0 or 1."""
    return bool(((losses == 0.0) | (losses == 1.0)).all())


def same_length(name: str, array: NDArray[Any], other: str, length: int) -> None:
    """Raise ValueError unless ``array`` has ``length`` values, as many as ``other``."""
    if array.size != length:
        raise ValueError(f"{other} and {name} differ in length: {length} and {array.size}")
