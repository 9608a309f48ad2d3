"""Pure rules of what families say and are told."""
