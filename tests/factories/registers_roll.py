"""How pupils came on roll and left it, the yearly move up, and marks of earlier schools."""

from datetime import date, time

from factory.declarations import SelfAttribute, SubFactory

from registers.models import Departure, Enquiry, Joining, PreviousMark, RollOver
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import EnrolmentFactory, PupilFactory, london

ENTERED = london(date(2025, 9, 1), time(9, 0))


class JoiningFactory(RowFactory[Joining]):
    """A pupil who came from another school on 1 September 2025; the new pupil return is still to be made."""

    class Meta:
        model = Joining

    enrolment = SubFactory(EnrolmentFactory)
    school = SelfAttribute("enrolment.school")
    entered_on = date(2025, 9, 1)
    previous_school_name = "Vale Primary School"
    return_needed = True
    recorded_by = SubFactory(UserFactory)
    recorded_at = ENTERED


class DepartureFactory(RowFactory[Departure]):
    """A pupil who goes to another school after 24 October 2025, with the return sent a week before."""

    class Meta:
        model = Departure

    enrolment = SubFactory(EnrolmentFactory, leaving_on=SelfAttribute("..leaving_on"))
    school = SelfAttribute("enrolment.school")
    leaving_on = date(2025, 10, 24)
    ground = "a"
    new_school_name = "Vale Primary School"
    return_sent_on = date(2025, 10, 17)
    return_sent_to = "Admissions team of the authority"
    recorded_on = date(2025, 10, 17)
    recorded_by = SubFactory(UserFactory)
    recorded_at = london(date(2025, 10, 17), time(9, 0))


class EnquiryFactory(RowFactory[Enquiry]):
    """A call together with the authority on 9 September 2025 that reached nobody."""

    class Meta:
        model = Enquiry

    enrolment = SubFactory(EnrolmentFactory)
    school = SelfAttribute("enrolment.school")
    on = date(2025, 9, 9)
    made_by = "Olive Office, office"
    with_authority = True
    asked = "Visit to the home"
    result = "Nobody lives there"
    recorded_by = SubFactory(UserFactory)
    recorded_at = london(date(2025, 9, 9), time(10, 0))


class RollOverFactory(RowFactory[RollOver]):
    """The move into 2025/26."""

    class Meta:
        model = RollOver

    school = SubFactory(SchoolFactory)
    to_year = 2025
    moved = 0
    kept = 0
    leaving = 0
    done_by = SubFactory(UserFactory)
    done_at = ENTERED


class PreviousMarkFactory(RowFactory[PreviousMark]):
    """A session of unauthorised absence at another school on Monday 1 September 2025."""

    class Meta:
        model = PreviousMark

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    on = date(2025, 9, 1)
    half = "AM"
    code_id = "O"
    source_school = "Vale Primary School"
    recorded_by = SubFactory(UserFactory)
    recorded_at = ENTERED
