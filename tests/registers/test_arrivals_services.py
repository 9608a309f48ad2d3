"""The late book: signing in, putting right, withdrawing, and what becomes of the mark."""

from datetime import date, datetime, time
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope, scopes_disabled

from accounts.errors import DomainError
from accounts.models import Event, School, User
from registers.models import ClassGroup, LateArrival, Pupil
from registers.selectors import arrivals as selectors
from registers.selectors.registers import history_of_mark, register_page
from registers.services import arrivals as services
from registers.services.arrivals import KEEP, PRESENT, Arrival
from registers.services.marks import MarkInput, MarksChangedMeanwhile, save_marks
from tests.factories.registers import (
    DayTimesFactory,
    EnrolmentFactory,
    PartTimeTimetableFactory,
    PupilFactory,
    SessionFactory,
    TimetableAbsenceFactory,
    YearGroupTimesFactory,
    held_sessions,
    london,
)
from tests.registers.taking import TUESDAY, Morning, make_morning, mark, standing


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    return make_morning(school, class_group)


def arrival(at: time, **values: Any) -> Arrival:
    return Arrival(at, reason="overslept", company="parent", **values)


def sign_in(
    pupil: Pupil, at: time, *, by: User, now: datetime | None = None, on: date = TUESDAY, **values: Any
) -> services.SignedIn:
    with scope(school=pupil.school):
        return services.sign_in(
            pupil,
            arrival(at, **values),
            on=on,
            by=by,
            at=now or london(on, at),
            position="Office staff",
        )


def book() -> list[tuple[str, time, int, str, str]]:
    """Return what stands in the late book: surname, arrival, minutes, code by the times, code set."""
    with scopes_disabled():
        return [
            (entry.pupil.surname, entry.arrived_at, entry.minutes_late, entry.proposed_code_id, entry.code)
            for entry in LateArrival.objects.filter(is_withdrawal=False, replaced_by__isnull=True)
            .select_related("pupil")
            .order_by("pk")
        ]


def codes(morning: Morning) -> dict[str, str]:
    return {surname: values[0] for surname, values in standing(morning.session).items()}


def last_reason(morning: Morning, pupil: Pupil) -> str:
    with scopes_disabled():
        return history_of_mark(pupil, morning.session)[-1].reason


class TestSigningIn:
    @pytest.mark.parametrize(
        ("at", "code", "late"), [(time(8, 50), "/", 0), (time(9, 20), "L", 30), (time(9, 21), "U", 31)]
    )
    def test_sets_the_mark_by_the_schools_times(
        self, morning: Morning, office: User, at: time, code: str, late: int
    ) -> None:
        sign_in(morning.pupils[0], at, by=office)

        assert standing(morning.session) == {"Abbot": (code, at, "")}
        assert book() == [("Abbot", at, late, code, code)]

    def test_turns_n_after_the_close_into_u_with_a_reason_of_its_own(
        self, morning: Morning, office: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "N", by=office)

        sign_in(morning.pupils[0], time(9, 25), by=office, now=london(TUESDAY, time(9, 26)))

        assert codes(morning) == {"Abbot": "U"}
        with scopes_disabled():
            change = history_of_mark(morning.pupils[0], morning.session)[-1]
        assert (change.old_code, change.new_code, change.by_name, change.by_position, change.reason) == (
            "N",
            "U",
            "Olive Office",
            "Office staff",
            "Arrived 9:25am, signed in at the office",
        )

    def test_leaves_an_appointment_after_the_close_but_writes_the_book(
        self, morning: Morning, office: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "M", by=office)

        signed = sign_in(morning.pupils[0], time(10, 40), by=office)

        assert signed.proposal.is_kept
        assert standing(morning.session) == {"Abbot": ("M", None, "")}
        assert book() == [("Abbot", time(10, 40), 110, "U", "M")]

    def test_changes_an_appointment_when_the_office_says_so(self, morning: Morning, office: User) -> None:
        mark(morning.session, morning.pupils[0], "M", by=office)

        sign_in(morning.pupils[0], time(10, 40), by=office, choice="U", seen_code="M")

        assert standing(morning.session) == {"Abbot": ("U", time(10, 40), "")}

    def test_takes_an_absence_known_ahead_as_the_mark_after_the_close(
        self, morning: Morning, office: User
    ) -> None:
        timetable = PartTimeTimetableFactory(pupil=morning.pupils[0])
        TimetableAbsenceFactory(timetable=timetable, weekday=TUESDAY.weekday(), half="AM")

        sign_in(morning.pupils[0], time(11, 0), by=office)

        assert codes(morning) == {"Abbot": "C2"}

    def test_may_keep_the_book_alone(self, morning: Morning, office: User) -> None:
        sign_in(morning.pupils[0], time(9, 5), by=office, choice=KEEP)

        assert codes(morning) == {}
        assert book() == [("Abbot", time(9, 5), 15, "L", "")]

    def test_takes_a_better_code_than_u(self, morning: Morning, office: User) -> None:
        mark(morning.session, morning.pupils[0], "N", by=office)

        sign_in(morning.pupils[0], time(10, 5), by=office, choice="M", seen_code="N")

        assert standing(morning.session) == {"Abbot": ("M", None, "")}

    def test_counts_for_the_afternoon_from_its_opening(self, morning: Morning, office: User) -> None:
        afternoon = next(one for one in morning.sessions if one.on == TUESDAY and one.half == "PM")

        sign_in(morning.pupils[0], time(13, 5), by=office)

        assert standing(afternoon) == {"Abbot": ("L", time(13, 5), "")}
        assert codes(morning) == {}

    def test_can_be_for_the_afternoon_before_it_opens(self, morning: Morning, office: User) -> None:
        afternoon = next(one for one in morning.sessions if one.on == TUESDAY and one.half == "PM")

        sign_in(morning.pupils[0], time(12, 50), by=office, half="PM", choice=PRESENT)

        assert standing(afternoon) == {"Abbot": ("\\", time(12, 50), "")}

    def test_leaves_an_event_without_a_name(self, morning: Morning, office: User) -> None:
        sign_in(morning.pupils[0], time(9, 5), by=office)

        event = Event.objects.get(kind="arrival.recorded")
        assert (event.by_id, event.data) == (office.pk, {"code": "L"})

    def test_goes_by_the_times_of_the_year_group(self, morning: Morning, office: User) -> None:
        with scope(school=morning.session.school):
            morning.session.year_group_times.create(
                school=morning.session.school,
                year_group="5",
                opens_at=london(TUESDAY, time(9, 0)),
                late_after_at=london(TUESDAY, time(9, 0)),
                closes_at=london(TUESDAY, time(9, 30)),
            )

        sign_in(morning.pupils[0], time(9, 25), by=office)

        assert book() == [("Abbot", time(9, 25), 25, "L", "L")]


class TestTheMorningsTheClocksChange:
    @pytest.mark.parametrize("on", [date(2026, 3, 30), date(2025, 10, 27)])
    def test_are_judged_by_the_clock_on_the_wall(
        self, school: School, class_group: ClassGroup, pupil: Pupil, office: User, on: date
    ) -> None:
        session = held_sessions(school, on, on, half_term="Spring 2")[0]

        with pytest.raises(services.WrongTime):
            sign_in(pupil, time(9, 20), by=office, on=on, now=london(on, time(9, 19)))
        assert standing(session) == {}

        sign_in(pupil, time(9, 20), by=office, on=on)

        assert standing(session) == {"Ashdown": ("L", time(9, 20), "")}


class TestARefusal:
    def refused(self, pupil: Pupil, at: time, error: type[DomainError], office: User, **values: Any) -> str:
        with scopes_disabled():
            before = (LateArrival.objects.count(), Event.objects.count())
        with pytest.raises(error) as caught:
            sign_in(pupil, at, by=office, **values)
        with scopes_disabled():
            assert (LateArrival.objects.count(), Event.objects.count()) == before
        return caught.value.message

    def test_of_a_time_to_come(self, morning: Morning, office: User) -> None:
        message = self.refused(
            morning.pupils[0], time(9, 6), services.WrongTime, office, now=london(TUESDAY, time(9, 5, 59))
        )

        assert message == "The time of arrival cannot be later than now, 9:05am."
        assert codes(morning) == {}

    def test_of_a_day_to_come(self, morning: Morning, office: User) -> None:
        message = self.refused(
            morning.pupils[0], time(9, 5), services.WrongTime, office, now=london(date(2025, 11, 10), time(9))
        )

        assert message == "That day is still to come."

    def test_of_a_time_before_the_gates(self, morning: Morning, school: School, office: User) -> None:
        DayTimesFactory(school=school, half="AM", gates_open_at=time(8, 40))

        message = self.refused(
            morning.pupils[0], time(8, 39), services.WrongTime, office, now=london(TUESDAY, time(9, 5))
        )

        assert message.startswith("8:39am is before the gates open at 8:40am.")

    def test_of_an_afternoon_time_without_pm(self, morning: Morning, office: User) -> None:
        message = self.refused(
            morning.pupils[0], time(1, 15), services.WrongTime, office, now=london(TUESDAY, time(13, 16))
        )

        assert message.endswith("An afternoon time needs pm, or 13:15.")

    def test_of_a_second_entry_for_the_same_session(self, morning: Morning, office: User) -> None:
        sign_in(morning.pupils[0], time(9, 5), by=office)

        message = self.refused(morning.pupils[0], time(9, 25), services.AlreadySignedIn, office)

        assert message == (
            "Robin Abbot is in the late book already: 9:05am, entered by Olive Office at 9:05am. "
            "Correct that entry instead."
        )
        assert standing(morning.session) == {"Abbot": ("L", time(9, 5), "")}

    def test_of_late_after_the_close_and_after_close_before_it(self, morning: Morning, office: User) -> None:
        assert self.refused(
            morning.pupils[0], time(9, 21), services.WrongCode, office, choice="L"
        ).startswith("L is only for arrivals before")
        assert self.refused(
            morning.pupils[0], time(9, 20), services.WrongCode, office, choice="U"
        ).startswith("U is only for arrivals after")
        assert codes(morning) == {}

    def test_of_a_code_that_cannot_stand(self, morning: Morning, office: User) -> None:
        for code in ("X", "V", "zz", "#"):
            self.refused(morning.pupils[0], time(9, 25), DomainError, office, choice=code)
        assert codes(morning) == {}

    def test_of_a_pupil_who_has_left(self, morning: Morning, class_group: ClassGroup, office: User) -> None:
        leaver: Pupil = PupilFactory(school=class_group.school)
        EnrolmentFactory(pupil=leaver, leaving_on=date(2025, 11, 10))
        with scope(school=class_group.school):
            leaver.memberships.create(
                school=class_group.school, class_group=class_group, year_group="5", starts_on="2025-09-01"
            )

        message = self.refused(leaver, time(9, 5), DomainError, office)

        assert message == "The pupil was not on roll on this day."

    def test_of_a_closed_day(self, school: School, pupil: Pupil, office: User) -> None:
        SessionFactory(school=school, on=TUESDAY, status="closed")

        message = self.refused(pupil, time(9, 5), DomainError, office)

        assert message == "The school was closed on this day."


class TestATeacherAtTheSameTime:
    def save(self, morning: Morning, code: str, *, by: User, at: time, seen: str = "") -> None:
        with scope(school=morning.session.school):
            page = register_page(morning.class_group, morning.session)
            save_marks(
                morning.class_group,
                morning.session,
                marks=[MarkInput(morning.pupils[0].pk, code, seen_code=seen)],
                pupils=page.pupils,
                with_timetable=page.with_timetable,
                by=by,
                at=london(TUESDAY, at),
            )

    def test_who_marked_n_gives_way_to_the_arrival(
        self, morning: Morning, office: User, class_teacher: User
    ) -> None:
        self.save(morning, "N", by=class_teacher, at=time(8, 55))

        sign_in(morning.pupils[0], time(8, 57), by=office)

        assert standing(morning.session) == {"Abbot": ("L", time(8, 57), "")}

    def test_who_marked_present_is_not_overwritten_silently(
        self, morning: Morning, office: User, class_teacher: User
    ) -> None:
        self.save(morning, "/", by=class_teacher, at=time(8, 55))

        with pytest.raises(services.MarkStands) as caught:
            sign_in(morning.pupils[0], time(8, 57), by=office)
        assert caught.value.message == (
            "The pupil is marked / (present) already. Keep that mark, or choose another."
        )
        with pytest.raises(services.MarkStands):
            sign_in(morning.pupils[0], time(8, 57), by=office, choice="L", seen_code="")
        assert (codes(morning), book()) == ({"Abbot": "/"}, [])

        sign_in(morning.pupils[0], time(8, 57), by=office, choice="L", seen_code="/")
        assert standing(morning.session) == {"Abbot": ("L", time(8, 57), "")}

    def test_may_be_kept(self, morning: Morning, office: User, class_teacher: User) -> None:
        self.save(morning, "/", by=class_teacher, at=time(8, 55))

        sign_in(morning.pupils[0], time(8, 57), by=office, choice=KEEP)

        assert standing(morning.session) == {"Abbot": ("/", None, "")}
        assert book() == [("Abbot", time(8, 57), 7, "L", "/")]

    def test_who_marks_present_after_the_desk_sees_the_conflict(
        self, morning: Morning, office: User, class_teacher: User
    ) -> None:
        sign_in(morning.pupils[0], time(9, 5), by=office)

        with pytest.raises(MarksChangedMeanwhile) as caught:
            self.save(morning, "/", by=class_teacher, at=time(9, 6), seen="")
        assert caught.value.current == {morning.pupils[0].pk: "L"}
        assert codes(morning) == {"Abbot": "L"}

    def test_who_marked_late_without_a_time_gets_the_time(
        self, morning: Morning, office: User, class_teacher: User
    ) -> None:
        self.save(morning, "L", by=class_teacher, at=time(9, 0))

        sign_in(morning.pupils[0], time(8, 58), by=office, now=london(TUESDAY, time(9, 30)))

        assert standing(morning.session) == {"Abbot": ("L", time(8, 58), "")}


class TestWithdrawing:
    def withdraw(self, entry: LateArrival, *, by: User, at: time, why: str = "Wrong child") -> LateArrival:
        with scope(school=entry.school):
            return services.withdraw_arrival(entry, why=why, by=by, at=london(TUESDAY, at))

    def test_puts_back_what_stood_before(self, morning: Morning, office: User) -> None:
        mark(morning.session, morning.pupils[0], "N", by=office)
        entry = sign_in(morning.pupils[0], time(9, 25), by=office).entry

        self.withdraw(entry, by=office, at=time(9, 27))

        assert (codes(morning), book()) == ({"Abbot": "N"}, [])
        assert last_reason(morning, morning.pupils[0]) == "Entry in the late book withdrawn: Wrong child"

    def test_leaves_nothing_where_nothing_stood_while_open(self, morning: Morning, office: User) -> None:
        entry = sign_in(morning.pupils[0], time(9, 5), by=office).entry

        self.withdraw(entry, by=office, at=time(9, 6))

        assert codes(morning) == {}

    def test_leaves_n_where_nothing_stood_after_the_close(self, morning: Morning, office: User) -> None:
        entry = sign_in(morning.pupils[0], time(9, 5), by=office).entry

        self.withdraw(entry, by=office, at=time(10, 0))

        assert codes(morning) == {"Abbot": "N"}

    def test_leaves_nothing_where_the_register_of_the_year_group_is_still_open(
        self, morning: Morning, office: User
    ) -> None:
        YearGroupTimesFactory(session=morning.session, year_group="5", closes_at=london(TUESDAY, time(10, 0)))
        entry = sign_in(morning.pupils[0], time(9, 5), by=office).entry

        self.withdraw(entry, by=office, at=time(10, 0))

        assert codes(morning) == {}

    def test_leaves_a_mark_that_somebody_else_set_since(
        self, morning: Morning, office: User, class_teacher: User
    ) -> None:
        entry = sign_in(morning.pupils[0], time(9, 5), by=office).entry
        TestATeacherAtTheSameTime().save(morning, "/", by=class_teacher, at=time(9, 6), seen="L")

        withdrawn = self.withdraw(entry, by=office, at=time(9, 7))

        assert (codes(morning), withdrawn.code) == ({"Abbot": "/"}, "/")

    def test_keeps_both_entries_for_good(self, morning: Morning, office: User) -> None:
        entry = sign_in(morning.pupils[0], time(9, 5), by=office).entry
        withdrawn = self.withdraw(entry, by=office, at=time(9, 6))

        with scopes_disabled():
            rows = list(LateArrival.objects.order_by("pk").values_list("is_withdrawal", "correction_reason"))
            assert rows == [(False, ""), (True, "Wrong child")]
            for change in (
                lambda: LateArrival.objects.filter(pk=entry.pk).update(minutes_late=0),
                lambda: LateArrival.objects.filter(pk=withdrawn.pk).delete(),
            ):
                with pytest.raises(IntegrityError, match="can only grow"), transaction.atomic():
                    change()
            assert LateArrival.objects.count() == 2

    def test_needs_a_reason_and_happens_once(self, morning: Morning, office: User) -> None:
        entry = sign_in(morning.pupils[0], time(9, 5), by=office).entry
        with pytest.raises(DomainError, match="Say why"):
            self.withdraw(entry, by=office, at=time(9, 6), why=" ")
        self.withdraw(entry, by=office, at=time(9, 6))

        with pytest.raises(DomainError, match="put right or withdrawn already"):
            self.withdraw(entry, by=office, at=time(9, 7))

    def test_lets_the_pupil_be_signed_in_again(self, morning: Morning, office: User) -> None:
        entry = sign_in(morning.pupils[0], time(9, 5), by=office).entry
        self.withdraw(entry, by=office, at=time(9, 6))

        sign_in(morning.pupils[0], time(9, 7), by=office)

        assert book() == [("Abbot", time(9, 7), 17, "L", "L")]


class TestCorrecting:
    def correct(self, entry: LateArrival, at: time, *, by: User, now: time, **values: Any) -> LateArrival:
        with scope(school=entry.school):
            return services.correct_arrival(
                entry, arrival(at, **values), why="Wrong time", by=by, at=london(TUESDAY, now)
            ).entry

    def test_sets_the_mark_as_if_right_at_first(self, morning: Morning, office: User) -> None:
        mark(morning.session, morning.pupils[0], "N", by=office)
        entry = sign_in(morning.pupils[0], time(9, 25), by=office).entry

        corrected = self.correct(entry, time(9, 15), by=office, now=time(9, 40))

        assert standing(morning.session) == {"Abbot": ("L", time(9, 15), "")}
        assert book() == [("Abbot", time(9, 15), 25, "L", "L")]
        assert (corrected.replaces_id, corrected.correction_reason) == (entry.pk, "Wrong time")
        assert last_reason(morning, morning.pupils[0]) == (
            "Arrived 9:15am, signed in at the office; late book corrected: Wrong time"
        )

    def test_can_still_be_withdrawn_to_what_stood_at_first(self, morning: Morning, office: User) -> None:
        mark(morning.session, morning.pupils[0], "M", by=office)
        entry = sign_in(morning.pupils[0], time(9, 5), by=office).entry
        assert codes(morning) == {"Abbot": "L"}
        corrected = self.correct(entry, time(10, 5), by=office, now=time(10, 10))
        assert codes(morning) == {"Abbot": "M"}

        with scope(school=entry.school):
            services.withdraw_arrival(corrected, why="Wrong", by=office, at=london(TUESDAY, time(10, 20)))
        assert codes(morning) == {"Abbot": "M"}

    def test_keeps_the_chain_of_corrections(self, morning: Morning, office: User) -> None:
        entry = sign_in(morning.pupils[0], time(9, 5), by=office).entry
        second = self.correct(entry, time(9, 6), by=office, now=time(9, 40))
        third = self.correct(second, time(9, 7), by=office, now=time(9, 41))

        with scope(school=entry.school):
            chain = selectors.corrections_of(third)
        assert [one.pk for one in chain] == [entry.pk, second.pk, third.pk]


class TestTheLateBook:
    def test_counts_by_pupil_with_minutes(self, morning: Morning, office: User) -> None:
        first, second, _ = morning.pupils
        sign_in(first, time(9, 0), by=office, on=date(2025, 11, 10))
        sign_in(first, time(9, 30), by=office)
        sign_in(second, time(8, 50), by=office)

        with scope(school=first.school):
            lines = selectors.late_book(first.school, first_day=date(2025, 11, 10), last_day=TUESDAY)
        counts = selectors.late_counts(lines)

        assert [(line.entry.pupil.surname, line.class_name, line.is_late) for line in lines] == [
            ("Abbot", "Oak", True),
            ("Baker", "Oak", False),
            ("Abbot", "Oak", True),
        ]
        assert [
            (one.pupil.surname, one.times, one.before_close, one.after_close, one.minutes) for one in counts
        ] == [("Abbot", 2, 1, 1, 50)]
