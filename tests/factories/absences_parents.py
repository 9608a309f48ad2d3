"""What schools allow families to report, and what families ask to have put right."""

from datetime import date, time

from factory.declarations import SelfAttribute, SubFactory

from absences.models import DetailsRequest, SchoolAbsenceSettings
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import ContactFactory, PupilFactory, london


class SchoolAbsenceSettingsFactory(RowFactory[SchoolAbsenceSettings]):
    """The defaults: 14 days ahead, 5 school days at once, 10 school days back."""

    class Meta:
        model = SchoolAbsenceSettings

    school = SubFactory(SchoolFactory)


class DetailsRequestFactory(RowFactory[DetailsRequest]):
    """A new telephone number, asked for on Monday 8 September 2025."""

    class Meta:
        model = DetailsRequest

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    contact = SubFactory(ContactFactory, school=SelfAttribute("..school"))
    changes = {"phone": ["01632 960123", "01632 960555"]}
    asked_at = london(date(2025, 9, 8), time(18, 0))
    asked_by = SubFactory(UserFactory)
