"""Taking over what a policy in force says of absences."""

import json
from datetime import date, datetime
from typing import Any

from absences.models import SchoolTerms
from absences.rules.terms import Terms
from accounts.models import School


def adopt(school: School, terms: Terms, *, policy_number: int, on: date, at: datetime) -> SchoolTerms:
    """Keep the terms that come into force on a day; terms of the same day are replaced."""
    row, _ = SchoolTerms.objects.update_or_create(
        school=school,
        in_force_from=on,
        defaults={"policy_number": policy_number, "data": text_of(terms), "adopted_at": at},
    )
    return row


def text_of(terms: Terms) -> str:
    """Return the terms as the JSON that `absences.selectors.terms` reads."""
    return json.dumps(terms.model_dump(by_alias=True), default=_number, sort_keys=True)


def _number(value: Any) -> float:
    # Percentages are the only decimals of a policy; one of a place or two survives the way there and back.
    return float(value)
