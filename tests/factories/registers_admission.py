"""Where pupils live, who of other bodies works with them, and the history of particulars."""

from datetime import UTC, date, datetime

from factory.declarations import SelfAttribute, Sequence, SubFactory

from registers.models import OutsideContact, ParticularsChange, PupilAddress, PupilOutsideContact
from tests.factories.accounts import SchoolFactory
from tests.factories.base import RowFactory
from tests.factories.registers import PupilFactory


class PupilAddressFactory(RowFactory[PupilAddress]):
    """A pupil's home since the first day of 2025/26."""

    class Meta:
        model = PupilAddress

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    lines = "2 Valley Road\nAnytown\nAN1 2BB"
    starts_on = date(2025, 9, 1)


class OutsideContactFactory(RowFactory[OutsideContact]):
    """A social worker of the authority."""

    class Meta:
        model = OutsideContact

    school = SubFactory(SchoolFactory)
    name = Sequence(lambda n: f"Worker {n}")
    role = "social_worker"
    organisation = "Anyshire Council"
    phone = "01632 960500"


class PupilOutsideContactFactory(RowFactory[PupilOutsideContact]):
    """A social worker who has worked with the pupil since September 2025."""

    class Meta:
        model = PupilOutsideContact

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    outside_contact = SubFactory(OutsideContactFactory, school=SelfAttribute("..school"))
    starts_on = date(2025, 9, 1)


class ParticularsChangeFactory(RowFactory[ParticularsChange]):
    """A line of the history; the database writes the real ones, so this is to be built, or used to forge."""

    class Meta:
        model = ParticularsChange

    school = SubFactory(SchoolFactory)
    subject = "pupil"
    subject_id = 1
    pupil_id = 1
    field = "surname"
    old = "Ashdown"
    new = "Birch"
    at = datetime(2025, 9, 9, 8, 0, tzinfo=UTC)
