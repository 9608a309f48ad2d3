"""A child’s record for the family, and the details that a parent asks to have changed."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from absences.models import DetailsRequest, SchoolAbsenceSettings, Task
from accounts.models import Event
from letters.models import Letter
from registers.models import Contact, PupilContact
from tests.absences.parents_world import Parent
from tests.arranging import write_marks
from tests.factories.accounts import UserFactory
from tests.factories.letters import LetterFactory, LetterFileFactory
from tests.factories.registers import ContactFactory, PupilContactFactory, held_sessions

FRIDAY_NOON = datetime(2025, 9, 12, 12, 0, tzinfo=ZoneInfo("Europe/London"))

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def friday_noon():
    """Friday 12 September 2025 at noon."""
    with time_machine.travel(FRIDAY_NOON, tick=False):
        yield


@pytest.fixture
def week(school):
    """Ten sessions, Monday 8 to Friday 12 September 2025."""
    return held_sessions(school, date(2025, 9, 8), date(2025, 9, 12))


@pytest.fixture
def family(parent, sign_in) -> Parent:
    return Parent(sign_in(parent))


@pytest.fixture
def contact(parent, school) -> Contact:
    return Contact._base_manager.get(user=parent, school=school)


def child_page(pupil) -> str:
    return f"/family/children/{pupil.pk}/"


def letter_to(contact: Contact, pupil) -> Letter:
    return LetterFactory(
        pupil=pupil,
        contact_ids=[contact.pk],
        state="rendered",
        rendered_at=FRIDAY_NOON,
        file=LetterFileFactory(school=pupil.school),
    )


class TestTheRecord:
    def test_says_what_was_missed_with_its_basis(self, family, pupil, week, parent):
        write_marks(pupil, week[:9], "//IO/////", by=parent)
        family.open(child_page(pupil))

        assert "<strong>2 of 9 half days</strong>" in family.text
        assert "77.7 %</span> (7 of 9 sessions this school year, up to today)" in family.text
        assert "For 1 the school agreed to the reason (authorised)." in family.text
        assert "For 1 it did not, or does not know it yet (unauthorised)." in family.text
        assert "one half day in ten or more. Schools call that persistent absence" in family.text

    def test_shows_a_month_that_a_screen_reader_reads(self, family, pupil, week, parent):
        write_marks(pupil, week[:4], "//IN", by=parent)
        family.open(child_page(pupil))

        assert "September 2025" in family.text
        assert "Mon 8 Sep, " in family.text
        for words in (
            "morning: in school",
            "morning: absent, illness",
            "afternoon: absent, not explained yet",
        ):
            assert words in family.text
        assert "Mon 1 Sep: no school" in family.text
        assert family.text.count('<th scope="col"><abbr') == 5

    @pytest.mark.parametrize("typed", ["2031-01", "1999-12", "nonsense", "2025-13", ""])
    def test_stays_within_the_year_whatever_month_is_asked_for(self, family, pupil, week, typed):
        page = family.open(f"{child_page(pupil)}?month={typed}")

        assert page.status_code == 200

    def test_costs_the_same_for_a_day_and_a_week(
        self, family, pupil, week, parent, django_assert_num_queries
    ):
        write_marks(pupil, week[:2], "I", by=parent)
        family.open(child_page(pupil))
        # The person, roles held, children 2, figures 2, sessions, marks, contacts, letters, reports.
        with django_assert_num_queries(11):
            family.open(child_page(pupil))
        write_marks(pupil, week[2:], "I", by=parent)
        with django_assert_num_queries(11):
            family.open(child_page(pupil))


class TestLetters:
    def test_that_were_addressed_to_the_parent_can_be_opened(self, family, pupil, contact):
        letter = letter_to(contact, pupil)
        family.open(child_page(pupil))
        assert letter.title in family.text
        answer = family.client.get(f"{child_page(pupil)}letters/{letter.pk}/")

        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.content == bytes(letter.file.content)
        assert Event.objects.filter(kind="letter.seen_by_parent", subject_id=letter.pk).count() == 1

    def test_to_the_other_parent_are_not_there(self, family, pupil, school):
        other = ContactFactory(school=school, name="Otto Other", address="9 Secret Street")
        PupilContactFactory(pupil=pupil, contact=other, priority=2)
        letter = letter_to(other, pupil)
        family.open(child_page(pupil))

        assert letter.title not in family.text
        assert family.client.get(f"{child_page(pupil)}letters/{letter.pk}/").status_code == 404

    def test_are_closed_by_a_court_order(self, family, pupil, contact):
        letter = letter_to(contact, pupil)
        PupilContact._base_manager.filter(pupil=pupil).update(court_order_restricts=True)

        for address in ("", f"letters/{letter.pk}/", "details/"):
            assert family.client.get(f"{child_page(pupil)}{address}").status_code == 404


WANTED = {
    "name": "Pat Parent",
    "phone": "01632 960555",
    "email": "parent@family.example",
    "address": "2 Valley Road\r\nAnytown\r\nAN1 2BB",
}


class TestAskingForNewDetails:
    def test_changes_nothing_and_raises_one_task(self, family, pupil, contact):
        family.send(f"{child_page(pupil)}details/", **WANTED)

        contact.refresh_from_db()
        assert contact.phone == "01632 960123"
        asked = DetailsRequest._base_manager.get()
        assert asked.changes == {"phone": ["01632 960123", "01632 960555"]}
        task = Task._base_manager.get()
        assert (task.kind, task.cause) == ("contact_details", f"details:{asked.pk}")
        assert "01632" not in task.what
        assert "The office has not confirmed this yet" in family.text

    def test_again_takes_the_new_wishes_over(self, family, pupil):
        family.send(f"{child_page(pupil)}details/", **WANTED)
        family.send(f"{child_page(pupil)}details/", **{**WANTED, "phone": "01632 960777"})

        assert DetailsRequest._base_manager.get().changes == {"phone": ["01632 960123", "01632 960777"]}
        assert Task._base_manager.count() == 1

    def test_that_are_the_same_asks_for_nothing(self, family, pupil):
        family.send(f"{child_page(pupil)}details/", **{**WANTED, "phone": "01632 960123"})

        assert "nothing to change" in family.text
        assert DetailsRequest._base_manager.count() == 0

    def test_needs_a_name_and_a_way_to_reach_the_parent(self, family, pupil):
        page = family.send(f"{child_page(pupil)}details/", name="", phone="", email="")

        assert page.status_code == 422
        assert "Enter your name" in family.text
        assert "Enter a telephone number or an e-mail address" in family.text
        assert DetailsRequest._base_manager.count() == 0

    def test_shows_no_address_but_the_parents_own(self, family, pupil, school):
        other = ContactFactory(
            school=school, name="Otto Other", address="9 Secret Street", phone="01632 960999"
        )
        PupilContactFactory(pupil=pupil, contact=other, priority=2)
        family.open(f"{child_page(pupil)}details/")

        assert "2 Valley Road" in family.text
        for words in ("Secret Street", "Otto Other", "960999"):
            assert words not in family.text


class TestTheOffice:
    @pytest.fixture
    def asked(self, family, pupil) -> DetailsRequest:
        family.send(f"{child_page(pupil)}details/", **WANTED)
        return DetailsRequest._base_manager.get()

    @pytest.fixture
    def desk(self, office, sign_in) -> Parent:
        return Parent(sign_in(office))

    def address(self, asked) -> str:
        return f"/s/hill/absences/details/{asked.pk}/"

    def test_reads_old_and_new_side_by_side(self, desk, asked):
        desk.open(self.address(asked))

        assert desk.text.index("01632 960123") < desk.text.index("01632 960555")

    def test_changes_the_record_and_closes_the_task(self, desk, asked, contact, family, pupil):
        desk.send(self.address(asked), do="apply")

        contact.refresh_from_db()
        assert contact.phone == "01632 960555"
        assert Task._base_manager.get().outcome == "Changed the record as asked."
        family.open(f"{child_page(pupil)}details/")
        assert "The office changed your details" in family.text

    def test_leaves_the_record_and_says_why(self, desk, asked, contact, family, pupil):
        desk.send(self.address(asked), do="decline", note="Please bring the letter.")

        contact.refresh_from_db()
        assert contact.phone == "01632 960123"
        family.open(f"{child_page(pupil)}details/")
        assert "Please bring the letter." in family.text

    def test_must_say_why(self, desk, asked):
        page = desk.send(self.address(asked), do="decline")

        assert page.status_code == 422
        asked.refresh_from_db()
        assert asked.state == "waiting"

    def test_changes_nothing_that_was_changed_since(self, desk, asked, contact):
        Contact._base_manager.filter(pk=contact.pk).update(phone="01632 960888")
        page = desk.send(self.address(asked), do="apply")

        assert page.status_code == 422
        assert "was changed since the parent asked" in desk.text
        contact.refresh_from_db()
        assert contact.phone == "01632 960888"

    def test_of_whom_two_decide_hears_of_the_first(self, desk, asked):
        desk.send(self.address(asked), do="apply")
        desk.send(self.address(asked), do="decline", note="Too late.")

        assert "Somebody else decided this meanwhile." in desk.text
        asked.refresh_from_db()
        assert asked.state == "applied"


class TestLimits:
    def test_are_set_by_the_office_and_kept_in_the_log(self, office, school, sign_in):
        desk = Parent(sign_in(office))
        desk.open("/s/hill/absences/settings/")
        assert 'value="14"' in desk.text
        answers = {"days_ahead": 30, "days_at_once": 3, "days_back": 5}
        desk.send("/s/hill/absences/settings/", seen="14,5,10", **answers)

        row = SchoolAbsenceSettings._base_manager.get()
        assert (row.days_ahead, row.days_at_once, row.days_back) == (30, 3, 5)
        assert Event.objects.get(kind="absence_settings.changed").data["days_back"] == [10, 5]

    def test_changed_meanwhile_are_looked_at_again(self, office, school, sign_in):
        SchoolAbsenceSettings._base_manager.create(school=school, days_ahead=7)
        desk = Parent(sign_in(office))
        answers = {"days_ahead": 30, "days_at_once": 3, "days_back": 5}
        page = desk.send("/s/hill/absences/settings/", seen="14,5,10", **answers)

        assert page.status_code == 422
        assert "Somebody else changed this" in desk.text
        assert SchoolAbsenceSettings._base_manager.get().days_ahead == 7

    @pytest.mark.parametrize("typed", ["", "x", "-1", "366", "1.5"])
    def test_must_be_sensible_numbers(self, office, school, sign_in, typed):
        desk = Parent(sign_in(office))
        answers = {"days_ahead": typed, "days_at_once": 3, "days_back": 5}
        page = desk.send("/s/hill/absences/settings/", seen="14,5,10", **answers)

        assert page.status_code == 422
        assert "Days ahead must be a whole number from 0 to 365" in desk.text
        assert SchoolAbsenceSettings._base_manager.count() == 0


class TestAnotherFamily:
    def test_has_none_of_these_pages(self, family, pupil, sign_in):
        stranger = Parent(sign_in(UserFactory()))

        for address in ("", "details/", "letters/1/"):
            assert stranger.client.get(f"{child_page(pupil)}{address}").status_code == 404
