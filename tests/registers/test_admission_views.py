"""The pages of the admission register, as the office, a champion and a teacher use them."""

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scope

from accounts.models import Event
from registers.models import (
    Contact,
    OutsideContact,
    ParticularsChange,
    Pupil,
    PupilAddress,
    PupilContact,
    PupilFlag,
    PupilOutsideContact,
)
from tests.factories.registers import (
    ClassGroupFactory,
    PupilContactFactory,
    PupilFlagFactory,
    pupil_in_class,
)
from tests.factories.registers_admission import OutsideContactFactory, PupilAddressFactory
from tests.registers.admission_pages import NOW, TODAY, fields_of, text_of


@pytest.fixture(autouse=True)
def thursday_at_nine(school):
    with time_machine.travel(NOW, tick=False), scope(school=school):
        yield


@pytest.fixture
def client(sign_in, office):
    return sign_in(office)


@pytest.fixture
def url(school):
    """Return a function that gives the address of a page of the school."""

    def of(name, *args):
        return reverse(f"registers:{name}", args=[school.key, *args])

    return of


class TestTheDetails:
    def test_hold_every_particular_that_the_register_needs(self, client, url, pupil):
        Pupil.objects.filter(pk=pupil.pk).update(
            middle_names="Jo Lee",
            known_as="Bobbie",
            home_language="Polish",
            last_school_name="Vale School",
            last_school_address="1 Vale Road",
        )
        mother = PupilContactFactory(pupil=pupil).contact
        PupilAddressFactory(pupil=pupil, lines="2 Valley Road", with_contact=mother)
        PupilAddressFactory(pupil=pupil, lines="7 Coast Road", starts_on=date(2026, 1, 1))
        PupilFlagFactory(pupil=pupil, name="looked_after")

        page = text_of(client.get(url("pupil_details", pupil.pk)))

        for particular in (
            "Robin Jo Lee Ashdown",
            "Bobbie",
            "15 Mar 2016",
            "Female",
            pupil.upn,
            "since Mon 1 Sep",
            "Polish",
            "Vale School",
            "2 Valley Road",
            "7 Coast Road",
            "from Thu 1 Jan",
            "Looked after",
        ):
            assert particular in page

    def test_fall_back_on_the_address_of_whom_the_pupil_lives_with(self, client, url, pupil):
        PupilContactFactory(pupil=pupil, contact__name="Ann Ash", contact__address_confidential=True)

        page = text_of(client.get(url("pupil_details", pupil.pk)))

        assert "The address of Ann Ash, with whom the pupil lives." in page
        assert "Confidential address" in page

    def test_warn_when_fewer_than_two_people_can_be_called(self, client, url, pupil):
        assert "Nobody can be called about this pupil." in text_of(client.get(url("pupil_details", pupil.pk)))
        PupilContactFactory(pupil=pupil)
        assert "Only one person can be called" in text_of(client.get(url("pupil_contacts", pupil.pk)))
        PupilContactFactory(pupil=pupil, priority=2)
        assert "can be called" not in text_of(client.get(url("pupil_contacts", pupil.pk)))

    def test_are_logged_when_somebody_opens_them(self, client, url, pupil, office):
        for name in ("pupil_details", "pupil_contacts", "particulars_history", "pupil_details"):
            client.get(url(name, pupil.pk))

        seen = Event.objects.get(kind="pupil.seen")
        assert (seen.subject_id, seen.by_id, seen.at) == (pupil.pk, office.pk, NOW)

    def test_show_a_teacher_name_and_class_of_an_own_pupil_and_nothing_of_home(
        self, sign_in, class_teacher, url, pupil, class_group
    ):
        PupilContactFactory(pupil=pupil, contact__name="Ann Ash")
        PupilFlagFactory(pupil=pupil, name="looked_after")
        teacher = sign_in(class_teacher)

        page = text_of(teacher.get(url("pupil_details", pupil.pk)))

        assert "Robin Ashdown" in page
        assert "Oak, Year 5" in page
        assert not [told for told in ("Ann Ash", "Valley", "Looked after", pupil.upn, "2016") if told in page]

    def test_are_closed_to_a_teacher_of_another_class(self, sign_in, class_teacher, url, school):
        other = pupil_in_class(ClassGroupFactory(school=school, academic_year=2025))

        assert sign_in(class_teacher).get(url("pupil_details", other.pk)).status_code == 403

    def test_offer_no_change_to_a_champion(self, sign_in, champion, url, pupil):
        page = text_of(sign_in(champion).get(url("pupil_details", pupil.pk)))

        assert url("pupil_particulars", pupil.pk) not in page
        assert url("flag_add", pupil.pk) not in page


class TestChangingParticulars:
    def posted(self, client, url, pupil, **changed):
        fields = fields_of(client.get(url("pupil_particulars", pupil.pk))) | changed
        return client.post(url("pupil_particulars", pupil.pk), fields, follow=True)

    def test_saves_and_says_so(self, client, url, pupil):
        response = self.posted(client, url, pupil, surname="  Birch   Cedar ", sen="E")

        pupil.refresh_from_db()
        assert (pupil.surname, pupil.sen, pupil.ehcp) == ("Birch Cedar", "E", True)
        assert response.redirect_chain == [(url("pupil_details", pupil.pk), 302)]
        assert "The particulars of Robin Birch Cedar are saved." in text_of(response)

    def test_says_so_when_nothing_changed(self, client, url, pupil):
        assert "Nothing was changed." in text_of(self.posted(client, url, pupil))
        assert not ParticularsChange.objects.exclude(field="").exists()

    def test_counts_from_the_day_that_was_said(self, client, url, pupil):
        self.posted(
            client,
            url,
            pupil,
            surname="Birch",
            counts="day",
            counts_day_day="1",
            counts_day_month="oct",
            counts_day_year="2025",
        )

        assert ParticularsChange.objects.get(field="surname").counts_from == date(2025, 10, 1)

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"surname": ""}, "Enter the surname"),
            ({"surname": "x" * 10_000}, "Surname must be 100 characters or fewer"),
            ({"forename": "Ro\x07bin"}, "Forename has a character that cannot be shown"),
            ({"upn": "12-34"}, "Unique pupil number must be up to 13 letters and digits"),
            ({"sex": "X"}, "Select a valid choice"),
            (
                {"date_of_birth_day": "", "date_of_birth_month": "", "date_of_birth_year": ""},
                "Enter the date of birth",
            ),
            ({"date_of_birth_month": ""}, "Date of birth must include a month"),
            ({"date_of_birth_year": "16"}, "Year must include 4 numbers"),
            ({"date_of_birth_day": "31", "date_of_birth_month": "2"}, "Date of birth must be a real date"),
            ({"date_of_birth_year": "1066"}, "Date of birth must be between 1900 and 2100"),
            ({"date_of_birth_year": "2030"}, "Date of birth must be in the past"),
            (
                {"date_of_birth_year": "2025", "date_of_birth_month": "9", "date_of_birth_day": "2"},
                "Date of birth must be before the pupil&#x27;s starting day",
            ),
            ({"counts": "day"}, "Enter the day from which it is new"),
            ({"last_school_address": "x" * 1001}, "Address of the last school must be 1000 characters"),
        ],
    )
    def test_says_what_is_wrong_and_changes_nothing(self, client, url, pupil, changed, message):
        response = self.posted(client, url, pupil, **({"known_as": "Kept"} | changed))

        assert response.status_code == 422
        page = text_of(response)
        assert message in page
        assert "<title>Error:" in page
        assert 'value="Kept"' in page
        assert not ParticularsChange.objects.exclude(field="").exists()

    def test_loses_nothing_when_two_people_change_the_same_pupil(self, client, url, pupil, sign_in, head):
        mine = fields_of(client.get(url("pupil_particulars", pupil.pk))) | {"surname": "Birch"}
        self.posted(sign_in(head), url, pupil, surname="Cedar")

        refused = client.post(url("pupil_particulars", pupil.pk), mine)

        assert refused.status_code == 422
        page = text_of(refused)
        assert "Somebody else changed this record while you had it open." in page
        assert ">Cedar</td>" in page
        assert ">Birch</td>" in page
        assert Pupil.objects.get(pk=pupil.pk).surname == "Cedar"
        again = mine | {"seen": refused.context["seen"]}
        assert client.post(url("pupil_particulars", pupil.pk), again).status_code == 302
        assert Pupil.objects.get(pk=pupil.pk).surname == "Birch"


class TestAddressesAndFlags:
    def test_an_address_is_added_ended_and_removed(self, client, url, pupil):
        day = {"starts_on_day": "1", "starts_on_month": "9", "starts_on_year": "2025"}
        client.post(url("address_add", pupil.pk), {"lines": "1 Old Lane\r\n\r\nAnytown ", **day})
        row = PupilAddress.objects.get()
        assert row.lines == "1 Old Lane\nAnytown"

        page = client.get(url("address", pupil.pk, row.pk))
        ends = {"ends_on_day": "31", "ends_on_month": "10", "ends_on_year": "2025"}
        assert client.post(url("address", pupil.pk, row.pk), fields_of(page) | ends).status_code == 302
        row.refresh_from_db()
        assert row.ends_on == date(2025, 10, 31)

        client.post(url("address", pupil.pk, row.pk), {"do": "remove"})
        assert not PupilAddress.objects.exists()

    def test_an_address_must_say_where_and_since_when(self, client, url, pupil):
        response = client.post(url("address_add", pupil.pk), {"lines": "  \n "})

        assert response.status_code == 422
        assert "Enter the address" in text_of(response)
        assert "Enter the day from which the pupil lives there" in text_of(response)
        assert not PupilAddress.objects.exists()

    def test_a_flag_is_added_and_ended(self, client, url, pupil):
        day = {"starts_on_day": "1", "starts_on_month": "10", "starts_on_year": "2025"}
        client.post(url("flag_add", pupil.pk), {"name": "young_carer", **day})
        flag = PupilFlag.objects.get()
        page = client.get(url("flag", pupil.pk, flag.pk))
        ends = {"ends_on_day": "20", "ends_on_month": "11", "ends_on_year": "2025"}

        client.post(url("flag", pupil.pk, flag.pk), fields_of(page) | ends)

        flag.refresh_from_db()
        assert (flag.starts_on, flag.ends_on) == (date(2025, 10, 1), TODAY)

    def test_a_flag_that_ends_before_it_begins_is_refused_beside_the_day(self, client, url, pupil):
        flag = PupilFlagFactory(pupil=pupil, starts_on=TODAY)
        page = client.get(url("flag", pupil.pk, flag.pk))
        ends = {"ends_on_day": "19", "ends_on_month": "11", "ends_on_year": "2025"}

        response = client.post(url("flag", pupil.pk, flag.pk), fields_of(page) | ends)

        assert response.status_code == 422
        assert "The last day must be the same as or after the first day" in text_of(response)
        assert 'href="#id_ends_on_day"' in text_of(response)

    def test_a_row_of_another_pupil_does_not_exist_here(self, client, url, pupil, class_group):
        other = pupil_in_class(class_group)
        flag, home = PupilFlagFactory(pupil=other), PupilAddressFactory(pupil=other)

        assert client.get(url("flag", pupil.pk, flag.pk)).status_code == 404
        assert client.get(url("address", pupil.pk, home.pk)).status_code == 404


NEW_CONTACT = {
    "name": "Alex Ashdown",
    "relationship": "mother",
    "priority": "1",
    "phone": "01632 960 001",
    "receives_letters": "on",
    "may_sign_in": "on",
    "lives_with": "on",
}


class TestContacts:
    def test_are_added(self, client, url, pupil):
        response = client.post(url("contact_add", pupil.pk), NEW_CONTACT, follow=True)

        link = PupilContact.objects.select_related("contact").get()
        assert (link.contact.name, link.relationship, link.parental_responsibility, link.lives_with) == (
            "Alex Ashdown",
            "mother",
            False,
            True,
        )
        assert "Alex Ashdown is added." in text_of(response)

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"name": ""}, "Enter the full name"),
            ({"phone": "ring the bell"}, "First number to call must be a telephone number"),
            ({"phone": "12"}, "First number to call must be a telephone number"),
            ({"email": "alex at home"}, "E-mail must be an address like name@example.com"),
            ({"priority": "0"}, "Place in the order of calls must be a number from 1 to 99"),
            ({"priority": "first"}, "Place in the order of calls must be a number from 1 to 99"),
            ({"address": "x" * 10_000}, "Address must be 1000 characters or fewer"),
            ({"court_order_restricts": "on"}, "Select which kind of order it is"),
            (
                {"court_order_note": "no\x00thing"},
                "What the order limits has a character that cannot be shown",
            ),
        ],
    )
    def test_are_refused_with_what_is_wrong(self, client, url, pupil, changed, message):
        response = client.post(url("contact_add", pupil.pk), NEW_CONTACT | changed)

        assert response.status_code == 422
        assert message in text_of(response)
        assert not Contact.objects.exists()

    def test_that_are_known_at_the_school_are_offered_before_a_second_one_is_made(
        self, client, url, pupil, class_group
    ):
        client.post(url("contact_add", pupil.pk), NEW_CONTACT)
        sister = pupil_in_class(class_group)

        asked = client.post(url("contact_add", sister.pk), NEW_CONTACT)

        known = Contact.objects.get()
        assert asked.status_code == 422
        assert "Is it one of these people?" in text_of(asked)
        assert url("contact_link", sister.pk, known.pk) in text_of(asked)
        linked = client.post(url("contact_link", sister.pk, known.pk), NEW_CONTACT)
        assert linked.status_code == 302
        assert Contact.objects.count() == 1
        assert "Robin Ashdown" in text_of(client.get(url("pupil_details", sister.pk)))

    def test_are_added_as_somebody_new_when_the_office_says_so(self, client, url, pupil, class_group):
        client.post(url("contact_add", pupil.pk), NEW_CONTACT)
        other = pupil_in_class(class_group)

        client.post(url("contact_add", other.pk), NEW_CONTACT | {"new_person": "yes"})

        assert Contact.objects.filter(name="Alex Ashdown").count() == 2

    def test_are_changed_by_one_of_two_people_and_shown_to_the_other(self, client, url, pupil, sign_in, head):
        client.post(url("contact_add", pupil.pk), NEW_CONTACT)
        person = Contact.objects.get()
        page = url("contact", pupil.pk, person.pk)
        mine = fields_of(client.get(page)) | {"phone": "01632 960 111"}
        other = sign_in(head)
        other.post(page, fields_of(other.get(page)) | {"phone": "01632 960 222"})

        refused = client.post(page, mine)

        assert refused.status_code == 422
        assert ">01632 960 222</td>" in text_of(refused)
        assert ">01632 960 111</td>" in text_of(refused)
        person.refresh_from_db()
        assert person.phone == "01632 960 222"
        assert client.post(page, mine | {"seen": refused.context["seen"]}).status_code == 302
        person.refresh_from_db()
        assert person.phone == "01632 960 111"

    def test_under_a_court_order_are_marked_and_cannot_be_tapped_to_call(self, client, url, pupil):
        PupilContactFactory(
            pupil=pupil,
            court_order_restricts=True,
            court_order_type="non_molestation",
            court_order_until=date(2025, 11, 19),
            contact__phone="01632 960 333",
        )

        page = text_of(client.get(url("pupil_contacts", pupil.pk)))

        assert "Non-molestation order to Wed 19 Nov. No letters, no sign-in; do not call this person." in page
        assert "The order has ended" in page
        assert "tel:" not in page

    def test_are_removed_only_when_it_is_confirmed(self, client, url, pupil):
        link = PupilContactFactory(pupil=pupil)
        page = url("contact_remove", pupil.pk, link.contact_id)

        assert client.get(page).status_code == 200
        assert client.post(page).status_code == 422
        assert PupilContact.objects.count() == 1
        assert client.post(page, {"do": "remove"}).status_code == 302
        assert PupilContact.objects.count() == 0

    def test_take_as_many_statements_for_one_as_for_eight(self, client, url, pupil, class_group):
        sister = pupil_in_class(class_group)

        def add(number):
            link = PupilContactFactory(pupil=pupil, priority=number)
            PupilContactFactory(pupil=sister, contact=link.contact, priority=number)

        add(1)
        client.get(url("pupil_contacts", pupil.pk))
        with CaptureQueriesContext(connection) as few:
            client.get(url("pupil_contacts", pupil.pk))
        for number in range(2, 9):
            add(number)
        with CaptureQueriesContext(connection) as many:
            client.get(url("pupil_contacts", pupil.pk))

        assert len(many) == len(few)


class TestOutsideContacts:
    def test_are_added_linked_and_ended(self, client, url, pupil):
        client.post(
            url("outside_contact_add"),
            {"name": "Wil Worker", "role": "social_worker", "phone": "01632 960 500", "is_current": "on"},
        )
        person = OutsideContact.objects.get()
        day = {"starts_on_day": "1", "starts_on_month": "10", "starts_on_year": "2025"}
        client.post(url("pupil_outside_add", pupil.pk), {"person": str(person.pk), **day})
        assert "Wil Worker</strong>, social worker" in text_of(client.get(url("pupil_contacts", pupil.pk)))

        link = PupilOutsideContact.objects.get()
        ends = {"ends_on_day": "20", "ends_on_month": "11", "ends_on_year": "2025"}
        client.post(url("pupil_outside", pupil.pk, link.pk), ends)

        link.refresh_from_db()
        assert (link.starts_on, link.ends_on) == (date(2025, 10, 1), TODAY)

    def test_are_changed_but_never_over_somebody_elses_change(self, client, url, school):
        person = OutsideContactFactory(school=school, name="Wil Worker")
        mine = fields_of(client.get(url("outside_contact", person.pk))) | {"name": "Wilma Worker"}
        OutsideContact.objects.filter(pk=person.pk).update(phone="01632 960 999")

        refused = client.post(url("outside_contact", person.pk), mine)

        assert refused.status_code == 422
        person.refresh_from_db()
        assert person.name == "Wil Worker"
        client.post(url("outside_contact", person.pk), mine | {"seen": refused.context["seen"]})
        person.refresh_from_db()
        assert person.name == "Wilma Worker"


class TestTheHistoryPage:
    def test_tells_changes_and_the_particulars_of_a_day(self, client, url, pupil):
        fields = fields_of(client.get(url("pupil_particulars", pupil.pk)))
        client.post(url("pupil_particulars", pupil.pk), fields | {"surname": "Birch", "counts": "today"})

        page = text_of(
            client.get(f"{url('particulars_history', pupil.pk)}?on_day=19&on_month=11&on_year=2025")
        )

        assert "<strong>surname</strong> changed from “Ashdown” to “Birch”" in page
        assert "by Olive Office, office staff, on Thu 20 Nov at 9:00am" in page
        assert "<strong>Robin Ashdown</strong>" in page

    def test_asks_for_a_real_day(self, client, url, pupil):
        response = client.get(f"{url('particulars_history', pupil.pk)}?on_day=31&on_month=2&on_year=2025")

        assert response.status_code == 422
        assert "The day must be a real date" in text_of(response)

    def test_marks_a_confidential_address_of_a_past_day_too(self, client, url, pupil):
        PupilContactFactory(pupil=pupil, contact__address_confidential=True)

        response = client.get(f"{url('particulars_history', pupil.pk)}?on_day=1&on_month=11&on_year=2025")

        assert "2 Valley Road, Anytown, AN1 2BB <strong" in text_of(response)
        assert "Confidential address" in text_of(response)
