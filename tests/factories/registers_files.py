"""Files that somebody looks at."""

from factory.declarations import SubFactory

from registers.models import UploadedFile
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers_ahead import RECORDED_AT


class UploadedFileFactory(RowFactory[UploadedFile]):
    """A calendar of one half term."""

    class Meta:
        model = UploadedFile

    school = SubFactory(SchoolFactory)
    kind = "calendar"
    name = "calendar.csv"
    content = b"kind,name,first_day,last_day\nhalf_term,Autumn 1,2025-09-03,2025-10-24\n"
    uploaded_by = SubFactory(UserFactory)
    uploaded_at = RECORDED_AT
