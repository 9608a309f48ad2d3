"""What pages of absences show, fully loaded, one module for each area."""
