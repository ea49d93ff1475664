"""Pictures: classified, searched for things, or cut into segments, by pipelines of ``transformers``."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from models import labels
from models.backends.said import Said, unit, watching
from models.errors import ConfigurationError
from models.specs import PipelineSpec
from models.tasks import choices, combine, masks
from models.tasks.inputs import UnreadableItem
from models.tasks.traits import of_grid
from models.types import ControlSpec, PictureSize, Region
from models.values import Mask, Polygon, Rectangle, Shape

log = logging.getLogger(__name__)

MAX_PIXELS = 80_000_000
"""A larger picture is refused before it is decoded."""
_EXAMPLE = (64, 48)


def picture(path: Path, least: int | None = None) -> Image.Image:
    """A picture as a person sees it, turned as its EXIF says, in RGB.

    Args:
        path: its file.
        least: sides, in pixels, below which a large JPEG is not decoded smaller; None: it is decoded as it is.

    Raises:
        UnreadableItem: ``unreadable_image`` or ``too_many_pixels``.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableItem("too_many_pixels", f"The image has more than {MAX_PIXELS} pixels: scale it down.")
            if least is not None:
                image.draft("RGB", (least, least))
            ImageOps.exif_transpose(image, in_place=True)
            image.load()
            return image if image.mode == "RGB" else image.convert("RGB")
    except UnreadableItem:
        raise
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error ...
        raise UnreadableItem(
            "unreadable_image", f"The image cannot be decoded ({type(error).__name__}): replace the file."
        ) from error


class _Reader:
    """What the three have in common."""

    def __init__(self, pipe: Any, spec: PipelineSpec, control: ControlSpec) -> None:
        self._pipe, self._spec, self._control = pipe, spec, control
        self._classes = [str(name) for name in pipe.model.config.id2label.values()]

    least: int | None = None
    """See ``picture``."""

    def __call__(self, path: Path) -> Said:
        return self._look(picture(path, self.least))

    def example(self) -> Said:
        """Of a grey picture."""
        return self._look(Image.new("RGB", _EXAMPLE, (128, 128, 128)))

    def _look(self, image: Image.Image) -> Said:
        raise NotImplementedError


class PictureClassifier(_Reader):
    """Probabilities of classes -> Choices. The confidence is as in ``models.tasks.choices``."""

    def __init__(self, pipe: Any, spec: PipelineSpec, control: ControlSpec) -> None:
        super().__init__(pipe, spec, control)
        self._targets = labels.match(self._classes, control.labels, spec.label_map, control.names)
        self._labels = tuple(dict.fromkeys(self._targets))
        self.least = _twice(pipe.image_processor.size)
        self._independent = pipe.model.config.problem_type == "multi_label_classification" or len(self._classes) == 1

    def _look(self, image: Image.Image) -> Said:
        found = {one["label"]: float(one["score"]) for one in self._pipe(image, top_k=len(self._classes))}
        row = np.zeros(len(self._labels))
        for name, label in zip(self._classes, self._targets, strict=True):
            place = self._labels.index(label)
            row[place] = max(row[place], found[name]) if self._independent else row[place] + found[name]
        outcome = choices.decide(self._labels, row, self._control)
        return Said(outcome.regions, outcome.confidence, outcome.numbers | _traits(image))


class _RegionReader(_Reader):
    """Regions with a class each. A class without a label is not drawn, is logged once and counted (``unlabelled``)."""

    def __init__(self, pipe: Any, spec: PipelineSpec, control: ControlSpec) -> None:
        super().__init__(pipe, spec, control)
        self._targets, missing = labels.partial(self._classes, control.labels, spec.label_map, control.names)
        if not self._targets:
            raise ConfigurationError(
                f"None of the classes of {spec.source} is a label of {control.name!r}: add entries to label_map."
            )
        if missing:
            log.warning(
                "%s: %d of its classes have no label in %r and are not drawn: %s",
                spec.source,
                len(missing),
                control.name,
                ", ".join(missing[:20]),
            )

    def _said(
        self, image: Image.Image, found: Iterable[tuple[str, float, Sequence[Shape]]], *, empty: float | None
    ) -> Said:
        """Of ``(class, score, shapes)``; ``empty``: the confidence that there is nothing, None: by the best left."""
        regions, left, unlabelled = [], [0.0], 0
        size = PictureSize(width=image.width, height=image.height)
        for name, score, shapes in found:
            if name not in self._targets:
                unlabelled += score >= self._spec.minimum
            elif score < self._spec.minimum:
                left.append(unit(score))
            else:
                regions += [Region(control=self._control.name, value=s, score=unit(score), size=size) for s in shapes]
        sure = 1.0 - max(left) if empty is None else empty
        confidence, numbers = combine.certainty([region.score or 0.0 for region in regions], empty=sure)
        return Said(tuple(regions), confidence, numbers | {"unlabelled": float(unlabelled)} | _traits(image))


class Detector(_RegionReader):
    """Boxes -> rectangles. Where none is sure enough, the confidence is one less the score of the best left out."""

    def _look(self, image: Image.Image) -> Said:
        found = self._pipe(image, threshold=0.0)
        return self._said(image, ((f["label"], f["score"], self._box(image, f)) for f in found), empty=None)

    def _box(self, image: Image.Image, found: Mapping[str, Any]) -> list[Shape]:
        box = found["box"]
        left, right = (min(max(100 * box[k] / image.width, 0.0), 100.0) for k in ("xmin", "xmax"))
        top, bottom = (min(max(100 * box[k] / image.height, 0.0), 100.0) for k in ("ymin", "ymax"))
        if right <= left or bottom <= top:
            return []
        label = self._targets.get(found["label"], "")
        return [Rectangle(x=left, y=top, width=right - left, height=bottom - top, labels=(label,))]


class Segmenter(_RegionReader):
    """Masks -> runs of pixels, or a polygon around each patch.

    A semantic model gives no scores: a class has the mean probability of the pixels where it is the likeliest. Where
    there is nothing, the confidence is one less ``minimum``: no segment was more probable.
    """

    def _look(self, image: Image.Image) -> Said:
        shares: dict[int, float] = {}

        def note(output: Any) -> None:
            logits = getattr(output, "logits", None)
            if logits is not None and logits.ndim == 4:
                shares.update(_shares(logits))

        with watching(self._pipe.model, note):
            found = self._pipe(image, threshold=self._spec.minimum)
        numbers = {name: number for number, name in self._pipe.model.config.id2label.items()}
        segments = (
            (one["label"], shares.get(numbers[one["label"]], 0.0) if one["score"] is None else one["score"], one)
            for one in found
        )
        drawn = ((name, score, self._shapes(name, score, one["mask"])) for name, score, one in segments)
        return self._said(image, drawn, empty=1.0 - self._spec.minimum)

    def _shapes(self, name: str, score: float, mask: Image.Image) -> list[Shape]:
        if name not in self._targets or score < self._spec.minimum:
            return []
        bits, label = np.asarray(mask) > 127, (self._targets[name],)
        height, width = bits.shape
        if not bits.any():
            return []
        if self._control.kind == "brushlabels":
            return [Mask(width=width, height=height, runs=masks.runs(bits), labels=label)]
        scale = 100.0 / np.array([width, height])
        return [
            Polygon(points=tuple((x, y) for x, y in (p * scale).tolist()), labels=label) for p in masks.polygons(bits)
        ]


def _shares(logits: Any) -> dict[int, float]:
    """Class -> mean probability over the pixels where it is the likeliest, of ``(1, classes, height, width)``."""
    rows = logits[0].float().softmax(0).flatten(1)
    best, place = rows.max(0)
    won = {k: float(best[place == k].mean()) for k in place.unique().tolist()}
    return {k: won.get(k, float(rows[k].max())) for k in range(len(rows))}


def _twice(size: Any) -> int | None:
    """Twice the side to which the network's processor scales a picture, so that scaling twice costs no detail."""
    sides = [side for side in dict(size).values() if isinstance(side, int)]
    return 2 * max(sides) if sides else None


def _traits(image: Image.Image) -> dict[str, float]:
    small = image.resize((32, 32), Image.Resampling.BOX, reducing_gap=1.0)
    return of_grid(np.asarray(small.convert("L"), dtype=np.float64) / 255)
