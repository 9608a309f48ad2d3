"""
Pure rules of escalation: policies as data, their conditions and ladders. No database, no clock, no settings.
"""
