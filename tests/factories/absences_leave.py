"""Requests for leave, what was decided on them and what came of them."""

from datetime import date, time
from uuid import uuid4

from factory.declarations import LazyFunction, SelfAttribute, Sequence, SubFactory

from absences.models import (
    LeaveChannel,
    LeaveDesignate,
    LeaveLiable,
    LeaveNote,
    LeaveOutcome,
    LeavePart,
    LeaveRequest,
    LeaveTraveller,
)
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import ContactFactory, PupilFactory, london

ASKED_AT = london(date(2025, 9, 5), time(19, 30))


class LeaveRequestFactory(RowFactory[LeaveRequest]):
    """A wedding on Thursday and Friday 2 and 3 October 2025, asked for online on 5 September."""

    class Meta:
        model = LeaveRequest

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    submission = LazyFunction(uuid4)
    reference = Sequence(lambda number: f"L-{number:05}")
    channel = LeaveChannel.ONLINE
    asked_by = SubFactory(UserFactory)
    asked_at = ASKED_AT
    recorded_at = ASKED_AT
    kind = "family"
    first_day = date(2025, 10, 2)
    last_day = date(2025, 10, 3)
    return_on = date(2025, 10, 6)
    sessions = 4
    reasons = "My sister marries abroad on the Friday."
    home_address = "2 Valley Road\nAnytown\nAN1 2BB"
    home_address_confirmed = True
    understood_penalty = True
    signed_name = "Pat Parent"
    signed_on = date(2025, 9, 5)
    notice_days = 27


class LeaveTravellerFactory(RowFactory[LeaveTraveller]):
    """A contact goes along."""

    class Meta:
        model = LeaveTraveller

    request = SubFactory(LeaveRequestFactory)
    school = SelfAttribute("request.school")
    contact = SubFactory(ContactFactory, school=SelfAttribute("..school"))


class LeavePartFactory(RowFactory[LeavePart]):
    """The whole of a request, refused."""

    class Meta:
        model = LeavePart

    request = SubFactory(LeaveRequestFactory)
    school = SelfAttribute("request.school")
    is_granted = False
    first_day = SelfAttribute("request.first_day")
    first_half = SelfAttribute("request.first_half")
    last_day = SelfAttribute("request.last_day")
    last_half = SelfAttribute("request.last_half")


class LeaveNoteFactory(RowFactory[LeaveNote]):
    """The school of a brother was asked."""

    class Meta:
        model = LeaveNote

    request = SubFactory(LeaveRequestFactory)
    school = SelfAttribute("request.school")
    at = london(date(2025, 9, 8), time(10, 0))
    by = SubFactory(UserFactory)
    consulted = "other_settings"
    words = "The brother's school has the same request and has not decided yet."


class LeaveOutcomeFactory(RowFactory[LeaveOutcome]):
    """They went all the same."""

    class Meta:
        model = LeaveOutcome

    request = SubFactory(LeaveRequestFactory, state="withdrawn")
    school = SelfAttribute("request.school")
    pupil = SelfAttribute("request.pupil")
    went = True
    code = "G"
    sessions = 4
    amended = 4
    note = "The family told the class teacher of the trip."
    decided_at = london(date(2025, 10, 6), time(9, 30))
    decided_by = SubFactory(UserFactory)


class LeaveLiableFactory(RowFactory[LeaveLiable]):
    """A parent allowed it."""

    class Meta:
        model = LeaveLiable

    outcome = SubFactory(LeaveOutcomeFactory)
    school = SelfAttribute("outcome.school")
    contact = SubFactory(ContactFactory, school=SelfAttribute("..school"))


class LeaveDesignateFactory(RowFactory[LeaveDesignate]):
    """Somebody decides in the head's place from 8 to 12 September 2025."""

    class Meta:
        model = LeaveDesignate

    school = SubFactory(SchoolFactory)
    user = SubFactory(UserFactory)
    first_day = date(2025, 9, 8)
    last_day = date(2025, 9, 12)
    named_at = london(date(2025, 9, 5), time(10, 0))
    named_by = SubFactory(UserFactory)
