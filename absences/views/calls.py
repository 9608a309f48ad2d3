"""The live call list of a day: whom to call next, what each call came to, and who is calling whom."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from absences.call_rows import Attempt, CallList, ListedContact, ListedPupil
from absences.forms.calls import NOT_SAID
from absences.models import AttemptChannel, AttemptOutcome
from absences.rules import calling
from absences.rules.calling import Next, Step
from absences.rules.contact import CALL
from absences.rules.reasons import REASON_BY_KEY, REASONS
from absences.selectors import calls as selectors
from absences.selectors.terms import NoTerms, terms_on
from absences.services import calls as services
from absences.services.calls import CalledBySomebody
from absences.tabs import ABSENCE_TABS, tabs_of
from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from letters.rules.reaching import mobile
from registers.clock import present_moment
from registers.models import Session

TAB = "absences:calls"
# Calendar days around the day shown in which its neighbours in the school's calendar lie.
AROUND = timedelta(days=30)
PAPER_OUTCOMES = ("Spoke: knew", "Did not know", "Voicemail", "No answer", "Does not work")


@dataclass(frozen=True)
class Days:
    """A day's sessions, and the school days around it."""

    sessions: list[Session]
    previous: date | None
    following: tuple[date, ...]

    @property
    def next(self) -> date | None:
        """Return the school day after."""
        return self.following[0] if self.following else None


@dataclass(frozen=True)
class NumberLine:
    """One number of a contact, as the panel shows it."""

    number: str
    last: Attempt | None
    is_next: bool
    is_wrong: bool
    takes_texts: bool
    entry: UUID


@dataclass(frozen=True)
class ContactLine:
    """One contact in the panel, with numbers and the brothers and sisters whom the same call serves."""

    contact: ListedContact
    numbers: tuple[NumberLine, ...]
    is_next: bool
    shared: tuple[ListedPupil, ...]


@dataclass(frozen=True)
class StepLine:
    """A step of the policy, and whether it was chosen today."""

    step: Step
    chosen: bool


@dataclass(frozen=True)
class Row:
    """One pupil in the table of the list."""

    pupil: ListedPupil
    contact: ListedContact | None
    number: str
    caller: str  # who else is calling
    is_mine: bool
    is_shown: bool


def days_around(request: StaffRequest, on: date) -> Days:
    """Return a day's sessions and the school days around it. One statement."""
    found = list(
        Session.objects.filter(school=request.school, on__range=(on - AROUND, on + AROUND)).order_by(
            "on", "half"
        )
    )
    held = sorted({one.on for one in found if one.is_held})
    return Days(
        [one for one in found if one.on == on],
        next((one for one in reversed(held) if one < on), None),
        tuple(one for one in held if one > on),
    )


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def calls(request: StaffRequest, on: date | None = None) -> HttpResponse:
    """Show whom to call about a day, the child in hand first."""
    at = present_moment()
    today = at.date()
    shown = on or today
    days = days_around(request, shown)
    found = list_of(request, shown, days, at=at)
    pupil = _in_hand(request, found, at=at)
    context = {
        "tabs": tabs_of(request, TAB),
        "on": shown,
        "today": today,
        "at": at,
        "days": days,
        "calls": found,
        "rows": [_row(request, one, pupil, at=at) for one in found.ready],
        "next_free": next(
            (
                one
                for one in found.ready
                if one is not pupil and not one.is_claimed_by_other(request.user.pk, at=at)
            ),
            None,
        ),
        "panel": pupil,
        "has_reports_page": any(line.url_name == "absences:reports" for line in ABSENCE_TABS),
        "may_set_up": request.may(Right.SET_UP_SCHOOL),
        **(_panel(request, pupil, found, days, at=at) if pupil else {}),
    }
    return render(request, "absences/calls/calls.html", context)


def list_of(request: StaffRequest, on: date, days: Days, *, at: datetime) -> CallList:
    """Return the calls of a day; an empty list that says why when no policy was in force. Four statements."""
    try:
        terms = terms_on(request.school, on)
    except NoTerms as refusal:
        return CallList(on, None, has_begun=False, missing_terms=refusal.message)
    return selectors.call_list(request.school, on=on, at=at, terms=terms, sessions=days.sessions)


def _in_hand(request: StaffRequest, found: CallList, *, at: datetime) -> ListedPupil | None:
    """Return the pupil asked for, or the one about whom the person is calling."""
    asked = request.GET.get("pupil", "")
    if asked.isdecimal():
        return next((one for one in found.to_call if one.id == int(asked)), None)
    return next(
        (
            one
            for one in found.to_call
            if one.claim and one.claim.by_id == request.user.pk and one.claim.until > at
        ),
        None,
    )


def _row(request: StaffRequest, pupil: ListedPupil, shown: ListedPupil | None, *, at: datetime) -> Row:
    asked = pupil.next_call
    contact = next(
        (one for one in pupil.contacts if asked is not None and one.contact_id == asked.person_id), None
    )
    is_claimed = pupil.claim is not None and pupil.claim.until > at
    is_mine = is_claimed and pupil.claim is not None and pupil.claim.by_id == request.user.pk
    return Row(
        pupil,
        contact,
        asked.number if asked else "",
        pupil.claim.by if is_claimed and pupil.claim is not None and not is_mine else "",
        is_mine,
        pupil is shown,
    )


def _panel(
    request: StaffRequest, pupil: ListedPupil, found: CallList, days: Days, *, at: datetime
) -> dict[str, object]:
    """Return what the panel of the pupil in hand shows, from what was read for the list."""
    asked = pupil.next_call
    chosen = {task.kind for task in pupil.tasks}
    steps: tuple[StepLine, ...] = ()
    if pupil.is_exhausted and found.terms is not None:
        steps = tuple(
            StepLine(step, step.kind in chosen)
            for step in calling.steps_after_calls(found.terms, days=pupil.run.days)
        )
    return {
        "lines": [_contact_line(pupil, contact, asked) for contact in pupil.contacts],
        "steps": steps,
        "reasons": [(reason.key, reason.label) for reason in REASONS],
        "not_said": NOT_SAID,
        "until_days": days.following[:10],
        "attempts": [attempt_words(one, pupil) for one in reversed(pupil.attempts)],
        "other_caller": (
            pupil.claim if pupil.claim and pupil.is_claimed_by_other(request.user.pk, at=at) else None
        ),
        "spoke_entry": uuid4(),
        "safeguarding_tasks": pupil.tasks_of("safeguarding"),
    }


def _contact_line(pupil: ListedPupil, contact: ListedContact, asked: Next | None) -> ContactLine:
    is_next = asked is not None and asked.person_id == contact.contact_id
    numbers = []
    for number in contact.phones:
        tried = [
            one
            for one in pupil.attempts
            if one.contact_id == contact.contact_id and one.address == number and one.channel == CALL
        ]
        numbers.append(
            NumberLine(
                number,
                tried[-1] if tried else None,
                is_next=is_next and asked is not None and asked.number == number,
                is_wrong=number in pupil.wrong_numbers,
                takes_texts=bool(mobile(number)),
                entry=uuid4(),
            )
        )
    return ContactLine(contact, tuple(numbers), is_next, selectors.shared_by(pupil, contact.contact_id))


def attempt_words(attempt: Attempt, pupil: ListedPupil) -> dict[str, object]:
    """Return an attempt in words: who, how, what it came to."""
    contact = next((one for one in pupil.contacts if one.contact_id == attempt.contact_id), None)
    who = attempt.person if attempt.contact_id is None else contact.name if contact else ""
    is_kept_away = contact is not None and contact.is_kept_away
    return {
        "id": attempt.id,
        "at": attempt.at,
        "by": attempt.by,
        "who": who,
        "channel": AttemptChannel(attempt.channel).label,
        "outcome": AttemptOutcome(attempt.outcome).label,
        "reason": REASON_BY_KEY[attempt.reason].label if attempt.reason in REASON_BY_KEY else "",
        "note": attempt.note,
        # Whoever calls from here must not find the number of somebody kept away; the pupil's log keeps it.
        "address": "" if is_kept_away else attempt.address,
    }


# --- who calls whom


@require_POST
@staff_page(Right.FOLLOW_UP_ABSENCES)
def claim(request: StaffRequest, on: date) -> HttpResponse:
    """Take one child in hand, the next one, or none any more; others see it for five minutes."""
    at = present_moment()
    asked = request.POST.get("pupil", "")
    if request.POST.get("release"):
        services.release(request.school, by=request.user)
        return to_list(request, on)
    found = list_of(request, on, days_around(request, on), at=at)
    if not asked:
        taken = take_next(request, found, at=at)
        if taken is None:
            messages.success(request, "Nobody is left to call, or others are calling about everybody.")
        return to_list(request, on, pupil_id=taken)
    pupil = found.pupil(int(asked)) if asked.isdecimal() else None
    if pupil is None:
        raise Http404
    if not pupil.needs_call:
        messages.success(request, f"{pupil.full_name} needs no call any more.")
        return to_list(request, on)
    try:
        services.claim(request.school, pupil.id, on=on, by=request.user, at=at)
    except CalledBySomebody as refusal:
        messages.error(request, refusal.message)
        return to_list(request, on)
    return to_list(request, on, pupil_id=pupil.id)


def take_next(request: StaffRequest, found: CallList, *, at: datetime) -> int | None:
    """Take the next child of the list in hand about whom nobody else is calling."""
    waiting = [one.id for one in found.ready if not one.attempts] + [
        one.id for one in found.ready if one.attempts and not one.is_exhausted
    ]
    return services.claim_next(request.school, waiting, on=found.on, by=request.user, at=at)


def to_list(request: StaffRequest, on: date, *, pupil_id: int | None = None) -> HttpResponseRedirect:
    """Lead back to the list, to a child on it where one is in hand."""
    url = day_url(request, on)
    return redirect(f"{url}?pupil={pupil_id}#call-now" if pupil_id else url)


def day_url(request: StaffRequest, on: date) -> str:
    """Return the address of a day's list."""
    key = request.school.key
    if on == present_moment().date():
        return reverse("absences:calls", args=[key])
    return reverse("absences:calls_on", args=[key, on])


@require_safe
@staff_page(Right.FOLLOW_UP_ABSENCES)
def paper(request: StaffRequest, on: date) -> HttpResponse:
    """Show the list to be printed: names, numbers and boxes, for the time without a network."""
    at = present_moment()
    found = list_of(request, on, days_around(request, on), at=at)
    context = {"calls": found, "on": on, "today": at.date(), "at": at, "outcomes": PAPER_OUTCOMES}
    return render(request, "absences/calls/paper.html", context)
