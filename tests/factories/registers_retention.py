"""Years that were retired."""

from datetime import UTC, datetime

from factory.declarations import SubFactory

from registers.models import RetiredEntries, RetiredYear
from tests.factories.accounts import UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import EntryBatchFactory


class RetiredYearFactory(RowFactory[RetiredYear]):
    """2018/19, retired in September 2025."""

    class Meta:
        model = RetiredYear

    academic_year = 2018
    marks = 380
    entries = 400
    last_entry_at = datetime(2019, 7, 19, 15, 0, tzinfo=UTC)
    retired_at = datetime(2025, 9, 1, 9, 0, tzinfo=UTC)
    retired_by = SubFactory(UserFactory)


class RetiredEntriesFactory(RowFactory[RetiredEntries]):
    """Thirty entries of a batch that went with 2018/19."""

    class Meta:
        model = RetiredEntries

    batch = SubFactory(EntryBatchFactory)
    academic_year = 2018
    entries = 30
