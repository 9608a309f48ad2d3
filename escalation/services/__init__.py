"""The only place that writes escalation's tables."""
