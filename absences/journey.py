"""
One report on its way through the family’s pages: what was answered, what is asked next, what pages show.

Views ask and save (absences/views/parents.py); here stands what they all need to know.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from absences import access, drafts, languages
from absences import family_words as say
from absences.rules.reasons import REASON_BY_KEY, Reason
from absences.rules.reporting import is_in_time
from absences.rules.telling import DayFault, Draft, faults_of_days
from absences.selectors.parents import SchoolFacts, facts_for
from absences.services.parents import span_of
from accounts.models import User
from registers.models import Pupil

# How many days the question of the way back offers.
DAYS_BACK_OFFERED = 6
BEFORE = {"days": "when", "appointment": "reason", "note": "reason", "leave": "reason"}


@dataclass(frozen=True)
class Journey:
    """One report on its way: the request, what was answered, and the schools that it concerns."""

    request: HttpRequest
    user: User
    draft: Draft
    children: list[Pupil]  # the chosen ones
    has_several: bool  # whether the family has more than one child
    facts: dict[int, SchoolFacts]
    at: datetime

    @property
    def today(self) -> date:
        """Return the day on which the parent reports."""
        return self.at.date()

    @property
    def schools(self) -> list[SchoolFacts]:
        """Return the schools of the chosen children."""
        return list(self.facts.values())

    @property
    def reason(self) -> Reason | None:
        """Return the chosen reason."""
        return REASON_BY_KEY.get(self.draft.reason)

    @property
    def next_step(self) -> str:
        """Return the first question that is not answered yet, the answers page when all are."""
        draft, reason = self.draft, self.reason
        if not draft.has_days:
            return "when"
        if reason is None:
            return "reason"
        if reason.asks_for == "leave":
            return "leave"
        if reason.needs_time and draft.appointment_at is None:
            return "appointment"
        if reason.key == "other" and not draft.note:
            return "note"
        return "check"

    def address(self, step: str) -> str:
        """Return the address of a question."""
        return reverse("absences:report_step", args=[self.draft.key, step])

    def go_on(self, draft: Draft) -> HttpResponse:
        """Keep the answers and go to the next open question."""
        drafts.keep(self.request, draft)
        changed = replace(self, draft=draft)
        return redirect(changed.address(changed.next_step))

    def back_from(self, step: str) -> str:
        """Return where the back link of a question leads."""
        if step == "check":
            if self.draft.changes:
                return reverse("absences:family_report", args=[self.draft.changes])
            if self.reason is not None and self.reason.needs_time:
                return self.address("appointment")
            return self.address("note" if self.draft.reason == "other" else "reason")
        if step == "days":
            return self.address("when")
        if self.next_step == "check":
            return self.address("check")
        if step == "reason" and self.draft.is_span_chosen:
            return self.address("when")
        return self.address(BEFORE[step]) if step in BEFORE else reverse("absences:family")

    def question(self, for_one: str, for_several: str) -> str:
        """Return a question about the one child by name, or about them all."""
        return for_one % {"child": say.name_of(self.children[0])} if len(self.children) == 1 else for_several

    def show(self, template: str, step: str, *, status: int = 200, **context: Any) -> HttpResponse:
        """Render a page of the journey."""
        shared = {
            "journey": self,
            "draft": self.draft,
            "today": self.today,
            "names": say.names_of(self.children),
            "back_url": self.back_from(step),
            "when": self.when_words(),
            "languages": languages.languages(),
        }
        return render(self.request, f"absences/parents/{template}.html", {**shared, **context}, status=status)

    def when_words(self) -> str:
        """Return the days of the absence as the family told them; empty before they did."""
        draft = self.draft
        if draft.first_day is None or draft.last_day is None:
            return ""
        return say.span_words(
            draft.first_day, draft.first_half, draft.last_day, draft.last_half, today=self.today
        )

    def closed_today(self) -> list[str]:
        """Say kindly which schools are not open today, and when they are again."""
        said = []
        for own in self.schools:
            if self.today in own.calendar.held:
                continue
            words = _("There is no school today at %(school)s.") % {"school": own.school.name}
            again = own.calendar.next_day(self.today)
            if again:
                day = languages.day(again, self.today)
                words += " " + _("School is open again on %(day)s.") % {"day": day}
            said.append(words)
        return said

    def faults_of_days(self, first: date, last: date) -> list[str]:
        """Say kindly what keeps the days from being reported, at each school."""
        said = []
        for own in self.schools:
            names = {
                "school": own.school.name,
                "days": own.limits.days_at_once,
                "ahead": own.limits.days_ahead,
            }
            words = {
                DayFault.ORDER: _("The last day must be the first day or later"),
                DayFault.LONG: _(
                    "Report %(days)s school days or fewer at once. Call the office if it is longer."
                ),
                DayFault.AHEAD: _("%(school)s takes reports up to %(ahead)s days ahead. Call the office."),
                DayFault.BACK: _("This is too long ago to report here. Call the office of %(school)s."),
                DayFault.NO_SCHOOL: _("There is no school at %(school)s on these days."),
            }
            faults = faults_of_days(first, last, own.calendar, today=own.today, limits=own.limits)
            said += [words[fault] % names for fault in faults]
        return said

    def days_back(self) -> list[date]:
        """Return the school days on which the children could be back, by every school's rules and limits."""
        offered: set[date] | None = None
        for own in self.schools:
            plain = replace(
                self.draft, expected_return=None, back_unknown=False, last_day=self.draft.first_day
            )
            soonest = span_of(plain, own).expected_return
            held = [on for on in own.calendar.held if soonest and on >= soonest]
            within = set(held[: min(DAYS_BACK_OFFERED, own.limits.days_at_once)])
            offered = within if offered is None else offered & within
        return sorted(offered or ())

    def until(self, back: date | None) -> Draft:
        """Return the draft with the day of the way back: the absence lasts until the school day before."""
        draft = self.draft
        if back is None or draft.first_day is None:
            return replace(draft, expected_return=None, back_unknown=True)
        calendar = self.schools[0].calendar
        last = max(calendar.day_before(back) or draft.first_day, draft.first_day)
        changed = replace(draft, expected_return=back, back_unknown=False)
        if last == draft.last_day or back == draft.first_day:
            return changed
        return replace(changed, last_day=last, last_half="PM")

    @property
    def must_say_when_back(self) -> bool:
        """Say whether a school asks for the day of the return (002:138)."""
        return any(own.terms is not None and own.terms.reporting.expected_return_date for own in self.schools)


def journey_of(request: HttpRequest, user: User, key: UUID, *, at: datetime) -> Journey | None:
    """
    Return the journey of a draft; None when this session has no such draft.

    :raises Http404: a child of the draft is not, or no longer, the person's
    """
    draft = drafts.find(request, key)
    if draft is None:
        return None
    own = access.children_of(user, on=at.date())
    chosen = [child for child in own if child.pk in draft.children]
    if len(chosen) != len(draft.children):
        raise Http404
    return Journey(request, user, draft, chosen, len(own) > 1, facts_for(chosen, at=at), at)


@dataclass(frozen=True)
class SchoolLines:
    """What the answers page says of one school: its children, the days there, and its rules."""

    names: str
    school: str
    span: str
    back: str
    exclusion_hours: int
    exclusion_back: str
    late_after: str  # the deadline that has passed; empty when the report is in time
    needs_proof: bool


def lines_of(journey: Journey, own: SchoolFacts) -> SchoolLines:
    """Return what the answers page says of one school."""
    span, today = span_of(journey.draft, own), journey.today
    reporting = own.terms.reporting if own.terms else None
    is_late = reporting is not None and not is_in_time(
        journey.at, first_day=span.first_day, deadline=reporting.deadline
    )
    hours = 0
    if span.exclusion is not None and reporting is not None and reporting.daily_contact_except is not None:
        hours = reporting.daily_contact_except.illness_exclusion_hours
    back = span.expected_return
    return SchoolLines(
        names=say.names_of([child for child in journey.children if child.school_id == own.school.pk]),
        school=own.school.name,
        span=say.span_words(span.first_day, span.first_half, span.last_day, span.last_half, today=today),
        back=say.day_words(back, today) if back else _("Not known yet"),
        exclusion_hours=hours,
        exclusion_back=languages.day(span.exclusion.earliest_return, today) if span.exclusion else "",
        late_after=languages.clock(own.deadline) if is_late else "",
        needs_proof=journey.reason is not None and say.needs_proof(journey.reason, own),
    )
