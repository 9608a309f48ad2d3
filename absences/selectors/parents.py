"""What a family's report needs to know of its schools, and the reports that a parent made, fully loaded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q
from django_scopes import scope, scopes_disabled

from absences.models import Attachment, Channel, Report, ReportState, SchoolAbsenceSettings
from absences.rules.reporting import Limits
from absences.rules.telling import Calendar
from absences.rules.terms import Terms
from absences.selectors.terms import NoTerms, terms_on
from accounts.models import School, User
from registers.models import CalendarPeriod, Contact, Mark, Pupil, Session
from registers.rules.calendar import academic_year_of

# Further than any holiday reaches, so that the day after a holiday is known.
DAYS_AFTER = 70
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class SchoolFacts:
    """One school as a family's report meets it on a day."""

    school: School
    today: date
    terms: Terms | None  # none before the first policy is in force
    limits: Limits
    calendar: Calendar
    today_ends_at: datetime | None  # when the last register of today closes; none without school today

    @property
    def deadline(self) -> time | None:
        """Return until when the school wants to be told (terms.reporting.deadline)."""
        return time.fromisoformat(self.terms.reporting.deadline) if self.terms else None


def limits_of(school: School) -> Limits:
    """Return how far a family may report an absence at a school. One statement."""
    row = SchoolAbsenceSettings.objects.filter(school=school).first() or SchoolAbsenceSettings()
    return Limits(days_ahead=row.days_ahead, days_at_once=row.days_at_once, days_back=row.days_back)


def facts_of(school: School, *, at: datetime) -> SchoolFacts:
    """Return what a report needs to know of a school. Four statements."""
    today = at.date()
    limits = limits_of(school)
    try:
        terms = terms_on(school, today)
    except NoTerms:
        terms = None
    # Ten school days are two weeks, and a holiday may lie between.
    begins = today - WEEK * (limits.days_back // 5 + 8)
    ends = today + timedelta(days=limits.days_ahead + DAYS_AFTER)
    sessions = list(
        Session.objects.filter(school=school, on__range=(begins, ends))
        .order_by("on", "half")
        .values_list("on", "status", "closes_at")
    )
    held = tuple(dict.fromkeys(on for on, status, _ in sessions if status == "held"))
    closes = [closes_at for on, status, closes_at in sessions if on == today and status == "held"]
    return SchoolFacts(
        school=school,
        today=today,
        terms=terms,
        limits=limits,
        calendar=Calendar(held, _closures(school, begins, ends)),
        today_ends_at=max(closes, default=None),
    )


def _closures(school: School, begins: date, ends: date) -> dict[date, str]:
    closed: dict[date, str] = {}
    for period in CalendarPeriod.objects.filter(
        school=school, kind__in=["closure", "emergency_closure"], last_day__gte=begins, first_day__lte=ends
    ):
        day = period.first_day
        while day <= period.last_day:
            closed[day] = period.name
            day += timedelta(days=1)
    return closed


def facts_for(children: Iterable[Pupil], *, at: datetime) -> dict[int, SchoolFacts]:
    """Return the facts of each child's school, by school id, in the order of the children."""
    schools = {child.school_id: child.school for child in children}
    facts = {}
    for school_id, school in schools.items():
        with scope(school=school):
            facts[school_id] = facts_of(school, at=at)
    return facts


@dataclass(frozen=True)
class Unexplained:
    """A past day, or half of one, on which the school does not know why some children were away."""

    on: date
    part: str  # absences.rules.telling: WHOLE_DAY, MORNING or AFTERNOON
    pupil_ids: tuple[int, ...]


def unexplained(
    children: Iterable[Pupil], facts: Mapping[int, SchoolFacts], *, on: date
) -> list[Unexplained]:
    """
    Return the days before a day that nobody has explained or reported yet, the newest first.

    Two statements for each school. Children of different schools are told apart by their ids alone.
    """
    found: dict[tuple[date, str], list[int]] = {}
    by_school: dict[int, list[Pupil]] = {}
    for child in children:
        by_school.setdefault(child.school_id, []).append(child)
    for school_id, pupils in by_school.items():
        own = facts[school_id]
        begins = own.calendar.earliest(on, own.limits.days_back)
        with scope(school=own.school):
            told = _told(pupils, begins=begins)
            halves: dict[tuple[int, date], list[str]] = {}
            for pupil_id, day, half in (
                Mark.objects.filter(
                    academic_year__in={academic_year_of(begins), academic_year_of(on)},
                    pupil__in=pupils,
                    session__on__range=(begins, on - timedelta(days=1)),
                    code_id="N",
                )
                .order_by("session__on", "session__half")
                .values_list("pupil_id", "session__on", "session__half")
            ):
                if not any(pupil_id == one and first <= (day, half) <= last for one, first, last in told):
                    halves.setdefault((pupil_id, day), []).append(half)
        for (pupil_id, day), missed in halves.items():
            found.setdefault((day, missed[0] if len(missed) == 1 else "day"), []).append(pupil_id)
    return [
        Unexplained(day, part, tuple(pupil_ids))
        for (day, part), pupil_ids in sorted(found.items(), key=lambda item: item[0], reverse=True)
    ]


def _told(pupils: list[Pupil], *, begins: date) -> list[tuple[int, tuple[date, str], tuple[date, str]]]:
    standing = [ReportState.WAITING, ReportState.ACCEPTED]
    return [
        (report.pupil_id, (report.first_day, report.first_half), (report.last_day, report.last_half))
        for report in Report.objects.filter(pupil__in=pupils, last_day__gte=begins, state__in=standing)
    ]


def is_in_class_this_morning(children: Iterable[Pupil], *, on: date) -> bool:
    """Say whether every child was marked present this morning: an absence of today is then the afternoon."""
    pupils = list(children)
    with scopes_disabled():
        present = Mark.objects.filter(
            academic_year=academic_year_of(on),
            pupil__in=pupils,
            session__on=on,
            session__half="AM",
            code_id__in=["/", "L", "U"],
        )
        return bool(pupils) and present.values("pupil").distinct().count() == len(pupils)


def contact_at(user: User, school: School) -> Contact | None:
    """Return the person as a school's contact."""
    with scope(school=school):
        return Contact.objects.filter(user=user, school=school).first()


def _told_by(user: User) -> Q:
    """
    Return what makes a report a person's own: they are who told, or they sent it online themselves.

    A parent who works in the office writes down what others tell; that is not theirs to read at home.
    """
    return Q(contact__user=user) | Q(recorded_by=user, channel=Channel.ONLINE)


def reports_of(user: User, children: Iterable[Pupil]) -> list[Report]:
    """
    Return what a parent told of their children, newest first; one statement.

    Only their own reports: what the other parent wrote to the school is not for them to read.
    """
    with scopes_disabled():
        return list(
            Report.objects.filter(_told_by(user), pupil__in=list(children))
            .exclude(state=ReportState.REPLACED)
            .select_related("pupil", "school", "decided_by")
            .order_by("-received_at", "-pk")
        )


def reports_of_submission(user: User, submission: UUID) -> list[Report]:
    """Return the reports that a person sent in one go, eldest child first."""
    with scopes_disabled():
        return list(
            Report.objects.filter(_told_by(user), submission=submission)
            .select_related("pupil", "school")
            .order_by("pupil__date_of_birth", "pupil__forename", "pk")
        )


def with_files(reports: Iterable[Report]) -> set[int]:
    """Return the ids of those reports to which a file belongs."""
    with scopes_disabled():
        return set(Attachment.objects.filter(report__in=list(reports)).values_list("report_id", flat=True))


def report_of(user: User, report_id: int | None, children: Iterable[Pupil]) -> Report | None:
    """Return one of the reports that a parent made of these children; None for any other."""
    if report_id is None:
        return None
    with scopes_disabled():
        return (
            Report.objects.filter(_told_by(user), pk=report_id, pupil__in=list(children))
            .select_related("pupil", "school", "contact", "decided_by")
            .first()
        )
