"""``make bench-console``: every page of the console over a store of a million items, on SQLite and on PostgreSQL."""
