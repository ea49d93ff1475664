"""Packages that log to the terminal on their own, made quiet: their loggers get no handler of theirs."""

from __future__ import annotations

import logging
from collections.abc import Iterable


def silence(names: Iterable[str]) -> None:
    """Let only errors of these loggers through, and only to the handlers of the application.

    Both packages of pictures add a handler of their own where a logger has none yet; call this before importing them.
    """
    for name in names:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.ERROR)
