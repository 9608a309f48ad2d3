"""The first pages of heads, governors, trust officers and parents work for everybody."""

from datetime import date

import pytest

from accounts.models import Role
from registers.models import Contact
from tests.arranging import pupil_with_marks, write_marks
from tests.browser.conftest import NARROW, PHONE, WIDE, OpenPage, overflow_of, small_targets, violations_of
from tests.cast import person
from tests.factories.accounts import RoleAssignmentFactory, UserFactory
from tests.factories.escalation import StepFactory
from tests.factories.registers import ClassGroupFactory, PupilContactFactory, held_sessions, pupil_in_class

MONDAY, FRIDAY = date(2025, 9, 1), date(2025, 9, 12)
LANDINGS = [
    ("head", "/s/hill/overview/"),
    ("head", "/s/hill/governors/"),
    ("trust_officer", "/trust/"),
    ("parent", "/family/"),
    ("two_schools", "/start/"),
]


@pytest.fixture
def people(present_moment, school, other_school, class_group, pupil, head, trust_officer, parent):
    """Two weeks of registers at two schools, up to Friday's morning, and those who look at them."""
    present_moment("2025-09-12T12:00")
    by = UserFactory()
    sessions = held_sessions(school, MONDAY, FRIDAY)[:-1]
    for year_group, codes in (("R", "/////I"), ("1", "/"), ("1", "////L/N"), ("5", "/////////M")):
        for _ in range(7):
            pupil_with_marks(class_group, sessions, codes, by=by, year_group=year_group)
    pupil_with_marks(class_group, sessions, "OOI/", by=by)
    write_marks(pupil, sessions, "/I//LG/M/////////N"[::-1], by=by)
    sibling = pupil_in_class(class_group, forename="Sascha", date_of_birth=date(2018, 2, 1))
    PupilContactFactory(pupil=sibling, contact=Contact._base_manager.get(user=parent))
    theirs = ClassGroupFactory(school=other_school, academic_year=2025)
    pupil_with_marks(theirs, held_sessions(other_school, MONDAY, FRIDAY), "/", by=by)
    StepFactory(pupil=pupil)
    RoleAssignmentFactory(user=trust_officer, school=other_school, role=Role.TRUST)
    two_schools = person(school, Role.GOVERNOR, name="Gwen Governor")
    RoleAssignmentFactory(user=two_schools, school=other_school, role=Role.GOVERNOR)
    return {"head": head, "trust_officer": trust_officer, "parent": parent, "two_schools": two_schools}


@pytest.fixture
def open_landing(open_page: OpenPage, people):
    """Return a function that opens somebody's first page."""

    def opened(who, address, **options):
        page = open_page(address, people[who], **options)
        assert page.locator("h1").count() == 1
        return page

    return opened


@pytest.mark.parametrize(("who", "address"), LANDINGS, ids=[address for _, address in LANDINGS])
class TestAFirstPage:
    @pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
    def test_breaks_no_rule_of_axe(self, open_landing, who, address, viewport):
        assert violations_of(open_landing(who, address, viewport=viewport)) == []

    def test_breaks_none_in_the_dark_either(self, open_landing, who, address):
        assert violations_of(open_landing(who, address, color_scheme="dark")) == []

    def test_needs_no_scrolling_sideways_on_the_smallest_phone(self, open_landing, who, address):
        assert overflow_of(open_landing(who, address, viewport=NARROW)) == 0

    def test_reads_the_same_without_scripts(self, open_landing, who, address):
        with_scripts = open_landing(who, address).locator("main").inner_text()
        without = open_landing(who, address, scripts=False).locator("main").inner_text()

        assert with_scripts == without

    def test_has_targets_that_a_finger_hits(self, open_landing, who, address):
        least = 44 if address == "/family/" else 24

        assert small_targets(open_landing(who, address, viewport=PHONE), least=least) == []
