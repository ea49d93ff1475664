"""Statistics of the gate: pure functions on arrays."""
