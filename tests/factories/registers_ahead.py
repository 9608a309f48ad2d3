"""What is known ahead of registers."""

from datetime import date, time

from factory.declarations import SelfAttribute, SubFactory

from registers.models import (
    KnownAhead,
    KnownAheadPupil,
    PatternSession,
    Pupil,
    TimetableReview,
    WeeklyPattern,
)
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import PartTimeTimetableFactory, PupilFactory, london

RECORDED_AT = london(date(2025, 9, 5), time(10, 0))


class KnownAheadFactory(RowFactory[KnownAhead]):
    """A museum visit on Tuesday 9 September 2025, morning and afternoon."""

    class Meta:
        model = KnownAhead

    school = SubFactory(SchoolFactory)
    name = "Museum visit"
    code_id = "V"
    nature = "Museum of the town"
    first_day = date(2025, 9, 9)
    first_half = "AM"
    last_day = date(2025, 9, 9)
    last_half = "PM"
    recorded_at = RECORDED_AT
    recorded_by = SubFactory(UserFactory)


class WeeklyPatternFactory(RowFactory[WeeklyPattern]):
    """A medical appointment every week since 3 September 2025; sessions are the caller's to add."""

    class Meta:
        model = WeeklyPattern

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    code_id = "M"
    name = "Speech therapy"
    first_day = date(2025, 9, 3)
    recorded_at = RECORDED_AT
    recorded_by = SubFactory(UserFactory)


class PatternSessionFactory(RowFactory[PatternSession]):
    """Tuesday morning."""

    class Meta:
        model = PatternSession

    pattern = SubFactory(WeeklyPatternFactory)
    weekday = 1
    half = "AM"


def known_ahead_for(*pupils: Pupil, **values: object) -> KnownAhead:
    """Arrange something for these pupils of one school."""
    row = KnownAheadFactory(school=pupils[0].school, **values)
    for pupil in pupils:
        KnownAheadPupil.objects.create(known_ahead=row, pupil=pupil)
    return row


class KnownAheadPupilFactory(RowFactory[KnownAheadPupil]):
    """A pupil who takes part."""

    class Meta:
        model = KnownAheadPupil

    pupil = SubFactory(PupilFactory)
    known_ahead = SubFactory(KnownAheadFactory, school=SelfAttribute("..pupil.school"))


class TimetableReviewFactory(RowFactory[TimetableReview]):
    """A review held within the timetable, with none after it."""

    class Meta:
        model = TimetableReview

    timetable = SubFactory(PartTimeTimetableFactory)
    held_on = date(2025, 11, 14)
    outcome = "Two more afternoons from December."
    recorded_at = RECORDED_AT
    recorded_by = SubFactory(UserFactory)
