"""
What time does to reports: accepted ones count in registers that close later, and children come back or not.

Both run every few minutes and change nothing when run again.
"""

from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from absences.models import Report, ReportState, TaskKind
from absences.rules.outcomes import Effect
from absences.services import report_register
from absences.services.report_intake import write
from absences.services.tasks import raise_task
from accounts.models import School, User
from registers.models import Mark, Session
from registers.services.closing import SET_BY_ROLLCALL
from registers.services.mark_sets import MarkSetChangedMeanwhile, WantedMark, set_marks
from registers.words import day

# As far back as registers are closed late.
DAYS_BACK = 21

# Accepted reports with a mark that says "not known why" in one of their sessions, made by the closing of the
# register or by whoever took it without knowing of the report; what the office amended is the office's word.
UNSETTLED = """
SELECT DISTINCT r.id FROM absences_report AS r
JOIN registers_session AS s ON s.school_id = r.school_id AND s.status = 'held'
    AND s."on" BETWEEN greatest(r.first_day, %(since)s) AND least(r.last_day, %(on)s)
    AND (s."on" > r.first_day OR s.half >= r.first_half)
    AND (s."on" < r.last_day OR s.half <= r.last_half)
JOIN registers_mark AS m ON m.academic_year = s.academic_year AND m.session_id = s.id
    AND m.pupil_id = r.pupil_id AND m.code = 'N' AND m.source IN ('system', 'register')
WHERE r.school_id = %(school)s AND r.state = 'accepted' AND r.last_day >= %(since)s
    AND %(at)s > s.closes_at
ORDER BY r.id
"""


def follow_accepted(school: School, *, by: User, at: datetime) -> int:
    """
    Let accepted reports count in registers that closed with N all the same, and return in how many sessions.

    That is so where the code cannot be arranged (O), and where somebody took the register or it closed at the
    very moment of acceptance. One statement when there is nothing to do.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            UNSETTLED,
            {
                "school": school.pk,
                "on": at.date(),
                "since": at.date() - timedelta(days=DAYS_BACK),
                "at": at,
            },
        )
        found = [row[0] for row in cursor.fetchall()]
    done = 0
    for report in Report.objects.filter(pk__in=found).select_related(
        "school", "pupil", "contact", "known_ahead"
    ):
        done += _follow(report, by=by, at=at)
    return done


def _follow(report: Report, *, by: User, at: datetime) -> int:
    marks = [
        WantedMark(
            report.pupil_id,
            now.session.pk,
            report.code,
            nature=report_register.nature_for(report, report.code),
            seen_code=now.code,
            source="ahead",
        )
        for now in report_register.sessions_now(report)
        if now.is_on_roll
        and at > now.session.closes_at
        and now.source in ("system", "register")
        and now.effect(report, report.code) is Effect.CHANGES
    ]
    try:
        saved = set_marks(
            report.school,
            marks,
            by=by,
            at=at,
            reason=report_register.who_told(report),
            position=SET_BY_ROLLCALL,
        )
    except MarkSetChangedMeanwhile:
        return 0  # somebody is saving this register: the next run sees what they saved
    return saved.changed


@transaction.atomic
def ask_again(school: School, *, at: datetime, by: User) -> int:
    """
    Ask again about children who were expected back and are not there, and return how many.

    That is so once the first register after the expected return is closed and says neither that the child was
    in school nor why it was not. One task for each report; the call list shows the child again by itself.
    """
    on = at.date()
    asked = 0
    for report in (
        Report.objects.filter(
            school=school,
            state__in=[ReportState.WAITING, ReportState.ACCEPTED],
            expected_return__lte=on,
            expected_return__gte=on - timedelta(days=DAYS_BACK),
        )
        .filter(
            Exists(
                Mark.objects.filter(
                    pupil_id=OuterRef("pupil_id"),
                    academic_year__gte=on.year - 1,
                    code="N",
                    session__on__gte=OuterRef("expected_return"),
                    session__on__lte=on,
                )
            )
        )
        .exclude(events__what="ask_again")
        .select_related("pupil", "school")
    ):
        if _is_missing(report, at=at):
            assert report.expected_return is not None  # noqa: S101 - the filter asks for it
            raise_task(
                report.pupil,
                TaskKind.ASK_AGAIN,
                cause=f"report:{report.pk}",
                what=_question(report, report.expected_return, on),
                at=at,
            )
            write(report, "ask_again", "The child is not back as expected", by=by, at=at)
            asked += 1
    return asked


def _question(report: Report, expected: date, today: date) -> str:
    return f"Expected back on {day(expected, today)} (report {report.reference}) and not there: ask again."


def _is_missing(report: Report, *, at: datetime) -> bool:
    """Say whether the first mark from the expected return on says that nobody knows where the child is."""
    first = (
        Mark.objects.filter(
            pupil=report.pupil,
            academic_year__gte=at.year - 1,
            session__on__gte=report.expected_return,
            session__on__lte=at.date(),
            session__closes_at__lt=at,
        )
        .exclude(session__on=report.last_day, session__half__lte=report.last_half)
        .select_related("session")
        .order_by("session__on", "session__half")
        .first()
    )
    return first is not None and first.code_id == "N" and not _is_told_of(report, first.session)


def _is_told_of(report: Report, session: Session) -> bool:
    """Say whether another report speaks of the session: then the school knows more already."""
    return any(
        (other.first_day, other.first_half) <= (session.on, session.half) <= (other.last_day, other.last_half)
        for other in Report.objects.filter(
            pupil_id=report.pupil_id,
            state__in=[ReportState.WAITING, ReportState.ACCEPTED],
            first_day__lte=session.on,
            last_day__gte=session.on,
        ).exclude(pk=report.pk)
    )
