"""Reads of the registers, fully loaded: nothing that they return asks the database again."""
