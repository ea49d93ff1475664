"""One file a task: how a model's output becomes regions, and how wrong regions are, side by side.

Enters: probabilities, or two sets of regions. Leaves: regions with a confidence, or a loss in [0, 1].
"""

from collections.abc import Callable, Mapping, Sequence

from models.errors import ConfigurationError
from models.tasks import choices, keypoints, rankings, scalars, segments, shapes, spans, taxonomy, texts, tracks
from models.tasks.per_region import wherever
from models.types import ControlKind, ControlSpec, LabelConfig, Medium, Region

__all__ = ["LABELS_ON", "LOSSES", "TOLERANCES", "control_loss", "item_loss", "tolerance"]

Loss = Callable[[Sequence[Region], Sequence[Region], ControlSpec], float]
"""(predicted, human, control) -> loss in [0, 1] on that control. Both are given whole: a control that speaks of marked
regions finds them by ``Region.group``."""

LABELS_ON: Mapping[Medium, tuple[Loss, float]] = {
    Medium.TEXT: (spans.loss, 0.0),
    Medium.AUDIO: (segments.loss, 0.1),
    Medium.IMAGE: (shapes.loss, 0.15),
    Medium.VIDEO: (tracks.loss, 0.1),
}
"""What a ``labels`` control marks depends on what it speaks of: its loss, and its tolerance."""


def _labels(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    return LABELS_ON[control.input.medium][0](predicted, human, control)


LOSSES: Mapping[ControlKind, Loss] = {
    "choices": wherever(choices.loss),
    "taxonomy": wherever(taxonomy.loss),
    "labels": _labels,
    "hypertextlabels": spans.loss,
    "paragraphlabels": spans.loss,
    "rectangle": shapes.loss,
    "rectanglelabels": shapes.loss,
    "ellipse": shapes.loss,
    "ellipselabels": shapes.loss,
    "polygon": shapes.loss,
    "polygonlabels": shapes.loss,
    "brush": shapes.loss,
    "brushlabels": shapes.loss,
    "keypoint": keypoints.loss,
    "keypointlabels": keypoints.loss,
    "timeserieslabels": segments.loss,
    "videorectangle": tracks.loss,
    "timelinelabels": segments.loss,
    "textarea": wherever(texts.loss),
    "rating": wherever(scalars.rating),
    "number": wherever(scalars.number),
    "datetime": wherever(scalars.moment),
    "pairwise": rankings.pairwise,
    "ranker": rankings.ranker,
}

TOLERANCES: Mapping[ControlKind, float] = {
    "choices": 0.0,
    "taxonomy": 0.0,
    "labels": 0.0,
    "hypertextlabels": 0.0,
    "paragraphlabels": 0.0,
    "rectangle": 0.15,
    "rectanglelabels": 0.15,
    "ellipse": 0.15,
    "ellipselabels": 0.15,
    "polygon": 0.15,
    "polygonlabels": 0.15,
    "brush": 0.15,
    "brushlabels": 0.15,
    "keypoint": 0.0,
    "keypointlabels": 0.0,
    "timeserieslabels": 0.1,
    "videorectangle": 0.1,
    "timelinelabels": 0.1,
    "textarea": 0.05,
    "rating": 0.0,
    "number": 0.0,
    "datetime": 0.0,
    "pairwise": 0.0,
    "ranker": 0.0,
}
"""Loss up to which an answer counts as right, where the project says nothing else; why: docs/label-types.md. That of
``labels`` is for text, ``LABELS_ON`` has the others."""


def control_loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """How wrong a prediction is on one control, in [0, 1], whatever is tolerated."""
    return LOSSES[control.kind](predicted, human, control)


def tolerance(control: ControlSpec) -> float:
    """Loss up to which an answer to this control counts as right."""
    if control.tolerance is not None:
        return control.tolerance
    return LABELS_ON[control.input.medium][1] if control.kind == "labels" else TOLERANCES[control.kind]


def item_loss(predicted: Sequence[Region], human: Sequence[Region], config: LabelConfig) -> float:
    """Loss of a whole item in [0, 1]: the worst of its controls, where a control within its tolerance counts 0.

    So ``item_loss(...) > 0`` says that the item is wrong, and everything that decides asks just that. Controls that are
    left to people have no part in it, but for required ones: a prediction that leaves them out is never right, unless
    they are asked for each marked region and the person marked none.

    Raises:
        ConfigurationError: the label config has no control that we can compare.
    """
    if not config.controls:
        raise ConfigurationError("The label config has no control with a loss: add one, such as a Choices tag.")
    if any(_left_out(control, human) for control in config.by_people):
        return 1.0
    losses = ((control_loss(predicted, human, control), tolerance(control)) for control in config.controls)
    return max(loss if loss > allowed else 0.0 for loss, allowed in losses)


def _left_out(control: ControlSpec, human: Sequence[Region]) -> bool:
    if not control.required:
        return False
    return not control.per_region or any(region.control == control.name for region in human)
