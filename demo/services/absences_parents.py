"""What parents of the demo asked to have changed: a new number and a new address wait at each school."""

import random
from collections.abc import Iterable
from datetime import date, datetime, time

from django.utils import timezone
from django_scopes import scope

from absences.services import details
from accounts.models import School
from registers.models import PupilContact

AT_EACH_SCHOOL = 2


def add_details(schools: Iterable[School], *, today: date, seed: int) -> int:
    """Let parents have asked each school for new contact details, and return how many did."""
    chance = random.Random(f"{seed} details")
    at = timezone.make_aware(datetime.combine(today, time(7, 40)))
    asked = 0
    for school in schools:
        with scope(school=school):
            links = (
                PupilContact.objects.filter(
                    contact__user__isnull=False, may_sign_in=True, court_order_restricts=False, priority=1
                )
                .select_related("pupil__school", "contact__user")
                .order_by("pk")
            )
            for number, link in enumerate(links[: AT_EACH_SCHOOL * 3 : 3]):
                wanted = (
                    {"phone": f"07700 900{chance.randrange(1000):03}"}
                    if number % 2 == 0
                    else {"address": f"{chance.randrange(2, 90)} Meadow Lane\nBrackenby\nZZ13 4AB"}
                )
                user = link.contact.user
                if user is not None and details.ask(link.pupil, link.contact, wanted, by=user, at=at):
                    asked += 1
    return asked
