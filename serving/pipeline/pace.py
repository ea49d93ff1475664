"""How much one call takes: less while it is not answered in time, more again when it is."""

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


class ChunkPace:
    """How many items are scored in one call, for each model: what takes ``SHARE`` of the time that a call may take.

    A page takes the OCR model a second and a text takes the n-grams a tenth of a millisecond. A chunk of one size would
    be a detour for the one and time out for ever with the other, or outlive its lease and be scored twice.
    """

    SHARE = 0.25
    """Of ``scorer_timeout_s``: what is left is for a longer text, a larger picture, a busy machine."""

    def __init__(self, first: int = 8) -> None:
        """``first``: items of a model's first call, in which it is loaded, too."""
        self._first = first
        self._fit: dict[str, float] = {}
        self._proven: set[str] = set()

    def size(self, version: str, most: int) -> int:
        """Items of the next call, between 1 and ``most``."""
        return max(1, min(most, int(self._fit.get(version, self._first))))

    def took(self, version: str, n: int, seconds: float, timeout_s: float) -> None:
        """``n`` items took so long, their media included; the size follows, and grows fourfold at most."""
        fit = self.SHARE * timeout_s * n / max(seconds, 1e-6)
        self._fit[version] = max(1.0, min(fit, 4.0 * self._fit.get(version, self._first)))
        self._proven.add(version)

    def late(self, version: str, n: int) -> None:
        """``n`` items were too many, or the scorer was away."""
        self._fit[version] = max(1.0, min(n / 2, self._fit.get(version, self._first)))

    def proven(self, version: str) -> bool:
        """Whether this model has answered in time before: then a single item that it does not answer is at fault."""
        return version in self._proven
