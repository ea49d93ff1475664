"""A project as an operator writes it down: ``configs/projects/<slug>.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, ValidationError

from models.costs import Costs
from models.errors import ConfigurationError
from models.gate.noise import MOST_PEOPLE
from models.skills import SkillRule
from models.specs import HeadSpec, ModelSpec
from models.types import Frozen


class ProjectFile(Frozen):
    """What ``connect`` needs besides the address and the token; numbers as in ``serving.store.records.NewProject``."""

    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")
    """Name in URLs and on the command line: a small letter, then small letters, digits and hyphens."""
    title: str
    """Title of the Label Studio project, where one is made."""
    label_config: str
    """Label Studio's label config, XML."""
    spec: ModelSpec = Field(default=HeadSpec(encoder="ngram"), discriminator="kind")
    """The model that predicts."""
    epsilon: float = Field(default=0.05, gt=0.0, lt=1.0)
    """Error budget on accepted items, share in (0, 1)."""
    delta: float = Field(default=0.1, gt=0.0, lt=1.0)
    """Probability with which the budget may be missed, in (0, 1)."""
    train_target: int = Field(default=200, ge=2)
    """Train labels to collect before the first head is trained. Labels."""
    validation_target: int = Field(default=200, ge=1)
    """Blind validation labels to collect before the gate is certified. Labels."""
    validation_fraction: float = Field(default=0.25, gt=0.0, lt=1.0)
    """Share of arriving items whose fold is validation, in (0, 1)."""
    audit_rate: float = Field(default=0.05, ge=0.0, lt=1.0)
    """Probability with which an acceptable item is audited blind instead, in [0, 1)."""
    validation_people: int = Field(default=1, ge=1, le=MOST_PEOPLE)
    """Different people who may be asked about one blind item, 1 to 5; odd, since a tie counts as an error. People."""
    review_rate: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the labels that were not given blind which another person looks at, in [0, 1]; 0: off."""
    overlap_people: int = Field(default=1, ge=1, le=MOST_PEOPLE)
    """Different people who may be asked about one item that is not blind, experts apart, 1 to 5; 1: off. People."""
    control_rate: float = Field(default=0.02, ge=0.0, lt=0.5)
    """Share of the suggestions that is hidden by lot, to see what the others save; where suggestions cost time none is
    shown but for the same share. In [0, 0.5); 0: off, all are shown."""
    tabs: bool = False
    """A tab in Label Studio's data manager for each queue, kept up to date."""
    tolerances: dict[str, Annotated[float, Field(ge=0.0, lt=1.0)]] = Field(default_factory=dict)
    """Control -> loss up to which an answer counts as right, in [0, 1); one that is not named has its kind's own."""
    skill_rules: tuple[SkillRule, ...] = ()
    """Which items need which skill of whoever labels them: rules, of which the first counts that holds."""
    costs: Costs | None = None
    """What an hour of a person and of the machine costs: ``person_hour``, ``compute_hour``, ``currency``, and
    ``item_seconds`` of an item without a suggestion. Savings are computed from the costs and from times that are
    measured; what the seconds make of it stands beside that. None: no savings in money."""
    samples: str | None = None
    """File with tasks to try it on, beside this file: JSON or JSON lines as Label Studio exports them."""

    def samples_beside(self, path: Path) -> Path | None:
        """Where the samples are, of a project file at ``path``."""
        return None if self.samples is None else path.parent / self.samples

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a project file.

        Raises:
            ConfigurationError: it is missing, not YAML, has an unknown key or a wrong value.
        """
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise ConfigurationError(f"cannot read the project file {path}: {error.strerror}") from error
        except yaml.YAMLError as error:
            raise ConfigurationError(f"the project file {path} is not YAML: {error}") from error
        except ValidationError as error:
            problems = (f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors())
            raise ConfigurationError(f"the project file {path} is wrong: {'; '.join(problems)}") from error
