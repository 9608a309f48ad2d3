"""Reads of reports, fully loaded: nothing that they return asks the database again."""
