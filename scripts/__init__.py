"""What a person runs: the demo, benchmarks, load and fault drivers. Nothing imports from here but tests."""
