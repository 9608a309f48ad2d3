"""What is read: recipients, what the register knows for a letter, and the archive."""
