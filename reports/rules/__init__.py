"""
Pure rules of reports: who counts in a school's rate, what may be shown, and what England's schools reached.
"""
