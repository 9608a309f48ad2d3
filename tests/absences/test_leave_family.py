"""A parent asks for leave on the school's form, one question a page, and sees what became of it."""

from datetime import date, time
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled
from PIL import Image

from absences.models import LeaveRequest
from registers.models import Contact
from tests.absences.leave_pages import (
    ANSWERS,
    ASKED,
    FRIDAY,
    MONDAY,
    THURSDAY,
    at,
    begin,
    date_parts,
    give_policy,
    parent_of,
    requests_of,
    walk,
    words_of,
)
from tests.factories.absences_leave import LeaveRequestFactory
from tests.factories.accounts import UserFactory
from tests.factories.registers import (
    ClassGroupFactory,
    ContactFactory,
    PupilContactFactory,
    london,
    pupil_in_class,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def friday_evening():
    """Friday 5 September 2025, half past seven in the evening."""
    with at(ASKED):
        yield


@pytest.fixture
def ask(parent, sign_in):
    """The parent's browser."""
    return sign_in(parent)


@pytest.fixture
def werrington(school):
    return give_policy(school, "werrington")


class TestARequest:
    def test_holds_every_field_of_the_prescribed_form(self, werrington, ask, pupil, parent, class_group):
        """Pupil, class, address, days, return, reasons, penalty, name, signature, date (003:273-311)."""
        key, response = walk(ask, [pupil])

        assert response["Location"] == f"/family/leave/sent/{key}/"
        (row,) = requests_of(key)
        assert (row.pupil, row.class_name, row.home_address) == (
            pupil,
            "Oak",
            "2 Valley Road\nAnytown\nAN1 2BB",
        )
        assert (row.first_day, row.last_day, row.return_on, row.sessions) == (THURSDAY, FRIDAY, MONDAY, 4)
        assert (row.first_half, row.last_half) == ("AM", "PM")
        assert row.reasons == "My sister marries abroad on the Friday."
        assert (row.understood_penalty, row.home_address_confirmed) == (True, True)
        assert (row.signed_name, row.signed_on) == ("Pat Parent", date(2025, 9, 5))
        assert (row.state, row.channel, row.asked_by, row.asked_at) == ("waiting", "online", parent, ASKED)
        with scopes_disabled():
            assert [going.contact.name for going in row.travellers.select_related("contact")] == [
                "Pat Parent"
            ]

    def test_is_confirmed_with_its_reference_and_what_happens_next(self, werrington, ask, pupil):
        key, response = walk(ask, [pupil])

        page = words_of(ask.get(response["Location"]))
        (row,) = requests_of(key)
        assert row.reference in page
        assert "The headteacher will read your request and decide." in page

    def test_is_sent_once_however_often_the_button_is_pressed(self, werrington, ask, pupil):
        key, _ = walk(ask, [pupil])

        again = ask.post(f"/family/leave/new/{key}/sign/", ANSWERS["sign"])

        assert again["Location"] == f"/family/leave/sent/{key}/"
        assert len(requests_of(key)) == 1

    def test_is_for_several_children_at_several_schools(
        self, werrington, ask, pupil, parent, other_school, class_group
    ):
        give_policy(other_school, "welbourn")
        sister = pupil_in_class(class_group, forename="Sky", date_of_birth=date(2017, 1, 1))
        elder = pupil_in_class(ClassGroupFactory(school=other_school, academic_year=2025), forename="Ash")
        with scopes_disabled():
            PupilContactFactory(pupil=sister, contact=Contact.objects.get(user=parent))
        parent_of(parent, elder)

        key, response = walk(ask, [pupil, sister, elder])

        assert response.status_code == 302
        rows = requests_of(key)
        assert {(row.pupil.forename, row.school.key) for row in rows} == {
            ("Robin", "hill"),
            ("Sky", "hill"),
            ("Ash", "vale"),
        }
        assert {row.notice_met for row in rows} == {None, True}  # 27 days: WEL wants 10, WER sets none
        assert len({row.reference for row in rows}) == 3

    def test_counts_half_days_from_an_afternoon_to_a_midday(self, werrington, ask, pupil):
        days = {"first_half": "PM", **date_parts("return_on", FRIDAY), "return_half": "PM"}
        key, _ = walk(ask, [pupil], days=days)

        (row,) = requests_of(key)
        assert (row.first_day, row.first_half, row.last_day, row.last_half, row.sessions) == (
            THURSDAY,
            "PM",
            FRIDAY,
            "AM",
            2,
        )

    def test_keeps_another_address_that_the_parent_gives(self, werrington, ask, pupil):
        key, _ = walk(ask, [pupil], address={"confirmed": "no", "home_address": "9 New Street"})

        (row,) = requests_of(key)
        assert (row.home_address, row.home_address_confirmed) == ("9 New Street", False)

    def test_shows_the_national_amounts_of_the_first_day(self, werrington, ask, pupil):
        """GEN-07: £80 within 21 days and £160 within 28 since August 2024, not what any document types."""
        key, _ = walk(ask, [pupil], until="check")

        page = words_of(ask.get(f"/family/leave/new/{key}/sign/"))
        assert "£80 if it is paid within 21 days" in page
        assert "£60" not in page


class TestFilesWithARequest:
    @pytest.fixture(autouse=True)
    def kept_apart(self, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path

    def test_are_kept_with_each_childs_request(self, werrington, ask, pupil):
        picture = BytesIO()
        Image.new("RGB", (40, 30), "white").save(picture, "PNG")
        invitation = SimpleUploadedFile("invitation.png", picture.getvalue(), "image/png")

        key, _ = walk(ask, [pupil], sign={"files": [invitation]})

        with scopes_disabled():
            (kept,) = requests_of(key)[0].attachments.all()
        assert (kept.kind, kept.pages) == ("image/jpeg", 1)

    def test_that_cannot_be_kept_let_nothing_be_sent(self, werrington, ask, pupil):
        programme = SimpleUploadedFile("invitation.png", b"MZ\x90 no picture", "image/png")

        key, response = walk(ask, [pupil], sign={"files": [programme]})

        assert response.status_code == 422
        assert requests_of(key) == []


class TestTheQuestions:
    def refused(self, ask, pupil, step, **answers):
        _, response = walk(ask, [pupil], until=step, **answers)
        assert response.status_code == 422
        page = words_of(response)
        assert "<title>Error:" in page
        with scopes_disabled():
            assert LeaveRequest.objects.count() == 0
        return page

    @pytest.mark.parametrize(
        ("step", "answers", "words"),
        [
            ("kind", {"kind": ""}, "Choose what the leave is for"),
            ("days", {"first_day_day": ""}, "The first day away must include a day"),
            ("reasons", {"reasons": " "}, "Enter why you ask for leave"),
            ("reasons", {"reasons": "x" * 3001}, "The reasons must be 3,000 characters or fewer"),
            ("address", {"confirmed": ""}, "Choose yes if this is your home address"),
            ("address", {"confirmed": "no"}, "Enter your home address"),
            ("sign", {"understood_penalty": ""}, "Confirm that you have read and understood this"),
            ("sign", {"signed_name": ""}, "Enter your full name"),
            ("going", {"adults": ["999999"]}, "999999 is not one of the available choices"),
        ],
    )
    def test_say_what_is_missing(self, werrington, ask, pupil, step, answers, words):
        assert words in self.refused(ask, pupil, step, **{step: answers})

    def test_keep_what_was_typed(self, werrington, ask, pupil):
        page = self.refused(ask, pupil, "days", days={"first_day_month": "13"})

        assert 'value="13"' in page
        assert "The first day away must be a real date" in page

    @pytest.mark.parametrize(
        ("first", "back", "words"),
        [
            (THURSDAY, THURSDAY, "The day back at school must be after the first day away"),
            (date(2025, 10, 4), date(2025, 10, 6), "Hill Primary School is closed on these days"),
            (date(2025, 9, 5), date(2025, 9, 8), "Leave has to be asked for before it begins"),
            (date(2025, 9, 4), date(2025, 9, 9), "Leave has to be asked for before it begins"),
            (date(2025, 10, 2), date(2027, 10, 2), "Leave cannot be longer than a year"),
        ],
    )
    def test_refuse_days_that_cannot_be_leave(self, werrington, ask, pupil, first, back, words):
        days = {**date_parts("first_day", first), **date_parts("return_on", back)}

        assert words in self.refused(ask, pupil, "days", days=days)

    def test_refuse_days_asked_for_already(self, werrington, ask, pupil):
        first, _ = walk(ask, [pupil])
        (row,) = requests_of(first)

        _, response = walk(ask, [pupil], until="days")

        assert response.status_code == 422
        assert f"for some of these days already: see request {row.reference}" in words_of(response)

    def test_cannot_be_jumped(self, werrington, ask, pupil):
        key = begin(ask, [pupil])

        assert ask.get(f"/family/leave/new/{key}/sign/")["Location"] == f"/family/leave/new/{key}/kind/"
        assert ask.get(f"/family/leave/new/{key}/nothing/").status_code == 404

    def test_offer_who_goes_without_telling_of_a_parent_who_is_kept_away(
        self, werrington, ask, pupil, school
    ):
        for name, link, contact in (
            ("Open Parent", {}, {}),
            ("Restricted Parent", {"court_order_restricts": True}, {}),
            ("Hidden Parent", {}, {"address_confidential": True, "address": "1 Safe House"}),
        ):
            PupilContactFactory(
                pupil=pupil, priority=5, contact=ContactFactory(school=school, name=name, **contact), **link
            )
        key, _ = walk(ask, [pupil], until="reasons")

        page = words_of(ask.get(f"/family/leave/new/{key}/going/"))
        assert "Open Parent" in page
        assert "Restricted Parent" not in page
        assert "Hidden Parent" not in page

    def test_show_the_parents_own_address_and_no_other(self, werrington, ask, pupil, school):
        contact = ContactFactory(school=school, name="Other Parent", address="77 Elsewhere Road")
        PupilContactFactory(pupil=pupil, priority=2, contact=contact)
        key, _ = walk(ask, [pupil], until="going")

        page = words_of(ask.get(f"/family/leave/new/{key}/address/"))
        assert "2 Valley Road" in page
        assert "77 Elsewhere Road" not in page

    def test_ask_which_body_sets_a_religious_day_apart(self, werrington, ask, pupil):
        """WER 000:278: notice in writing, and the day is recognised by a religious authority."""
        page = self.refused(
            ask, pupil, "reasons", kind={"kind": "religious"}, reasons={"reasons": "Eid", "detail": ""}
        )

        assert "Enter which religious body sets the day apart" in page
        assert "this form is your notice" in page

    def test_say_that_a_protest_is_never_agreed(self, werrington, ask, pupil):
        """No leave for protest in school hours (000:240, 002:220)."""
        key, _ = walk(ask, [pupil], until="days", kind={"kind": "protest"})

        page = words_of(ask.get(f"/family/leave/new/{key}/reasons/"))
        assert "Schools cannot agree to leave for a protest in school hours." in page


class TestWhoMayAsk:
    def test_nobody_for_a_child_who_is_not_theirs(self, werrington, ask, class_group):
        other = pupil_in_class(class_group)

        response = ask.post("/family/leave/new/", {"children": [str(other.pk)]})

        assert response.status_code == 422

    def test_not_on_once_a_court_order_came_in_between(self, werrington, ask, pupil):
        key = begin(ask, [pupil])
        with scopes_disabled():
            pupil.pupil_contacts.update(court_order_restricts=True)

        assert ask.get(f"/family/leave/new/{key}/kind/").status_code == 404

    def test_a_draft_is_nobody_elses(self, werrington, ask, pupil, sign_in):
        key = begin(ask, [pupil])
        stranger = sign_in(UserFactory())

        assert stranger.get(f"/family/leave/new/{key}/kind/")["Location"] == "/family/leave/new/"
        assert stranger.get(f"/family/leave/sent/{key}/")["Location"] == "/family/leave/"


class TestARequestLater:
    @pytest.fixture
    def row(self, werrington, ask, pupil):
        key, _ = walk(ask, [pupil])
        return requests_of(key)[0]

    def test_is_shown_to_the_parent_who_made_it(self, ask, row):
        page = words_of(ask.get(f"/family/leave/{row.pk}/"))

        assert "Waiting for the headteacher" in page
        assert "My sister marries abroad on the Friday." in page
        assert f"/family/leave/{row.pk}/" in words_of(ask.get("/family/leave/"))

    def test_does_not_exist_for_the_other_parent(self, row, pupil, sign_in):
        """It holds the applicant's address and where they will be."""
        other = UserFactory(name="Other Parent")
        parent_of(other, pupil, priority=2)
        client = sign_in(other)

        assert client.get(f"/family/leave/{row.pk}/").status_code == 404
        assert client.post(f"/family/leave/{row.pk}/withdraw/", {"version": "1"}).status_code == 404
        assert row.reference not in words_of(client.get("/family/leave/"))

    def test_does_not_exist_once_the_child_is_not_theirs(self, ask, row, pupil):
        with scopes_disabled():
            pupil.pupil_contacts.update(may_sign_in=False)

        assert ask.get(f"/family/leave/{row.pk}/").status_code == 404

    def test_is_taken_back_until_it_is_decided(self, ask, row):
        response = ask.post(f"/family/leave/{row.pk}/withdraw/", {"version": "1", "why": "We stay at home."})

        assert response.status_code == 302
        row.refresh_from_db()
        assert (row.state, row.withdrawn_why, row.version) == ("withdrawn", "We stay at home.", 2)

    def test_stays_as_decided_when_it_was_decided_first(self, ask, row, head):
        with scopes_disabled():
            LeaveRequest.objects.filter(pk=row.pk).update(
                state="refused",
                version=2,
                decided_by=head,
                decided_at=ASKED,
                decision_note="Weighed.",
                told="It can be held in the holidays.",
            )

        response = ask.post(f"/family/leave/{row.pk}/withdraw/", {"version": "1"})

        assert response.status_code == 409
        page = words_of(response)
        assert "The school has acted on this request meanwhile." in page
        assert "It can be held in the holidays." in page
        row.refresh_from_db()
        assert row.state == "refused"

    def test_asks_the_same_of_the_database_for_three_and_thirty(self, werrington, ask, pupil):
        with scopes_disabled():
            contact = Contact.objects.get(email="parent@family.example")
        counts = []
        for more in (3, 27):
            for _ in range(more):
                LeaveRequestFactory(pupil=pupil, applicant=contact)
            with CaptureQueriesContext(connection) as seen:
                ask.get("/family/leave/")
            counts.append(len(seen))

        assert counts[0] == counts[1]


class TestTheLastMoment:
    def test_is_when_the_register_of_the_first_session_opens(self, werrington, pupil, parent, sign_in):
        """Leave is asked for in advance (SI 2024/208 reg 11); registers open at 8:50."""
        with at(london(THURSDAY, time(8, 49))):
            key, response = walk(sign_in(parent), [pupil])

        assert response.status_code == 302
        assert requests_of(key)[0].notice_days == 0

    def test_has_passed_once_it_has_opened(self, werrington, pupil, parent, sign_in):
        with at(london(THURSDAY, time(8, 50))):
            _, response = walk(sign_in(parent), [pupil], until="days")

        assert response.status_code == 422
        assert "Leave has to be asked for before it begins" in words_of(response)
