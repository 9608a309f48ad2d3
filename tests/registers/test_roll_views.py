"""The pages of joining, leaving, moving class, going up a year, and marks of a previous school."""

from datetime import date, time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import (
    ClassGroup,
    ClassMembership,
    Departure,
    Enquiry,
    Enrolment,
    Joining,
    PreviousMark,
    Pupil,
)
from tests.cast import SignIn
from tests.factories.registers import (
    ClassGroupFactory,
    EnrolmentFactory,
    PupilFactory,
    held_sessions,
    pupil_in_class,
)
from tests.factories.registers_roll import JoiningFactory
from tests.registers.taking import Controls, clock_at, queries_of, words_of
from tests.registers.test_roll_joining import GOOD

FRIDAY = date(2025, 11, 14)
SUMMER = date(2026, 7, 1)


@pytest.fixture
def client_of_office(office: User, sign_in: SignIn) -> Client:
    return sign_in(office)


def address(name: str, *rest: object) -> str:
    return reverse(f"registers:{name}", args=["hill", *rest])


def day(name: str, on: date) -> dict[str, str]:
    """Return a date as its three inputs post it."""
    return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(on.year)}


def enrolment_of(pupil: Pupil) -> Enrolment:
    with scopes_disabled():
        return Enrolment.objects.get(pupil=pupil)


class TestThePageOfJoiningAndLeaving:
    def test_shows_joiners_leavers_and_returns_owed(
        self, client_of_office: Client, class_group: ClassGroup, pupil: Pupil
    ) -> None:
        new = pupil_in_class(class_group, surname="Newman", forename="Nia", starts_on=date(2025, 11, 10))
        JoiningFactory(enrolment=enrolment_of(new), entered_on=date(2025, 11, 7))
        with scopes_disabled():
            Enrolment.objects.filter(pupil=pupil).update(leaving_on=date(2025, 11, 28))
        with clock_at(time(9, 0), FRIDAY):
            words = words_of(client_of_office.get(address("roll")).content.decode())

        assert "Mon 10 Nov Newman, Nia Oak due by Wed 12 Nov" in words
        assert "Fri 28 Nov Ashdown, Robin Oak leaving not recorded here" in words

    def test_costs_the_same_for_three_and_for_thirty(
        self, client_of_office: Client, class_group: ClassGroup
    ) -> None:
        counts = []
        for number in (3, 27):
            for _ in range(number):
                made = pupil_in_class(class_group, starts_on=date(2025, 11, 10))
                with scopes_disabled():
                    Enrolment.objects.filter(pupil=made).update(leaving_on=date(2025, 11, 28))
            with clock_at(time(9, 0), FRIDAY):
                counts.append(len(queries_of(client_of_office, address("roll"))))

        assert counts[0] == counts[1]

    def test_says_when_nobody_comes_or_goes(self, client_of_office: Client, school: School) -> None:
        with clock_at(time(9, 0), FRIDAY):
            words = words_of(client_of_office.get(address("roll")).content.decode())

        assert "Nobody joined since then" in words
        assert "Nobody left since then" in words


class TestJoining:
    def entered(self, group: ClassGroup, **values: str) -> dict[str, str]:
        return {
            "forename": "Nia",
            "surname": "Newman",
            **day("date_of_birth", date(2016, 2, 3)),
            "sex": "F",
            "upn": GOOD,
            **day("starts_on", date(2025, 11, 17)),
            "class_group": str(group.pk),
            "year_group": "5",
            "previous_name": "Vale Primary",
            **values,
        }

    def test_puts_a_pupil_on_roll_and_says_when_the_return_is_due(
        self, client_of_office: Client, class_group: ClassGroup
    ) -> None:
        with clock_at(time(9, 0), FRIDAY):
            answer = client_of_office.post(address("pupil_join"), self.entered(class_group))
            words = words_of(client_of_office.get(answer["Location"]).content.decode())
        with scopes_disabled():
            pupil = Pupil.objects.get(upn=GOOD)
            joining = Joining.objects.get(enrolment__pupil=pupil)

        assert (answer.status_code, answer["Location"]) == (302, address("pupil_roll", pupil.pk))
        assert "Nia Newman is on roll from Mon 17 Nov. The new pupil return is due by Wed 19 Nov." in words
        assert "On roll from Mon 17 Nov" in words
        assert (joining.previous_school_name, joining.entered_on) == ("Vale Primary", FRIDAY)

    def test_keeps_what_was_entered_and_links_to_what_is_wrong(
        self, client_of_office: Client, class_group: ClassGroup
    ) -> None:
        wrong = ("B" if GOOD[0] == "A" else "A") + GOOD[1:]
        with clock_at(time(9, 0), FRIDAY):
            answer = client_of_office.post(address("pupil_join"), self.entered(class_group, upn=wrong))
        html = answer.content.decode()
        controls = Controls(html)

        assert answer.status_code == 422
        assert "<title>Error: New pupil" in html
        assert controls.fields["surname"] == "Newman"
        assert "#id_upn" in controls.links
        assert "The first letter of the UPN does not go with the rest" in html
        with scopes_disabled():
            assert Pupil.objects.count() == 0

    def test_readmits_a_former_pupil(
        self, client_of_office: Client, school: School, class_group: ClassGroup
    ) -> None:
        pupil = PupilFactory(school=school)
        EnrolmentFactory(pupil=pupil, starts_on=date(2024, 9, 2), leaving_on=date(2025, 7, 18))
        entered = {
            **day("starts_on", date(2025, 11, 17)),
            "class_group": str(class_group.pk),
            "year_group": "5",
        }
        with clock_at(time(9, 0), FRIDAY):
            assert "Readmit" in client_of_office.get(address("pupil_roll", pupil.pk)).content.decode()
            answer = client_of_office.post(address("pupil_readmit", pupil.pk), entered)
        with scopes_disabled():
            starts = list(
                Enrolment.objects.filter(pupil=pupil)
                .order_by("starts_on")
                .values_list("starts_on", flat=True)
            )

        assert answer.status_code == 302
        assert starts == [date(2024, 9, 2), date(2025, 11, 17)]

    def test_records_that_the_return_was_sent(
        self, client_of_office: Client, class_group: ClassGroup, pupil: Pupil
    ) -> None:
        joining = JoiningFactory(enrolment=enrolment_of(pupil), entered_on=FRIDAY)
        url = address("joining_return", pupil.pk, joining.enrolment_id)
        with clock_at(time(9, 0), FRIDAY):
            refused = client_of_office.post(
                url, day("sent_on", date(2025, 11, 15)) | {"sent_to": "Authority"}
            )
            done = client_of_office.post(url, day("sent_on", FRIDAY) | {"sent_to": "Authority"})
        joining.refresh_from_db()

        assert (refused.status_code, done.status_code) == (422, 302)
        assert "must be today or in the past" in refused.content.decode()
        assert (joining.return_sent_on, joining.return_sent_to) == (FRIDAY, "Authority")


class TestLeaving:
    LAST = date(2025, 11, 21)

    def rest(self, **values: object) -> dict[str, object]:
        return {
            "leaving_on": "2025-11-21",
            "ground": "a",
            "confirmations": ["registered", "no_exception"],
            "decider": "Hilary Head, headteacher",
            "current_address": "2 Valley Road",
            "new_school_name": "Vale Primary",
            **day("return_sent_on", FRIDAY),
            "return_sent_to": "Authority",
            **values,
        }

    def test_asks_for_the_ground_first_and_then_for_its_conditions(
        self, client_of_office: Client, pupil: Pupil
    ) -> None:
        url = address("pupil_leave", pupil.pk, enrolment_of(pupil).pk)
        with clock_at(time(9, 0), FRIDAY):
            first = client_of_office.get(url).content.decode()
            second = client_of_office.post(url, day("leaving_on", self.LAST) | {"ground": "a"})
            done = client_of_office.post(url, self.rest())
            page = words_of(client_of_office.get(done["Location"]).content.decode())
        html = second.content.decode()

        assert first.count('name="ground"') == 15
        assert second.status_code == 200
        assert "The other school confirmed that the pupil is registered there." in html
        assert "Last day on roll: <strong>Fri 21 Nov</strong>" in html
        assert done.status_code == 302
        assert "Robin Ashdown leaves: the last day on roll is Fri 21 Nov." in page
        assert "Registered at another school (regulation 9(1)(a))" in page
        with scopes_disabled():
            departure = Departure.objects.get()
        assert (departure.leaving_on, departure.new_school_name) == (self.LAST, "Vale Primary")

    def test_shows_everything_again_with_every_fault(self, client_of_office: Client, pupil: Pupil) -> None:
        url = address("pupil_leave", pupil.pk, enrolment_of(pupil).pk)
        empty = day("return_sent_on", FRIDAY) | {"return_sent_on_day": ""}
        with clock_at(time(9, 0), FRIDAY):
            answer = client_of_office.post(url, self.rest(confirmations=["registered"], new_school_name=""))
            wrong_date = client_of_office.post(url, self.rest(**empty))
        html = answer.content.decode()

        assert (answer.status_code, wrong_date.status_code) == (422, 422)
        assert {"#id_confirmations_0", "#id_new_school_name"} <= set(Controls(html).links)
        assert Controls(html).fields["decider"] == "Hilary Head, headteacher"
        assert enrolment_of(pupil).leaving_on is None

    @pytest.mark.parametrize(
        ("posted", "words"),
        [
            ({}, "Enter the last day on roll"),
            (day("leaving_on", date(2025, 11, 13)) | {"ground": "a"}, "never deleted for a day in the past"),
            (day("leaving_on", LAST), "Select the lawful ground"),
        ],
    )
    def test_refuses_a_first_answer_that_cannot_be(
        self, client_of_office: Client, pupil: Pupil, posted: dict[str, str], words: str
    ) -> None:
        with clock_at(time(9, 0), FRIDAY):
            answer = client_of_office.post(address("pupil_leave", pupil.pk, enrolment_of(pupil).pk), posted)

        assert answer.status_code == 422
        assert words in answer.content.decode()

    def test_says_what_the_registers_have_against_a_ground(
        self, client_of_office: Client, pupil: Pupil
    ) -> None:
        url = address("pupil_leave", pupil.pk, enrolment_of(pupil).pk)
        with clock_at(time(9, 0), FRIDAY):
            answer = client_of_office.post(url, day("leaving_on", self.LAST) | {"ground": "i"})

        words = words_of(answer.content.decode())
        assert "The registers speak against this ground" in words
        assert "for 0 school days up to now; it takes 20" in words

    def test_asks_for_no_new_home_of_a_pupil_who_died(self, client_of_office: Client, pupil: Pupil) -> None:
        url = address("pupil_leave", pupil.pk, enrolment_of(pupil).pk)
        with clock_at(time(9, 0), FRIDAY):
            answer = client_of_office.post(url, day("leaving_on", self.LAST) | {"ground": "k"})

        html = answer.content.decode()
        assert "id_decider" in html
        assert "id_new_address" not in html

    def test_is_taken_back_with_a_reason_and_stays_to_be_seen(
        self, client_of_office: Client, pupil: Pupil
    ) -> None:
        pk = enrolment_of(pupil).pk
        with clock_at(time(9, 0), FRIDAY):
            client_of_office.post(address("pupil_leave", pupil.pk, pk), self.rest())
            refused = client_of_office.post(address("pupil_stay", pupil.pk, pk), {"reason": ""})
            done = client_of_office.post(address("pupil_stay", pupil.pk, pk), {"reason": "No move"})
            page = words_of(client_of_office.get(done["Location"]).content.decode())
            again = client_of_office.get(address("pupil_stay", pupil.pk, pk))

        assert (refused.status_code, done.status_code, again.status_code) == (422, 302, 404)
        assert "A leaving on Fri 21 Nov was taken back by Olive Office" in page
        assert enrolment_of(pupil).leaving_on is None

    def test_learns_the_next_school_later(self, client_of_office: Client, pupil: Pupil) -> None:
        pk = enrolment_of(pupil).pk
        with clock_at(time(9, 0), FRIDAY):
            client_of_office.post(address("pupil_leave", pupil.pk, pk), self.rest())
            shown = Controls(client_of_office.get(address("next_school", pupil.pk, pk)).content.decode())
            refused = client_of_office.post(address("next_school", pupil.pk, pk), {"new_school_name": ""})
            done = client_of_office.post(
                address("next_school", pupil.pk, pk),
                {"new_school_name": "Dale Primary"} | day("new_school_from", date(2025, 11, 24)),
            )
        with scopes_disabled():
            departure = Departure.objects.get()

        assert shown.fields["new_school_name"] == "Vale Primary"
        assert (refused.status_code, done.status_code) == (422, 302)
        assert (departure.new_school_name, departure.new_school_from) == ("Dale Primary", date(2025, 11, 24))

    def test_follows_enquiries(self, client_of_office: Client, pupil: Pupil) -> None:
        url = address("pupil_enquiry", pupil.pk, enrolment_of(pupil).pk)
        given = {"made_by": "Olive", "asked": "Home visit", "result": "Nobody", "with_authority": "on"}
        with clock_at(time(9, 0), FRIDAY):
            shown = Controls(client_of_office.get(url).content.decode())
            refused = client_of_office.post(url, given | day("asked_on", date(2025, 11, 15)))
            done = client_of_office.post(url, given | day("asked_on", FRIDAY))
            page = words_of(client_of_office.get(done["Location"]).content.decode())

        assert shown.fields["made_by"] == "Olive Office"
        assert (refused.status_code, done.status_code) == (422, 302)
        assert "Fri 14 Nov , Olive, with the local authority: Home visit. Nobody" in page
        with scopes_disabled():
            assert Enquiry.objects.get().with_authority is True


class TestMovingClass:
    def test_moves_the_ticked_pupils(
        self, client_of_office: Client, school: School, class_group: ClassGroup, pupil: Pupil
    ) -> None:
        elm = ClassGroupFactory(school=school, name="Elm", academic_year=2025)
        stays = pupil_in_class(class_group)
        given = {"class": class_group.pk, "to": elm.pk, **day("starts_on", date(2025, 11, 17))}
        with clock_at(time(9, 0), FRIDAY):
            shown = client_of_office.get(address("move_class"), {"class": class_group.pk}).content.decode()
            nobody = client_of_office.post(address("move_class"), given)
            done = client_of_office.post(address("move_class"), {**given, "pupil": [pupil.pk]})
        with scopes_disabled():
            found = list(
                ClassMembership.objects.order_by("pupil", "starts_on").values_list(
                    "pupil", "class_group__name"
                )
            )

        assert 'id="pupil_' in shown
        assert nobody.status_code == 422
        assert "Select at least one pupil" in nobody.content.decode()
        assert (done.status_code, done["Location"]) == (302, f"{address('move_class')}?class={elm.pk}")
        assert found == [(pupil.pk, "Oak"), (pupil.pk, "Elm"), (stays.pk, "Oak")]

    def test_knows_no_class_of_another_school(
        self, client_of_office: Client, other_school: School, class_group: ClassGroup
    ) -> None:
        elsewhere = ClassGroupFactory(school=other_school, academic_year=2025)
        with clock_at(time(9, 0), FRIDAY):
            answer = client_of_office.get(address("move_class"), {"class": elsewhere.pk})

        assert answer.status_code == 404


class TestGoingUpAYear:
    @pytest.fixture
    def summer(self, school: School, class_group: ClassGroup) -> tuple[Pupil, Pupil]:
        school.leaving_year = "6"
        school.save()
        held_sessions(school, date(2026, 7, 13), date(2026, 7, 15))
        return (
            pupil_in_class(class_group, surname="Young", year_group="5"),
            pupil_in_class(class_group, surname="Old", year_group="6"),
        )

    def test_shows_what_it_does_before_it_is_done(
        self, client_of_office: Client, class_group: ClassGroup, summer: tuple[Pupil, Pupil]
    ) -> None:
        key = f"name_{class_group.pk}_5"
        with clock_at(time(9, 0), SUMMER):
            page = client_of_office.get(address("next_year")).content.decode()
            missing = client_of_office.post(address("next_year"), {"do": "check", key: ""})
            check = client_of_office.post(address("next_year"), {"do": "check", key: "Yew"})
            with scopes_disabled():
                assert ClassMembership.objects.count() == 2
            controls = Controls(check.content.decode())
            done = client_of_office.post(address("next_year"), {**controls.fields, "do": "move"})
            after = words_of(client_of_office.get(address("next_year")).content.decode())
            again = client_of_office.post(address("next_year"), {**controls.fields, "do": "move"})
        words = words_of(check.content.decode())
        with scopes_disabled():
            young = ClassMembership.objects.filter(pupil=summer[0]).order_by("starts_on").last()
            leaving_on = Enrolment.objects.get(pupil=summer[1]).leaving_on

        assert Controls(page).fields[key] == "Oak"
        assert (missing.status_code, check.status_code, done.status_code) == (422, 200, 302)
        assert f"#{key}" in Controls(missing.content.decode()).links
        assert "1 of Year 5 in Oak go up to Year 6 in Yew" in words
        assert "1 of Year 6 in Oak leave on Wed 15 Jul" in words
        assert young is not None
        assert (young.class_group.name, young.year_group, young.starts_on) == ("Yew", "6", date(2026, 8, 1))
        assert leaving_on == date(2026, 7, 15)
        assert "1 pupil moved up, 0 pupils kept in their year, 1 pupil leaving, 1 new class." in after
        assert "Nobody is left to move" in after
        assert again.status_code == 409

    def test_is_not_done_in_the_autumn(
        self, client_of_office: Client, class_group: ClassGroup, summer: tuple[Pupil, Pupil]
    ) -> None:
        with clock_at(time(9, 0), FRIDAY):
            page = words_of(client_of_office.get(address("next_year")).content.decode())
            answer = client_of_office.post(
                address("next_year"), {"do": "move", f"name_{class_group.pk}_5": "Yew"}
            )

        assert "You can do this from 1 April 2026" in page
        assert answer.status_code == 422
        assert "from 1 April 2026" in answer.content.decode()


class TestMarksOfAPreviousSchool:
    def test_are_entered_as_a_span_without_weekends(self, client_of_office: Client, pupil: Pupil) -> None:
        url = address("previous_marks", pupil.pk)
        given = {"do": "add", "source_school": "Vale", "code": "O", "halves": "both"}
        span = day("first_day", date(2025, 7, 11)) | day("last_day", date(2025, 7, 14))
        with clock_at(time(9, 0), FRIDAY):
            done = client_of_office.post(url, given | span)
            page = words_of(client_of_office.get(url).content.decode())
            refused = client_of_office.post(url, given | day("first_day", date(2025, 9, 8)))
        with scopes_disabled():
            found = list(PreviousMark.objects.order_by("on", "half").values_list("on", "half", "code_id"))

        assert done.status_code == 302
        assert found == [
            (date(2025, 7, 11), "AM", "O"),
            (date(2025, 7, 11), "PM", "O"),
            (date(2025, 7, 14), "AM", "O"),
            (date(2025, 7, 14), "PM", "O"),
        ]
        assert "4 marks, 4 of them unauthorised" in page
        assert refused.status_code == 422
        assert "The pupil was on roll here on 2025-09-08" in refused.content.decode()

    def test_are_taken_from_a_file(self, client_of_office: Client, pupil: Pupil) -> None:
        url = address("previous_marks", pupil.pk)

        def file(text: str) -> SimpleUploadedFile:
            return SimpleUploadedFile("old.csv", text.encode())

        header = "date,session,code,school\n"
        with clock_at(time(9, 0), FRIDAY):
            none = client_of_office.post(url, {"do": "file"})
            bad = client_of_office.post(url, {"do": "file", "file": file(header + "2025-07-14,XX,O,Vale\n")})
            done = client_of_office.post(url, {"do": "file", "file": file(header + "2025-07-14,AM,O,Vale\n")})

        assert (none.status_code, bad.status_code, done.status_code) == (422, 422, 302)
        assert "line 2, column session" in bad.content.decode()
        with scopes_disabled():
            assert PreviousMark.objects.count() == 1

    def test_are_taken_away_with_a_reason(self, client_of_office: Client, pupil: Pupil) -> None:
        url = address("previous_marks", pupil.pk)
        given = {"do": "add", "source_school": "Vale", "code": "G", "halves": "AM"}
        with clock_at(time(9, 0), FRIDAY):
            client_of_office.post(url, given | day("first_day", date(2025, 7, 11)))
            with scopes_disabled():
                pk = PreviousMark.objects.get().pk
            refused = client_of_office.post(url, {"do": "remove", "mark": [pk], "reason": ""})
            done = client_of_office.post(url, {"do": "remove", "mark": [pk], "reason": "Wrong child"})

        assert (refused.status_code, done.status_code) == (422, 302)
        assert "#remove-reason" in Controls(refused.content.decode()).links
        with scopes_disabled():
            assert PreviousMark.objects.count() == 0
