"""Evidence in a real browser: a photo from a telephone, the judgement, the notice and the marks; axe."""

from collections.abc import Callable
from datetime import date

import pytest
from django.urls import reverse
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from accounts.models import School, User
from registers.models import Pupil, Session
from tests.absences.evidence_world import code_of, days, ill, under
from tests.browser.conftest import PHONE, OpenPage, overflow_of, small_targets, violations_of
from tests.factories.absences_evidence import asked_for, picture
from tests.factories.absences_records import ReintegrationProgrammeFactory, SupportNoteFactory
from tests.factories.accounts import UserFactory
from tests.factories.registers import ContactFactory, PupilContactFactory

pytestmark = pytest.mark.django_db(transaction=True)
TUESDAY = date(2025, 9, 9)


@pytest.fixture
def parent(present_moment: Callable[[str], None], pupil: Pupil) -> User:
    present_moment("2025-09-19T10:00")
    user: User = UserFactory(name="Alex Parent")
    contact = ContactFactory(school=pupil.school, user=user, name="Alex Parent")
    PupilContactFactory(pupil=pupil, contact=contact, priority=1)
    return user


@pytest.fixture
def morning(school: School, pupil: Pupil, office: User) -> Session:
    with scopes_disabled():
        under(school, "lunts_heath")
        session = days(TUESDAY, TUESDAY, school)[TUESDAY, "AM"]
        ill(pupil, [session], by=office)
    return session


def check(page: Page) -> None:
    assert violations_of(page) == []
    assert overflow_of(page) == 0


class TestAPhotoFromATelephone:
    @pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
    def test_goes_to_the_office_which_judges_it_and_changes_the_marks(
        self,
        scripts: bool,
        open_page: OpenPage,
        school: School,
        pupil: Pupil,
        parent: User,
        office: User,
        morning: Session,
    ) -> None:
        with scopes_disabled():
            asked = asked_for(pupil)

        phone = open_page(
            reverse("absences:family_evidence", args=[asked.pk]), parent, viewport=PHONE, scripts=scripts
        )
        if scripts:
            check(phone)
            assert small_targets(phone, least=44) == []
        phone.get_by_role("button", name="Send to the school").click()
        expect(phone).to_have_title("Error: Send proof for Robin – Rollcall")
        phone.get_by_role("link", name="Select a photo or a file").click()
        phone.get_by_label("Appointment card").check()
        phone.get_by_label("Photos or files").set_input_files(
            [{"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": picture((800, 600))}]
        )
        phone.get_by_role("button", name="Send to the school").click()
        expect(phone.get_by_text("Thank you. The school has what you sent.")).to_be_visible()
        expect(phone.get_by_role("link", name="IMG_1.jpg")).to_be_visible()

        desk = open_page(reverse("absences:evidence", args=[school.key]), office, scripts=scripts)
        if scripts:
            check(desk)
        desk.get_by_role("link", name="Ashdown, Robin").click()
        image = desk.get_by_role("img", name="IMG_1.jpg")
        expect(image).to_be_visible()
        if scripts:
            assert image.evaluate("picture => picture.naturalWidth") == 800
            check(desk)
        desk.get_by_label("No", exact=True).check()
        desk.get_by_label("Why", exact=True).fill("The card is of another day")
        desk.get_by_role("button", name="Save the decision").click()

        expect(desk.get_by_role("heading", name="Tell the parent first")).to_be_visible()
        expect(desk.get_by_role("button", name="Record as unauthorised")).to_have_count(0)
        with scopes_disabled():
            assert code_of(pupil, morning) == "I"
        desk.get_by_label("Who was told").select_option(index=1)
        desk.get_by_label("How").select_option("phone")
        desk.get_by_label("What was said, and what they answered").fill("Told, and understood")
        desk.get_by_role("button", name="Log that the parent was told").click()
        if scripts:
            check(desk)
        desk.get_by_role("button", name="Record as unauthorised").click()
        expect(desk.get_by_text("1 session recorded as O.")).to_be_visible()
        with scopes_disabled():
            assert code_of(pupil, morning) == "O"


class TestRecordsOfSupport:
    def test_are_sound_on_a_telephone(
        self,
        present_moment: Callable[[str], None],
        open_page: OpenPage,
        school: School,
        pupil: Pupil,
        office: User,
    ) -> None:
        present_moment("2025-09-19T10:00")
        with scopes_disabled():
            programme = ReintegrationProgrammeFactory(pupil=pupil)
            SupportNoteFactory(pupil=pupil)

        for path in (
            reverse("absences:records", args=[school.key]),
            reverse("absences:pupil_records", args=[school.key, pupil.pk]),
            reverse("absences:programme", args=[school.key, programme.pk]),
            reverse("absences:programme_new", args=[school.key, pupil.pk]),
        ):
            check(open_page(path, office, viewport=PHONE))
