"""A project's life as an operator drives it: connect, check, close, remove. Free of Ray and HTTP."""
