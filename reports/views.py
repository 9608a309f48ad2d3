"""The first pages of those who look at a school, or several, as a whole."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import Right
from accounts.http import SignedInRequest, StaffRequest, day_of_roles, staff_page
from escalation.selectors.counts import waiting_steps
from registers.clock import present_moment
from reports import access
from reports.rules import national
from reports.rules.comparison import comparison
from reports.rules.governors import governors_table
from reports.selectors.rates import school_rates
from reports.selectors.today import halves_of_day
from reports.selectors.trust import schools_side_by_side


@require_safe
@staff_page(Right.SEE_OVERVIEW)
def overview(request: StaffRequest) -> HttpResponse:
    """Show how the school's year and day stand."""
    now = present_moment()
    return render(
        request,
        "reports/overview.html",
        {
            "now": now,
            "today": now.date(),
            "rates": school_rates(request.school, on=now.date()),
            "halves": halves_of_day(request.school, on=now.date()),
            "waiting": waiting_steps(request.school),
            "sees_registers": request.may(Right.SEE_REGISTERS),
            "sees_desk": request.may(Right.SEE_DESK),
        },
    )


@require_safe
@staff_page(Right.SEE_AGGREGATES)
def governors(request: StaffRequest) -> HttpResponse:
    """Show governors the year so far in aggregates, without a small number of pupils."""
    now = present_moment()
    rates = school_rates(request.school, on=now.date())
    england = national.national_rates(request.school.phase, before=rates.academic_year)
    table = governors_table(rates.whole, rates.years, rates.outside)
    return render(
        request,
        "reports/governors.html",
        {
            "now": now,
            "today": now.date(),
            "rates": rates,
            "table": table,
            "england": england,
            "comparison": comparison(table.whole, england),
            "source": national.SOURCE,
        },
    )


@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    """Show a trust officer their schools side by side."""
    user = cast(SignedInRequest, request).user
    schools = access.compared_schools(user, on=day_of_roles())
    now = present_moment()
    return render(
        request,
        "reports/trust.html",
        {"now": now, "today": now.date(), "sides": schools_side_by_side(schools, on=now.date())},
    )
