"""A pupil's parents and contacts, and people of other bodies who work with the pupil."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Right
from accounts.errors import DomainError
from accounts.http import StaffRequest, staff_page
from registers.clock import present_moment
from registers.forms.contacts import (
    ContactChangeForm,
    ContactForm,
    EndForm,
    LinkForm,
    OutsideForm,
    OutsideLinkForm,
    initial_of,
    initial_of_new,
)
from registers.models import Contact, OutsideContact, Pupil, PupilContact, PupilOutsideContact
from registers.particulars_words import differences
from registers.posts import position_of
from registers.rules.fingerprints import fingerprint
from registers.selectors import contacts as selectors
from registers.services import contact_records, particulars
from registers.services.contact_records import AlreadyLinked
from registers.services.particulars import ChangedMeanwhile, ParticularRefused
from registers.views.pupils import pupil_of, pupil_page, seen_of, show_form

TAB = "registers:pupil_contacts"


@require_safe
@staff_page(Right.SEE_PUPILS)
def pupil_contacts(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Show a pupil's grown-ups in the order of calls, and who of other bodies works with the pupil."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    particulars.note_seen(pupil, by=request.user, at=at)
    shown = selectors.contacts_of(pupil, on=at.date())
    siblings = selectors.siblings_of(pupil, on=at.date())
    shared: dict[int, list[Pupil]] = {}
    for sibling in siblings:
        for shared_id in sibling.shared_ids:
            shared.setdefault(shared_id, []).append(sibling.pupil)
    context = {
        **pupil_page(request, pupil, TAB, on=at.date()),
        "contacts": [(each, shared.get(each.contact.pk, [])) for each in shown],
        "reachable": sum(each.can_be_called for each in shown),
        "outside": selectors.outside_contacts_of(pupil),
        "may_keep": request.may(Right.KEEP_ADMISSIONS),
    }
    return render(request, "registers/pupil_contacts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def contact_add(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Add a grown-up to a pupil; somebody who is known at the school already is offered first."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    template = "registers/contact_add.html"
    if request.method != "POST":
        place = PupilContact.objects.filter(pupil=pupil).count() + 1
        family = {"family": selectors.family_contacts(pupil)}
        return show_form(
            request, template, pupil, ContactForm(initial=initial_of_new(place)), family, tab=TAB
        )
    form = ContactForm(request.POST)
    context: dict[str, Any] = {}
    if form.is_valid():
        entered = form.values()
        known = selectors.people_like(
            pupil,
            name=entered["name"],
            email=entered["email"],
            phones=(entered["phone"], entered["home_phone"], entered["work_phone"]),
        )
        if known and "new_person" not in request.POST:
            context = {
                "known": known,
                "errors": [
                    {
                        "message": "Say whether this is somebody whom the school knows already",
                        "href": "#known",
                    }
                ],
            }
            response = show_form(request, template, pupil, form, context, tab=TAB)
            response.status_code = 422
            return response
        try:
            link = contact_records.add_contact(pupil, entered, **_author(request, at), on=at.date())
        except ParticularRefused as refused:
            form.refuse(refused.field, refused.message)
        else:
            messages.success(request, f"{link.contact.name} is added.")
            return redirect(TAB, request.school.key, pupil.pk)
    return show_form(request, template, pupil, form, context, tab=TAB)


def _author(request: StaffRequest, at: Any) -> dict[str, Any]:
    return {"by": request.user, "at": at, "position": position_of(request.roles)}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def contact_link(request: StaffRequest, pupil_id: int, contact_id: int) -> HttpResponse:
    """Make somebody whom the school knows already a contact of another pupil."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    contact = get_object_or_404(Contact, school=request.school, pk=contact_id)
    place = PupilContact.objects.filter(pupil=pupil).count() + 1
    form = LinkForm(
        request.POST if request.method == "POST" else None, initial=_initial_link(contact, pupil, place)
    )
    if request.method == "POST" and form.is_valid():
        try:
            contact_records.link_contact(pupil, contact, form.values(), **_author(request, at), on=at.date())
        except AlreadyLinked as refused:
            form.add_error(None, refused.message)
        except ParticularRefused as refused:
            form.refuse(refused.field, refused.message)
        else:
            messages.success(request, f"{contact.name} is now a contact of {pupil.full_name}.")
            return redirect(TAB, request.school.key, pupil.pk)
    children = list(
        Pupil.objects.filter(school=request.school, pupil_contacts__contact=contact)
        .exclude(pk=pupil.pk)
        .order_by("date_of_birth", "pk")
    )
    context = {"contact": contact, "children": children}
    return show_form(request, "registers/contact_link.html", pupil, form, context, tab=TAB)


def _initial_link(contact: Contact, pupil: Pupil, place: int) -> dict[str, object]:
    """Return what a person is to a brother or sister as the first answer; an order makes it careful."""
    other = PupilContact.objects.filter(contact=contact).exclude(pupil=pupil).order_by("-pk").first()
    initial = initial_of_new(place)
    if other is not None:
        initial |= {
            "relationship": other.relationship,
            "parental_responsibility": other.parental_responsibility,
            "lives_with": other.lives_with,
        }
        if other.court_order_restricts:
            initial |= {"receives_letters": False, "may_sign_in": False, "lives_with": False}
    return initial


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def contact(request: StaffRequest, pupil_id: int, contact_id: int) -> HttpResponse:
    """Change a grown-up of a pupil: the person, for all brothers and sisters, and the link to this one."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    link: PupilContact = get_object_or_404(
        PupilContact.objects.select_related("contact"),
        school=request.school,
        pupil=pupil,
        contact_id=contact_id,
    )
    standing = contact_records.contact_values(link)
    siblings = [
        sibling.pupil
        for sibling in selectors.siblings_of(pupil, on=at.date())
        if link.contact_id in sibling.shared_ids
    ]
    context: dict[str, Any] = {"link": link, "children": siblings, "seen": fingerprint(standing)}
    template = "registers/contact.html"
    if request.method != "POST":
        return show_form(
            request, template, pupil, ContactChangeForm(initial=initial_of(link)), context, tab=TAB
        )
    form = ContactChangeForm(request.POST)
    context["seen"] = seen_of(request)
    if form.is_valid():
        try:
            change = contact_records.change_contact(
                link,
                form.values(),
                seen=seen_of(request),
                **_author(request, at),
                counts_from=form.counts_from(at.date()),
            )
        except ChangedMeanwhile as meanwhile:
            context["conflicts"] = differences(meanwhile.current, form.values(), today=at.date())
            context["seen"] = fingerprint(meanwhile.current)
            form.add_error(None, meanwhile.message)
        except ParticularRefused as refused:
            form.refuse(refused.field, refused.message)
        else:
            is_changed = change.person or change.link
            name = form.cleaned_data["name"]
            messages.success(request, f"{name} is saved." if is_changed else "Nothing was changed.")
            return redirect(TAB, request.school.key, pupil.pk)
    return show_form(request, template, pupil, form, context, tab=TAB)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def contact_remove(request: StaffRequest, pupil_id: int, contact_id: int) -> HttpResponse:
    """Ask, then take a grown-up off a pupil's record."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    link: PupilContact = get_object_or_404(
        PupilContact.objects.select_related("contact", "pupil"),
        school=request.school,
        pupil=pupil,
        contact_id=contact_id,
    )
    context: dict[str, Any] = {**pupil_page(request, pupil, TAB, on=at.date()), "link": link}
    if request.method == "POST" and request.POST.get("do") != "remove":
        context["errors"] = [{"message": "Confirm that you want to remove this contact", "href": "#remove"}]
        return render(request, "registers/contact_remove.html", context, status=422)
    if request.method == "POST":
        try:
            contact_records.remove_contact(link, **_author(request, at), on=at.date())
        except ParticularRefused as refused:
            context["errors"] = [{"message": refused.message}]
            return render(request, "registers/contact_remove.html", context, status=422)
        messages.success(
            request,
            f"{link.contact.name} is no longer a contact of {pupil.full_name}. The history keeps it.",
        )
        return redirect(TAB, request.school.key, pupil.pk)
    return render(request, "registers/contact_remove.html", context)


@require_safe
@staff_page(Right.SEE_PUPILS)
def outside_contacts(request: StaffRequest) -> HttpResponse:
    """Show the people of other bodies whom the school works with."""
    context = {
        "people": selectors.outside_contacts(request.school),
        "may_keep": request.may(Right.KEEP_ADMISSIONS),
    }
    return render(request, "registers/outside_contacts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def outside_contact_add(request: StaffRequest) -> HttpResponse:
    """Add somebody of another body."""
    at = present_moment()
    form = OutsideForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        person = contact_records.add_outside_contact(
            request.school, form.cleaned_data, by=request.user, at=at
        )
        messages.success(request, f"{person.name} is added.")
        return redirect("registers:outside_contacts", request.school.key)
    context = {"form": form, "heading": "Add an outside contact"}
    status = 422 if form.errors else 200
    return render(request, "registers/outside_contact.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def outside_contact(request: StaffRequest, outside_id: int) -> HttpResponse:
    """Change somebody of another body."""
    at = present_moment()
    person = get_object_or_404(OutsideContact, school=request.school, pk=outside_id)
    context: dict[str, Any] = {
        "heading": person.name,
        "seen": fingerprint(contact_records.outside_values(person)),
    }
    if request.method != "POST":
        context["form"] = OutsideForm(initial=OutsideForm.initial_of(person))
        return render(request, "registers/outside_contact.html", context)
    form = OutsideForm(request.POST)
    context |= {"form": form, "seen": seen_of(request)}
    if form.is_valid():
        try:
            changed = contact_records.change_outside_contact(
                person, form.cleaned_data, seen=seen_of(request), by=request.user, at=at
            )
        except ChangedMeanwhile as meanwhile:
            context["conflicts"] = differences(meanwhile.current, form.cleaned_data, today=at.date())
            context["seen"] = fingerprint(meanwhile.current)
            form.add_error(None, meanwhile.message)
        else:
            name = form.cleaned_data["name"]
            messages.success(request, f"{name} is saved." if changed else "Nothing was changed.")
            return redirect("registers:outside_contacts", request.school.key)
    return render(request, "registers/outside_contact.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def pupil_outside_add(request: StaffRequest, pupil_id: int) -> HttpResponse:
    """Note that somebody of another body works with a pupil."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    form = OutsideLinkForm(
        request.POST if request.method == "POST" else None,
        people=selectors.outside_contacts(request.school),
        initial={"starts_on": at.date()},
    )
    if request.method == "POST" and form.is_valid():
        person, starts_on = form.chosen()
        try:
            contact_records.link_outside_contact(pupil, person, starts_on=starts_on, **_author(request, at))
        except DomainError as refused:
            form.add_error("person", refused.message)
        else:
            messages.success(request, f"{person.name} now works with {pupil.full_name}.")
            return redirect(TAB, request.school.key, pupil.pk)
    context = {"heading": "Add somebody who works with the pupil"}
    return show_form(request, "registers/pupil_outside.html", pupil, form, context, tab=TAB)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.KEEP_ADMISSIONS)
def pupil_outside(request: StaffRequest, pupil_id: int, link_id: int) -> HttpResponse:
    """Note until when somebody of another body worked with a pupil."""
    at = present_moment()
    pupil = pupil_of(request, pupil_id, at=at)
    link: PupilOutsideContact = get_object_or_404(
        PupilOutsideContact.objects.select_related("outside_contact"),
        school=request.school,
        pupil=pupil,
        pk=link_id,
    )
    form = EndForm(
        request.POST if request.method == "POST" else None, initial={"ends_on": link.ends_on or at.date()}
    )
    if request.method == "POST" and form.is_valid():
        try:
            contact_records.end_outside_contact(
                link, ends_on=form.cleaned_data["ends_on"], **_author(request, at)
            )
        except ParticularRefused as refused:
            form.refuse(refused.field, refused.message)
        else:
            messages.success(request, f"{link.outside_contact.name}: the last day is saved.")
            return redirect(TAB, request.school.key, pupil.pk)
    context = {
        "heading": f"{link.outside_contact.name}, {link.outside_contact.get_role_display().lower()}",
        "link": link,
    }
    return show_form(request, "registers/pupil_outside.html", pupil, form, context, tab=TAB)
