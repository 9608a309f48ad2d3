"""Taking a name off the admission register on a lawful ground, and taking that back."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scope, scopes_disabled

from accounts.models import Event, School, User
from registers.models import ClassGroup, ClassMembership, Departure, Enquiry, Enrolment, Pupil
from registers.rules.leaving_grounds import GROUND_BY_KEY, GROUNDS
from registers.selectors.registers import pupils_in_class
from registers.services.admissions import PupilInput, admit_pupils
from registers.services.leaving import (
    LeavingInput,
    LeavingRefused,
    cancel_leaving,
    plan_leaving,
    record_enquiry,
)
from registers.services.refusals import RowsRefused
from tests.factories.registers import (
    ClassGroupFactory,
    ClassMembershipFactory,
    EnrolmentFactory,
    held_sessions,
    london,
    pupil_in_class,
)
from tests.factories.registers_roll import DepartureFactory, EnquiryFactory
from tests.registers.taking import mark

TODAY = date(2025, 11, 14)
AT = london(TODAY, time(10, 0))
LAST = date(2025, 11, 21)
TRANSFER = LeavingInput(
    leaving_on=LAST,
    ground="a",
    confirmations=frozenset({"registered", "no_exception"}),
    decider="Hilary Head, headteacher",
    current_address="2 Valley Road",
    new_address="9 Hill Street",
    new_address_from=date(2025, 11, 22),
    new_school_name="Vale Primary School",
    new_school_address="1 Vale Road",
    new_school_from=date(2025, 11, 24),
    return_sent_on=TODAY,
    return_sent_to="Admissions team",
)


def enrolment_of(pupil: Pupil) -> Enrolment:
    with scopes_disabled():
        return Enrolment.objects.select_related("pupil", "school").get(pupil=pupil)


def refusal(enrolment: Enrolment, given: LeavingInput, by: User) -> dict[str, str]:
    """Return the faults of a leaving that is refused, by field, and see that nothing changed."""
    with scope(school=enrolment.school):
        before = list(ClassMembership.objects.order_by("pk").values_list("pk", "starts_on", "ends_on"))
        with pytest.raises(LeavingRefused) as refused, transaction.atomic():
            plan_leaving(enrolment, given, on=TODAY, by=by, at=AT)
        assert (
            list(ClassMembership.objects.order_by("pk").values_list("pk", "starts_on", "ends_on")) == before
        )
        assert Departure.objects.count() == 0
        assert Enrolment.objects.get(pk=enrolment.pk).leaving_on is None
    assert not Event.objects.filter(kind="pupil.leaving_planned").exists()
    return {fault.field: fault.text for fault in refused.value.faults}


def marked(school: School, pupil: Pupil, by: User, codes: dict[date, str], *, first: date) -> None:
    """Make sessions from a day to today and mark each: with the code of its day, or present."""
    for session in held_sessions(school, first, TODAY):
        present = {"AM": "/", "PM": "\\"}[session.half]
        mark(session, pupil, codes.get(session.on, present), by=by)


class TestATransfer:
    def test_ends_roll_and_class_on_the_last_day_and_keeps_the_seven_fields(
        self, school: School, class_group: ClassGroup, pupil: Pupil, office: User
    ) -> None:
        with scope(school=school):
            departure = plan_leaving(enrolment_of(pupil), TRANSFER, on=TODAY, by=office, at=AT)
            membership = ClassMembership.objects.get(pupil=pupil)
            on_last, after = (
                pupils_in_class(class_group, on=day) for day in (LAST, LAST + timedelta(days=1))
            )

        assert enrolment_of(pupil).leaving_on == LAST
        assert (membership.starts_on, membership.ends_on) == (date(2025, 9, 1), LAST)
        assert (on_last, after) == ([pupil], [])
        assert (departure.enrolment.pupil, departure.class_name) == (pupil, "Oak")
        assert (departure.current_address, departure.leaving_on) == ("2 Valley Road", LAST)
        assert (departure.new_address, departure.new_address_from) == ("9 Hill Street", date(2025, 11, 22))
        assert (departure.new_school_name, departure.new_school_address) == (
            "Vale Primary School",
            "1 Vale Road",
        )
        assert (departure.new_school_from, departure.ground) == (date(2025, 11, 24), "a")
        assert departure.confirmations == ["no_exception", "registered"]
        assert (departure.return_sent_on, departure.return_sent_to) == (TODAY, "Admissions team")
        assert departure.is_exempt is False
        event = Event.objects.get(kind="pupil.leaving_planned")
        assert (event.subject_id, event.by_id, event.data["ground"]) == (pupil.pk, office.pk, "a")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_takes_away_a_class_that_would_begin_after_it(
        self, school: School, pupil: Pupil, office: User
    ) -> None:
        first = pupil.memberships.model._base_manager.get(pupil=pupil)
        first.ends_on = date(2025, 12, 31)
        first.save()
        later = ClassMembershipFactory(
            pupil=pupil, class_group=ClassGroupFactory(school=school), starts_on=date(2026, 1, 1)
        )
        with scope(school=school):
            departure = plan_leaving(enrolment_of(pupil), TRANSFER, on=TODAY, by=office, at=AT)
            assert list(pupil.memberships.values_list("pk", "ends_on")) == [(first.pk, LAST)]
            cancel_leaving(departure, reason="They stay", on=LAST, by=office, at=AT)
            found = list(
                pupil.memberships.order_by("starts_on").values_list("class_group", "starts_on", "ends_on")
            )

        assert found == [
            (first.class_group_id, date(2025, 9, 1), date(2025, 12, 31)),
            (later.class_group_id, date(2026, 1, 1), None),
        ]
        assert enrolment_of(pupil).leaving_on is None

    @pytest.mark.parametrize(
        ("changes", "field", "words"),
        [
            ({"leaving_on": date(2025, 11, 13)}, "leaving_on", "never deleted for a day in the past"),
            ({"ground": "z"}, "ground", "Select the lawful ground"),
            ({"new_school_name": ""}, "new_school_name", "Enter the name of the other school"),
            ({"confirmations": frozenset({"registered"})}, "confirmations", "No school attendance order"),
            (
                {"return_sent_on": None},
                "return_sent_on",
                "Enter the day on which the deletion return was sent",
            ),
            ({"return_sent_on": date(2025, 11, 15)}, "return_sent_on", "today or in the past"),
            ({"return_sent_to": " "}, "return_sent_to", "Enter to whom"),
            ({"decider": ""}, "decider", "Enter who decided"),
            ({"ground": "3a"}, "ground", "The pupil is of compulsory school age that day"),
            ({"ground": "f"}, "notice_on", "the parent’s written notice"),
            ({"ground": "g", "new_address": ""}, "new_address", "Enter the new address"),
            ({"ground": "b"}, "ground", "not in the nursery"),
        ],
    )
    def test_is_refused_while_something_is_missing(
        self, pupil: Pupil, office: User, changes: dict[str, object], field: str, words: str
    ) -> None:
        faults = refusal(enrolment_of(pupil), replace(TRANSFER, **changes), office)  # type: ignore[arg-type]

        assert words in faults[field]

    def test_is_refused_before_marks_that_stand(self, school: School, pupil: Pupil, office: User) -> None:
        for session in held_sessions(school, TODAY, date(2025, 11, 24)):
            mark(session, pupil, "V", by=office, nature="Museum")

        assert "marks up to 24 Nov 2025" in refusal(enrolment_of(pupil), TRANSFER, office)["leaving_on"]

    def test_is_refused_twice(self, school: School, pupil: Pupil, office: User) -> None:
        with scope(school=school):
            plan_leaving(enrolment_of(pupil), TRANSFER, on=TODAY, by=office, at=AT)
            with pytest.raises(LeavingRefused, match="leaves on 21 Nov 2025 already"):
                plan_leaving(enrolment_of(pupil), TRANSFER, on=TODAY, by=office, at=AT)
            assert Departure.objects.count() == 1


class TestGroundI:
    """Continuous absence of twenty school days, all coded G, N or O (SI 2024/208 reg 9(1)(i))."""

    FIRST = TODAY - timedelta(days=25)  # twenty school days up to today
    GIVEN = replace(TRANSFER, ground="i", leaving_on=TODAY, confirmations=frozenset({"no_cause", "enquired"}))

    def absent(self) -> dict[date, str]:
        return {self.FIRST + timedelta(days=n): "O" for n in range(26)}

    def test_is_met_on_the_twentieth_day_with_joint_enquiries(
        self, school: School, pupil: Pupil, office: User
    ) -> None:
        codes = self.absent()
        codes[self.FIRST] = "G"
        marked(school, pupil, office, codes, first=self.FIRST - timedelta(days=3))
        enrolment = enrolment_of(pupil)
        EnquiryFactory(enrolment=enrolment)
        with scope(school=school):
            departure = plan_leaving(enrolment, self.GIVEN, on=TODAY, by=office, at=AT)

        assert (departure.ground, departure.leaving_on) == ("i", TODAY)

    @pytest.mark.parametrize("code", ["U", "I", "C"])
    def test_is_defeated_by_one_other_code(
        self, school: School, pupil: Pupil, office: User, code: str
    ) -> None:
        codes = self.absent()
        codes[date(2025, 11, 4)] = code
        marked(school, pupil, office, codes, first=self.FIRST)
        enrolment = enrolment_of(pupil)
        EnquiryFactory(enrolment=enrolment)

        fault = refusal(enrolment, self.GIVEN, office)["ground"]

        assert fault == (
            "The pupil was coded G, N or O in every session for 8 school days up to now; it takes 20 "
            f"(4 Nov 2025 PM is {code})"
        )

    def test_is_not_met_on_the_nineteenth_day(self, school: School, pupil: Pupil, office: User) -> None:
        codes = self.absent()
        del codes[self.FIRST]
        marked(school, pupil, office, codes, first=self.FIRST)
        enrolment = enrolment_of(pupil)
        EnquiryFactory(enrolment=enrolment)

        assert "for 19 school days up to now; it takes 20" in refusal(enrolment, self.GIVEN, office)["ground"]

    def test_needs_enquiries_made_with_the_authority(
        self, school: School, pupil: Pupil, office: User
    ) -> None:
        marked(school, pupil, office, self.absent(), first=self.FIRST)
        enrolment = enrolment_of(pupil)
        EnquiryFactory(enrolment=enrolment, with_authority=False)

        fault = refusal(enrolment, self.GIVEN, office)["ground"]

        assert "Record the enquiries made together with the local authority first" in fault


class TestGroundH:
    """Not back within ten school days after leave (SI 2024/208 reg 9(1)(h))."""

    GIVEN = replace(TRANSFER, ground="h", leaving_on=TODAY, confirmations=frozenset({"no_cause", "enquired"}))

    def away(self, school: School, pupil: Pupil, by: User, *, leave_ends: date, back: str = "O") -> Enrolment:
        first = date(2025, 10, 27)
        codes = {}
        for n in range(19):
            on = first + timedelta(days=n)
            codes[on] = "C" if on <= leave_ends else "O"
        codes[date(2025, 11, 5)] = back if leave_ends < date(2025, 11, 5) else codes[date(2025, 11, 5)]
        marked(school, pupil, by, codes, first=first)
        enrolment = enrolment_of(pupil)
        EnquiryFactory(enrolment=enrolment)
        return enrolment

    def test_is_met_after_ten_school_days(self, school: School, pupil: Pupil, office: User) -> None:
        enrolment = self.away(school, pupil, office, leave_ends=date(2025, 10, 31))
        with scope(school=school):
            assert plan_leaving(enrolment, self.GIVEN, on=TODAY, by=office, at=AT).ground == "h"

    def test_is_not_met_after_nine(self, school: School, pupil: Pupil, office: User) -> None:
        enrolment = self.away(school, pupil, office, leave_ends=date(2025, 11, 3))

        assert refusal(enrolment, self.GIVEN, office)["ground"] == (
            "Only 9 school days passed since the leave ended on 3 Nov 2025; it takes 10"
        )

    def test_is_not_met_when_the_pupil_came_back(self, school: School, pupil: Pupil, office: User) -> None:
        enrolment = self.away(school, pupil, office, leave_ends=date(2025, 10, 31), back="L")

        assert "was marked L on 5 Nov 2025 AM" in refusal(enrolment, self.GIVEN, office)["ground"]

    def test_needs_a_leave(self, pupil: Pupil, office: User) -> None:
        enrolment = enrolment_of(pupil)
        EnquiryFactory(enrolment=enrolment)

        assert "show no leave of absence" in refusal(enrolment, self.GIVEN, office)["ground"]


class TestGroundL:
    """Over compulsory school age before the school meets again (SI 2024/208 reg 9(1)(l))."""

    GIVEN = replace(
        TRANSFER, ground="l", leaving_on=date(2026, 6, 26), confirmations=frozenset({"not_continuing"})
    )

    @pytest.mark.parametrize(("next_day", "is_met"), [(date(2026, 6, 29), True), (date(2026, 6, 26), False)])
    def test_asks_when_the_school_meets_again(
        self, school: School, class_group: ClassGroup, office: User, next_day: date, is_met: bool
    ) -> None:
        # Sixteen in 2025/26: of compulsory school age up to Friday 26 June 2026.
        child = pupil_in_class(class_group, date_of_birth=date(2010, 1, 5), year_group="11")
        held_sessions(school, next_day, next_day)
        given = replace(self.GIVEN, leaving_on=next_day - timedelta(days=1 if not is_met else 3))
        if is_met:
            with scope(school=school):
                departure = plan_leaving(enrolment_of(child), given, on=TODAY, by=office, at=AT)
            assert (departure.ground, departure.leaving_on) == ("l", date(2026, 6, 26))
        else:
            assert "until 26 Jun 2026" in refusal(enrolment_of(child), given, office)["ground"]


class TestAPupilUnderCompulsoryAge:
    def test_leaves_on_a_ground_of_regulation_9_3_only(
        self, school: School, class_group: ClassGroup, office: User
    ) -> None:
        child = pupil_in_class(class_group, date_of_birth=date(2021, 5, 1), year_group="R")
        enrolment = enrolment_of(child)
        assert "choose a ground of 9(3)" in refusal(enrolment, TRANSFER, office)["ground"]
        given = replace(TRANSFER, ground="3a", confirmations=frozenset({"left"}))
        with scope(school=school):
            assert plan_leaving(enrolment, given, on=TODAY, by=office, at=AT).ground == "3a"


class TestTheEndOfTheFinalYear:
    @pytest.mark.parametrize(
        ("year_group", "leaving_on", "is_exempt"),
        [
            ("6", date(2026, 7, 15), True),
            ("6", date(2026, 7, 31), True),
            ("6", date(2026, 7, 14), False),
            ("5", date(2026, 7, 15), False),
        ],
    )
    def test_needs_no_deletion_return(
        self,
        school: School,
        class_group: ClassGroup,
        office: User,
        year_group: str,
        leaving_on: date,
        is_exempt: bool,
    ) -> None:
        school.leaving_year = "6"
        school.save()
        held_sessions(school, date(2026, 7, 13), date(2026, 7, 15))
        child = pupil_in_class(class_group, year_group=year_group)
        given = replace(TRANSFER, leaving_on=leaving_on, return_sent_on=None, return_sent_to="")
        if is_exempt:
            with scope(school=school):
                departure = plan_leaving(enrolment_of(child), given, on=TODAY, by=office, at=AT)
            assert (departure.is_exempt, departure.return_sent_on) == (True, None)
        else:
            assert refusal(enrolment_of(child), given, office) == {
                "return_sent_on": "Enter the day on which the deletion return was sent"
            }


class TestTakingALeavingBack:
    def test_keeps_who_and_why_and_lets_roll_and_class_go_on(
        self, school: School, class_group: ClassGroup, pupil: Pupil, office: User, head: User
    ) -> None:
        with scope(school=school):
            departure = plan_leaving(enrolment_of(pupil), TRANSFER, on=TODAY, by=office, at=AT)
            cancel_leaving(departure, reason=" The move fell through ", on=LAST, by=head, at=AT)
            departure.refresh_from_db()
            assert list(pupil.memberships.values_list("class_group", "ends_on")) == [(class_group.pk, None)]

        assert enrolment_of(pupil).leaving_on is None
        assert (departure.cancelled_by, departure.cancelled_because) == (head, "The move fell through")
        assert Event.objects.get(kind="pupil.leaving_cancelled").subject_id == pupil.pk
        with scope(school=school):
            assert plan_leaving(enrolment_of(pupil), TRANSFER, on=TODAY, by=office, at=AT).pk != departure.pk

    @pytest.mark.parametrize(
        ("on", "reason", "words"),
        [(LAST + timedelta(days=1), "Why", "has passed: readmit"), (LAST, " ", "Enter why the pupil stays")],
    )
    def test_is_refused_after_the_day_and_without_a_reason(
        self, school: School, pupil: Pupil, office: User, on: date, reason: str, words: str
    ) -> None:
        with scope(school=school):
            departure = plan_leaving(enrolment_of(pupil), TRANSFER, on=TODAY, by=office, at=AT)
            with pytest.raises(LeavingRefused, match=words):
                cancel_leaving(departure, reason=reason, on=on, by=office, at=AT)
            departure.refresh_from_db()

        assert (departure.cancelled_at, enrolment_of(pupil).leaving_on) == (None, LAST)


class TestEnquiries:
    def test_say_who_asked_whom_and_what_came(self, school: School, pupil: Pupil, office: User) -> None:
        with scope(school=school):
            enquiry = record_enquiry(
                enrolment_of(pupil),
                asked_on=TODAY,
                made_by="Olive Office, office ",
                with_authority=True,
                asked="Home visit",
                result="Nobody there",
                on=TODAY,
                by=office,
                at=AT,
            )
        assert (enquiry.on, enquiry.made_by, enquiry.asked, enquiry.result) == (
            TODAY,
            "Olive Office, office",
            "Home visit",
            "Nobody there",
        )
        assert Event.objects.get(kind="pupil.enquiry_recorded").data["with_authority"] is True

    def test_are_refused_with_every_fault_at_once(self, school: School, pupil: Pupil, office: User) -> None:
        with scope(school=school):
            with pytest.raises(LeavingRefused) as refused:
                record_enquiry(
                    enrolment_of(pupil),
                    asked_on=TODAY + timedelta(days=1),
                    made_by="",
                    with_authority=True,
                    asked=" ",
                    result="",
                    on=TODAY,
                    by=office,
                    at=AT,
                )
            assert [fault.field for fault in refused.value.faults] == [
                "asked_on",
                "made_by",
                "asked",
                "result",
            ]
            assert Enquiry.objects.count() == 0


class TestTheListOfGrounds:
    def test_is_that_of_the_regulations(self) -> None:
        first = [ground.key for ground in GROUNDS if ground.is_compulsory_age]

        assert first == list("abcdefghijklmno")
        assert [ground.key for ground in GROUNDS if not ground.is_compulsory_age] == [
            "3a",
            "3b",
            "3c",
            "3d",
            "3e",
        ]
        assert GROUND_BY_KEY["i"].citation == "regulation 9(1)(i)"
        assert GROUND_BY_KEY["3b"].citation == "regulation 9(3)"
        assert all(ground.confirmations for ground in GROUNDS)


@pytest.mark.django_db
class TestTheDatabase:
    @pytest.mark.parametrize(
        ("values", "name"),
        [
            ({"recorded_on": date(2025, 10, 25)}, "departure_is_never_retrospective"),
            ({"return_sent_on": None, "return_sent_to": ""}, "departure_has_return"),
            ({"return_sent_on": date(2025, 10, 25)}, "departure_has_return_in_time"),
            ({"return_sent_to": ""}, "departure_return_has_day_and_place"),
            ({"ground": "z"}, "departure_ground_is_lawful"),
            ({"cancelled_at": AT}, "departure_cancelled_by_somebody"),
        ],
    )
    def test_refuses_what_no_service_would_write(self, values: dict[str, object], name: str) -> None:
        with pytest.raises(IntegrityError, match=name):
            DepartureFactory(**values)

    def test_refuses_a_roll_that_says_another_day_than_the_leaving(self) -> None:
        departure = DepartureFactory()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with (
            scopes_disabled(),
            pytest.raises(IntegrityError, match="names another last day"),
            transaction.atomic(),
        ):
            Enrolment.objects.filter(pk=departure.enrolment_id).update(leaving_on=date(2025, 10, 27))

    def test_lets_one_leaving_stand_for_a_time_on_roll(self) -> None:
        departure = DepartureFactory()
        with pytest.raises(IntegrityError, match="departure_stands_once"):
            DepartureFactory(enrolment=departure.enrolment)

    def test_lets_a_pupil_leave_by_an_import_without_a_departure(self, pupil: Pupil) -> None:
        enrolment: Enrolment = EnrolmentFactory(leaving_on=date(2025, 10, 24))

        assert enrolment.leaving_on == date(2025, 10, 24)


class TestAnImport:
    def row(self, pupil: Pupil, leaving_on: date | None) -> PupilInput:
        return PupilInput(
            upn=pupil.upn,
            surname=pupil.surname,
            forename=pupil.forename,
            date_of_birth=pupil.date_of_birth,
            year_group="5",
            class_name="Oak",
            start_date=date(2025, 9, 1),
            leaving_date=leaving_on,
            says_when_leaving=True,
        )

    @pytest.mark.parametrize("leaving_on", [None, date(2025, 11, 28)])
    def test_cannot_change_a_leaving_that_was_recorded_with_its_ground(
        self, school: School, pupil: Pupil, office: User, leaving_on: date | None
    ) -> None:
        with scope(school=school):
            plan_leaving(enrolment_of(pupil), TRANSFER, on=TODAY, by=office, at=AT)
            with pytest.raises(RowsRefused, match="leaving on 2025-11-21 is recorded with its ground"):
                admit_pupils(school, [self.row(pupil, leaving_on)], on=TODAY, by=office, at=AT)
            admit_pupils(school, [self.row(pupil, LAST)], on=TODAY, by=office, at=AT)

        assert enrolment_of(pupil).leaving_on == LAST

    def test_may_correct_the_last_day_of_an_imported_leaver(
        self, school: School, pupil: Pupil, office: User
    ) -> None:
        with scope(school=school):
            for leaving_on in (date(2025, 10, 3), date(2025, 10, 10), None):
                admit_pupils(school, [self.row(pupil, leaving_on)], on=TODAY, by=office, at=AT)
                assert enrolment_of(pupil).leaving_on == leaving_on
