"""
What registers see of reports: word that came, codes known ahead, and marks that a decision changes.

Marks change through `registers.services.mark_sets` alone, and what registers open with through
`registers.services.ahead`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from absences.models import Channel, Report, ReportState
from absences.rules.outcomes import Effect, effect_of, is_unexplained
from absences.rules.reasons import REASON_BY_KEY
from absences.rules.reporting import short_words
from accounts.models import User
from registers.models import Mark, Session
from registers.rules.ahead import codes_for_days
from registers.rules.codes import CODE_BY_SYMBOL
from registers.services import absence_words, ahead
from registers.services.mark_sets import (
    MarkSetChangedMeanwhile,
    StandingMark,
    WantedMark,
    set_marks,
    standing_marks,
)

TRIES = 3
_TOLD_BY = {
    Channel.ONLINE: "by a parent",
    Channel.PHONE: "by telephone",
    Channel.VOICEMAIL: "by voicemail",
    Channel.EMAIL: "by e-mail",
    Channel.IN_PERSON: "in person",
    Channel.APP: "in an app",
    Channel.LETTER: "by letter",
}


def about(report: Report) -> str:
    """Return what registers call a report by."""
    return f"report:{report.pk}"


def name_of(report: Report) -> str:
    """Return what registers show of a report: "Reported by a parent: illness"."""
    return f"Reported {_TOLD_BY[Channel(report.channel)]}: {short_words(report.reason)}"


def who_told(report: Report) -> str:
    """Return who reported, for the history of marks: "Reported by Pat Parent (K7M-2QX)"."""
    who = report.contact.name if report.contact else report.caller
    told = f"by {who}" if who else _TOLD_BY[Channel(report.channel)]
    return f"Reported {told} ({report.reference})"


def tell(report: Report, *, at: datetime) -> None:
    """Let registers show that word came."""
    absence_words.tell(
        report.pupil,
        about=about(report),
        words=name_of(report),
        span=absence_words.Span(report.first_day, report.last_day, report.first_half, report.last_half),
        at=at,
    )


def settle(report: Report, *, at: datetime) -> None:
    """Let registers show no longer that word came: it is judged."""
    absence_words.settle(report.school, about(report), at=at)


def nature_for(report: Report, code: str) -> str:
    """Return what a code that asks for the circumstances says of them; "" for any other."""
    return REASON_BY_KEY[report.reason].label if CODE_BY_SYMBOL[code].nature_required else ""


def arrange(report: Report, code: str, *, by: User, at: datetime) -> None:
    """
    Let registers open with a code for the sessions of a report; `report.known_ahead` is set, not saved.

    A code that cannot be arranged (O) is set once the registers have closed: see `follow_up`.
    """
    if code not in {rule.symbol for rule in codes_for_days(report.first_day)}:
        return
    plan = ahead.Arrangement(
        name=name_of(report),
        code=code,
        first_day=report.first_day,
        first_half=report.first_half,
        last_day=report.last_day,
        last_half=report.last_half,
        pupil_ids=(report.pupil_id,),
        nature=nature_for(report, code),
    )
    report.known_ahead = ahead.arrange(report.school, plan, by=by, at=at).known_ahead


def take_back(report: Report, *, why: str, by: User, at: datetime) -> None:
    """Let registers open without a report again; `report.known_ahead` still names what was taken back."""
    if report.known_ahead is not None and report.known_ahead.withdrawn_at is None:
        ahead.withdraw(report.known_ahead, why=why, by=by, at=at)


def is_arranged(report: Report) -> bool:
    """Say whether registers open with a code because of the report."""
    return report.known_ahead is not None and report.known_ahead.withdrawn_at is None


@dataclass(frozen=True)
class SessionNow:
    """One session of a report with what stands there."""

    session: Session  # with the times of the pupil's year group
    code: str
    source: str
    recorded_at: datetime | None
    is_on_roll: bool

    def effect(self, report: Report, decided: str) -> Effect:
        """Return what deciding on a code does to it."""
        return effect_of(
            decided,
            code=self.code,
            source=self.source,
            arranged=report.known_ahead.code_id if report.known_ahead else "",
            is_recorded_since=self.is_made_from(report),
        )

    def is_made_from(self, report: Report) -> bool:
        """Say whether the mark rests on the report: on what registers opened with, or on its acceptance."""
        if self.recorded_at is None or self.code != report.code:
            return False
        if report.decided_at is not None and (
            self.recorded_at == report.decided_at
            or (self.source == "ahead" and self.recorded_at > report.decided_at)
        ):
            return True
        opened = report.known_ahead
        return (
            opened is not None
            and self.source in ("ahead", "register")
            and self.recorded_at >= opened.recorded_at
        )


def sessions_now(report: Report) -> list[SessionNow]:
    """Return the sessions of a report that the school holds, in order. Three statements."""
    sessions = ahead.sessions_between(
        report.school,
        report.first_day,
        report.first_half,
        last_day=report.last_day,
        last_half=report.last_half,
    )
    standing: dict[tuple[int, int], StandingMark] = standing_marks(
        report.school, [(report.pupil_id, session.pk) for session in sessions]
    )
    recorded = dict(
        Mark.objects.filter(
            academic_year__in={session.academic_year for session in sessions},
            pupil_id=report.pupil_id,
            session__in=sessions,
        ).values_list("session_id", "recorded_at")
    )
    return [
        SessionNow(
            session=mark.session,
            code=mark.values[0],
            source=mark.source,
            recorded_at=recorded.get(mark.session.pk),
            is_on_roll=mark.is_on_roll,
        )
        for mark in standing.values()
    ]


def set_decided(
    report: Report, code: str, *, reason: str, by: User, at: datetime, position: str
) -> list[SessionNow]:
    """
    Make the marks of an accepted report say what was decided, and return its sessions as they stood before.

    Unexplained marks and those that rest on the report change; whatever somebody knew otherwise stays.
    Sessions that are over without a mark get one, so that it counts whoever opened the register.
    """

    def wanted(now: SessionNow) -> str | None:
        effect = now.effect(report, code)
        if effect is Effect.CHANGES or (effect is Effect.TO_COME and at > now.session.closes_at):
            return code
        return None

    return _set(report, wanted, reason=reason, by=by, at=at, position=position)


def set_back(
    report: Report, *, unexplained_to: str = "", reason: str, by: User, at: datetime, position: str
) -> None:
    """
    Take a report's code out of the marks that rest on it: they are N again, or `unexplained_to`.

    With `unexplained_to` the other unexplained marks of its sessions become that code as well.
    """

    def wanted(now: SessionNow) -> str | None:
        if now.is_made_from(report) and not _is_backed(report, now):
            return unexplained_to or "N"
        return unexplained_to if unexplained_to and is_unexplained(now.code, now.source) else None

    _set(report, wanted, reason=reason, by=by, at=at, position=position)


def _is_backed(report: Report, now: SessionNow) -> bool:
    """Say whether another accepted report says the same of the session."""
    place = (now.session.on, now.session.half)
    return any(
        (other.first_day, other.first_half) <= place <= (other.last_day, other.last_half)
        for other in Report.objects.filter(
            pupil_id=report.pupil_id,
            state=ReportState.ACCEPTED,
            code=now.code,
            first_day__lte=now.session.on,
            last_day__gte=now.session.on,
        ).exclude(pk=report.pk)
    )


def _set(
    report: Report,
    wanted: Callable[[SessionNow], str | None],
    *,
    reason: str,
    by: User,
    at: datetime,
    position: str,
) -> list[SessionNow]:
    for attempt in range(TRIES):
        before = sessions_now(report)
        marks = [
            WantedMark(
                report.pupil_id,
                now.session.pk,
                code,
                nature=nature_for(report, code),
                seen_code=now.code,
            )
            for now in before
            if now.is_on_roll and (code := wanted(now)) and code != now.code
        ]
        try:
            with transaction.atomic():
                set_marks(report.school, marks, by=by, at=at, reason=reason, position=position)
        except MarkSetChangedMeanwhile:
            # Somebody saved this register at this very moment: what they saved is judged anew.
            if attempt == TRIES - 1:
                raise
            continue
        return before
    raise AssertionError  # the last try returns or raises


def contradicting(report: Report, before: Sequence[SessionNow], code: str) -> list[SessionNow]:
    """Return the sessions in which the child was seen, which a decision left alone."""
    return [now for now in before if now.effect(report, code) is Effect.CONTRADICTS]
