"""Families' first page."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from absences import access, languages
from absences.selectors.evidence import asked_of_children
from absences.selectors.family import family_cards
from absences.selectors.parents import reports_of
from absences.views.parents_reports import report_line
from accounts.http import SignedInRequest
from registers.clock import present_moment

# Reports of absences that are not long over, the newest, stand on the card; all others on their own page.
REPORTS_SHOWN = 3
SHOWN_FOR = timedelta(days=14)


@require_safe
def family(request: HttpRequest) -> HttpResponse:
    """Show a parent how each of their children stands today and this year, and what they reported."""
    user = cast(SignedInRequest, request).user
    now = present_moment()
    today = now.date()
    children = access.children_of(user, on=today)
    told = [report for report in reports_of(user, children) if report.last_day >= today - SHOWN_FOR]
    cards = [
        replace(
            card,
            reports=[report_line(report, today) for report in told if report.pupil_id == card.pupil.pk][
                :REPORTS_SHOWN
            ],
        )
        for card in family_cards(children, at=now)
    ]
    asked = asked_of_children(children)
    context = {
        "now": now,
        "today": today,
        "cards": cards,
        "asked": [(child, request) for child in children for request in asked.get(child.pk, ())],
        "languages": languages.languages(),
    }
    return render(request, "absences/family.html", context)
