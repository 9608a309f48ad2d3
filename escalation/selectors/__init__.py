"""Reads of escalation, fully loaded: nothing that they return asks the database again."""
