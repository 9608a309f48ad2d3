"""The school's day: checked, from a day on, with year groups that keep other times."""

from collections.abc import Iterator
from datetime import date, time

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from accounts.errors import DomainError
from accounts.models import Event, School
from registers.models import ClassGroup, DayTimes, Mark, Session, YearGroupTimes
from registers.rules.day import DayTimesInput, faults_of_day, line_for, notes_on_day, plain_day
from registers.rules.day import by_key as lines_by_key
from registers.rules.times import SessionTimes
from registers.selectors import times as selectors
from registers.services import day_times
from registers.services.calendar import Period, set_calendar
from registers.services.day_times import TimesChangedMeanwhile, TimesRefused
from registers.services.marks import MarkRow, attribution, load_marks
from tests.commands import everything_stored
from tests.factories.registers import ClassGroupFactory, london, pupil_in_class

NOW = london(date(2025, 11, 10), time(12, 0))
FROM = date(2025, 11, 24)


def line(half: str, opens: str, late: str, closes: str, ends: str = "15:15", **keys: object) -> DayTimesInput:
    """Return a line of the day from times as people write them."""
    given = [time.fromisoformat(text) for text in (opens, late, closes, ends)]
    return DayTimesInput(SessionTimes(half, *given), **keys)  # type: ignore[arg-type]


AM, PM = line("AM", "08:50", "08:50", "09:20"), line("PM", "13:00", "13:00", "13:15")
EARLIER = line("AM", "08:40", "08:45", "09:10")
NURSERY = line("AM", "09:00", "09:10", "09:30", year_group="N")


@pytest.fixture(autouse=True)
def _scope(open_school: School) -> Iterator[None]:
    with scope(school=open_school):
        yield


def opening_on(on: date, half: str = "AM") -> time:
    return selectors.session_times(Session.objects.get(on=on, half=half)).as_rule(half).opens_at


class TestTheLineThatHolds:
    LINES = lines_by_key(
        [
            AM,
            line("AM", "08:30", "08:30", "09:00", weekday=4),
            NURSERY,
            line("AM", "10:00", "10:00", "10:30", weekday=4, year_group="N"),
        ]
    )

    @pytest.mark.parametrize(
        ("weekday", "year_group", "opens_at"),
        [
            (0, "", time(8, 50)),
            (0, "3", time(8, 50)),
            (4, "", time(8, 30)),
            (4, "3", time(8, 30)),
            (0, "N", time(9, 0)),
            (4, "N", time(10, 0)),
        ],
    )
    def test_is_the_one_that_says_most_about_the_pupils(self, weekday, year_group, opens_at):
        found = line_for(self.LINES, "AM", weekday, year_group)

        assert found is not None
        assert found.times.opens_at == opens_at


class TestTimesThatCannotBe:
    @pytest.mark.parametrize(
        ("lines", "fault"),
        [
            ([AM], "The PM register has no times."),
            ([AM, PM, AM], "The AM register has two sets of times for one day."),
            (
                [line("AM", "08:40", "08:50", "09:11"), PM],
                "The AM register may be open for at most 30 minutes.",
            ),
            (
                [AM, PM, line("PM", "13:00", "13:00", "13:30", "13:30", weekday=4)],
                "The PM register must close before the day ends (Friday).",
            ),
            (
                [AM, PM, line("AM", "09:00", "08:50", "09:20", year_group="R")],
                "The AM register cannot call arrivals late before it opens (Reception).",
            ),
            (
                [DayTimesInput(AM.times, gates_open_at=time(8, 55)), PM],
                "The gates cannot open after the AM register.",
            ),
            (
                [DayTimesInput(AM.times, entry_from=time(8, 51)), PM],
                "Pupils cannot come in only after the AM register has opened.",
            ),
        ],
    )
    def test_are_named_in_a_sentence(self, lines, fault):
        assert faults_of_day(lines) == [fault]

    def test_change_nothing(self, open_school, office):
        before = everything_stored()

        with pytest.raises(TimesRefused) as refused:
            day_times.set_day_times(open_school, [AM], starts_on=FROM, by=office, at=NOW)
        assert refused.value.lines == ("The PM register has no times.",)
        assert everything_stored() == before

    @pytest.mark.parametrize("starts_on", [date(2025, 11, 10), date(2025, 9, 1)])
    def test_include_times_from_today_or_earlier(self, open_school, office, starts_on):
        before = everything_stored()

        with pytest.raises(DomainError, match="from tomorrow at the earliest"):
            day_times.set_day_times(open_school, [AM, PM], starts_on=starts_on, by=office, at=NOW)
        assert everything_stored() == before


class TestWhatWantsASecondLook:
    def test_are_registers_open_for_unequal_times(self):
        assert notes_on_day([AM, PM, line("AM", "08:30", "08:30", "09:00", weekday=4)]) == [
            "Registers should be open for the same time in every session. They are not:"
            " 15 minutes: PM; 30 minutes: AM, AM (Friday)."
        ]

    def test_is_a_year_group_that_leaves_a_weekday_behind(self):
        equal = line("PM", "13:00", "13:00", "13:30")
        friday = line("AM", "08:30", "08:30", "09:00", weekday=4)

        assert notes_on_day([AM, equal, friday, NURSERY]) == [
            "Nursery keeps its own AM times on Fridays too: add a line for that day and year if they differ"
            " there."
        ]

    def test_is_nothing_on_a_plain_day(self):
        times = plain_day(
            morning=(time(8, 50), time(8, 50), time(9, 20)),
            afternoon=(time(13), time(13), time(13, 30)),
            ends=[time(15, 15)] * 4 + [time(13, 45)],
        )

        assert notes_on_day(times) == []
        assert [(one.times.half, one.weekday) for one in times] == [
            ("AM", None),
            ("AM", 4),
            ("PM", None),
            ("PM", 4),
        ]


class TestNewTimesFromADayOn:
    def test_leave_the_sessions_before_as_they_are(self, open_school, office):
        plan = day_times.set_day_times(open_school, [EARLIER, PM], starts_on=FROM, by=office, at=NOW)

        assert opening_on(date(2025, 11, 10)) == time(8, 50)
        assert opening_on(date(2025, 11, 21)) == time(8, 50)
        assert opening_on(FROM) == time(8, 40)
        days_to_come = Session.objects.filter(on__gte=FROM, half="AM").count()
        assert (plan.session_count, plan.last_day) == (days_to_come, date(2026, 7, 15))
        assert opening_on(FROM, "PM") == time(13, 0)

    def test_still_hold_from_that_day_when_the_calendar_is_set_later(self, open_school, office):
        day_times.set_day_times(open_school, [EARLIER, PM], starts_on=FROM, by=office, at=NOW)

        closure = Period("closure", "Staff day", date(2025, 11, 28), date(2025, 11, 28))
        set_calendar(open_school, [closure], by=office, at=NOW)

        assert (opening_on(date(2025, 11, 21)), opening_on(FROM)) == (time(8, 50), time(8, 40))

    def test_replace_those_from_the_same_day(self, open_school, office):
        day_times.set_day_times(open_school, [EARLIER, PM], starts_on=FROM, by=office, at=NOW)
        day_times.set_day_times(open_school, [AM, PM, NURSERY], starts_on=FROM, by=office, at=NOW)

        assert DayTimes.objects.filter(starts_on=FROM).count() == 3
        assert opening_on(FROM) == time(8, 50)

    def test_can_be_taken_back_before_they_begin(self, open_school, office):
        before = list(Session.objects.order_by("pk").values_list("pk", "opens_at", "closes_at"))
        day_times.set_day_times(open_school, [EARLIER, PM, NURSERY], starts_on=FROM, by=office, at=NOW)

        changed = day_times.drop_day_times(open_school, starts_on=FROM, by=office, at=NOW)

        assert changed == Session.objects.filter(on__gte=FROM, half="AM").count()
        assert list(Session.objects.order_by("pk").values_list("pk", "opens_at", "closes_at")) == before
        assert YearGroupTimes.objects.count() == 0

    def test_cannot_be_taken_back_once_they_hold(self, open_school, office):
        day_times.set_day_times(open_school, [EARLIER, PM], starts_on=FROM, by=office, at=NOW)
        before = everything_stored()

        with pytest.raises(DomainError, match="These times hold already"):
            day_times.drop_day_times(open_school, starts_on=FROM, by=office, at=london(FROM, time(7, 0)))
        assert everything_stored() == before

    def test_of_somebody_who_saw_others_are_refused(self, open_school, office):
        seen = day_times.token_of(day_times.day_book_of(open_school))
        day_times.set_day_times(open_school, [EARLIER, PM], starts_on=FROM, by=office, at=NOW)
        before = everything_stored()

        with pytest.raises(TimesChangedMeanwhile):
            day_times.set_day_times(open_school, [AM, PM], starts_on=FROM, by=office, at=NOW, seen=seen)
        assert everything_stored() == before

    def test_are_logged_with_every_line(self, open_school, office):
        day_times.set_day_times(open_school, [EARLIER, PM], starts_on=FROM, by=office, at=NOW)

        event = Event.objects.get(kind="day.changed")
        assert event.data["starts_on"] == "2025-11-24"
        assert event.data["times"] == ["AM   08:40 08:45 09:10 15:15", "PM   13:00 13:00 13:15 15:15"]

    def test_are_planned_in_as_many_statements_as_before(self, open_school):
        with CaptureQueriesContext(connection) as captured:
            day_times.plan_day_times(open_school, [EARLIER, PM, NURSERY], starts_on=FROM, today=NOW.date())

        assert len(captured) == 5


class TestAYearGroupWithItsOwnTimes:
    @pytest.fixture
    def nursery(self, open_school, office) -> ClassGroup:
        day_times.set_day_times(open_school, [AM, PM, NURSERY], starts_on=FROM, by=office, at=NOW)
        made: ClassGroup = ClassGroupFactory(school=open_school, name="Acorns")
        return made

    def test_has_them_in_each_session_to_come_where_they_differ(self, nursery):
        assert set(YearGroupTimes.objects.values_list("year_group", "session__half")) == {("N", "AM")}
        assert YearGroupTimes.objects.count() == Session.objects.filter(on__gte=FROM, half="AM").count()

    def test_gives_them_to_a_class_of_that_year_alone(self, nursery):
        session = Session.objects.get(on=FROM, half="AM")
        pupil = pupil_in_class(nursery, year_group="N")
        assert selectors.class_times(nursery, session).as_rule("AM") == NURSERY_RULE
        assert selectors.pupil_times(pupil, session).as_rule("AM") == NURSERY_RULE

        older = pupil_in_class(nursery, year_group="R")

        assert selectors.class_times(nursery, session) == selectors.session_times(session)
        assert selectors.pupil_times(pupil, session).as_rule("AM") == NURSERY_RULE
        assert selectors.pupil_times(older, session) == selectors.session_times(session)

    def test_counts_the_pupils_of_the_day_only(self, nursery):
        session = Session.objects.get(on=FROM, half="AM")
        pupil_in_class(nursery, year_group="N")
        older = pupil_in_class(nursery, year_group="R")
        older.memberships.update(ends_on=date(2025, 11, 21))

        assert selectors.class_times(nursery, session).as_rule("AM") == NURSERY_RULE

    def test_is_the_schools_in_a_class_without_pupils(self, nursery):
        session = Session.objects.get(on=FROM, half="AM")

        assert selectors.class_times(nursery, session) == selectors.session_times(session)

    def test_is_read_in_one_statement_for_all_classes_of_a_day(self, nursery, class_group):
        sessions = list(Session.objects.filter(on=FROM).order_by("half"))
        pupil_in_class(nursery, year_group="N")
        pupil_in_class(class_group, year_group="5")

        with CaptureQueriesContext(connection) as captured:
            times = selectors.times_of_classes([nursery.pk, class_group.pk], sessions)

        assert len(captured) == 1
        assert {key: value.as_rule("AM").closes_at for key, value in times.items()} == {
            (nursery.pk, sessions[0].pk): time(9, 30),
            (nursery.pk, sessions[1].pk): time(13, 15),
            (class_group.pk, sessions[0].pk): time(9, 20),
            (class_group.pk, sessions[1].pk): time(13, 15),
        }

    def test_may_be_marked_again_until_its_own_register_closes(self, nursery, office):
        session = Session.objects.get(on=FROM, half="AM")
        pupil = pupil_in_class(nursery, year_group="N")
        older = pupil_in_class(nursery, year_group="R")
        rows = [MarkRow(one.pk, session.pk, 2025, "N") for one in (pupil, older)]
        load_marks(nursery.school, rows, by=office, at=session.opens_at, source="register")

        with attribution(by=office, at=london(FROM, time(9, 25))):
            Mark.objects.filter(pupil=pupil).update(code="L", arrived_at=time(9, 15))
        for who, at in ((older, time(9, 25)), (pupil, time(9, 31))):
            with (
                pytest.raises(IntegrityError, match="is closed: a change needs a reason"),
                attribution(by=office, at=london(FROM, at)),
            ):
                Mark.objects.filter(pupil=who).update(code="I", arrived_at=None)

        assert dict(Mark.objects.values_list("pupil_id", "code_id")) == {pupil.pk: "L", older.pk: "N"}


NURSERY_RULE = SessionTimes("AM", time(9, 0), time(9, 10), time(9, 30))
