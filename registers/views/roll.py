"""Who is on roll: the school's joiners and leavers, a pupil's times on roll, joining and readmission."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.forms.roll import JoinForm, PlaceForm, ReturnForm
from registers.models import ClassGroup, Enrolment, Pupil
from registers.posts import position_of
from registers.rules.calendar import academic_year_of
from registers.rules.leaving_grounds import GROUND_BY_KEY
from registers.selectors import roll as selectors
from registers.selectors.pupils import year_words
from registers.services import joining
from registers.services.joining import CannotJoin
from registers.views.pupils import pupil_page
from registers.words import day

SHOWN_DAYS = 60  # joiners and leavers of the last two months


@require_safe
@staff_page(Right.SEE_PUPILS)
def roll(request: StaffRequest) -> HttpResponse:
    """Show who joined and left lately, who is to come or to go, and which returns are owed."""
    today = present_moment().date()
    since = today - timedelta(days=SHOWN_DAYS)
    context = {
        "joiners": selectors.joiners(request.school, since=since),
        "leavers": selectors.leavers(request.school, since=since),
        "since": since,
        "today": today,
        "may_keep": request.may(Right.KEEP_ADMISSIONS),
    }
    return render(request, "registers/roll.html", context)


@require_safe
@staff_page(Right.SEE_PUPILS)
def pupil_roll(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show every time a pupil was on roll, with classes, joining, leaving and enquiries."""
    return show_roll(request, pupil_of(request, pupil_id))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def pupil_join(request: StaffRequest) -> HttpResponse:
    """Put a new pupil on roll."""
    at = present_moment()
    groups = classes_ahead(request)
    form = JoinForm(request.POST if request.method == "POST" else None, groups=groups)
    if form.is_bound and form.is_valid():
        try:
            enrolment = joining.join_pupil(
                request.school,
                form.pupil(),
                form.place(),
                by=request.user,
                at=at,
                position=position_of(request.roles),
            )
        except CannotJoin as refused:
            form.refuse([(refused.field, refused.message)])
        else:
            messages.success(request, _joined(enrolment, today=at.date()))
            return redirect("registers:pupil_roll", request.school.key, enrolment.pupil_id)
    context = {"form": form, "today": at.date(), "has_classes": bool(groups)}
    return render(request, "registers/roll_join.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def pupil_readmit(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Put a pupil on roll again who left."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id)
    form = PlaceForm(request.POST if request.method == "POST" else None, groups=classes_ahead(request))
    if form.is_bound and form.is_valid():
        try:
            enrolment = joining.readmit_pupil(
                pupil, form.place(), by=request.user, at=at, position=position_of(request.roles)
            )
        except CannotJoin as refused:
            form.refuse([(refused.field, refused.message)])
        else:
            messages.success(request, _joined(enrolment, today=at.date()))
            return redirect("registers:pupil_roll", request.school.key, pupil.pk)
    context = {**pupil_page(request, pupil, "registers:pupil_roll", on=at.date()), "form": form}
    return render(request, "registers/roll_readmit.html", context, status=422 if form.is_bound else 200)


@require_POST
@staff_page(Right.KEEP_ADMISSIONS)
def joining_return(request: StaffRequest, pupil_id: int, enrolment_id: int) -> HttpResponse:
    """Record that the authority was told of a new pupil."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id)
    enrolment = get_object_or_404(Enrolment, pupil=pupil, pk=enrolment_id)
    form = ReturnForm(request.POST)
    if form.is_valid():
        try:
            joining.record_new_pupil_return(
                enrolment, **form.cleaned_data, on=at.date(), by=request.user, at=at
            )
        except CannotJoin as refused:
            form.refuse([(refused.field, refused.message)])
        else:
            messages.success(request, "The new pupil return is recorded as sent.")
            return redirect("registers:pupil_roll", request.school.key, pupil.pk)
    return show_roll(request, pupil, form=form, form_of=("return", enrolment.pk), status=422)


def pupil_of(request: StaffRequest, pupil_id: int) -> Pupil:
    """Return a pupil of the school whom the person may see."""
    on = present_moment().date()
    return access.pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=on)


def show_roll(
    request: StaffRequest,
    pupil: Pupil,
    *,
    form: Any = None,
    form_of: tuple[str, int] = ("", 0),
    status: int = 200,
) -> HttpResponse:
    """Show a pupil's times on roll; `form` is the wrong one of the enrolment and act that `form_of` names."""
    today = present_moment().date()
    times = selectors.times_on_roll(pupil)
    latest = times[0] if times else None
    context = {
        **pupil_page(request, pupil, "registers:pupil_roll", on=today),
        "times": [
            {
                "time": one,
                "ground": GROUND_BY_KEY[one.departure.ground] if one.departure else None,
                "classes": [(member, year_words(member.year_group)) for member in one.memberships],
            }
            for one in times
        ],
        "form": form,
        "form_of": form_of[0],
        "form_enrolment": form_of[1],
        "return_form": ReturnForm(initial={"sent_on": today}),
        "may_keep": request.may(Right.KEEP_ADMISSIONS),
        "may_readmit": latest is None
        or (latest.enrolment.leaving_on is not None and latest.enrolment.leaving_on < today),
        "previous": pupil.previous_marks.count(),
    }
    return render(request, "registers/roll_pupil.html", context, status=status)


def classes_ahead(request: StaffRequest) -> list[ClassGroup]:
    """Return the classes of this academic year and the next."""
    year = academic_year_of(present_moment().date())
    return list(
        ClassGroup.objects.filter(school=request.school, academic_year__in=(year, year + 1)).order_by(
            "academic_year", "name", "pk"
        )
    )


def _joined(enrolment: Enrolment, *, today: date) -> str:
    since = day(enrolment.starts_on, today)
    said = f"{enrolment.pupil.full_name} is on roll from {since}."
    record = enrolment.joining
    if record.return_needed:
        said += f" The new pupil return is due by {day(record.return_due_on, today)}."
    return said
