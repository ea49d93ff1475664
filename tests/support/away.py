"""Media whose host does not answer."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import MediaError, MediaUnavailable
from models.types import Item
from serving.store.records import ProjectRow


class FirstAway:
    """Those of the first item alone."""

    def attach(self, project: ProjectRow, items: Sequence[Item]) -> list[Item | MediaError]:
        return [MediaUnavailable("503"), *items[1:]]
