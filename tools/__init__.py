"""What runs Rollcall on one machine: the set-up, the supervisor and its watchman."""
