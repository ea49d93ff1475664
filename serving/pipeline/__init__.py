"""One file an arrow: ingest, score, decide, publish, learn, watch, announce, reconcile; ``worker`` turns them.

Enters: a ``Runtime``. Leaves: rows in the store, writes to Label Studio. Never imports ray, sqlalchemy or fastapi.
"""
