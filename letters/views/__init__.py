"""Pages of letters and of messages."""
