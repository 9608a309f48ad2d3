"""Requests for leave as the desk, the decider and the family see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from absences.models import LeaveDesignate, LeaveNote, LeavePart, LeaveRequest, LeaveState
from absences.rules.leave import (
    KIND_BY_KEY,
    days_words,
    grant_codes,
    kind_label,
    notice_words,
    wanted_days,
    words_of,
)
from absences.rules.terms import Leave
from absences.selectors.terms import terms_on
from accounts.models import School
from registers.models import Contact, Pupil, PupilContact, Session
from registers.rules.calendar import academic_year_of
from registers.rules.figures import NO_SESSIONS, Figures
from registers.selectors.contacts import siblings_of
from registers.selectors.figures import figures_for

EARLIER_SHOWN = 12


@dataclass(frozen=True)
class RequestLine:
    """One request in a list."""

    request: LeaveRequest
    kind: str
    days: str
    has_begun: bool  # the first day has come and nobody decided


@dataclass(frozen=True)
class Desk:
    """The leave desk of a school: what waits for a decision, what was decided lately, who may decide."""

    waiting: tuple[RequestLine, ...]  # the first day that comes first in front
    decided: tuple[RequestLine, ...]  # newest first
    designates: tuple[LeaveDesignate, ...]


def line_of(request: LeaveRequest, *, today: date) -> RequestLine:
    """Return a request as a list shows it."""
    return RequestLine(
        request,
        kind_label(request.kind),
        days_words(request.sessions),
        request.state == LeaveState.WAITING and request.first_day <= today,
    )


def desk_of(school: School, *, today: date, decided_shown: int = 40) -> Desk:
    """Return the leave desk of a school. Three statements, however many requests."""
    requests = LeaveRequest.objects.filter(school=school).select_related("pupil", "decided_by", "school")
    waiting = requests.filter(state=LeaveState.WAITING).order_by("first_day", "pk")
    others = requests.exclude(state=LeaveState.WAITING).order_by("-first_day", "-pk")[:decided_shown]
    return Desk(
        tuple(line_of(request, today=today) for request in waiting),
        tuple(line_of(request, today=today) for request in others),
        tuple(designates_of(school, today=today)),
    )


def designates_of(school: School, *, today: date) -> list[LeaveDesignate]:
    """Return who decides in the head's place today or later. One statement."""
    return list(
        LeaveDesignate.objects.filter(school=school, last_day__gte=today)
        .select_related("user", "named_by")
        .order_by("first_day", "pk")
    )


# --- what a decider weighs ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """One question of the policy's test, and what the facts say about it (empty: nothing but the reasons)."""

    name: str
    words: str
    fact: str


@dataclass(frozen=True)
class Earlier:
    """An earlier request of the child, or of a brother or sister."""

    request: LeaveRequest
    pupil: Pupil
    kind: str
    days: str
    is_own: bool


@dataclass(frozen=True)
class Weighing:
    """All that the decider has in view."""

    request: LeaveRequest
    kind: str
    days: str
    detail_label: str
    points: tuple[Point, ...]
    likely_yes: tuple[str, ...]
    not_enough: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]
    notice_wanted: str
    figures: Figures | None  # only where the policy weighs attendance
    figures_from: date
    earlier: tuple[Earlier, ...]
    together: tuple[LeaveRequest, ...]  # of the same submission at this school, besides this one
    elsewhere: int  # children of the same submission at other schools
    parts: tuple[LeavePart, ...]
    notes: tuple[LeaveNote, ...]
    allowing: tuple[PupilContact, ...]  # each parent who would allow it
    applicant_link: PupilContact | None
    opens_at: datetime | None  # of the first session
    leave: Leave


def weighing_of(request: LeaveRequest, *, at: datetime, elsewhere: int) -> Weighing:
    """
    Return what the decider of a request has in view, by the terms in force. A constant number of statements.

    Attendance is counted only where the policy weighs it (003:117): elsewhere the figure is not even read
    ("irrespective of the child's overall attendance", 000:242, 001:232, 004:194; LUN sets no such factor).

    :raises NoTerms: the school has no policy in force
    """
    today = at.date()
    leave = terms_on(request.school, today).leave
    year_begins = date(academic_year_of(today), 8, 1)
    figures = None
    if leave.attendance_considered:
        counted = figures_for(
            request.school, first_day=year_begins, last_day=today, pupil_ids=[request.pupil_id]
        )
        figures = counted.get(request.pupil_id, NO_SESSIONS)
    links = list(
        PupilContact.objects.filter(pupil=request.pupil)
        .select_related("contact")
        .order_by("priority", "contact_id")
    )
    earlier = _earlier(request, on=today)
    together = list(
        LeaveRequest.objects.filter(school=request.school, submission=request.submission)
        .exclude(pk=request.pk)
        .select_related("pupil")
        .order_by("pupil__date_of_birth", "pk")
    )
    kind = KIND_BY_KEY.get(request.kind)
    return Weighing(
        request=request,
        kind=kind_label(request.kind),
        days=days_words(request.sessions),
        detail_label=(kind.detail.rstrip("?") if kind else "") or "Details",
        points=tuple(
            Point(name, words_of(name), _fact(name, request, earlier, figures))
            for name in (*leave.test, *leave.factors)
        ),
        likely_yes=tuple(words_of(name) for name in (*leave.likely_yes, *leave.exceptional_list)),
        not_enough=tuple(words_of(name) for name in (*leave.not_enough, *leave.refused_kinds)),
        codes=grant_codes(leave),
        notice_wanted=notice_words(leave.notice),
        figures=figures,
        figures_from=year_begins,
        earlier=tuple(earlier),
        together=tuple(together),
        elsewhere=elsewhere,
        parts=tuple(parts_of(request)),
        notes=tuple(request.notes.select_related("by").order_by("at", "pk")),
        allowing=tuple(_allowing(request, links)),
        applicant_link=next((link for link in links if link.contact_id == request.applicant_id), None),
        opens_at=Session.objects.filter(school=request.school, on=request.first_day, half=request.first_half)
        .values_list("opens_at", flat=True)
        .first(),
        leave=leave,
    )


def parts_of(request: LeaveRequest) -> list[LeavePart]:
    """Return the parts of a decided request in order. One statement."""
    return list(request.parts.order_by("first_day", "first_half", "pk"))


def _allowing(request: LeaveRequest, links: Sequence[PupilContact]) -> list[PupilContact]:
    """Return each parent believed to allow it: who asks, and who goes (000:242, 001:232, 004:194)."""
    going = set(request.travellers.values_list("contact_id", flat=True))
    return [link for link in links if link.contact_id in going or link.contact_id == request.applicant_id]


def _earlier(request: LeaveRequest, *, on: date) -> list[Earlier]:
    """Return requests of the child and of siblings, newest first; those sent together are no earlier ones."""
    siblings = {sibling.pupil.pk for sibling in siblings_of(request.pupil, on=on)}
    rows = (
        LeaveRequest.objects.filter(school=request.school, pupil_id__in=[request.pupil_id, *siblings])
        .exclude(submission=request.submission)
        .select_related("pupil")
        .prefetch_related("outcomes")
        .order_by("-first_day", "-pk")[:EARLIER_SHOWN]
    )
    return [
        Earlier(
            row, row.pupil, kind_label(row.kind), days_words(row.sessions), row.pupil_id == request.pupil_id
        )
        for row in rows
    ]


def _fact(name: str, request: LeaveRequest, earlier: Sequence[Earlier], figures: Figures | None) -> str:
    """Return what is known about a point of the test; what only the reasons can tell stays empty."""
    if name in ("rare", "rare_for_pupil", "one_off_unique"):
        own = [one for one in earlier if one.is_own]
        if not own:
            return "No earlier request for this child here."
        agreed = sum(one.request.state in (LeaveState.GRANTED, LeaveState.PARTLY) for one in own)
        return f"{len(own)} earlier for this child, {agreed} of them agreed wholly or in part."
    if name == "short":
        return f"{days_words(request.sessions)} of school."
    if name == "usual_attendance_above_95" and figures is not None:
        if not figures.possible:
            return "No register has been taken this school year."
        is_above = figures.attended * 100 > 95 * figures.possible
        return f"{figures.sentence()} this school year: {'above' if is_above else 'not above'} 95 %."
    return ""


# --- what a family sees ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class FormOfSchool:
    """What one school's policy makes the form say."""

    school: School
    leave: Leave
    notice: str
    notice_days: int | None
    only_home_parent: bool
    points: tuple[str, ...]
    likely_yes: tuple[str, ...]
    not_enough: tuple[str, ...]
    asks_religious_notice: bool
    asks_written_permission: bool
    evidence: bool


def form_of(school: School, *, on: date) -> FormOfSchool:
    """
    Return what a school's form says. One statement, inside the school's scope.

    :raises NoTerms: the school has no policy in force
    """
    leave = terms_on(school, on).leave
    return FormOfSchool(
        school=school,
        leave=leave,
        notice=notice_words(leave.notice),
        notice_days=wanted_days(leave.notice),
        only_home_parent=leave.applicant == "parent_child_normally_lives_with",
        points=tuple(words_of(name) for name in leave.test),
        likely_yes=tuple(words_of(name) for name in (*leave.likely_yes, *leave.exceptional_list)),
        not_enough=tuple(words_of(name) for name in (*leave.not_enough, *leave.refused_kinds)),
        asks_religious_notice=bool(leave.also.religious and leave.also.religious.advance_written_notice),
        asks_written_permission=bool(
            leave.also.performance_or_sport and leave.also.performance_or_sport.written_permission
        ),
        evidence=leave.evidence_may_be_required or leave.evidence_where_possible,
    )


@dataclass(frozen=True)
class Adult:
    """A grown-up who may go along, as the form offers them: the name and nothing else."""

    key: str  # the ids of the rows of one person, at each school
    name: str
    contact_ids: frozenset[int]


def adults_of(pupils: Sequence[Pupil], *, without: Sequence[int]) -> list[Adult]:
    """
    Return who may be named as going along with these children, besides the applicant's own rows.

    Whom a court order restricts, and whose address is confidential, is left out: a form must not tell one
    parent that the other is still in touch with the school. One statement for each school; call it with
    scopes disabled or inside the school's.
    """
    found: dict[str, set[int]] = {}
    links = (
        PupilContact.objects.filter(
            pupil__in=pupils,
            court_order_restricts=False,
            parental_responsibility=True,
            contact__address_confidential=False,
        )
        .exclude(contact__in=without)
        .select_related("contact")
        .order_by("priority", "contact_id")
    )
    for link in links:
        found.setdefault(link.contact.name, set()).add(link.contact_id)
    return [
        Adult("-".join(str(pk) for pk in sorted(ids)), name, frozenset(ids)) for name, ids in found.items()
    ]


def applicants_of(user_id: int, schools: Sequence[School]) -> dict[int, Contact]:
    """Return who the person is at each school. One statement; call it with scopes disabled."""
    return {
        contact.school_id: contact
        for contact in Contact.objects.filter(user_id=user_id, school__in=schools).order_by("pk")
    }


def requests_of_family(user_id: int, pupil_ids: Sequence[int]) -> list[LeaveRequest]:
    """
    Return the requests that the person made for these children, newest first. One statement.

    What the other parent asked is theirs alone: it tells where they will be. Call it with scopes disabled.
    """
    return list(
        LeaveRequest.objects.filter(applicant__user_id=user_id, pupil_id__in=pupil_ids)
        .select_related("pupil", "school")
        .order_by("-first_day", "-pk")
    )


def children_elsewhere(request: LeaveRequest) -> int:
    """Return how many children of the same submission are at other schools; call it with scopes disabled."""
    return LeaveRequest.objects.filter(Q(submission=request.submission) & ~Q(school=request.school)).count()
