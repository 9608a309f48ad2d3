"""Who may collect a pupil on a day, and who is on the list of authorised collectors."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Prefetch, Q

from accounts.models import School
from registers.models import AuthorisedCollector, CollectorPupil, Pupil, PupilContact
from registers.words import day


@dataclass(frozen=True)
class Choice:
    """One person who stands at the hatch for a pupil; `refusal` says why they may not collect."""

    key: str  # "contact-7" or "collector-7"
    name: str
    relationship: str
    phone: str = ""
    refusal: str = ""
    is_restricted: bool = False  # by a court order


def refusal_of(collector: AuthorisedCollector, *, on: date) -> str:
    """Return why an authorised collector may not collect on a day, "" when they may."""
    if collector.ended_at is not None:
        return "The parents' permission was ended."
    if on < collector.valid_from:
        return f"May collect from {day(collector.valid_from, on)} only."
    if collector.valid_to is not None and on > collector.valid_to:
        return f"Could collect until {day(collector.valid_to, on)} only."
    if collector.letter_received_on is None or collector.letter_received_on > on:
        return "The letter signed by the parents is not here yet."
    return ""


def choices_for(pupil: Pupil, *, on: date) -> list[Choice]:
    """
    Return everybody known for a pupil at the hatch, those who may collect first. Two statements.

    A parent with responsibility with whom the child lives may collect, unless a court order restricts it;
    another contact only as an authorised collector. An entry that was put right is not shown beside the new.
    """
    found = []
    for link in (
        PupilContact.objects.filter(pupil=pupil)
        .select_related("contact")
        .order_by("priority", "contact__name", "pk")
    ):
        refusal = ""
        if link.court_order_restricts:
            refusal = "A court order restricts this person: do not hand the child over."
        elif not link.parental_responsibility:
            refusal = "No parental responsibility, and not an authorised collector."
        elif not link.lives_with:
            refusal = "The pupil does not live with this person: ask the parent they live with."
        found.append(
            Choice(
                key=f"contact-{link.contact_id}",
                name=link.contact.name,
                relationship=link.relationship,
                phone=link.contact.phone,
                refusal=refusal,
                is_restricted=link.court_order_restricts,
            )
        )
    for collector in collectors_of(pupil):
        if hasattr(collector, "replaced_by"):
            continue
        found.append(
            Choice(
                key=f"collector-{collector.pk}",
                name=collector.name,
                relationship=collector.relationship,
                phone=collector.phone,
                refusal=refusal_of(collector, on=on),
            )
        )
    return sorted(found, key=lambda choice: bool(choice.refusal))


def collectors_of(pupil: Pupil) -> list[AuthorisedCollector]:
    """Return the authorised collectors of a pupil, ended ones last. One statement, and one for the pupils."""
    return list(
        AuthorisedCollector.objects.filter(collected__pupil=pupil)
        .select_related("recorded_by", "ended_by", "replaced_by")
        .prefetch_related(
            Prefetch("collected", queryset=CollectorPupil.objects.select_related("pupil").order_by("pk"))
        )
        .order_by(F("ended_at").asc(nulls_first=True), "name", "pk")
    )


def siblings_of(pupil: Pupil, *, on: date) -> list[Pupil]:
    """Return the pupils on roll that day who share a contact with this one. One statement."""
    return list(
        Pupil.objects.filter(
            Q(enrolments__leaving_on__isnull=True) | Q(enrolments__leaving_on__gte=on),
            enrolments__starts_on__lte=on,
            school_id=pupil.school_id,
            pupil_contacts__contact__pupil_contacts__pupil=pupil,
        )
        .exclude(pk=pupil.pk)
        .distinct()
        .order_by("forename", "surname", "pk")
    )


def restrictions_of(pupil: Pupil) -> list[PupilContact]:
    """Return the contacts of a pupil whom a court order restricts. One statement."""
    return list(
        PupilContact.objects.filter(pupil=pupil, court_order_restricts=True)
        .select_related("contact")
        .order_by("contact__name", "pk")
    )


def collectors_of_school(school: School, *, on: date) -> list[AuthorisedCollector]:
    """Return everybody who is on the school's list and not ended, with their pupils. Two statements."""
    return list(
        AuthorisedCollector.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=on), school=school, ended_at__isnull=True
        )
        .prefetch_related(
            Prefetch("collected", queryset=CollectorPupil.objects.select_related("pupil").order_by("pk"))
        )
        .order_by("name", "pk")
    )
