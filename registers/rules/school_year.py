"""How long a school year is, in words."""

from registers.rules.numbers import counted

# A maintained school meets for at least 380 sessions, that is 190 days, in a school year.
YEAR_DAYS, YEAR_SESSIONS = 190, 380


def days_of(sessions: int) -> str:
    """Return a number of sessions as days: 380 is "190 days", 3 is "1.5 days"."""
    days = f"{sessions // 2:,}" + (".5" if sessions % 2 else "")
    return f"{days} day" if sessions == 2 else f"{days} days"


def is_short(held: int, cancelled: int) -> bool:
    """Say whether too few sessions are in the calendar; those lost to an emergency were due and count."""
    return held + cancelled < YEAR_SESSIONS


def year_in_words(held: int, cancelled: int) -> str:
    """Return how many sessions a year has and how that compares with what is asked, in a sentence or two."""
    words = f"{days_of(held)} ({counted(held, 'session')})"
    lost = f"{counted(cancelled, 'session')} lost to emergencies" if cancelled else ""
    asked = f"a maintained school needs ({YEAR_DAYS} days)"
    if is_short(held, cancelled):
        short = counted(YEAR_SESSIONS - held - cancelled, "session")
        return f"{words}: {short} fewer than {asked}{f', even with {lost}' if lost else ''}."
    if held < YEAR_SESSIONS:
        return f"{words}; with {lost} as many as {asked}."
    over = counted(held - YEAR_SESSIONS, "session")
    compared = f"{over} more than {asked}" if held > YEAR_SESSIONS else "as many as a maintained school needs"
    return f"{words}: {compared}.{f' Besides, {lost}.' if lost else ''}"
