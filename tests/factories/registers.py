"""Calendars, pupils, classes, families, timetables, marks and their history."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from factory.declarations import LazyAttribute, SelfAttribute, Sequence, SubFactory
from factory.helpers import lazy_attribute

from accounts.models import School
from registers.models import (
    CalendarPeriod,
    ClassGroup,
    ClassMembership,
    ClassTeacher,
    Code,
    Contact,
    DayTimes,
    Enrolment,
    EntryBatch,
    HistoryAnchor,
    HistoryHead,
    Mark,
    MarkEntry,
    PartTimeTimetable,
    Pupil,
    PupilContact,
    PupilFlag,
    Register,
    Session,
    TimetableAbsence,
    YearGroupTimes,
)
from registers.rules.calendar import academic_year_of, term_of
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory

LONDON = ZoneInfo("Europe/London")
# Opens, late after, closes: the mornings and afternoons of factory-made sessions.
TIMES = {"AM": (time(8, 50), time(8, 50), time(9, 20)), "PM": (time(13, 0), time(13, 0), time(13, 15))}


def london(on: date, at: time) -> datetime:
    """Return the instant at which a clock in an English school shows this time."""
    return datetime.combine(on, at, tzinfo=LONDON)


class DayTimesFactory(RowFactory[DayTimes]):
    """A morning for every day of the week."""

    class Meta:
        model = DayTimes

    school = SubFactory(SchoolFactory)
    half = "AM"
    opens_at = LazyAttribute(lambda times: TIMES[times.half][0])
    late_after = LazyAttribute(lambda times: TIMES[times.half][1])
    closes_at = LazyAttribute(lambda times: TIMES[times.half][2])
    day_ends_at = time(15, 15)


class CalendarPeriodFactory(RowFactory[CalendarPeriod]):
    """The first half term of 2025/26."""

    class Meta:
        model = CalendarPeriod

    school = SubFactory(SchoolFactory)
    kind = "half_term"
    name = "Autumn 1"
    first_day = date(2025, 9, 3)
    last_day = date(2025, 10, 24)


class SessionFactory(RowFactory[Session]):
    """A session held on the morning of Tuesday 9 September 2025; numbers are the caller's to choose."""

    class Meta:
        model = Session

    school = SubFactory(SchoolFactory)
    on = date(2025, 9, 9)
    half = "AM"
    academic_year = LazyAttribute(lambda session: academic_year_of(session.on))
    half_term = "Autumn 1"
    term = LazyAttribute(lambda session: term_of(session.half_term))
    number = LazyAttribute(lambda session: 1 if session.status == "held" else None)
    school_week = LazyAttribute(lambda session: 1 if session.status == "held" else None)
    status = "held"
    opens_at = LazyAttribute(lambda session: london(session.on, TIMES[session.half][0]))
    late_after_at = LazyAttribute(lambda session: london(session.on, TIMES[session.half][1]))
    closes_at = LazyAttribute(lambda session: london(session.on, TIMES[session.half][2]))


class YearGroupTimesFactory(RowFactory[YearGroupTimes]):
    """The nursery's later morning of a session."""

    class Meta:
        model = YearGroupTimes

    session = SubFactory(SessionFactory)
    school = SelfAttribute("session.school")
    year_group = "N"
    opens_at = LazyAttribute(lambda times: london(times.session.on, time(9, 0)))
    late_after_at = LazyAttribute(lambda times: london(times.session.on, time(9, 10)))
    closes_at = LazyAttribute(lambda times: london(times.session.on, time(9, 30)))


class PupilFactory(RowFactory[Pupil]):
    """A child of nine in September 2025, of compulsory school age; not on any roll yet."""

    class Meta:
        model = Pupil

    school = SubFactory(SchoolFactory)
    upn = Sequence(lambda n: f"A{n:012d}")
    surname = Sequence(lambda n: f"Surname{n:04d}")
    forename = "Robin"
    date_of_birth = date(2016, 3, 15)
    sex = "F"


class PupilFlagFactory(RowFactory[PupilFlag]):
    """A flag of a pupil since the first day of 2025/26."""

    class Meta:
        model = PupilFlag

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    name = "significant_medical"
    starts_on = date(2025, 9, 3)


class EnrolmentFactory(RowFactory[Enrolment]):
    """A pupil on roll since 1 September 2025."""

    class Meta:
        model = Enrolment

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    starts_on = date(2025, 9, 1)


class ClassGroupFactory(RowFactory[ClassGroup]):
    """A class of 2025/26."""

    class Meta:
        model = ClassGroup

    school = SubFactory(SchoolFactory)
    academic_year = 2025
    name = Sequence(lambda n: f"Class {n}")


class ClassMembershipFactory(RowFactory[ClassMembership]):
    """A Year 5 pupil in a class of 2025/26 since its first day."""

    class Meta:
        model = ClassMembership

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    class_group = SubFactory(ClassGroupFactory, school=SelfAttribute("..school"))
    year_group = "5"
    starts_on = date(2025, 9, 1)


class ClassTeacherFactory(RowFactory[ClassTeacher]):
    """A teacher of a class of 2025/26; the role at the school is given apart."""

    class Meta:
        model = ClassTeacher

    class_group = SubFactory(ClassGroupFactory)
    school = SelfAttribute("class_group.school")
    user = SubFactory(UserFactory)
    starts_on = date(2025, 9, 1)


class ContactFactory(RowFactory[Contact]):
    """A grown-up with an address."""

    class Meta:
        model = Contact

    school = SubFactory(SchoolFactory)
    name = Sequence(lambda n: f"Contact {n}")
    email = Sequence(lambda n: f"contact{n}@family.example")
    phone = "01632 960123"
    address = "2 Valley Road\nAnytown\nAN1 2BB"


class PupilContactFactory(RowFactory[PupilContact]):
    """A mother at the pupil's address who receives letters."""

    class Meta:
        model = PupilContact

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    contact = SubFactory(ContactFactory, school=SelfAttribute("..school"))
    relationship = "mother"
    priority = 1


class PartTimeTimetableFactory(RowFactory[PartTimeTimetable]):
    """A timetable of four weeks in November 2025, without its absent sessions."""

    class Meta:
        model = PartTimeTimetable

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    first_day = date(2025, 11, 3)
    last_day = date(2025, 11, 28)
    review_on = date(2025, 11, 28)
    agreed_on = date(2025, 10, 24)


class TimetableAbsenceFactory(RowFactory[TimetableAbsence]):
    """Monday afternoons off."""

    class Meta:
        model = TimetableAbsence

    timetable = SubFactory(PartTimeTimetableFactory)
    weekday = 0
    half = "PM"


class CodeFactory(RowFactory[Code]):
    """A code of the table; migrating writes the national ones, so build one rather than create it."""

    class Meta:
        model = Code

    symbol = "I"
    name = "Illness"
    group = "authorised"
    statistical_class = "AU"


class RegisterFactory(RowFactory[Register]):
    """A register taken on the morning of 9 September 2025."""

    class Meta:
        model = Register

    class_group = SubFactory(ClassGroupFactory)
    school = SelfAttribute("class_group.school")
    session = SubFactory(SessionFactory, school=SelfAttribute("..school"))
    taken_at = LazyAttribute(lambda register: register.session.opens_at)
    taken_by = SubFactory(UserFactory)
    saved_at = SelfAttribute("taken_at")


class MarkFactory(RowFactory[Mark]):
    """A present mark of a pupil who is put on roll for it."""

    class Meta:
        model = Mark

    session = SubFactory(SessionFactory)
    school = SelfAttribute("session.school")
    academic_year = SelfAttribute("session.academic_year")
    code_id = LazyAttribute(lambda mark: {"AM": "/", "PM": "\\"}[mark.session.half])
    recorded_at = LazyAttribute(lambda mark: mark.session.opens_at)
    recorded_by = SubFactory(UserFactory)
    source = "register"

    @lazy_attribute
    def pupil(self) -> Pupil:  # type: ignore[override]
        enrolment: Enrolment = EnrolmentFactory(
            pupil__school=self.session.school, starts_on=self.session.on - timedelta(days=8)
        )
        return enrolment.pupil


class HistoryHeadFactory(RowFactory[HistoryHead]):
    """The head of a chain without a link; the database makes the real ones."""

    class Meta:
        model = HistoryHead

    school = SubFactory(SchoolFactory)


class HistoryAnchorFactory(RowFactory[HistoryAnchor]):
    """A link told to somebody outside, of a chain that may not exist."""

    class Meta:
        model = HistoryAnchor

    school = SubFactory(SchoolFactory)
    number = 1
    digest = b"\x00" * 32
    at = datetime(2025, 9, 9, 18, 0, tzinfo=UTC)


class EntryBatchFactory(RowFactory[EntryBatch]):
    """A link of a chain; the database makes the real ones, so this is to be built, or used to forge."""

    class Meta:
        model = EntryBatch

    school = SubFactory(SchoolFactory)
    number = 1
    by = SubFactory(UserFactory)
    by_name = SelfAttribute("by.name")
    at = datetime(2025, 9, 9, 8, 0, tzinfo=UTC)
    written_at = SelfAttribute("at")
    entries_count = 1
    entries_digest = b""
    previous_digest = b""
    digest = b""


class MarkEntryFactory(RowFactory[MarkEntry]):
    """An entry of the history; the database makes the real ones, so this is to be built, or used to forge."""

    class Meta:
        model = MarkEntry

    batch = SubFactory(EntryBatchFactory)
    session = SubFactory(SessionFactory, school=SelfAttribute("..batch.school"))
    pupil = SubFactory(PupilFactory, school=SelfAttribute("..batch.school"))
    academic_year = SelfAttribute("session.academic_year")
    new_code = "/"
    new_nature = ""


def weekdays_between(first_day: date, last_day: date) -> Iterator[date]:
    """Yield each Monday to Friday from a first to a last day."""
    day = first_day
    while day <= last_day:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


def held_sessions(
    school: School,
    first_day: date,
    last_day: date,
    *,
    half_term: str = "Autumn 1",
    number: int = 1,
    week: int = 1,
) -> list[Session]:
    """
    Make both sessions of every weekday from a first to a last day, all held.

    `number` and `week` are those of the first session. Whole years come from `registers.services.calendar`.
    """
    first_monday = first_day - timedelta(days=first_day.weekday())
    sessions = []
    for day in weekdays_between(first_day, last_day):
        for half in ("AM", "PM"):
            sessions.append(
                SessionFactory(
                    school=school,
                    on=day,
                    half=half,
                    half_term=half_term,
                    number=number + len(sessions),
                    school_week=week + (day - first_monday).days // 7,
                )
            )
    return sessions


def pupil_in_class(
    class_group: ClassGroup, *, starts_on: date = date(2025, 9, 1), year_group: str = "5", **pupil: object
) -> Pupil:
    """Make a pupil of the class's school who is on roll and in the class from the same day."""
    made: Pupil = PupilFactory(school=class_group.school, **pupil)
    EnrolmentFactory(pupil=made, starts_on=starts_on)
    ClassMembershipFactory(pupil=made, class_group=class_group, starts_on=starts_on, year_group=year_group)
    return made
