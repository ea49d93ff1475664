"""Wrong tokens are counted, for each address and all together: guessing is slow, and stops nobody else for long."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from typing import Final

log = logging.getLogger(__name__)

EACH: Final = 10
"""Wrong tokens from one address within the window, and it has to wait."""
ALL: Final = 100
"""The same of all addresses together: guessing from many is slow, too."""
WINDOW_S: Final = 60.0
ADDRESSES: Final = 1000
"""That are remembered at a time; the one that erred longest ago goes."""


class Attempts:
    """Of one process; thread-safe."""

    def __init__(self) -> None:
        self._each: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque(maxlen=ALL)
        self._lock = threading.Lock()

    def too_many(self, address: str, now: float) -> bool:
        """Whether no token of this address is looked at for now."""
        with self._lock:
            own = self._each.get(address)
            return _full(self._all, now) or (own is not None and _full(own, now))

    def wrong(self, address: str, now: float) -> None:
        """Somebody there had a wrong token; the service's log has it, too."""
        log.warning("a wrong token", extra={"client": address})
        with self._lock:
            own = self._each.pop(address, None) or deque(maxlen=EACH)
            own.append(now)
            self._each[address] = own
            self._all.append(now)
            while len(self._each) > ADDRESSES:
                self._each.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._each.clear()
            self._all.clear()


def _full(times: deque[float], now: float) -> bool:
    return len(times) == times.maxlen and now - times[0] < WINDOW_S
