"""
The present moment, for views, tasks and commands only; everything below is told the time.

A demo is looked at on Sundays too: with demo data and DEBUG, and only then, ROLLCALL_NOW is the present
moment, and without it the demo lives on the latest school day when today is none.
"""

from datetime import date, datetime
from functools import lru_cache

from django.conf import settings
from django.utils import timezone
from django_scopes import scopes_disabled

from accounts.models import Installation
from registers.models import Session


def present_moment() -> datetime:
    """Return now as an aware instant in the school's time zone (Europe/London)."""
    now = timezone.localtime()
    if not settings.DEBUG or not Installation.objects.filter(is_demo=True).exists():
        return now
    if settings.ROLLCALL_NOW:
        said = datetime.fromisoformat(settings.ROLLCALL_NOW)
        return timezone.make_aware(said) if timezone.is_naive(said) else timezone.localtime(said)
    day = latest_school_day(now.date())
    return now if day is None else timezone.make_aware(datetime.combine(day, now.time()))


@lru_cache(maxsize=4)
def latest_school_day(today: date) -> date | None:
    """Return today when some school is open today, otherwise the latest day before on which one was."""
    with scopes_disabled():
        return (
            Session.objects.filter(status="held", on__lte=today)
            .order_by("-on")
            .values_list("on", flat=True)
            .first()
        )
