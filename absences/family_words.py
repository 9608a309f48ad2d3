"""What families' pages say of days, schools and appointments, in the language of the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from absences import languages
from absences.rules.reasons import REASONS, Reason
from absences.rules.telling import AFTERNOON, MORNING
from absences.selectors.parents import SchoolFacts
from registers.models import Pupil

# The headings of the reason picker, in the order shown: how such absences are usually recorded (000:103-119).
GROUPS = ("authorised", "decided", "unauthorised")


def name_of(child: Pupil) -> str:
    """Return what a child is called at home and at school."""
    return child.known_as or child.forename


def names_of(children: Sequence[Pupil]) -> str:
    """Return the children's names in a row."""
    return ", ".join(name_of(child) for child in children)


def day_words(on: date, today: date) -> str:
    """Return a day as a family would say it: today and tomorrow by their names, with the date."""
    shown = languages.day(on, today)
    if on == today:
        return _("Today, %(day)s") % {"day": shown}
    if on == today + timedelta(days=1):
        return _("Tomorrow, %(day)s") % {"day": shown}
    return shown


def coming_words(on: date, today: date) -> str:
    """Return the next school day as a family would say it, whichever day that is."""
    if on - today > timedelta(days=1):
        return _("Next school day, %(day)s") % {"day": languages.day(on, today)}
    return day_words(on, today)


def span_words(first: date, first_half: str, last: date, last_half: str, *, today: date) -> str:
    """Return an absence as a family would say it: a day, a half of one, or from a day to a day."""
    if first != last:
        begins, ends = languages.day(first, today), languages.day(last, today)
        if first_half == "PM":
            begins = _("%(day)s, afternoon") % {"day": begins}
        if last_half == "AM":
            ends = _("%(day)s, morning") % {"day": ends}
        return _("%(first)s to %(last)s") % {"first": begins, "last": ends}
    shown = day_words(first, today)
    if last_half == MORNING:
        return _("%(day)s, morning") % {"day": shown}
    if first_half == AFTERNOON:
        return _("%(day)s, afternoon") % {"day": shown}
    return shown


@dataclass(frozen=True)
class ReasonOption:
    """One reason in the picker."""

    key: str
    label: str
    hint: str
    id: str
    is_chosen: bool


@dataclass(frozen=True)
class ReasonGroup:
    """Reasons that are usually recorded alike."""

    key: str
    title: str
    options: tuple[ReasonOption, ...]


def reason_label(reason: Reason) -> str:
    """Return a reason in the language of the page."""
    return _(reason.label)


def reason_groups(chosen: str, html_id: str) -> list[ReasonGroup]:
    """Return the picker, grouped by how such absences are usually recorded; ids as the form numbers them."""
    titles = {
        "authorised": _("Usually authorised"),
        "decided": _("The school decides each time"),
        "unauthorised": _("Usually not authorised"),
    }
    return [
        ReasonGroup(
            group,
            titles[group],
            tuple(
                ReasonOption(
                    reason.key,
                    reason_label(reason),
                    _(reason.hint) if reason.hint else "",
                    f"{html_id}_{number}",
                    reason.key == chosen,
                )
                for number, reason in enumerate(REASONS)
                if reason.usually == group
            ),
        )
        for group in GROUPS
    ]


def appointment_words(reason: Reason, facts: SchoolFacts) -> list[str]:
    """
    Return what a school's terms say of appointments in school time, sentence by sentence.

    000:270, 001:183, 002:181-183, 003:157-158.
    """
    terms = facts.terms.appointments if facts.terms else None
    if terms is None:
        return []
    names = {"school": facts.school.name}
    said = []
    if terms.routine == "unauthorised_in_hours" and reason.key == "appointment":
        said.append(
            _(
                "%(school)s asks for routine visits outside school hours."
                " In school time they are usually not authorised."
            )
            % names
        )
    if terms.advance_notice == "required_to_authorise":
        said.append(
            _("%(school)s can only authorise it when you tell the school before the appointment.") % names
        )
    elif terms.advance_notice:
        said.append(_("%(school)s asks you to tell it before the appointment if you can.") % names)
    if terms.minimum_time or terms.whole_day_discouraged:
        said.append(_("A child should miss as little school as possible. A whole day is not usually needed."))
    if terms.collected_by_parent_from_office:
        said.append(_("Collect your child from the school office."))
    if terms.form_required:
        said.append(_("This report takes the place of the form of %(school)s for appointments.") % names)
    if terms.evidence_required:
        said.append(_("%(school)s asks for proof: a photo of the letter, card, text or e-mail.") % names)
    return said


def needs_proof(reason: Reason, facts: SchoolFacts) -> bool:
    """Say whether the school asks for proof of such an appointment (001:183, 003:157)."""
    terms = facts.terms.appointments if facts.terms else None
    return reason.needs_time and terms is not None and terms.evidence_required
