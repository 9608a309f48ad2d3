"""
How a message moves from the outbox to its provider: states, waits and when to stop trying.

Times are instants; a wait grows with each try and carries chance, so that a thousand messages refused at one
moment do not come back at one moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

# From each state the states that may follow; the trigger of the database holds the same table.
MOVES: Mapping[str, frozenset[str]] = {
    "ready": frozenset({"sending", "failed", "withdrawn"}),
    "sending": frozenset({"ready", "sent", "failed"}),
    "sent": frozenset({"delivered", "returned", "failed"}),
    "delivered": frozenset(),
    "failed": frozenset(),
    "returned": frozenset(),
    "withdrawn": frozenset(),
}

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
# A text tells the news of a morning, of no use on the next day; an e-mail may wait out a weekend.
GIVE_UP_AFTER: Mapping[str, timedelta] = {"text": timedelta(hours=24), "email": timedelta(hours=72)}
# A try that never came back. Longer than any task may run (CELERY_TASK_TIME_LIMIT): its process is gone, and
# nothing of it can still arrive at the provider.
LOST_AFTER = timedelta(minutes=15)
# A message that waited this long may have been sent by a database that was since restored to before it.
LOOK_FIRST_AFTER = timedelta(minutes=5)
# GOV.UK Notify keeps messages for 7 days, a service may shorten that to 3: after that it knows nothing.
PROVIDER_FORGETS_AFTER = timedelta(days=3)
# When to ask what became of a message, counted from the time before; providers try for up to 72 hours.
DELIVERY_WAITS = (
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
    timedelta(hours=48),
)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The part of the night in which no text is sent; it may reach over midnight."""

    begin: time
    end: time

    def until(self, local: datetime) -> datetime | None:
        """Return the end of the quiet hours that the local moment lies in, None outside them."""
        now = local.timetz().replace(tzinfo=None)
        if self.begin <= self.end:
            quiet = self.begin <= now < self.end
            days = 0
        else:
            quiet = now >= self.begin or now < self.end
            days = 1 if now >= self.begin else 0
        if not quiet:
            return None
        day = local.date() + timedelta(days=days)
        # Built anew from the wall clock: a night in which the clocks change still ends at the same hour.
        return datetime.combine(day, self.end, tzinfo=local.tzinfo)


def wait_after(attempts: int, *, luck: float, least: timedelta = timedelta(0)) -> timedelta:
    """
    Return how long to wait after a number of tries, 1 or more.

    `luck` is chance from 0 to 1: the wait lies between half and all of 30 s, 60 s, 120 s … up to an hour, and
    never below `least`, to which up to half is added.
    """
    doublings = min(max(attempts - 1, 0), 10)
    longest = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
    return max(longest * (0.5 + luck / 2), least * (1 + luck / 2))


def next_look(looks: int) -> timedelta | None:
    """Return how long to wait before the next question what became of a message, None for no more."""
    return DELIVERY_WAITS[looks] if looks < len(DELIVERY_WAITS) else None
