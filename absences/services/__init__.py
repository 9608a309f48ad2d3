"""Writing what parents and callers say, and what the school does about it."""
