"""Putting a pupil on roll, and readmitting one who left."""

from datetime import date, time

import pytest
from django_scopes import scope, scopes_disabled

from accounts.models import Event, School, User
from registers.models import ClassGroup, ClassMembership, Enrolment, Joining, Pupil
from registers.selectors.registers import pupils_in_class
from registers.services.joining import (
    CannotJoin,
    NewPupil,
    Place,
    PreviousSchool,
    join_pupil,
    readmit_pupil,
    record_new_pupil_return,
)
from tests.factories.registers import (
    ClassGroupFactory,
    EnrolmentFactory,
    PupilFactory,
    held_sessions,
    london,
    pupil_in_class,
)

MONDAY = date(2025, 11, 10)
AT = london(date(2025, 11, 7), time(9, 0))


def right_upn(digits: str) -> str:
    """Return a UPN with the check letter that its digits ask for."""
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    return letters[sum(w * int(d) for w, d in enumerate(digits, start=2)) % 23] + digits


GOOD = right_upn("823432116001")


def new_pupil(**values: object) -> NewPupil:
    given: dict[str, object] = {
        "upn": GOOD,
        "surname": "Newman",
        "forename": "Nia",
        "date_of_birth": date(2016, 2, 3),
        "sex": "F",
    }
    return NewPupil(**{**given, **values})  # type: ignore[arg-type]


def place(group: ClassGroup, **values: object) -> Place:
    given: dict[str, object] = {"starts_on": MONDAY, "class_group_id": group.pk, "year_group": "5"}
    return Place(**{**given, **values})  # type: ignore[arg-type]


def rows() -> tuple[int, ...]:
    with scopes_disabled():
        return tuple(
            model._base_manager.count() for model in (Pupil, Enrolment, ClassMembership, Joining, Event)
        )


class TestJoining:
    def test_puts_a_pupil_on_roll_from_the_starting_day_and_in_the_class(
        self, school: School, class_group: ClassGroup, office: User
    ) -> None:
        previous = PreviousSchool("Vale Primary", "1 Vale Road", date(2023, 9, 4), date(2025, 11, 7))
        with scope(school=school):
            enrolment = join_pupil(
                school, new_pupil(), place(class_group, previous=previous), by=office, at=AT
            )
            pupil, joining = enrolment.pupil, enrolment.joining
            membership = ClassMembership.objects.get(pupil=pupil)
            before = pupils_in_class(class_group, on=date(2025, 11, 9))
            since = pupils_in_class(class_group, on=MONDAY)

        assert (pupil.upn, pupil.full_name, pupil.date_of_birth, pupil.sex) == (
            GOOD,
            "Nia Newman",
            date(2016, 2, 3),
            "F",
        )
        assert (enrolment.starts_on, enrolment.leaving_on) == (MONDAY, None)
        assert (membership.class_group, membership.year_group) == (class_group, "5")
        assert (membership.starts_on, membership.ends_on) == (MONDAY, None)
        assert (joining.previous_school_name, joining.previous_school_address) == (
            "Vale Primary",
            "1 Vale Road",
        )
        assert (joining.previous_first_day, joining.previous_last_day) == (
            date(2023, 9, 4),
            date(2025, 11, 7),
        )
        assert (joining.entered_on, joining.return_due_on) == (date(2025, 11, 7), date(2025, 11, 12))
        assert joining.is_return_owed
        assert (before, since) == ([], [pupil])
        event = Event.objects.get(kind="pupil.joined")
        assert (event.subject_id, event.by_id, event.at) == (pupil.pk, office.pk, AT)

    def test_takes_a_number_of_its_own_while_the_upn_is_not_known(
        self, school: School, class_group: ClassGroup, office: User
    ) -> None:
        with scope(school=school):
            first = join_pupil(school, new_pupil(upn=""), place(class_group), by=office, at=AT)
            second = join_pupil(school, new_pupil(upn=" "), place(class_group), by=office, at=AT)

        assert (first.pupil.upn, second.pupil.upn) == ("NOUPN0001", "NOUPN0002")

    @pytest.mark.parametrize(
        ("pupil", "where", "field", "words"),
        [
            ({"upn": "A82343211600"}, {}, "upn", "13 letters and digits"),
            ({"upn": ("B" if GOOD[0] == "A" else "A") + GOOD[1:]}, {}, "upn", "does not go with the rest"),
            ({"date_of_birth": date(2025, 11, 10)}, {}, "date_of_birth", "before the starting day"),
            ({"date_of_birth": date(1990, 1, 1)}, {}, "date_of_birth", "by at most 20 years"),
            ({}, {"year_group": "14"}, "year_group", "Select the year group"),
            ({}, {"class_group_id": 0}, "class_group", "Select a class of this school"),
            (
                {},
                {"starts_on": date(2026, 9, 1)},
                "class_group",
                "Oak is a class of 2025/26, and the starting day is in 2026/27",
            ),
            (
                {},
                {"previous": PreviousSchool("X", "", date(2025, 9, 1), date(2025, 8, 1))},
                "previous_last_day",
                "after the first",
            ),
        ],
    )
    def test_refuses_what_cannot_be(
        self,
        school: School,
        class_group: ClassGroup,
        office: User,
        pupil: dict[str, object],
        where: dict[str, object],
        field: str,
        words: str,
    ) -> None:
        before = rows()
        with scope(school=school), pytest.raises(CannotJoin) as refused:
            join_pupil(school, new_pupil(**pupil), place(class_group, **where), by=office, at=AT)

        assert refused.value.field == field
        assert words in refused.value.message
        assert rows() == before

    def test_refuses_a_upn_that_another_pupil_has(
        self, school: School, class_group: ClassGroup, office: User
    ) -> None:
        PupilFactory(school=school, upn=GOOD, forename="Nia", surname="Known")
        before = rows()
        with scope(school=school), pytest.raises(CannotJoin, match="Nia Known has this UPN"):
            join_pupil(school, new_pupil(), place(class_group), by=office, at=AT)

        assert rows() == before

    def test_refuses_a_class_of_another_school(
        self, school: School, other_school: School, office: User
    ) -> None:
        elsewhere = ClassGroupFactory(school=other_school, academic_year=2025)
        with scope(school=school), pytest.raises(CannotJoin, match="Select a class of this school"):
            join_pupil(school, new_pupil(), place(elsewhere), by=office, at=AT)

    @pytest.mark.parametrize(
        ("starts_on", "year_group", "is_needed"),
        [
            (date(2025, 9, 3), "R", False),  # the first school day, the most junior class
            (date(2025, 9, 1), "R", False),  # a day of the holiday before it
            (date(2025, 9, 4), "R", True),
            (date(2025, 9, 3), "5", True),
        ],
    )
    def test_asks_for_no_return_of_the_intake_of_the_most_junior_class(
        self,
        school: School,
        class_group: ClassGroup,
        office: User,
        starts_on: date,
        year_group: str,
        is_needed: bool,
    ) -> None:
        held_sessions(school, date(2025, 9, 3), date(2025, 9, 5))
        pupil_in_class(class_group, year_group="R")
        pupil_in_class(class_group, year_group="5")
        with scope(school=school):
            enrolment = join_pupil(
                school,
                new_pupil(),
                place(class_group, starts_on=starts_on, year_group=year_group),
                by=office,
                at=AT,
            )

        assert enrolment.joining.return_needed is is_needed


class TestReadmitting:
    def test_gives_the_same_record_a_new_time_on_roll(
        self, school: School, class_group: ClassGroup, office: User
    ) -> None:
        pupil = PupilFactory(school=school)
        old = EnrolmentFactory(pupil=pupil, starts_on=date(2024, 9, 2), leaving_on=date(2025, 7, 18))
        with scope(school=school):
            enrolment = readmit_pupil(pupil, place(class_group), by=office, at=AT)
            found = list(Enrolment.objects.filter(pupil=pupil).order_by("starts_on"))

        assert found == [old, enrolment]
        assert (found[0].starts_on, found[0].leaving_on) == (date(2024, 9, 2), date(2025, 7, 18))
        assert found[1].starts_on == MONDAY
        assert Event.objects.filter(kind="pupil.readmitted", subject_id=pupil.pk).count() == 1

    @pytest.mark.parametrize("leaving_on", [None, MONDAY])
    def test_is_refused_while_the_pupil_is_on_roll(
        self, school: School, class_group: ClassGroup, office: User, leaving_on: date | None
    ) -> None:
        pupil = PupilFactory(school=school)
        EnrolmentFactory(pupil=pupil, starts_on=date(2025, 9, 1), leaving_on=leaving_on)
        before = rows()
        with scope(school=school), pytest.raises(CannotJoin, match="is on roll from 1 Sep 2025"):
            readmit_pupil(pupil, place(class_group), by=office, at=AT)

        assert rows() == before


class TestTheNewPupilReturn:
    def test_is_recorded_once_with_day_and_place(
        self, school: School, class_group: ClassGroup, office: User
    ) -> None:
        today = date(2025, 11, 12)
        with scope(school=school):
            enrolment = join_pupil(school, new_pupil(), place(class_group), by=office, at=AT)
            sent = {"sent_on": today, "sent_to": " Admissions team ", "on": today, "by": office, "at": AT}
            joining = record_new_pupil_return(enrolment, **sent)
            with pytest.raises(CannotJoin, match="recorded already"):
                record_new_pupil_return(enrolment, **sent)

        assert (joining.return_sent_on, joining.return_sent_to) == (today, "Admissions team")
        assert not joining.is_return_owed

    @pytest.mark.parametrize(
        ("sent_on", "sent_to", "field"),
        [(date(2025, 11, 13), "Admissions", "sent_on"), (date(2025, 11, 12), " ", "sent_to")],
    )
    def test_is_refused_without_a_past_day_and_a_place(
        self, school: School, class_group: ClassGroup, office: User, sent_on: date, sent_to: str, field: str
    ) -> None:
        with scope(school=school):
            enrolment = join_pupil(school, new_pupil(), place(class_group), by=office, at=AT)
            with pytest.raises(CannotJoin) as refused:
                record_new_pupil_return(
                    enrolment, sent_on=sent_on, sent_to=sent_to, on=date(2025, 11, 12), by=office, at=AT
                )

            assert refused.value.field == field
            assert Joining.objects.get().return_sent_on is None
