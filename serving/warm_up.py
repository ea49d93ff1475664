"""What a process that serves does once, before anybody waits for it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from models.errors import MissingDependencyError
from models.people import label_quality

CONSOLE: Final = (label_quality.load,)
"""What a first request for a page would load."""


def warm_up(*loads: Callable[[], object]) -> None:
    """Load what the first request would, and look through what is there by now for garbage a last time.

    A full collection over all that is imported takes 0.2 s, and would come to one request in some twenty of those that
    read thousands of rows. What is frozen is left out of it.

    Args:
        loads: each imports a library that need not be installed.
    """
    for load in loads:
        with suppress(MissingDependencyError):
            load()
    gc.collect()
    gc.freeze()
