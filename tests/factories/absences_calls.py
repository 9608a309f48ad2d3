"""Whom the school tried to reach about absences."""

from datetime import date, time, timedelta
from uuid import uuid4

from factory.declarations import LazyFunction, SelfAttribute, SubFactory

from absences.models import CallClaim, CallSettings, ContactAttempt, ContactAttemptStrike
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import ContactFactory, PupilFactory, london

TRIED_AT = london(date(2025, 9, 9), time(9, 30))


class ContactAttemptFactory(RowFactory[ContactAttempt]):
    """A contact did not answer on Tuesday 9 September 2025 at half past nine."""

    class Meta:
        model = ContactAttempt

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    entry = LazyFunction(uuid4)
    on = date(2025, 9, 9)
    contact = SubFactory(ContactFactory, school=SelfAttribute("..school"))
    address = "01733 555 0101"
    channel = "call"
    outcome = "no_answer"
    at = TRIED_AT
    recorded_at = SelfAttribute("at")
    by = SubFactory(UserFactory)


class ContactAttemptStrikeFactory(RowFactory[ContactAttemptStrike]):
    """It was entered for the wrong child."""

    class Meta:
        model = ContactAttemptStrike

    attempt = SubFactory(ContactAttemptFactory)
    school = SelfAttribute("attempt.school")
    at = TRIED_AT + timedelta(minutes=2)
    by = SelfAttribute("attempt.by")
    reason = "Entered for the wrong child"


class CallClaimFactory(RowFactory[CallClaim]):
    """Somebody calls about a pupil until 9:35am on Tuesday 9 September 2025."""

    class Meta:
        model = CallClaim

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    on = date(2025, 9, 9)
    by = SubFactory(UserFactory)
    until = TRIED_AT + timedelta(minutes=5)


class CallSettingsFactory(RowFactory[CallSettings]):
    """Safeguarding tasks are due in half an hour."""

    class Meta:
        model = CallSettings

    school = SubFactory(SchoolFactory)
