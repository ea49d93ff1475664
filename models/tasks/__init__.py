"""One file a task: how a model's output becomes regions, and how wrong regions are, side by side.

Enters: probabilities, or two sets of regions. Leaves: regions with a confidence, or a loss in [0, 1].
"""

from collections.abc import Sequence

from models.errors import ConfigurationError
from models.tasks import choices
from models.types import LabelConfig, Region

__all__ = ["item_loss"]


def item_loss(predicted: Sequence[Region], human: Sequence[Region], config: LabelConfig) -> float:
    """Loss of a whole item in [0, 1]: the worst of its controls.

    Raises:
        ConfigurationError: the label config has no control that we can compare.
    """
    if not config.controls:
        raise ConfigurationError("The label config has no control with a loss: add a Choices tag.")
    return max(choices.loss(predicted, human, control) for control in config.controls)
