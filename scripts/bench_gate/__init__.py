"""``make bench-gate``: what the gate automates, and how often it misses its budget, beside its rivals."""
