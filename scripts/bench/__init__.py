"""``make bench``: each part against the raw part that it stands on, in one run; see docs/benchmarks.md."""
