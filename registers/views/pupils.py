"""The list of pupils, and the particulars of one: details, changes, addresses, flags, history."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from registers import access
from registers.clock import present_moment
from registers.forms.particulars import (
    AddressForm,
    AsAtForm,
    FindForm,
    FlagForm,
    NewFlagForm,
    ParticularsForm,
)
from registers.models import Contact, Pupil, PupilAddress, PupilFlag
from registers.particulars_words import differences
from registers.posts import position_of
from registers.pupil_tabs import tabs_of
from registers.rules.fingerprints import fingerprint
from registers.rules.flags import flag_label
from registers.selectors import contacts as contact_selectors
from registers.selectors import particulars as particulars_selectors
from registers.selectors import pupils as selectors
from registers.services import particulars
from registers.services.particulars import ChangedMeanwhile, ParticularRefused

ROWS = 30
WORDS_KEY = "pupils_sought"  # in the session, because names do not belong in addresses
IN_ADDRESS = ("class_id", "year_group", "flag", "roll")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SEE_PUPILS)
def pupils(request: StaffRequest) -> HttpResponse:
    """Show the school's pupils, those asked for; a search is posted, so that no name stands in an address."""
    today = present_moment().date()
    sought = request.session.get(WORDS_KEY, {})
    words = sought.get(request.school.key, "") if "searched" in request.GET else ""
    options: dict[str, Any] = {
        "classes": selectors.classes_of_year(request.school, on=today),
        "flags_used": selectors.flags_in_use(request.school),
    }
    if request.method == "POST":
        form = FindForm(request.POST, **options)
        if form.is_valid():
            entered = form.cleaned_data
            request.session[WORDS_KEY] = {**sought, request.school.key: entered["words"]}
            return HttpResponseRedirect(f"{request.path}{_query(entered)}")
        return _show_pupils(request, form, form_to_use=FindForm({}, **options), today=today, status=422)
    asked = QueryDict(mutable=True)
    asked.update(request.GET)
    asked["words"] = words
    form = FindForm(asked, **options)
    # An address that nobody of ours wrote asks for everybody.
    used = form if form.is_valid() else FindForm({}, **options)
    return _show_pupils(request, used, form_to_use=used, today=today)


def _query(entered: Mapping[str, Any]) -> str:
    """Return what a list is asked for as the end of an address; the words are not in it."""
    parts = {name: entered[name] for name in IN_ADDRESS if entered[name] and entered[name] != "on"}
    if entered["on"]:
        on: date = entered["on"]
        parts |= {"on_day": on.day, "on_month": on.month, "on_year": on.year}
    if entered["words"]:
        parts["searched"] = 1
    return f"?{urlencode(parts)}" if parts else ""


def _show_pupils(
    request: StaffRequest, form: FindForm, *, form_to_use: FindForm, today: date, status: int = 200
) -> HttpResponse:
    form_to_use.is_valid()
    wanted = form_to_use.wanted(today)
    found = selectors.pupils_wanted(request.school, wanted)
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    narrowing = _query(form_to_use.cleaned_data)
    context = {
        "form": form,
        "page": page,
        "lines": selectors.pupil_lines(list(page.object_list), on=wanted.on),
        "wanted": wanted,
        "today": today,
        "query": f"&{narrowing[1:]}" if narrowing else "",
        "is_narrowed": bool(narrowing),
        "shows_more": bool(_query({**form_to_use.cleaned_data, "words": ""})),
        "may_see_outside": request.may(Right.SEE_PUPILS),
    }
    return render(request, "registers/pupils.html", context, status=status)


@require_safe
@staff_page(Right.SEE_REGISTERS)
def pupil_details(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show what the admission register holds of a pupil; teachers see name and class of their own pupils."""
    at = present_moment()
    today = at.date()
    pupil = access.pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=today)
    if not request.may(Right.SEE_PUPILS):
        context = pupil_page(request, pupil, "registers:pupil_details", on=today)
        return render(request, "registers/pupil_basics.html", context)
    particulars.note_seen(pupil, by=request.user, at=at)
    shown = contact_selectors.contacts_of(pupil, on=today)
    last_school, last_school_address = selectors.last_school_of(pupil)
    context = {
        **pupil_page(request, pupil, "registers:pupil_details", on=today),
        "sex": selectors.SEX[pupil.sex],
        "needs": selectors.needs_of(pupil),
        "addresses": selectors.addresses_of(pupil, on=today),
        "homes": [each for each in shown if each.link.lives_with and each.address],
        "flags": selectors.flags_of(pupil, on=today),
        "siblings": contact_selectors.siblings_of(pupil, on=today),
        "reachable": sum(each.can_be_called for each in shown),
        "last_school": last_school,
        "last_school_address": last_school_address.splitlines(),
        "may_keep": request.may(Right.KEEP_ADMISSIONS),
    }
    return render(request, "registers/pupil_details.html", context)


def pupil_page(request: StaffRequest, pupil: Pupil, current: str, *, on: date) -> dict[str, Any]:
    """Return what every page of a pupil's record shows: name, class, tabs."""
    return {
        "pupil": pupil,
        "standing": selectors.standing_of(pupil, on=on),
        "tabs": tabs_of(request, pupil, current),
        "today": on,
    }


def pupil_of(request: StaffRequest, pupil_id: int, *, at: datetime) -> Pupil:
    """Return the pupil of a page for people who keep the admission register."""
    return access.pupil_for(request.user, request.roles, school=request.school, pk=pupil_id, on=at.date())


def show_form(
    request: StaffRequest,
    template: str,
    pupil: Pupil,
    form: forms.Form,
    context: Mapping[str, Any],
    *,
    tab: str = "registers:pupil_details",
) -> HttpResponse:
    """Show a form of a pupil's record; with 422 when something is wrong with what was entered."""
    status = 422 if form.errors or context.get("conflicts") else 200
    page = pupil_page(request, pupil, tab, on=present_moment().date())
    return render(request, template, {**page, "form": form, **context}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def pupil_particulars(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Change a pupil's particulars."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    standing = particulars.particulars_of(pupil)
    context: dict[str, Any] = {"seen": fingerprint(standing)}
    template = "registers/pupil_particulars.html"
    if request.method != "POST":
        form = ParticularsForm(initial=ParticularsForm.initial_of(pupil), today=at.date())
        return show_form(request, template, pupil, form, context)
    form = ParticularsForm(request.POST, today=at.date())
    if not form.is_valid():
        return show_form(request, template, pupil, form, context | {"seen": seen_of(request)})
    try:
        changed = particulars.change_particulars(
            pupil,
            form.values(),
            seen=seen_of(request),
            by=request.user,
            at=at,
            position=position_of(request.roles),
            counts_from=form.counts_from(at.date()),
        )
    except ChangedMeanwhile as meanwhile:
        conflicts = differences(meanwhile.current, form.values(), today=at.date())
        form.add_error(None, meanwhile.message)
        seen = fingerprint(meanwhile.current)
        return show_form(request, template, pupil, form, {"seen": seen, "conflicts": conflicts})
    except ParticularRefused as refused:
        form.refuse(refused.field, refused.message)
        return show_form(request, template, pupil, form, context | {"seen": seen_of(request)})
    name = f"{form.cleaned_data['forename']} {form.cleaned_data['surname']}"
    messages.success(request, f"The particulars of {name} are saved." if changed else "Nothing was changed.")
    return redirect("registers:pupil_details", request.school.key, pupil.pk)


def seen_of(request: StaffRequest) -> str:
    """Return the fingerprint of what the person had on the screen."""
    return request.POST.get("seen", "")[:64]


@require_safe
@staff_page(Right.SEE_PUPILS)
def particulars_history(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Tell every change of a pupil's particulars, and how they were on a day that is asked for."""
    at = present_moment()
    today = at.date()
    pupil = pupil_of(request, pupil_id, at=at)
    particulars.note_seen(pupil, by=request.user, at=at)
    asked = {name: request.GET.get(name, "") for name in ("on_day", "on_month", "on_year")}
    is_asked = any(asked.values())
    form = AsAtForm(request.GET) if is_asked else AsAtForm()
    then = (
        particulars_selectors.particulars_on(pupil, form.cleaned_data["on"])
        if is_asked and form.is_valid()
        else None
    )
    page = Paginator(particulars_selectors.history_of(pupil, today=today), ROWS)
    context = {
        "changes": page.get_page(request.GET.get("page")),
        "then": then,
        "query": f"&{urlencode(asked)}" if is_asked else "",
    }
    return show_form(request, "registers/particulars_history.html", pupil, form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def address_add(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Add an address at which a pupil lives, or will live."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    form = AddressForm(
        request.POST if request.method == "POST" else None,
        people=_people_of(pupil),
        initial={"starts_on": at.date()},
    )
    if request.method == "POST" and form.is_valid():
        try:
            particulars.add_address(
                pupil, **form.values(), by=request.user, at=at, position=position_of(request.roles)
            )
        except ParticularRefused as refused:
            form.refuse(refused.field, refused.message)
        else:
            messages.success(request, "The address is added.")
            return redirect("registers:pupil_details", request.school.key, pupil.pk)
    return show_form(
        request, "registers/pupil_address.html", pupil, form, {"heading": "Add an address", "address": None}
    )


def _people_of(pupil: Pupil) -> list[Contact]:
    return list(
        Contact.objects.filter(pupil_contacts__pupil=pupil).order_by("pupil_contacts__priority", "pk")
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def address(request: StaffRequest, pupil_id: int, address_id: int) -> HttpResponse:
    """Put an address right, say until when the pupil lived there, or take away one that was never right."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    row = get_object_or_404(PupilAddress, school=request.school, pupil=pupil, pk=address_id)
    author: dict[str, Any] = {"by": request.user, "at": at, "position": position_of(request.roles)}
    context: dict[str, Any] = {"heading": "Change the address", "address": row}
    if request.method != "POST":
        standing = particulars.address_values(row)
        form = AddressForm(people=_people_of(pupil), initial=standing)
        context["seen"] = fingerprint(standing)
        return show_form(request, "registers/pupil_address.html", pupil, form, context)
    if request.POST.get("do") == "remove":
        particulars.remove_address(row, **author)
        messages.success(request, "The address is removed. The history keeps it.")
        return redirect("registers:pupil_details", request.school.key, pupil.pk)
    form = AddressForm(request.POST, people=_people_of(pupil))
    context["seen"] = seen_of(request)
    if form.is_valid():
        try:
            particulars.change_address(row, **form.values(), seen=seen_of(request), **author)
        except ChangedMeanwhile as meanwhile:
            typed = form.values()
            typed["with_contact"] = typed["with_contact"] and typed["with_contact"].pk
            names = {person.pk: person.name for person in form.people.values()}
            context["conflicts"] = differences(meanwhile.current, typed, today=at.date(), names=names)
            context["seen"] = fingerprint(meanwhile.current)
            form.add_error(None, meanwhile.message)
        except ParticularRefused as refused:
            form.refuse(refused.field, refused.message)
        else:
            messages.success(request, "The address is saved.")
            return redirect("registers:pupil_details", request.school.key, pupil.pk)
    return show_form(request, "registers/pupil_address.html", pupil, form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def flag_add(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Note what is known of a pupil from a day on."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    form = NewFlagForm(request.POST if request.method == "POST" else None, initial={"starts_on": at.date()})
    if request.method == "POST" and form.is_valid():
        try:
            particulars.add_flag(
                pupil, **form.cleaned_data, by=request.user, at=at, position=position_of(request.roles)
            )
        except ParticularRefused as refused:
            form.refuse(refused.field, refused.message)
        else:
            messages.success(request, f"The flag {flag_label(form.cleaned_data['name'])} is added.")
            return redirect("registers:pupil_details", request.school.key, pupil.pk)
    return show_form(
        request, "registers/pupil_flag.html", pupil, form, {"heading": "Add a flag", "flag": None}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def flag(request: StaffRequest, pupil_id: int, flag_id: int) -> HttpResponse:
    """End a flag, put its days right, or take away one that was never right."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    row = get_object_or_404(PupilFlag, school=request.school, pupil=pupil, pk=flag_id)
    author: dict[str, Any] = {"by": request.user, "at": at, "position": position_of(request.roles)}
    context: dict[str, Any] = {"heading": flag_label(row.name), "flag": row}
    if request.method != "POST":
        standing = particulars.flag_values(row)
        form = FlagForm(initial=standing)
        context["seen"] = fingerprint(standing)
        return show_form(request, "registers/pupil_flag.html", pupil, form, context)
    if request.POST.get("do") == "remove":
        particulars.remove_flag(row, **author)
        messages.success(request, f"The flag {flag_label(row.name)} is removed. The history keeps it.")
        return redirect("registers:pupil_details", request.school.key, pupil.pk)
    form = FlagForm(request.POST)
    context["seen"] = seen_of(request)
    if form.is_valid():
        try:
            particulars.change_flag(row, **form.cleaned_data, seen=seen_of(request), **author)
        except ChangedMeanwhile as meanwhile:
            context["conflicts"] = differences(meanwhile.current, form.cleaned_data, today=at.date())
            context["seen"] = fingerprint(meanwhile.current)
            form.add_error(None, meanwhile.message)
        except ParticularRefused as refused:
            form.refuse(refused.field, refused.message)
        else:
            messages.success(request, f"The flag {flag_label(row.name)} is saved.")
            return redirect("registers:pupil_details", request.school.key, pupil.pk)
    return show_form(request, "registers/pupil_flag.html", pupil, form, context)


def contacts_url(request: StaffRequest, pupil: Pupil) -> str:
    """Return the address of the page of a pupil's contacts."""
    return reverse("registers:pupil_contacts", args=[request.school.key, pupil.pk])
