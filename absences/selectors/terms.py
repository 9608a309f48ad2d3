"""What the school's policy in force says of absences."""

import json
from datetime import date
from decimal import Decimal
from functools import lru_cache

from absences.models import SchoolTerms
from absences.rules.terms import Terms
from accounts.errors import DomainError
from accounts.models import School


class NoTerms(DomainError):
    """The school has no policy in force on that day."""


def terms_on(school: School, on: date) -> Terms:
    """
    Return the terms in force at a school on a day. One statement.

    :raises NoTerms: no policy was in force then
    """
    text = (
        SchoolTerms.objects.filter(school=school, in_force_from__lte=on)
        .order_by("-in_force_from")
        .values_list("data", flat=True)
        .first()
    )
    if text is None:
        raise NoTerms(f"{school.name} has no attendance policy in force on {on:%-d %B %Y}.")
    return _read(text)


@lru_cache(maxsize=256)
def _read(text: str) -> Terms:
    return Terms.model_validate(json.loads(text, parse_float=Decimal))
