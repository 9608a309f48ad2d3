"""
Invented values for every template: for the catalogue, for previews without a pupil, and for tests.

All people and places are made up; the phone number is one that is kept free for drama.
"""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from letters.rules.absences import NamedSession
from letters.rules.content import Letterhead, Signature
from letters.rules.fields import Share
from letters.rules.templates import LetterTemplate

ON = date(2025, 12, 2)
REFERENCE = "SMP-4K7R-Q2TD"
LETTERHEAD = Letterhead(
    name="Harbour Lane Primary School",
    strapline="Part of the Kestrel Learning Trust",
    lines=("Harbour Lane", "Wexbury", "WX4 7QD", "01632 960 123", "office@harbourlane.example"),
)
SIGNATURE = Signature(closing="", name="Rosalind Achterberg", post="Headteacher")
NAMES = ("Temperance Adeyemi-Holt", "Gideon Holt")
ADDRESS = ("27 Saltmarsh Gardens", "Lower Wexbury", "WX4 9TR")


def whole_days(code: str, *days: date, authorised: bool) -> tuple[NamedSession, ...]:
    """Return morning and afternoon of each day under one code."""
    return tuple(NamedSession(day, half, code, authorised) for day in days for half in ("AM", "PM"))


ILLNESS = whole_days("I", *(date(2025, 9, day) for day in (15, 16, 17, 18)), authorised=True)
APPOINTMENT = (NamedSession(date(2025, 10, 7), "AM", "M", authorised=True),)
HOLIDAY = whole_days("G", *(date(2025, 11, day) for day in (10, 11, 12, 13, 14)), authorised=False)
ABSENT = ILLNESS + APPOINTMENT
ABSENT_AND_AWAY = ILLNESS + APPOINTMENT + HOLIDAY
LATE = tuple(
    NamedSession(date(2025, month, day), "AM", "L", authorised=True)
    for month, day in (
        (9, 9),
        (9, 23),
        (9, 30),
        (10, 2),
        (10, 9),
        (10, 14),
        (11, 4),
        (11, 18),
        (11, 25),
        (12, 1),
    )
)

SICK_OR_AWAY = whole_days("I", date(2025, 11, 27), date(2025, 11, 28), authorised=True)
LONG_ILLNESS = whole_days("I", *(date(2025, 11, day) for day in (21, 24, 25, 26, 27, 28)), authorised=True)
UNHEARD = whole_days("N", date(2025, 11, 28), date(2025, 12, 1), authorised=False)

VALUES: dict[str, Any] = {
    "pupil": "Olumide Adeyemi-Holt",
    "forename": "Olumide",
    "class": "4 Kingfisher",
    "date_of_birth": date(2017, 2, 11),
    "how_to_reach": "ring 01632 960 123 and ask for Farid Lindqvist (attendance champion)",
    "office_phone": "01632 960 123",
    "absence_days": Decimal("4.5"),
    "absent_dates": ABSENT,
    "attendance_pct": Share(109, 118),
    "attendance_record": Share(99, 118),
    "year_sessions": 380,
    "max_year_pct": Share(371, 380),
    "max_year_pct_at_next_trigger": Share(360, 380),
    "late_count": 10,
    "late_dates": LATE,
    "punctuality": 2,
    "target_pct": 97,
    "threshold_pct": 96,
    "minimum_pct": 95,
    "next_trigger_days": 8,
    "prior_letter_date": date(2025, 10, 8),
    "next_half_term": date(2026, 2, 13),
    "since": date(2025, 9, 3),
    "meeting_at": datetime(2025, 12, 9, 9, 15),  # noqa: DTZ001 - a local time as a person writes it
    "review_meeting_at": datetime(2025, 12, 9, 15, 30),  # noqa: DTZ001
    "panel_at": datetime(2025, 12, 11, 14, 0),  # noqa: DTZ001
    "plan_meeting_date": date(2025, 11, 20),
    "plan_date": date(2025, 11, 20),
    "met_on": date(2025, 11, 20),
    "nti_rows": (
        (
            "In school every day, from Wednesday",
            "Breakfast club from 8am, free of charge",
            "19 December 2025",
        ),
        ("On time on Mondays", "A call from the school at 7:45am", "16 January 2026"),
    ),
    "offences": HOLIDAY,
    "support_so_far": (
        "A meeting on 20 November and the support plan we wrote there.\n"
        "A place at breakfast club, used on two days."
    ),
    "support_available": (
        "Breakfast club each morning.\nA visit by the family support worker, if you would like one."
    ),
    "sufficient_improvement": (
        "No unauthorised session, and not more than two sessions missed through illness."
    ),
    "period_start": date(2025, 12, 8),
    "period_end": date(2026, 1, 16),
    "period": (date(2025, 12, 8), date(2026, 1, 16)),
    "early_issue_grounds": "Two or more further unauthorised sessions before the end.",
    "evidence_from_date": date(2025, 12, 8),
    "reply_by": date(2025, 12, 12),
    "concern": "Olumide has missed four of the last six Mondays.",
    "why": "We were told of a cold, and we have heard since that the family was away.",
    "leave_dates": (date(2026, 3, 2), date(2026, 3, 6)),
    "decision": "granted in part",
    "dates_from": date(2026, 3, 5),
    "dates_to": date(2026, 3, 6),
    "refusal_reason": "The wedding is on the Friday, and one day of travel is enough to be there.",
    "period_from": date(2025, 9, 3),
    "period_to": date(2025, 12, 1),
    "sessions_absent_unauthorised": 10,
    "sessions_possible": 118,
    "council": "Wexshire County Council",
    "late_after": time(9, 0),
    "lessons_begin": time(9, 5),
    "register_closes": time(9, 15),
    "tried_on": date(2025, 12, 1),
    "term": "autumn",
    "year_pct": Share(377, 380),
    "offence_on": date(2025, 11, 14),
}
# Letters that warn of the law are shown with a holiday that was not agreed, since they need one.
AWAY_VALUES: dict[str, Any] = {
    "absence_days": Decimal("9.5"),
    "absent_dates": ABSENT_AND_AWAY,
    "attendance_pct": Share(99, 118),
    "max_year_pct": Share(361, 380),
}
OWN_VALUES: dict[str, dict[str, Any]] = {
    "wer_notice_3": {"absence_days": 3, "absent_dates": ILLNESS[:6], "max_year_pct": Share(374, 380)},
    "wer_1": {
        "absence_days": 5,
        "absent_dates": (*ABSENT, NamedSession(date(2025, 11, 5), "PM", "N", authorised=False)),
    },
    "wer_2": {"absence_days": 8, "absent_dates": (*ILLNESS, *HOLIDAY[:8]), "next_trigger_days": 10},
    "wer_3": {
        "absence_days": 10,
        "absent_dates": (*ABSENT_AND_AWAY, NamedSession(date(2025, 11, 19), "PM", "O", authorised=False)),
        "max_year_pct": Share(360, 380),
    },
    "wer_4": {
        "absence_days": 17,
        "absent_dates": (
            *ABSENT_AND_AWAY,
            NamedSession(date(2025, 11, 19), "PM", "O", authorised=False),
            *whole_days(
                "O", *(date(2025, 11, day) for day in (20, 21, 24, 25, 26, 27, 28)), authorised=False
            ),
        ),
        "max_year_pct": Share(346, 380),
    },
    "lun_evidence": {"absent_dates": LONG_ILLNESS},
    "lun_unauthorise_notice": {"absent_dates": SICK_OR_AWAY},
    "letter_home_no_contact": {"absent_dates": UNHEARD},
    "str_D": {"significant_medical": True},
}


def sample_values(template: LetterTemplate) -> dict[str, Any]:
    """Return a value for each field of the template that a caller may give, flags left out."""
    values = dict(VALUES)
    if template.tone == "formal":
        values |= AWAY_VALUES
    values |= OWN_VALUES.get(template.key, {})
    declared = {field.name for field in template.fields if field.is_given}
    return {name: value for name, value in values.items() if name in declared}
