"""Labelled texts in, a new tagger out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from models.base import Budget, ModelRef, TrainingExample, TrainingReport
from models.errors import ConfigurationError, NotTrainableError
from models.specs import TaggerSpec, Trainable
from models.tagging import artefact, bio, certainty, family, features, fitting, reading
from models.tagging.bio import Span, Tags
from models.tagging.reading import Reading, Text
from models.tasks.inputs import UnreadableItem, read
from models.types import ControlSpec, HumanLabel
from models.values import TextSpan

FOLDS = 4


@dataclass(frozen=True)
class Row:
    """One usable example."""

    text: Text
    spans: tuple[Span, ...]
    """Of characters; labels by their number in the control."""


@dataclass(frozen=True)
class Table:
    """All usable examples as arrays."""

    rows: Sequence[Row]
    features: csr_matrix
    tags: Tags
    starts: Sequence[int]
    """Row of the features at which each text begins, and at the end their number."""

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Table:
        """Of rows in their order."""
        starts = np.cumsum([0, *(len(row.text.tokens) for row in rows)])
        tags = [bio.encode(row.spans, row.text.tokens) for row in rows]
        return cls(rows, reading.encode([row.text for row in rows]), np.concatenate(tags), [int(s) for s in starts])

    def part(self, chosen: Sequence[int]) -> Table:
        """Some of the texts."""
        tokens = [np.arange(self.starts[k], self.starts[k + 1]) for k in chosen]
        places = np.concatenate([np.zeros(0, np.int64), *tokens]).astype(np.int64)
        starts = np.cumsum([0, *(part.size for part in tokens)])
        rows = [self.rows[k] for k in chosen]
        return Table(rows, self.features[places], self.tags[places], [int(start) for start in starts])

    def fit(self, labels: int) -> fitting.Weights:
        """See ``fitting.fit``."""
        return fitting.fit(self.features, self.tags, [len(row.text.tokens) for row in self.rows], labels)

    def read(self, weights: fitting.Weights) -> list[Reading]:
        """See ``reading.read``."""
        return reading.read([row.text for row in self.rows], self.features, weights)


class TaggerTrainer:
    """Fits a tagger. The same examples, in any order, give the same sha256."""

    def train(
        self,
        spec: Trainable,
        control: ControlSpec,
        examples: Sequence[TrainingExample],
        *,
        name: str,
        folder: Path,
        budget: Budget | None = None,
    ) -> TrainingReport:
        """See ``models.base.Trainer``; the accuracy is the share of texts whose spans are all right."""
        started = time.monotonic()
        assert isinstance(spec, TaggerSpec)
        family.check(spec)
        if not family.marks_text(control):
            raise ConfigurationError(f"A tagger fills Labels on a text, and {control.name!r} is none.")
        rows = _usable(control, examples)
        classes = Counter(control.labels[span.label] for row in rows for span in row.spans)
        _refuse_too_few(control, rows, classes, skipped=len(examples) - len(rows))
        known = tuple(label for label in control.labels if classes[label])
        table = Table.of([_renumbered(row, control.labels, known) for row in rows])
        held_out = _cross_validate(table, len(known))
        right = np.array([correct(said, row) for said, row in zip(held_out, table.rows, strict=True)], np.float64)
        sure = certainty.learn(held_out, right)
        manifest = artefact.TaggerManifest(
            features_digest=features.DIGEST,
            control=control.name,
            field=control.input.field,
            labels=known,
            n=len(rows),
            classes={label: classes[label] for label in known},
            accuracy=float(right.mean()),
        )
        digest, path = artefact.save(folder, manifest, table.fit(len(known)), sure)
        ref = ModelRef(
            spec=spec, control=control, version=f"{name}-{digest[:12]}", sha256=digest, path=str(path.resolve())
        )
        return TrainingReport(
            ref=ref,
            n=len(rows),
            skipped=len(examples) - len(rows),
            classes=manifest.classes,
            accuracy=manifest.accuracy,
            seconds=time.monotonic() - started,
            confidence="correctness",
        )


def correct(said: Reading, row: Row) -> bool:
    """Whether exactly the spans that a person marked were found."""
    return sorted(said.spans) == sorted(row.spans)


def target(label: HumanLabel, control: ControlSpec) -> tuple[Span, ...] | None:
    """The spans that a person marked, or None where the label does not teach this control.

    None for a span without a label, or with one that the control does not list. A span with several labels teaches
    each of them; no more than one of these can be learned.
    """
    found: set[Span] = set()
    for region in label.regions:
        if region.control != control.name:
            continue
        value = region.value
        if not isinstance(value, TextSpan) or not value.labels or not set(value.labels) <= set(control.labels):
            return None
        found.update(Span(value.start, value.end, control.labels.index(name)) for name in value.labels)
    return tuple(sorted(found))


def _usable(control: ControlSpec, examples: Sequence[TrainingExample]) -> list[Row]:
    """Usable examples in an order that depends on their content alone; equal texts come next to each other."""
    keyed: list[tuple[bytes, tuple[Span, ...], Row]] = []
    for example in examples:
        spans = target(example.label, control)
        if spans is None:
            continue
        try:
            content = read(example.item, control.input)
        except UnreadableItem:
            continue
        if all(span.start < span.end <= len(content) for span in spans):
            keyed.append((sha256(content.encode()).digest(), spans, Row(reading.prepare(content), spans)))
    return [row for _, _, row in sorted(keyed, key=lambda entry: entry[:2])]


def _refuse_too_few(control: ControlSpec, rows: list[Row], classes: Counter[str], *, skipped: int) -> None:
    if len({row.text.content for row in rows}) >= FOLDS and max(classes.values(), default=0) >= 2:
        return
    counts = ", ".join(f"{label}: {classes[label]}" for label in control.labels)
    raise NotTrainableError(
        f"Cannot train {control.name!r} yet: it needs {FOLDS} different texts and a label with two spans; "
        f"there are {len(rows)} usable examples ({counts}) and {skipped} skipped. Label more items."
    )


def _renumbered(row: Row, before: Sequence[str], after: Sequence[str]) -> Row:
    return Row(row.text, tuple(span._replace(label=after.index(before[span.label])) for span in row.spans))


def _cross_validate(table: Table, labels: int) -> list[Reading]:
    """What is said of each text by a fit on other texts; equal texts are never on both sides."""
    parts = _folds(table.rows)
    found: dict[int, Reading] = {}
    for fold in range(FOLDS):
        inside = [k for k, part in enumerate(parts) if part == fold]
        weights = table.part([k for k, part in enumerate(parts) if part != fold]).fit(labels)
        found.update(zip(inside, table.part(inside).read(weights), strict=True))
    return [found[k] for k in range(len(table.rows))]


def _folds(rows: Sequence[Row]) -> list[int]:
    """Fold of each row, dealt round by distinct text: their order says nothing of what they hold."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(row.text.content, len(numbers)) % FOLDS for row in rows]
