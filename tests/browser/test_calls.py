"""Calling families in a real browser: without a script, on a phone, with axe, and two at once."""

from collections.abc import Callable

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from absences.models import ContactAttempt, Task
from accounts.models import School, User
from registers.models import ClassGroup, Mark
from tests.absences.calling import Calls, make_calls
from tests.browser.conftest import NARROW, PHONE, OpenPage, overflow_of, small_targets, violations_of
from tests.factories.absences import TaskFactory
from tests.factories.absences_calls import ContactAttemptFactory
from tests.factories.registers import PupilFlagFactory, RegisterFactory

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/s/hill/absences/"
DAY = f"{LIST}2025-11-11/"


@pytest.fixture
def calls(
    present_moment: Callable[[str], None], school: School, class_group: ClassGroup, office: User
) -> Calls:
    """Tuesday 11 November, twenty to ten: Abel has two contacts and a social worker, Baker has one."""
    present_moment("2025-11-11T09:40")
    made = make_calls(school, class_group, office)
    with scopes_disabled():
        RegisterFactory(class_group=class_group, session=made.session())
        abel = made.missing("Abel")
        PupilFlagFactory(pupil=abel, name="social_worker")
        made.contact(abel, "Mary Abel", phone="07700 900001", language="Urdu")
        made.contact(abel, "Paul Abel", priority=2, phone="07700 900002")
        made.contact(abel, "Kept Away", priority=3, phone="07700 900003", court_order_restricts=True)
        made.contact(made.missing("Baker"), "Nan Baker", phone="01733 555 0101")
    return made


class TestCallingAFamily:
    @pytest.mark.parametrize("scripts", [True, False])
    def test_goes_from_contact_to_contact_until_somebody_knew(
        self, open_page: OpenPage, office: User, calls: Calls, scripts: bool
    ) -> None:
        page: Page = open_page(LIST, office, scripts=scripts)
        expect(page.get_by_text("2 to call")).to_be_visible()
        page.get_by_role("button", name="Call the next: Robin Abel").click()

        mary = page.get_by_role("group", name="Mary Abel, 07700 900001: what came of it")
        mary.get_by_role("button", name="No answer").click()
        expect(page.locator(".call-person--next")).to_contain_text("Paul Abel")
        page.get_by_text("Spoke to Paul Abel: knew why").click()
        person = page.locator(".call-person--next")
        person.get_by_label("Reason they gave").select_option("illness")
        person.get_by_role("button", name="Save the conversation").click()

        expect(page.get_by_text("1 to call")).to_be_visible()
        expect(page.get_by_role("heading", name="Robin Baker")).to_be_visible()
        with scopes_disabled():
            assert list(ContactAttempt.objects.order_by("pk").values_list("outcome", flat=True)) == [
                "no_answer",
                "spoke_knew",
            ]
            assert Mark.objects.get(pupil__surname="Abel").code_id == "I"

    def test_who_did_not_know_puts_a_timer_on_top_until_it_is_closed(
        self, open_page: OpenPage, office: User, calls: Calls, present_moment: Callable[[str], None]
    ) -> None:
        page = open_page(LIST, office, scripts=False)
        page.get_by_role("button", name="Call the next: Robin Abel").click()
        page.get_by_role("group", name="Mary Abel").get_by_role("button", name="Spoke: did not know").click()
        expect(page.get_by_text("Safeguarding: a guardian did not know")).to_be_visible()
        expect(page.locator(".calls-alarm")).to_contain_text("due 10:10am")

        present_moment("2025-11-11T10:11")
        page.reload()
        expect(page.locator(".calls-alarm")).to_contain_text("overdue since 10:10am")
        page.locator(".calls-alarm").get_by_role("link", name="Robin Abel").click()
        page.get_by_role("button", name="Close the task").click()
        page.get_by_role("alert").get_by_role("link", name="Say what was done").click()
        expect(page.get_by_label("What was done?")).to_be_focused()
        page.get_by_label("What was done?").fill("At the dentist with an aunt")
        page.get_by_role("button", name="Close the task").click()

        expect(page.get_by_text("Nothing to do")).to_be_visible()
        with scopes_disabled():
            assert Task.objects.get().outcome == "At the dentist with an aunt"

    def test_by_two_people_shows_each_whom_the_other_calls(
        self, open_page: OpenPage, office: User, head: User, calls: Calls
    ) -> None:
        mine = open_page(LIST, office)
        theirs = open_page(LIST, head)
        mine.get_by_role("button", name="Call the next: Robin Abel").click()
        expect(mine.get_by_role("heading", name="Robin Abel")).to_be_visible()

        theirs.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

        expect(theirs.get_by_text("Olive Office is calling")).to_be_visible()
        expect(theirs.get_by_role("button", name="Call the next: Robin Baker")).to_be_visible()


class TestEveryPageOfCalls:
    def test_has_no_fault_that_axe_finds_and_fits_a_phone(
        self, open_page: OpenPage, office: User, calls: Calls
    ) -> None:
        with scopes_disabled():
            task = TaskFactory(pupil=calls.pupil("Longname-Featherstonehaugh-Cholmondeley"))
            attempt = ContactAttemptFactory(pupil=task.pupil)
            abel = Mark.objects.get(pupil__surname="Abel").pupil_id
        pages = [
            LIST,
            f"{LIST}?pupil={abel}",
            f"{LIST}tasks/",
            f"{LIST}tasks/{task.pk}/",
            f"{LIST}pupils/{task.pupil_id}/",
            f"{LIST}contact-health/",
            f"{LIST}calls/settings/",
            f"{LIST}attempts/{attempt.pk}/strike/",
            f"{DAY}pupils/{abel}/attempt/",
            f"{DAY}pupils/{abel}/step/?step=home_visit",
            f"{DAY}paper/",
        ]
        for viewport in (None, NARROW):
            page = open_page(LIST, office, **({"viewport": viewport} if viewport else {}))
            for path in pages:
                page.goto(page.url.split("/s/")[0] + path)
                assert (path, violations_of(page)) == (path, [])
                assert (path, overflow_of(page)) == (path, 0)

    def test_of_a_child_has_targets_for_thumbs(self, open_page: OpenPage, office: User, calls: Calls) -> None:
        page = open_page(LIST, office, viewport=PHONE)
        page.get_by_role("button", name="Call the next: Robin Abel").click()

        heights = page.locator(
            "a.call-number__dial, .call-outcome, .call-now__other button, .call-spoke summary"
        ).evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
        assert len(heights) > 10
        assert min(heights) >= 44
        assert small_targets(page, least=24) == []
