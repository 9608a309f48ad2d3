"""Entries that browsers sent."""

from datetime import UTC, datetime
from uuid import uuid4

from factory.declarations import LazyFunction, SubFactory

from registers.models import ReceivedEntry
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory


class ReceivedEntryFactory(RowFactory[ReceivedEntry]):
    """An entry taken in on the morning of 9 September 2025."""

    class Meta:
        model = ReceivedEntry

    school = SubFactory(SchoolFactory)
    by = SubFactory(UserFactory)
    key = LazyFunction(uuid4)
    fingerprint = "0" * 64
    outcome: dict[str, str] = {}
    received_at = datetime(2025, 9, 9, 8, 0, tzinfo=UTC)
