"""Telling people outside where a school's history stands, so that nobody can rewrite it as a whole unseen."""

import logging
from datetime import date, datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models import Q

from accounts.models import Role, RoleAssignment, School
from registers.models import HistoryAnchor
from registers.services.history import Anchor

logger = logging.getLogger(__name__)

# The head is read, and not the last batch: both are the same unless somebody removed one.
HEAD = "SELECT number, digest FROM registers_historyhead WHERE school_id = %s AND number > 0"
FOLDER = "history-anchors"
LETTER = """\
This is the last link of the history of your school's registers at {at}:

{anchor}

Keep this message. Should anybody ever doubt the registers, the line above proves that nothing before it was
changed since: ./manage.py verify_history --school {key} --anchor {anchor}

It says nothing about any pupil.
"""


def tell_head(school: School, *, at: datetime, on: date) -> Anchor | None:
    """
    Note the chain's last link, write it to a file and send it to the school's headteachers.

    Return it, or None when it was told before: then nothing is written or sent. A letter that cannot be sent
    is logged; the next day's holds everything that it held.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(HEAD, [school.pk])
            head = cursor.fetchone()
        if head is None:
            return None
        number, digest = head[0], bytes(head[1])
        _, is_new = HistoryAnchor.objects.get_or_create(
            school=school, number=number, defaults={"digest": digest, "at": at}
        )
    if not is_new:
        return None
    anchor = Anchor(school.key, number, digest.hex())
    default_storage.save(f"{FOLDER}/{school.key}/{number}.txt", ContentFile(f"{anchor}\n"))
    _send(school, anchor, at=at, on=on)
    return anchor


def _send(school: School, anchor: Anchor, *, at: datetime, on: date) -> None:
    holds = Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    heads = RoleAssignment.objects.filter(holds, school=school, role=Role.HEAD, starts_on__lte=on)
    addresses = sorted(set(heads.filter(user__is_active=True).values_list("user__email", flat=True)))
    words = LETTER.format(at=f"{at:%H:%M on %d %B %Y}", anchor=anchor, key=school.key)
    for address in addresses:
        try:
            send_mail(f"History of the registers of {school.name}", words, None, [address])
        except OSError:
            logger.exception("the anchor %s of school %s was not sent", anchor.number, school.pk)
