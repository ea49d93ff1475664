"""How much one bulk write takes: less while Label Studio does not answer in time, more again when it does."""

from __future__ import annotations

LEAST = 16


class Pace:
    """Halves at every failure, doubles at every success; one size a project.

    A fixed size would be sent in vain for ever to a server that needs longer for it than the timeout allows.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: dict[int, int] = {}

    def size(self, project_id: int) -> int:
        """Rows of the next bulk write, between ``LEAST`` (or the most, if that is less) and the most."""
        return self._sizes.get(project_id, self._most)

    def slower(self, project_id: int) -> None:
        self._sizes[project_id] = max(min(LEAST, self._most), self.size(project_id) // 2)

    def faster(self, project_id: int) -> None:
        self._sizes[project_id] = min(self._most, self.size(project_id) * 2)
