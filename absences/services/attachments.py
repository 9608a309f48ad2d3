"""Keeping the files that parents and staff send as evidence."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from absences import cabinet
from absences.cleaning import Cleaned, FileRefused, cleaned
from absences.models import Attachment, EvidenceRequest, LeaveRequest, Report
from absences.rules.file_names import display_name
from accounts import events
from accounts.errors import DomainError
from accounts.models import User

MOST_FILES = 5
MOST_BYTES = 10 * 1024 * 1024
ORPHANED_AFTER = timedelta(days=1)
Owner = Report | LeaveRequest | EvidenceRequest


class AttachmentsRefused(DomainError):
    """
    Some files cannot be kept, so none was; `faults` has a sentence for each, by its place among the files.
    """

    def __init__(self, faults: Mapping[int, str]) -> None:
        super().__init__("Some files cannot be kept: none was.")
        self.faults = dict(faults)


@dataclass(frozen=True)
class _Kept:
    """A file written anew, and what it is shown as."""

    name: str
    file: Cleaned


def keep(uploads: Sequence["UploadedFile[Any]"], *, owner: Owner, by: User, at: datetime) -> list[Attachment]:
    """
    Keep the files that were sent for a report, a request for leave or a request for evidence.

    Each is written anew (see `absences.cleaning`) and stored under a random name; what was sent is gone. All
    are kept or none. Viruses are not looked for.

    :raises AttachmentsRefused: there are too many with those kept already, or some cannot be kept
    """
    return keep_for_all(uploads, owners=[owner], by=by, at=at)


def keep_for_all(
    uploads: Sequence["UploadedFile[Any]"], *, owners: Sequence[Owner], by: User, at: datetime
) -> list[Attachment]:
    """
    Keep the same files for several owners, such as the reports of children who were reported together.

    :raises AttachmentsRefused: as `keep`; nothing is kept for anybody
    """
    if not uploads:
        return []
    files = _cleaned(uploads, standing=max(_standing(owner) for owner in owners))
    storage = storages["attachments"]
    written: list[str] = []
    kept: list[Attachment] = []
    try:
        with transaction.atomic():
            for owner in owners:
                for one in files:
                    name = storage.save(cabinet.random_name(), ContentFile(one.file.content))
                    written.append(name)
                    kept.append(
                        Attachment.objects.create(
                            school_id=owner.school_id,
                            pupil_id=owner.pupil_id,
                            **{_field_of(owner): owner},
                            name=one.name,
                            kind=one.file.kind,
                            size=len(one.file.content),
                            pages=one.file.pages,
                            sha256=hashlib.sha256(one.file.content).hexdigest(),
                            stored_as=name,
                            uploaded_by=by,
                            uploaded_at=at,
                        )
                    )
                events.record(
                    "attachment.kept",
                    school=owner.school,
                    by=by,
                    at=at,
                    subject=owner,
                    data={"files": len(files)},
                )
    except BaseException:
        for name in written:
            storage.delete(name)
        raise
    return kept


def sweep_orphans(*, at: datetime) -> int:
    """
    Remove files that no row names, a day after they were written, and return how many; outside any scope.

    They are left by a transaction that was undone after the files were on the disk.
    """
    storage = storages["attachments"]
    assert isinstance(storage, cabinet.Cabinet)  # noqa: S101 - the settings say so
    old = {name for name, written in storage.names().items() if written < at - ORPHANED_AFTER}
    named = set(Attachment.objects.filter(stored_as__in=old).values_list("stored_as", flat=True))
    for name in old - named:
        storage.delete(name)
    return len(old - named)


def _cleaned(uploads: Sequence["UploadedFile[Any]"], *, standing: int) -> list[_Kept]:
    if len(uploads) + standing > MOST_FILES:
        words = f"You can send {MOST_FILES} files at most."
        if standing:
            words = f"{MOST_FILES} files at most can be kept here, and there are {standing} already."
        raise AttachmentsRefused({MOST_FILES - standing: words})
    files: list[_Kept] = []
    faults: dict[int, str] = {}
    for place, upload in enumerate(uploads):
        try:
            file = _clean(upload)
        except FileRefused as refused:
            # The name is shown as a document's would be; its ending may be the very thing that is wrong.
            faults[place] = f"“{display_name(upload.name or '', 'image/jpeg')[:-4]}” {refused}."
        else:
            files.append(_Kept(display_name(upload.name or "", file.kind), file))
    if faults:
        raise AttachmentsRefused(faults)
    return files


def _clean(upload: "UploadedFile[Any]") -> Cleaned:
    size = upload.size or 0
    if size == 0:
        raise FileRefused("is empty")
    if size > MOST_BYTES:
        raise FileRefused(f"is larger than {MOST_BYTES // 1024 // 1024} MB")
    upload.seek(0)
    content = upload.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise FileRefused(f"is larger than {MOST_BYTES // 1024 // 1024} MB")
    return cleaned(content)


def _field_of(owner: Owner) -> str:
    match owner:
        case Report():
            return "report"
        case LeaveRequest():
            return "leave_request"
        case EvidenceRequest():
            return "evidence_request"


def _standing(owner: Owner) -> int:
    return Attachment.objects.filter(**{_field_of(owner): owner}).count()
