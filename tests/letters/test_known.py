"""What the register knows for a letter."""

from datetime import date, time
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import School, User
from letters.rules.fields import Share
from letters.selectors.known import known_fields, writer_of
from registers.models import Pupil
from tests.factories.accounts import SchoolFactory
from tests.factories.registers import PartTimeTimetableFactory, PupilFlagFactory
from tests.letters.conftest import MarkDays, both_halves

pytestmark = pytest.mark.django_db

# Worked example WER-S2: four days of illness, one more morning, then an appointment on 7 October: 5.0 days.
FIVE_DAYS = both_halves("I", *(date(2025, 9, day) for day in (15, 16, 17, 18))) | {
    (date(2025, 9, 29), "AM"): "I",
    (date(2025, 10, 7), "AM"): "M",
}


class TestFiguresOfTheYear:
    def test_are_those_of_the_worked_example(self, school: School, pupil: Pupil, mark_days: MarkDays) -> None:
        mark_days(pupil, up_to=date(2025, 10, 7), codes=FIVE_DAYS)

        known = known_fields(school, pupil, on=date(2025, 10, 7))

        assert known["absence_days"] == Decimal(5)
        assert known["attendance_pct"] == Share(40, 50)
        assert known["year_sessions"] == 380
        assert known["max_year_pct"] == Share(370, 380)
        assert known["since"] == date(2025, 9, 3)
        assert [(one.on, one.half, one.code) for one in known["absent_dates"]][-2:] == [
            (date(2025, 9, 29), "AM", "I"),
            (date(2025, 10, 7), "AM", "M"),
        ]
        assert len(known["absent_dates"]) == 10
        assert known["offences"] == ()
        assert "offence_on" not in known

    def test_stop_at_the_day_of_the_letter(self, school: School, pupil: Pupil, mark_days: MarkDays) -> None:
        mark_days(pupil, up_to=date(2025, 10, 7), codes=FIVE_DAYS)

        known = known_fields(school, pupil, on=date(2025, 9, 16))

        assert known["absence_days"] == Decimal(2)
        assert known["attendance_pct"] == Share(16, 20)

    def test_count_only_the_pupils_own_sessions(
        self, school: School, pupil: Pupil, mark_days: MarkDays
    ) -> None:
        enrolment = pupil.enrolments.get()
        enrolment.starts_on = date(2026, 1, 5)
        enrolment.save()

        known = known_fields(school, pupil, on=date(2026, 1, 5))

        assert known["year_sessions"] == 2 * (30 + 25 + 29 + 33)
        assert known["since"] == date(2026, 1, 5)

    def test_leave_out_sessions_that_were_not_possible(
        self, school: School, pupil: Pupil, mark_days: MarkDays
    ) -> None:
        mark_days(pupil, up_to=date(2025, 9, 10), codes=both_halves("D", date(2025, 9, 9)))

        known = known_fields(school, pupil, on=date(2025, 9, 10))

        assert known["year_sessions"] == 378
        assert known["attendance_pct"] == Share(10, 10)

    def test_name_unauthorised_sessions_and_the_latest_of_them(
        self, school: School, pupil: Pupil, mark_days: MarkDays
    ) -> None:
        codes = both_halves("G", date(2025, 9, 8)) | {
            (date(2025, 9, 9), "AM"): "U",
            (date(2025, 9, 9), "PM"): "N",
        }
        mark_days(pupil, up_to=date(2025, 9, 10), codes=codes)

        known = known_fields(school, pupil, on=date(2025, 9, 10))

        assert [(one.on.day, one.half, one.code) for one in known["offences"]] == [
            (8, "AM", "G"),
            (8, "PM", "G"),
            (9, "AM", "U"),
        ]
        assert known["sessions_absent_unauthorised"] == 4
        assert known["sessions_possible"] == 12
        assert known["offence_on"] == date(2025, 9, 9)

    def test_count_lateness_in_the_halves_asked_for(
        self, school: School, pupil: Pupil, mark_days: MarkDays
    ) -> None:
        codes = {(date(2025, 9, 8), "AM"): "L", (date(2025, 9, 8), "PM"): "L", (date(2025, 9, 9), "AM"): "U"}
        mark_days(pupil, up_to=date(2025, 9, 10), codes=codes)

        both = known_fields(school, pupil, on=date(2025, 9, 10))
        mornings = known_fields(school, pupil, on=date(2025, 9, 10), late_halves=("AM",))

        assert (both["late_count"], mornings["late_count"]) == (3, 2)
        assert [(one.on.day, one.code) for one in mornings["late_dates"]] == [(8, "L"), (9, "U")]
        assert both["absence_days"] == Decimal("0.5")

    def test_of_a_stated_period_are_counted_within_it(
        self, school: School, pupil: Pupil, mark_days: MarkDays
    ) -> None:
        mark_days(pupil, up_to=date(2025, 9, 30), codes=both_halves("O", date(2025, 9, 8), date(2025, 9, 22)))

        known = known_fields(
            school, pupil, on=date(2025, 9, 30), period=(date(2025, 9, 22), date(2025, 9, 26))
        )

        assert (known["sessions_absent_unauthorised"], known["sessions_possible"]) == (2, 10)
        assert (known["period_from"], known["period_to"]) == (date(2025, 9, 22), date(2025, 9, 26))

    def test_without_a_mark_are_not_given(self, school: School, pupil: Pupil) -> None:
        known = known_fields(school, pupil, on=date(2025, 9, 10))

        assert "attendance_pct" not in known
        assert "max_year_pct" not in known
        assert known["absence_days"] == 0

    def test_cost_the_same_queries_for_a_long_record(
        self,
        school: School,
        pupil: Pupil,
        mark_days: MarkDays,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        mark_days(pupil, up_to=date(2026, 7, 15), codes=FIVE_DAYS)
        # Sessions; enrolments; marks; figures (two); marks not possible; class; champion; times; flags;
        # timetable.
        with django_assert_num_queries(11):
            known_fields(school, pupil, on=date(2025, 9, 16))
        with django_assert_num_queries(11):
            known_fields(school, pupil, on=date(2026, 7, 15))


class TestTheCalendar:
    @pytest.mark.parametrize(
        ("on", "end"),
        [
            (date(2025, 10, 7), date(2025, 12, 19)),
            (date(2025, 10, 24), date(2025, 12, 19)),
            (date(2025, 10, 27), date(2026, 2, 13)),
            (date(2026, 7, 1), date(2026, 7, 15)),
        ],
    )
    def test_knows_the_end_of_the_next_half_term(
        self, school: School, pupil: Pupil, mark_days: MarkDays, on: date, end: date
    ) -> None:
        assert known_fields(school, pupil, on=on)["next_half_term"] == end

    def test_knows_the_next_school_day_over_a_holiday(
        self, school: School, pupil: Pupil, mark_days: MarkDays
    ) -> None:
        assert known_fields(school, pupil, on=date(2025, 10, 24))["evidence_from_date"] == date(2025, 11, 3)


class TestCircumstances:
    def test_are_no_unless_recorded_for_that_day(self, school: School, pupil: Pupil) -> None:
        PupilFlagFactory(pupil=pupil, name="significant_medical", ends_on=date(2025, 10, 1))
        PupilFlagFactory(pupil=pupil, name="bereavement", starts_on=date(2025, 10, 1))
        PartTimeTimetableFactory(pupil=pupil)

        october, november = (known_fields(school, pupil, on=date(2025, month, 3)) for month in (10, 11))

        names = ("significant_medical", "bereavement", "part_time_timetable")
        assert [october[name] for name in names] == [False, True, False]
        assert [november[name] for name in names] == [False, True, True]

    def test_know_a_child_below_compulsory_age(self, school: School, pupil: Pupil) -> None:
        assert known_fields(school, pupil, on=date(2025, 10, 3))["below_compulsory_age"] is False
        pupil.date_of_birth = date(2021, 1, 15)
        assert known_fields(school, pupil, on=date(2026, 3, 30))["below_compulsory_age"] is True
        assert known_fields(school, pupil, on=date(2026, 3, 31))["below_compulsory_age"] is False


class TestPeople:
    def test_the_champion_is_offered_by_name_and_phone(
        self, school: School, pupil: Pupil, champion: User
    ) -> None:
        assert known_fields(school, pupil, on=date(2025, 10, 3))["how_to_reach"] == (
            "ring 01632 960001 and ask for Charlie Champion (Senior Attendance Champion)"
        )

    @pytest.mark.parametrize(
        ("phone", "email", "words"),
        [
            ("01632 960001", "", "ring 01632 960001 and ask for the school office"),
            ("", "office@hill.example", "write to office@hill.example"),
            ("", "", "speak to the school office"),
        ],
    )
    def test_without_a_champion_the_office_is(self, pupil: Pupil, phone: str, email: str, words: str) -> None:
        school = pupil.school
        school.office_phone, school.office_email = phone, email
        assert known_fields(school, pupil, on=date(2025, 10, 3))["how_to_reach"] == words

    def test_class_and_times_are_those_of_the_day(
        self, school: School, pupil: Pupil, mark_days: MarkDays
    ) -> None:
        known = known_fields(school, pupil, on=date(2025, 10, 3))
        assert known["class"] == "Oak"
        assert (known["late_after"], known["register_closes"]) == (time(8, 50), time(9, 20))


class TestWhoWrites:
    def test_is_the_head_of_that_day_under_the_schools_own_letterhead(
        self, school: School, head: User
    ) -> None:
        school.trust = "Hill Trust"
        writer = writer_of(school, on=date(2025, 10, 3))

        assert (writer.signature.name, writer.signature.post) == ("Hilary Head", "Headteacher")
        assert writer.letterhead.name == "Hill Primary School"
        assert writer.letterhead.strapline == "Hill Trust"
        assert writer.letterhead.lines == (
            "1 Hill Road",
            "Anytown",
            "AN1 1AA",
            "01632 960001",
            "office@hill.example",
        )

    def test_is_the_post_alone_when_nobody_holds_it(self) -> None:
        writer = writer_of(SchoolFactory(), on=date(2025, 10, 3))
        assert (writer.signature.name, writer.signature.post) == ("", "Headteacher")
