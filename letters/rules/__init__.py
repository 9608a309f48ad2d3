"""What letters say and when: pure Python, without database, clock or settings."""
