"""What every stage needs, in one value; the ports behind which Ray and Label Studio stand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from connectors.base import Annotator, Platform
from models.base import Budget, ModelRef, TrainingExample, TrainingReport
from models.errors import MediaError
from models.specs import HeadSpec, ModelSpec
from models.types import ControlSpec, Item, Scored
from serving.notify import Notice
from serving.pipeline.pace import ChunkPace
from serving.secrets import Vault
from serving.settings import Settings
from serving.store.engine import Store
from serving.store.records import ProjectRow

if TYPE_CHECKING:  # they read the runtime
    from serving.pipeline.drift import Comparison
    from serving.pipeline.tabs import Tabs


class Scorer(Protocol):
    """Where models run: a Ray Serve deployment, or this process in tests."""

    def score(self, ref: ModelRef, items: Sequence[Item]) -> list[Scored]:
        """Predict one chunk; same length and order.

        Raises:
            ModelError: the chunk as a whole failed.
            PlatformUnavailable: the scorer is overloaded or restarting; try again.
            ScorerLate: it did not answer in time; try again with fewer items.
        """
        ...

    def timed(self, ref: ModelRef, items: Sequence[Item]) -> tuple[list[Scored], float]:
        """As ``score``, with the seconds that the model worked on it: loading and waiting are left out."""
        ...

    def train(
        self,
        spec: ModelSpec,
        controls: tuple[ControlSpec, ...],
        examples: Sequence[TrainingExample],
        *,
        name: str,
        budget: Budget,
    ) -> TrainingReport:
        """Train a head off the request path, for the gate that has to be passed with it.

        Raises:
            NotTrainableError: the labels do not allow it yet.
        """
        ...

    def spread(self, spec: HeadSpec, control: ControlSpec, items: Sequence[Item], n: int) -> list[str]:
        """Keys of up to ``n`` items that differ from each other, off the request path; see ``models.heads.spread``."""
        ...


class Media(Protocol):
    """Fetches what an item points to."""

    def attach(self, project: ProjectRow, items: Sequence[Item]) -> list[Item | MediaError]:
        """Each item with its media fetched, or why that cannot be done (``MediaUnavailable``: not now)."""
        ...


@dataclass(frozen=True)
class Runtime:
    """The composition that a pipeline process works with."""

    store: Store
    settings: Settings
    vault: Vault
    scorer: Scorer
    media: Media
    platform: Callable[[ProjectRow], Platform]
    annotator: Callable[[ProjectRow, str], Annotator]
    """A person's own account on the project's platform, by the person's own token; to be closed after use."""
    owner: str
    """Unique name of this process: the owner of its leases."""
    clock: Callable[[], float] = field(default=time.time)
    """Seconds since the epoch."""
    windows: dict[int, tuple[int, float]] = field(default_factory=dict)
    """Project -> what this process's last poll read of the window that the next one looks at (see ``reconcile``)."""
    listless: dict[int, float] = field(default_factory=dict)
    """Project -> until when no list of what to ask for is tried again, epoch seconds (see ``asking``)."""
    swept: dict[int, tuple[tuple[str, ...], int, int]] = field(default_factory=dict)
    """Project -> its models and the differences of counts with which all stood as it should (see ``sweep``)."""
    uncounted: dict[int, set[int]] = field(default_factory=dict)
    """Project -> tasks whose annotation Label Studio had not counted at the last look (see ``sweep``)."""
    drifts: dict[int, tuple[int, Comparison]] = field(default_factory=dict)
    """Project -> certificate, and the last comparison of arrivals with its blind sample (see ``drift``)."""
    chunks: ChunkPace = field(default_factory=ChunkPace)
    """Model -> how many items one call takes (see ``score``)."""
    unreadable: dict[tuple[int, str], set[int]] = field(default_factory=dict)
    """Project and its challenger, or shadow -> the items that this cannot read (see ``challenge``)."""
    tabs: dict[int, Tabs] = field(default_factory=dict)
    """Project -> what this process has shown of its queues in Label Studio (see ``tabs``)."""
    notify: Callable[[Notice], None] | None = None
    """Delivers a notification, or raises NotificationError; None: nobody wants any."""

    def now(self) -> float:
        return self.clock()

    def sampling_secret(self, project: ProjectRow) -> bytes:
        return self.vault.decrypt(project.sampling_secret)


def backoff(attempts: int, *, base_s: float, max_s: float) -> float:
    """Seconds to wait after the ``attempts``-th failure: doubles from ``base_s`` up to ``max_s``."""
    return min(max_s, base_s * 2.0 ** min(max(attempts - 1, 0), 30))
