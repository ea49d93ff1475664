"""Numbers that an engineer must be able to trust: from SQL, recomputable, each with its definition."""
