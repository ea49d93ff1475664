"""How long a test waits for something that is to come about.

It says nothing of how fast that is to be: it ends what hangs, on a machine that may be slow and full of other tests.
"""

from __future__ import annotations

PATIENCE_S = 420.0
