"""CSV files of confidences and losses -> arrays. Every error names the file, the line and the column.

The first line names the columns, in any order; columns of other names are left alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from models.errors import ConfigurationError
from models.gate.arrays import Floats, Names

T = TypeVar("T")
CORRECT = {"1": 0.0, "true": 0.0, "yes": 0.0, "0": 1.0, "false": 1.0, "no": 1.0}
"""What the column ``correct`` may say, in any case, and the loss that it means."""


@dataclass(frozen=True, slots=True)
class Validation:
    """``(n,)`` each; None: the file has no such column."""

    confidences: Floats
    losses: Floats
    strata: Names | None
    inclusion: Floats | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """``(m,)`` each; None: the file has no such column."""

    confidences: Floats
    strata: Names | None
    inclusion: Floats | None


@dataclass(frozen=True, slots=True)
class Labelled:
    """``(n,)`` each; None: the file has no such column."""

    confidences: Floats
    losses: Floats
    predicted: Names | None


def read_validation(path: Path) -> Validation:
    """Columns ``confidence`` and ``loss``, both in [0, 1]; optional ``stratum``, and ``inclusion`` in (0, 1].

    Raises:
        ConfigurationError: no such file, a column is missing, or a value is not what its column holds.
    """
    table = _Table.read(path)
    return Validation(
        confidences=table.numbers("confidence"),
        losses=table.numbers("loss"),
        strata=table.optional("stratum", table.names),
        inclusion=table.optional("inclusion", table.probabilities),
    )


def read_pool(path: Path) -> Waiting:
    """Column ``confidence`` in [0, 1]; optional ``stratum``, and ``inclusion`` in (0, 1].

    Raises:
        ConfigurationError: as for ``read_validation``.
    """
    table = _Table.read(path)
    return Waiting(
        confidences=table.numbers("confidence"),
        strata=table.optional("stratum", table.names),
        inclusion=table.optional("inclusion", table.probabilities),
    )


def read_labelled(path: Path) -> Labelled:
    """Column ``confidence`` in [0, 1], and ``loss`` in [0, 1] or ``correct`` (1 or 0); optional ``predicted``.

    Raises:
        ConfigurationError: as for ``read_validation``; both ``loss`` and ``correct`` are there, or none of them.
    """
    table = _Table.read(path)
    if ("loss" in table.header) == ("correct" in table.header):
        raise ConfigurationError(f"{path}, line 1: there must be a column 'loss' or a column 'correct', one of them")
    return Labelled(
        confidences=table.numbers("confidence"),
        losses=table.numbers("loss") if "loss" in table.header else table.losses("correct"),
        predicted=table.optional("predicted", table.names),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    path: Path
    header: list[str]
    rows: list[tuple[int, list[str]]]
    """Number of the line on which a row ends, counted from 1, and its cells."""

    @classmethod
    def read(cls, path: Path) -> _Table:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                header = [name.strip() for name in next(reader, [])]
                rows = [(reader.line_num, row) for row in reader if row]
        except OSError as error:
            raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{path} is not UTF-8 text: save it as CSV in UTF-8") from error
        except csv.Error as error:
            raise ConfigurationError(f"{path} is not CSV: {error}") from error
        if not rows:
            raise ConfigurationError(f"{path} has no rows: it takes a line of column names, and one for each item")
        for line, row in rows:
            if len(row) != len(header):
                raise ConfigurationError(f"{path}, line {line}: {len(row)} cells, but {len(header)} columns")
        return cls(path, header, rows)

    def optional(self, column: str, read: Callable[[str], T]) -> T | None:
        """``read(column)``; None without such a column."""
        return read(column) if column in self.header else None

    def numbers(self, column: str) -> Floats:
        """``(n,)`` in [0, 1]."""
        return self._shares(column, "[0, 1]", lambda value: 0.0 <= value <= 1.0)

    def probabilities(self, column: str) -> Floats:
        """``(n,)`` in (0, 1]."""
        return self._shares(column, "(0, 1]", lambda value: 0.0 < value <= 1.0)

    def _shares(self, column: str, interval: str, within: Callable[[float], bool]) -> Floats:
        def parse(cell: str) -> float:
            value = float(cell)
            if not within(value):
                raise ValueError
            return value

        return np.array(self._column(column, parse, f"a number in {interval}"))

    def losses(self, column: str) -> Floats:
        """``(n,)`` of 0 and 1, from a column that says what is correct."""
        return np.array(self._column(column, lambda cell: CORRECT[cell.lower()], f"one of {', '.join(CORRECT)}"))

    def names(self, column: str) -> Names:
        """``(n,)``, none of them empty."""

        def parse(cell: str) -> str:
            if not cell:
                raise ValueError
            return cell

        return np.array(self._column(column, parse, "a name"), dtype=np.str_)

    def _column(self, column: str, parse: Callable[[str], T], wanted: str) -> list[T]:
        found = [place for place, name in enumerate(self.header) if name == column]
        if len(found) != 1:
            there = ", ".join(map(repr, self.header))
            how = "no column" if not found else "more than one column"
            raise ConfigurationError(f"{self.path}, line 1: there is {how} {column!r} among {there}")
        values: list[T] = []
        for line, row in self.rows:
            cell = row[found[0]].strip()
            try:
                values.append(parse(cell))
            except (ValueError, KeyError):
                raise ConfigurationError(
                    f"{self.path}, line {line}, column {column!r}: {cell!r} is not {wanted}"
                ) from None
        return values
