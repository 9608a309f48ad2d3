"""The only place that writes the registers' tables."""
