"""How word reaches schools, and what registers show of it."""

from datetime import date

from factory.declarations import SelfAttribute, Sequence, SubFactory

from absences.models import ReportingApp
from registers.models import AbsenceWord
from tests.factories.absences import TOLD_AT
from tests.factories.accounts import SchoolFactory
from tests.factories.base import RowFactory
from tests.factories.registers import PupilFactory


class ReportingAppFactory(RowFactory[ReportingApp]):
    """The app of 004:115."""

    class Meta:
        model = ReportingApp

    school = SubFactory(SchoolFactory)
    name = "StudyBugs"


class AbsenceWordFactory(RowFactory[AbsenceWord]):
    """Word of illness on Tuesday 9 September 2025 that nobody has judged."""

    class Meta:
        model = AbsenceWord

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    about = Sequence(lambda number: f"report:{number}")
    words = "Reported by telephone: illness"
    first_day = date(2025, 9, 9)
    last_day = date(2025, 9, 9)
    came_at = TOLD_AT
