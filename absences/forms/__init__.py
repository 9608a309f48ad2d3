"""Forms of absences, one module for each area."""
