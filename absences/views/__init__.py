"""Pages of absences, one module for each area."""
