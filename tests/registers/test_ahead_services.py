"""What is known ahead: trips and absences, weekly patterns, part-time timetables."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scope

from accounts.errors import DomainError
from accounts.models import Event, School, User
from registers.models import (
    ClassGroup,
    KnownAhead,
    Mark,
    MarkEntry,
    PartTimeTimetable,
    Pupil,
    Session,
    WeeklyPattern,
)
from registers.selectors.ahead import ahead_of, ahead_of_pupil, week_in_words
from registers.services import ahead, part_time
from registers.services.ahead import Arrangement, ArrangementRefused, MarkedAlready, PatternInput
from registers.services.marks import MarkRow, load_marks
from registers.services.part_time import TimetablePlan
from tests.factories.accounts import UserFactory
from tests.factories.registers import (
    PartTimeTimetableFactory,
    PupilFlagFactory,
    TimetableAbsenceFactory,
    held_sessions,
    london,
    pupil_in_class,
)
from tests.factories.registers_ahead import PatternSessionFactory, WeeklyPatternFactory, known_ahead_for

MONDAY, TUESDAY, FRIDAY = date(2025, 11, 3), date(2025, 11, 4), date(2025, 11, 14)
NOW = london(date(2025, 11, 3), time(8, 0))


@pytest.fixture
def sessions(school: School) -> list[Session]:
    """Both sessions of the ten school days from Monday 3 to Friday 14 November 2025."""
    return held_sessions(school, MONDAY, FRIDAY)


@pytest.fixture
def child(class_group: ClassGroup, sessions: list[Session]) -> Pupil:
    return pupil_in_class(class_group)


@pytest.fixture
def by() -> User:
    made: User = UserFactory(name="Olive Office")
    return made


def plan(*pupils: Pupil, **changes: Any) -> Arrangement:
    values: dict[str, Any] = {
        "name": "Museum visit",
        "code": "V",
        "nature": "Museum of the town",
        "first_day": TUESDAY,
        "last_day": TUESDAY,
        "pupil_ids": tuple(pupil.pk for pupil in pupils),
    }
    return Arrangement(**values | changes)


def expectations() -> list[tuple[int, date, str, str, str, str, int]]:
    """Return what the view knows, by pupil and session."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT e.pupil_id, s."on", s.half, e.code, e.nature, e.reason, e.rank'
            " FROM registers_expectation AS e JOIN registers_session AS s ON s.id = e.session_id"
            ' ORDER BY e.pupil_id, s."on", s.half, e.rank'
        )
        return cursor.fetchall()


def recorded(school: School, pupil: Pupil, session: Session, code: str, by: User) -> None:
    load_marks(school, [MarkRow(pupil.pk, session.pk, session.academic_year, code)], by=by, at=NOW)


class TestATripArrangedAhead:
    def test_is_known_for_each_session_from_the_first_to_the_last(
        self, school: School, child: Pupil, by: User
    ) -> None:
        with scope(school=school):
            done = ahead.arrange(
                school,
                plan(child, first_half="PM", last_day=date(2025, 11, 6), last_half="AM"),
                by=by,
                at=NOW,
            )

        told = ("V", "Museum of the town", "Museum visit", 10)
        assert expectations() == [
            (child.pk, TUESDAY, "PM", *told),
            (child.pk, date(2025, 11, 5), "AM", *told),
            (child.pk, date(2025, 11, 5), "PM", *told),
            (child.pk, date(2025, 11, 6), "AM", *told),
        ]
        assert (done.outlook.sessions, done.outlook.pupils, done.amended) == (4, 1, 0)
        event = Event.objects.get(kind="ahead.arranged")
        assert event.data == {"code": "V", "pupils": 1, "sessions": 4, "amended": 0}

    def test_makes_no_mark(self, school: School, child: Pupil, by: User) -> None:
        with scope(school=school):
            ahead.arrange(school, plan(child), by=by, at=NOW)

            assert Mark.objects.count() == 0
            assert MarkEntry.objects.count() == 0

    def test_does_not_change_marks_that_stand_without_a_reason(
        self, school: School, child: Pupil, sessions: list[Session], by: User
    ) -> None:
        with scope(school=school):
            recorded(school, child, sessions[2], "/", by)
            done = ahead.arrange(school, plan(child), by=by, at=NOW)

            assert done.outlook.marked_already == (
                MarkedAlready(child.pk, sessions[2].pk, TUESDAY, "AM", "/"),
            )
            assert Mark.objects.get().code_id == "/"

    def test_amends_marks_that_stand_with_a_reason(
        self, school: School, child: Pupil, sessions: list[Session], by: User
    ) -> None:
        later = london(date(2025, 11, 7), time(11, 0))
        with scope(school=school):
            recorded(school, child, sessions[2], "/", by)
            recorded(school, child, sessions[3], "V", by)
            done = ahead.arrange(
                school, plan(child), by=by, at=later, position="Office staff", amend_reason="Was on the trip"
            )

            assert done.amended == 1
            mark = Mark.objects.get(session=sessions[2])
            assert (mark.code_id, mark.nature) == ("V", "Museum of the town")
            entry = MarkEntry.objects.select_related("batch").get(old_code="/")
            assert (entry.new_code, entry.batch.reason) == ("V", "Was on the trip")
            assert entry.batch.by_position == "Office staff"

    @pytest.mark.parametrize(
        ("changes", "field", "says"),
        [
            ({"name": " "}, "name", "Enter what it is, as registers will show it"),
            ({"code": "/"}, "code", "Choose a code that can be arranged ahead"),
            ({"code": "N"}, "code", "Choose a code that can be arranged ahead"),
            ({"code": "C2"}, "code", "Choose a code that can be arranged ahead"),
            ({"code": "ZZ"}, "code", "Choose a code that can be arranged ahead"),
            ({"nature": ""}, "nature", "Say what the activity or circumstance is for code V"),
            (
                {"code": "D", "nature": ""},
                "nature",
                "Say at which other school the pupil is registered",
            ),
            ({"last_day": MONDAY}, "last_day", "The last session cannot be before the first"),
            (
                {"first_half": "PM", "last_half": "AM"},
                "last_day",
                "The last session cannot be before the first",
            ),
            ({"last_day": date(2027, 11, 5)}, "last_day", "It cannot last longer than a year"),
            ({"pupil_ids": ()}, "pupils", "Choose at least one pupil"),
            (
                {"first_day": date(2025, 11, 8), "last_day": date(2025, 11, 9)},
                "first_day",
                "No session is held in this time",
            ),
        ],
    )
    def test_is_refused_with_what_to_do(
        self, school: School, child: Pupil, by: User, changes: dict[str, Any], field: str, says: str
    ) -> None:
        with scope(school=school):
            with pytest.raises(ArrangementRefused) as refused:
                ahead.arrange(school, plan(child, **changes), by=by, at=NOW)

            assert refused.value.faults == {field: says}
            assert KnownAhead.objects.count() == 0

    def test_is_refused_for_a_pupil_of_another_school_or_off_roll(
        self, school: School, other_school: School, child: Pupil, class_group: ClassGroup, by: User
    ) -> None:
        leaver = pupil_in_class(class_group)
        with scope(school=school):
            leaver.enrolments.update(leaving_on=MONDAY)
            for pupil_id in (leaver.pk, 10**9):
                with pytest.raises(ArrangementRefused) as refused:
                    ahead.arrange(school, plan(child, pupil_ids=(child.pk, pupil_id)), by=by, at=NOW)
                assert refused.value.faults == {"pupils": "One of these pupils is not on roll then"}

            assert KnownAhead.objects.count() == 0

    def test_of_x_is_refused_for_a_pupil_of_compulsory_school_age(
        self, school: School, child: Pupil, by: User
    ) -> None:
        with scope(school=school), pytest.raises(ArrangementRefused) as refused:
            ahead.arrange(school, plan(child, code="X", nature=""), by=by, at=NOW)

        assert refused.value.faults == {
            "code": f"X is for pupils outside compulsory school age, not for {child.full_name}"
        }

    def test_is_forgotten_when_withdrawn_and_stays_on_record(
        self, school: School, child: Pupil, by: User
    ) -> None:
        row = known_ahead_for(child, first_day=TUESDAY, last_day=TUESDAY)
        with scope(school=school):
            ahead.withdraw(row, why="The coach broke down", by=by, at=NOW)

            assert expectations() == []
            row.refresh_from_db()
            assert (row.withdrawn_by, row.withdrawn_why) == (by, "The coach broke down")
            with pytest.raises(DomainError, match="withdrawn already"):
                ahead.withdraw(row, why="Again", by=by, at=NOW)
            assert Event.objects.filter(kind="ahead.withdrawn").count() == 1

    def test_can_go_without_a_pupil_but_not_without_everybody(
        self, school: School, child: Pupil, class_group: ClassGroup, by: User
    ) -> None:
        other = pupil_in_class(class_group)
        row = known_ahead_for(child, other, first_day=TUESDAY, last_day=TUESDAY)
        with scope(school=school):
            assert ahead.leave_out(row, [child.pk], by=by, at=NOW) == 1
            assert {line[0] for line in expectations()} == {other.pk}
            with pytest.raises(DomainError, match="Nobody would be left"):
                ahead.leave_out(row, [other.pk], by=by, at=NOW)
            assert row.taking_part.count() == 1

    def test_cannot_end_before_it_begins_whoever_writes_it(self, school: School, by: User) -> None:
        with scope(school=school), pytest.raises(IntegrityError), transaction.atomic():
            KnownAhead.objects.create(
                school=school,
                name="x",
                code_id="V",
                first_day=TUESDAY,
                first_half="PM",
                last_day=TUESDAY,
                last_half="AM",
                recorded_at=NOW,
                recorded_by=by,
            )


class TestAWeeklyPattern:
    def test_is_known_every_week_until_it_ends(self, school: School, child: Pupil, by: User) -> None:
        with scope(school=school):
            row = ahead.set_pattern(
                child,
                PatternInput("M", "Speech therapy", MONDAY, frozenset({(1, "AM"), (3, "PM")})),
                by=by,
                at=NOW,
            )
            assert [(on, half) for _, on, half, *_ in expectations()] == [
                (TUESDAY, "AM"),
                (date(2025, 11, 6), "PM"),
                (date(2025, 11, 11), "AM"),
                (date(2025, 11, 13), "PM"),
            ]
            ahead.end_pattern(row, last_day=date(2025, 11, 11), by=by, at=NOW)
            assert [(on, half) for _, on, half, *_ in expectations()] == [
                (TUESDAY, "AM"),
                (date(2025, 11, 6), "PM"),
                (date(2025, 11, 11), "AM"),
            ]

    def test_of_x_ends_by_itself_when_compulsory_age_begins(
        self, school: School, class_group: ClassGroup, sessions: list[Session], by: User
    ) -> None:
        # Five on 5 November 2020 + 5: of compulsory school age from 31 December 2025.
        young = pupil_in_class(class_group, date_of_birth=date(2020, 11, 5), year_group="R")
        held_sessions(school, date(2026, 1, 5), date(2026, 1, 6), half_term="Spring 1", number=21, week=3)
        with scope(school=school):
            ahead.set_pattern(
                young, PatternInput("X", "Mornings only", MONDAY, frozenset({(0, "PM")})), by=by, at=NOW
            )

            assert [(on, half) for _, on, half, *_ in expectations()] == [
                (MONDAY, "PM"),
                (date(2025, 11, 10), "PM"),
            ]

    @pytest.mark.parametrize(
        ("changes", "faults"),
        [
            ({"code": "I"}, {"code": "Choose a code that can come back every week"}),
            ({"code": "X"}, {"code": "X is for pupils outside compulsory school age"}),
            ({"code": "D"}, {"nature": "Say at which other school the pupil is registered"}),
            ({"name": ""}, {"name": "Enter why, as registers will show it"}),
            ({"sessions": frozenset()}, {"sessions": "Choose at least one session of the week"}),
            ({"last_day": date(2025, 11, 2)}, {"last_day": "The last day cannot be before the first"}),
        ],
    )
    def test_is_refused_with_what_to_do(
        self, school: School, child: Pupil, by: User, changes: dict[str, Any], faults: dict[str, str]
    ) -> None:
        values: dict[str, Any] = {
            "code": "M",
            "name": "Speech therapy",
            "first_day": MONDAY,
            "sessions": frozenset({(1, "AM")}),
        }
        with scope(school=school):
            with pytest.raises(ArrangementRefused) as refused:
                ahead.set_pattern(child, PatternInput(**values | changes), by=by, at=NOW)

            assert refused.value.faults == faults
            assert WeeklyPattern.objects.count() == 0

    def test_cannot_speak_of_a_session_that_another_speaks_of(
        self, school: School, child: Pupil, by: User
    ) -> None:
        first = WeeklyPatternFactory(pupil=child, first_day=MONDAY, last_day=TUESDAY)
        PatternSessionFactory(pattern=first)
        with scope(school=school):
            with pytest.raises(ArrangementRefused, match="Speech therapy speaks of one of these sessions"):
                ahead.set_pattern(
                    child, PatternInput("M", "Clinic", TUESDAY, frozenset({(1, "AM")})), by=by, at=NOW
                )
            ahead.set_pattern(
                child, PatternInput("M", "Clinic", date(2025, 11, 5), frozenset({(1, "AM")})), by=by, at=NOW
            )

            assert WeeklyPattern.objects.count() == 2

    def test_gives_way_to_what_is_arranged_for_the_day(self, school: School, child: Pupil, by: User) -> None:
        PatternSessionFactory(pattern=WeeklyPatternFactory(pupil=child, first_day=TUESDAY))
        known_ahead_for(child, first_day=TUESDAY, last_day=TUESDAY, last_half="AM")

        assert [(code, rank) for _, on, _, code, _, _, rank in expectations() if on == TUESDAY] == [
            ("V", 10),
            ("M", 20),
        ]


class TestAPartTimeTimetable:
    PLAN = TimetablePlan(
        first_day=MONDAY,
        last_day=FRIDAY,
        review_on=date(2025, 11, 12),
        agreed_on=date(2025, 10, 31),
        agreed_with="Mrs Parent",
        circumstances="Back after a long illness.",
        ambition="One more afternoon each week.",
        absent_sessions=frozenset({(0, "PM"), (2, "PM")}),
    )

    def test_is_recorded_as_agreed_and_excuses_its_sessions(
        self, school: School, child: Pupil, by: User
    ) -> None:
        with scope(school=school):
            row = part_time.agree_timetable(child, self.PLAN, by=by, at=NOW)

            assert (row.agreed_with, row.circumstances, row.ambition) == (
                "Mrs Parent",
                "Back after a long illness.",
                "One more afternoon each week.",
            )
            assert [(on, half, code) for _, on, half, code, *_ in expectations()] == [
                (MONDAY, "PM", "C2"),
                (date(2025, 11, 5), "PM", "C2"),
                (date(2025, 11, 10), "PM", "C2"),
                (date(2025, 11, 12), "PM", "C2"),
            ]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"agreed_with": ""}, "agreed_with"),
            ({"circumstances": ""}, "circumstances"),
            ({"ambition": " "}, "ambition"),
            ({"absent_sessions": frozenset()}, "absent_sessions"),
            (
                {"absent_sessions": frozenset((d, h) for d in range(5) for h in ("AM", "PM"))},
                "absent_sessions",
            ),
            ({"last_day": date(2025, 11, 2)}, "last_day"),
            ({"review_on": date(2025, 11, 15)}, "review_on"),
            ({"agreed_on": TUESDAY}, "agreed_on"),
        ],
    )
    def test_is_refused_while_something_required_is_missing(
        self, school: School, child: Pupil, by: User, changes: dict[str, Any], field: str
    ) -> None:
        with scope(school=school):
            with pytest.raises(ArrangementRefused) as refused:
                part_time.agree_timetable(child, TimetablePlan(**vars(self.PLAN) | changes), by=by, at=NOW)

            assert list(refused.value.faults) == [field]
            assert PartTimeTimetable.objects.count() == 0

    def test_is_only_for_a_pupil_of_compulsory_school_age_for_the_whole_time(
        self, school: School, class_group: ClassGroup, by: User
    ) -> None:
        young = pupil_in_class(class_group, date_of_birth=date(2020, 11, 5))
        with scope(school=school), pytest.raises(ArrangementRefused) as refused:
            part_time.agree_timetable(young, self.PLAN, by=by, at=NOW)

        assert list(refused.value.faults) == ["first_day"]

    def test_is_reviewed_and_then_asks_for_the_next_review(
        self, school: School, child: Pupil, by: User
    ) -> None:
        with scope(school=school):
            row = part_time.agree_timetable(child, self.PLAN, by=by, at=NOW)
            at = london(date(2025, 11, 12), time(15, 0))
            with pytest.raises(ArrangementRefused) as refused:
                part_time.record_review(
                    row, held_on=at.date(), outcome="Well", next_review_on=None, by=by, at=at
                )
            assert refused.value.faults == {"next_review_on": "Enter when the timetable is looked at next"}
            part_time.record_review(
                row, held_on=at.date(), outcome="Well", next_review_on=FRIDAY, by=by, at=at
            )

            row.refresh_from_db()
            assert row.review_on == FRIDAY
            assert row.reviews.get().outcome == "Well"

    def test_ends_early_only_while_no_c2_mark_would_lose_it(
        self, school: School, child: Pupil, sessions: list[Session], by: User
    ) -> None:
        with scope(school=school):
            row = part_time.agree_timetable(child, self.PLAN, by=by, at=NOW)
            wednesday = next(s for s in sessions if s.on == date(2025, 11, 5) and s.half == "PM")
            recorded(school, child, wednesday, "C2", by)
            with pytest.raises(ArrangementRefused, match="1 C2 mark on later days"):
                part_time.end_timetable(row, last_day=TUESDAY, why="Back full time", by=by, at=NOW)
            row.refresh_from_db()
            assert (row.last_day, row.ended_early_why) == (FRIDAY, "")

            part_time.end_timetable(row, last_day=wednesday.on, why="Back full time", by=by, at=NOW)
            row.refresh_from_db()
            assert (row.last_day, row.review_on) == (wednesday.on, wednesday.on)

    def test_asks_for_whom_to_tell(self, school: School, child: Pupil, by: User) -> None:
        PupilFlagFactory(pupil=child, name="social_worker")
        with scope(school=school):
            Pupil.objects.filter(pk=child.pk).update(ehcp=True)
            row = part_time.agree_timetable(child, self.PLAN, by=by, at=NOW)

            live = ahead_of(school, on=date(2025, 11, 13)).timetables[0]
            assert [(task.what, task.is_overdue) for task in live.tasks] == [
                ("review", True),
                ("authority_told_on", True),
                ("plan_discussed_on", True),
                ("social_worker_told_on", True),
            ]
            part_time.record_told(row, "authority_told_on", on=TUESDAY, by=by, at=london(FRIDAY, time(9)))
            live = ahead_of(school, on=MONDAY).timetables[0]
            assert [(task.what, task.is_overdue) for task in live.tasks] == [
                ("plan_discussed_on", False),
                ("social_worker_told_on", False),
            ]

    def test_asks_for_nothing_once_it_has_ended(self, school: School, child: Pupil, by: User) -> None:
        with scope(school=school):
            row = part_time.agree_timetable(child, self.PLAN, by=by, at=NOW)

            on_its_last_day = ahead_of_pupil(child, on=row.last_day)
            assert [task.what for task in on_its_last_day.timetables[0].tasks] == [
                "review",
                "authority_told_on",
            ]
            the_day_after = ahead_of_pupil(child, on=row.last_day + timedelta(days=1))
            assert [live.tasks for live in the_day_after.ended] == [()]
            assert the_day_after.timetables == ()


class TestTheListOfWhatIsAhead:
    def test_takes_the_same_statements_for_three_and_for_thirty(
        self, school: School, class_group: ClassGroup, sessions: list[Session], django_assert_num_queries: Any
    ) -> None:
        for count in (3, 27):
            for _ in range(count):
                child = pupil_in_class(class_group)
                known_ahead_for(child, first_day=TUESDAY, last_day=TUESDAY)
                PatternSessionFactory(pattern=WeeklyPatternFactory(pupil=child))
                TimetableAbsenceFactory(timetable=PartTimeTimetableFactory(pupil=child))
            with scope(school=school), django_assert_num_queries(7):
                found = ahead_of(school, on=MONDAY)
            assert len(found.patterns) == len(found.timetables) == len(found.arrangements)
        assert len(found.patterns) == 30

    def test_leaves_out_what_is_over(self, school: School, child: Pupil) -> None:
        known_ahead_for(child, first_day=MONDAY, last_day=MONDAY)
        WeeklyPatternFactory(pupil=child, last_day=MONDAY)
        PartTimeTimetableFactory(pupil=child, first_day=MONDAY, last_day=MONDAY, review_on=MONDAY)
        with scope(school=school):
            now = ahead_of(school, on=MONDAY)
            then = ahead_of_pupil(child, on=TUESDAY)

        assert (len(now.arrangements), len(now.patterns), len(now.timetables)) == (1, 1, 1)
        assert (then.arrangements, then.patterns, then.timetables) == ((), (), ())
        assert len(then.ended) == 1

    def test_tells_the_sessions_of_a_week_in_words(self) -> None:
        assert week_in_words([(1, "PM"), (0, "AM"), (0, "PM")]) == "Monday, Tuesday PM"
