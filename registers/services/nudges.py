"""Asking the teachers of a class by e-mail to take a register that nobody has taken."""

import logging
from datetime import datetime, timedelta

from celery import current_app
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string

from accounts.errors import DomainError
from accounts.events import record
from accounts.models import User
from registers.models import ClassGroup, ClassTeacher, Register, RegisterNudge, Session
from registers.selectors.times import class_times
from registers.words import clock, day

logger = logging.getLogger(__name__)

# A register is asked for at most once in this time, however many people press the button.
QUIET = timedelta(minutes=10)


class NothingToAsk(DomainError):
    """Nobody can be asked for this register now; the message says why."""


def teachers_of(class_group: ClassGroup, session: Session) -> list[User]:
    """Return the people who take the registers of the class on the session's day and can sign in."""
    teaching = ClassTeacher.objects.filter(class_group=class_group, starts_on__lte=session.on).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=session.on)
    )
    return list(
        User.objects.filter(is_active=True, classes_taught__in=teaching).distinct().order_by("name", "pk")
    )


def nudge(
    class_group: ClassGroup, session: Session, *, address: str, by: User, at: datetime
) -> RegisterNudge:
    """
    Ask the teachers of a class to take a register, at most once in ten minutes; a worker sends the e-mail.

    `address` is the register's. Pupils' names stand neither in it nor in the message.

    :raises NothingToAsk: the register has not opened, is taken, has nobody to ask, or was asked for just now
    """
    with transaction.atomic():
        # Two people who press at once wait for each other here, so that one of them is told.
        ClassGroup.objects.select_for_update(no_key=True).get(pk=class_group.pk)
        _check(class_group, session, at=at)
        made = RegisterNudge.objects.create(
            school_id=class_group.school_id,
            class_group=class_group,
            session=session,
            nudged_at=at,
            nudged_by=by,
            address=address,
        )
        record(
            "register.nudged",
            school=class_group.school,
            by=by,
            at=at,
            subject=class_group,
            data={"session": session.pk, "nudge": made.pk},
        )

        def wake() -> None:
            current_app.send_task("registers.tasks.send_nudge", kwargs={"nudge_id": made.pk})

        # Robust: with the broker down the minutely look finds it (registers.tasks.send_waiting_nudges).
        transaction.on_commit(wake, robust=True)
    return made


def refusal(
    class_group: ClassGroup,
    session: Session,
    *,
    opens_at: datetime,
    is_begun: bool,
    has_teacher: bool,
    asked_at: datetime | None,
    at: datetime,
) -> str:
    """Return why nobody can be asked for a register now, as a sentence, or "" when somebody can."""
    if not session.is_held:
        return "The school was closed for this session."
    if session.on != at.date():
        return "Only today’s registers can be asked for."
    if at < opens_at:
        return f"This register opens at {clock(opens_at)}."
    if is_begun:
        return "Somebody has begun to take this register."
    if not has_teacher:
        return f"{class_group.name} has no teacher to ask."
    if asked_at is not None and at - asked_at < QUIET:
        return f"{class_group.name} was asked at {clock(asked_at)} already."
    return ""


def _check(class_group: ClassGroup, session: Session, *, at: datetime) -> None:
    asked = RegisterNudge.objects.filter(class_group=class_group, session=session)
    latest = asked.order_by("-nudged_at").first()
    said = refusal(
        class_group,
        session,
        opens_at=class_times(class_group, session).opens_at,
        is_begun=Register.objects.filter(class_group=class_group, session=session).exists(),
        has_teacher=bool(teachers_of(class_group, session)),
        asked_at=latest.nudged_at if latest else None,
        at=at,
    )
    if said:
        raise NothingToAsk(said)


def waiting(*, at: datetime) -> list[int]:
    """Return the reminders that no worker has taken on, as long as they make sense, oldest first."""
    return list(
        RegisterNudge.objects.filter(sent_at__isnull=True, nudged_at__gt=at - QUIET, nudged_at__lte=at)
        .order_by("nudged_at")
        .values_list("pk", flat=True)
    )


def send(nudge_id: int, *, at: datetime) -> bool:
    """
    Send one reminder to each teacher of the class, once; return whether this call did.

    The row is claimed first, so that two workers cannot both send it; it is given back when the mail server
    refuses.
    """
    if not RegisterNudge.objects.filter(pk=nudge_id, sent_at__isnull=True).update(sent_at=at):
        return False
    asked = RegisterNudge.objects.select_related("class_group__school", "session", "nudged_by").get(
        pk=nudge_id
    )
    group, session = asked.class_group, asked.session
    if Register.objects.filter(class_group=group, session=session).exists():
        return False  # taken meanwhile
    times = class_times(group, session)
    half = "morning" if session.half == "AM" else "afternoon"
    words = render_to_string(
        "registers/nudge.txt",
        {
            "asked": asked,
            "class_name": group.name,
            "school": group.school,
            "half": half,
            "day": day(session.on),
            "closes": clock(times.closes_at),
            "is_closed": times.is_closed(at),
        },
    )
    try:
        for teacher in teachers_of(group, session):
            send_mail(f"Please take the {half} register of {group.name}", words, None, [teacher.email])
    except OSError:
        RegisterNudge.objects.filter(pk=nudge_id).update(sent_at=None)
        logger.exception("reminder %s could not be sent", nudge_id)
        return False
    return True
