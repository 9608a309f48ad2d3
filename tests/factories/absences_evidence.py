"""Evidence asked for and sent, and what parents were told before."""

from datetime import date, time
from hashlib import sha256
from io import BytesIO
from secrets import token_hex
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from factory.declarations import LazyFunction, SelfAttribute, Sequence, SubFactory
from PIL import Image

from absences.models import (
    Attachment,
    AttachmentKind,
    EvidenceDemand,
    EvidenceRequest,
    EvidenceRule,
    EvidenceState,
    NoticeWay,
    UnauthorisingNotice,
)
from registers.models import Pupil
from tests.factories.absences import TOLD_AT, ReportFactory
from tests.factories.accounts import UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import ContactFactory, PupilFactory, london


def picture(size: tuple[int, int] = (40, 30), kind: str = "JPEG", **saving: Any) -> bytes:
    """Return a plain picture as a telephone might send it."""
    written = BytesIO()
    Image.new("RGB", size, "teal").save(written, kind, **saving)
    return written.getvalue()


def sent(content: bytes, name: str = "letter.jpg", content_type: str = "image/jpeg") -> SimpleUploadedFile:
    """Return a file as a browser sends it."""
    return SimpleUploadedFile(name, content, content_type)


class EvidenceRequestFactory(RowFactory[EvidenceRequest]):
    """Proof of an illness of Tuesday 9 September 2025, proposed and not asked for yet."""

    class Meta:
        model = EvidenceRequest

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    rule = EvidenceRule.DOUBT
    cause = Sequence(lambda number: f"doubt:{number}")
    first_day = date(2025, 9, 9)
    last_day = date(2025, 9, 9)
    why = "The child was seen in town on the same day."
    proposed_at = TOLD_AT
    proposed_by = SubFactory(UserFactory)


class EvidenceDemandFactory(RowFactory[EvidenceDemand]):
    """Every illness of 2025/26 needs proof from Monday 15 September 2025 on."""

    class Meta:
        model = EvidenceDemand

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    cause = Sequence(lambda number: f"step:{number}")
    codes = "I"
    first_day = date(2025, 9, 15)
    last_day = date(2026, 7, 31)
    source = "001:362"
    made_at = london(date(2025, 9, 15), time(9, 0))
    made_by = SubFactory(UserFactory)


class UnauthorisingNoticeFactory(RowFactory[UnauthorisingNotice]):
    """The parent was told on Tuesday 16 September 2025 of an illness of the week before."""

    class Meta:
        model = UnauthorisingNotice

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    contact = SubFactory(ContactFactory, school=SelfAttribute("..school"))
    first_day = date(2025, 9, 9)
    last_day = date(2025, 9, 9)
    told_at = london(date(2025, 9, 16), time(9, 0))
    recorded_at = london(date(2025, 9, 16), time(9, 5))
    how = NoticeWay.PHONE
    words = "Told that the day will be recorded as unauthorised."
    by = SubFactory(UserFactory)


def _random_name() -> str:
    name = token_hex(16)
    return f"attachments/{name[:2]}/{name}"


class AttachmentFactory(RowFactory[Attachment]):
    """A picture that came with a report; its file is made by `stored_attachment`."""

    class Meta:
        model = Attachment

    report = SubFactory(ReportFactory)
    pupil = SelfAttribute("report.pupil")
    school = SelfAttribute("pupil.school")
    name = "letter.jpg"
    kind = AttachmentKind.JPEG
    size = 100
    sha256 = "0" * 64
    stored_as = LazyFunction(_random_name)
    uploaded_by = SubFactory(UserFactory)
    uploaded_at = TOLD_AT


def stored_attachment(**values: Any) -> Attachment:
    """Make an attachment whose file lies in the storage."""
    content = values.pop("content", None) or picture()
    made: Attachment = AttachmentFactory(size=len(content), sha256=sha256(content).hexdigest(), **values)
    storages["attachments"].save(made.stored_as, ContentFile(content))
    return made


def asked_for(pupil: Pupil, **values: Any) -> EvidenceRequest:
    """Make a request that the family was asked on 10 September 2025, due on the 20th."""
    made: EvidenceRequest = EvidenceRequestFactory(
        **{
            "pupil": pupil,
            "state": EvidenceState.ASKED,
            "asked_at": london(date(2025, 9, 10), time(9, 0)),
            "asked_by": UserFactory(),
            "asked_how": "by message",
            "due_on": date(2025, 9, 20),
            **values,
        }
    )
    return made
