"""The books of the hatch: late book, departures, returns, the late gate, collectors, paper registers."""

from datetime import date, time

from factory.declarations import LazyAttribute, SelfAttribute, SubFactory

from registers.models import (
    AuthorisedCollector,
    CollectorPupil,
    DepartureReturn,
    EarlyDeparture,
    GateStrike,
    LateArrival,
    LateGate,
    LateGatePupil,
    PaperRegister,
)
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import ClassGroupFactory, PupilFactory, SessionFactory, london

DAY = date(2025, 9, 9)


class LateArrivalFactory(RowFactory[LateArrival]):
    """A pupil who came at three minutes past nine on 9 September 2025; the mark is the caller's."""

    class Meta:
        model = LateArrival

    session = SubFactory(SessionFactory)
    school = SelfAttribute("session.school")
    pupil = SubFactory(PupilFactory, school=SelfAttribute("..school"))
    arrived_at = time(9, 3)
    minutes_late = 13
    reason = "overslept"
    company = "parent"
    proposed_code_id = "L"
    code = "L"
    recorded_by = SubFactory(UserFactory)
    recorded_at = LazyAttribute(lambda entry: london(entry.session.on, time(9, 4)))


class AuthorisedCollectorFactory(RowFactory[AuthorisedCollector]):
    """A grown-up neighbour whose letter is here."""

    class Meta:
        model = AuthorisedCollector

    school = SubFactory(SchoolFactory)
    name = "Nora Neighbour"
    relationship = "neighbour"
    is_adult = True
    letter_received_on = date(2025, 9, 3)
    valid_from = date(2025, 9, 3)
    recorded_by = SubFactory(UserFactory)
    recorded_at = london(date(2025, 9, 3), time(9, 0))


class CollectorPupilFactory(RowFactory[CollectorPupil]):
    """A pupil whom the neighbour may collect."""

    class Meta:
        model = CollectorPupil

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    collector = SubFactory(AuthorisedCollectorFactory, school=SelfAttribute("..school"))


class EarlyDepartureFactory(RowFactory[EarlyDeparture]):
    """A pupil whom the neighbour collected for the dentist at half past ten on 9 September 2025."""

    class Meta:
        model = EarlyDeparture

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    on = DAY
    left_at = time(10, 30)
    reason = "medical"
    proof = "card"
    collector = SubFactory(AuthorisedCollectorFactory, school=SelfAttribute("..school"))
    collected_by = "Nora Neighbour"
    relationship = "neighbour"
    recorded_by = SubFactory(UserFactory)
    recorded_at = LazyAttribute(lambda entry: london(entry.on, entry.left_at))


class DepartureReturnFactory(RowFactory[DepartureReturn]):
    """The same pupil, back at a quarter past twelve."""

    class Meta:
        model = DepartureReturn

    departure = SubFactory(EarlyDepartureFactory)
    pupil = SelfAttribute("departure.pupil")
    school = SelfAttribute("departure.school")
    returned_at = time(12, 15)
    recorded_by = SubFactory(UserFactory)
    recorded_at = LazyAttribute(lambda entry: london(entry.departure.on, entry.returned_at))


class LateGateFactory(RowFactory[LateGate]):
    """A check at the gate from 8:52 on 9 September 2025."""

    class Meta:
        model = LateGate

    school = SubFactory(SchoolFactory)
    on = DAY
    started_at = time(8, 52)
    staff_name = "Gia Gate"
    recorded_by = SubFactory(UserFactory)
    recorded_at = london(DAY, time(9, 5))


class LateGatePupilFactory(RowFactory[LateGatePupil]):
    """A pupil greeted at the gate at 8:55."""

    class Meta:
        model = LateGatePupil

    gate = SubFactory(LateGateFactory)
    school = SelfAttribute("gate.school")
    pupil = SubFactory(PupilFactory, school=SelfAttribute("..school"))
    seen_at = time(8, 55)


class GateStrikeFactory(RowFactory[GateStrike]):
    """A greeting of the wrong child, struck out at ten past nine."""

    class Meta:
        model = GateStrike

    greeting = SubFactory(LateGatePupilFactory)
    school = SelfAttribute("greeting.school")
    reason = "Another child"
    recorded_by = SubFactory(UserFactory)
    recorded_at = london(DAY, time(9, 10))


class PaperRegisterFactory(RowFactory[PaperRegister]):
    """A register marked on paper at 8:55 on 9 September 2025 and entered at 10:40."""

    class Meta:
        model = PaperRegister

    class_group = SubFactory(ClassGroupFactory)
    school = SelfAttribute("class_group.school")
    session = SubFactory(SessionFactory, school=SelfAttribute("..school"))
    marked_by_name = "Tess Teacher"
    marked_at = london(DAY, time(8, 55))
    entered_by = SubFactory(UserFactory)
    entered_at = london(DAY, time(10, 40))
    marks_count = 3
