"""
Nothing of a child leaks: to another family, to a parent of a brother or sister elsewhere, to somebody whom an
order keeps away, after a child has left, from one parent to the other, or to another school's staff.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as site
from django.core.files.storage import storages
from django.test import Client
from django.urls import Resolver404, resolve
from django_scopes import scopes_disabled

from absences.models import (
    Report,
)
from accounts.models import School, User
from registers.models import Contact, Enrolment, Pupil, PupilContact
from tests.absences.kept_world import (
    SECRET_ADDRESS,
    Kept,
    asked_twice,
    counts,
    kept_of,
    staff_addresses,
    words_of,
)
from tests.absences.parents_world import EARLY, TUESDAY, Parent
from tests.cast import SignIn, person
from tests.factories.accounts import UserFactory
from tests.factories.registers import (
    ContactFactory,
    EnrolmentFactory,
    PupilContactFactory,
    PupilFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ten_past_eight() -> Any:
    """Tuesday 11 November 2025, ten past eight."""
    with time_machine.travel(EARLY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def kept(parent: User, pupil: Pupil, school: School) -> Kept:
    """A mother told of an illness, asked for leave, sent photos and got a letter."""
    return kept_of(parent, pupil, school)


# --- who must see nothing -----------------------------------------------------------------------------------


def of_another_family(kept: Kept) -> User:
    user: User = UserFactory(name="Stranger")
    contact = ContactFactory(school=kept.pupil.school, user=user)
    with scopes_disabled():
        enrolment = Enrolment.objects.get(pupil=kept.pupil)
    own = PupilFactory(school=kept.pupil.school, forename="Ownchild")
    EnrolmentFactory(pupil=own, starts_on=enrolment.starts_on)
    PupilContactFactory(pupil=own, contact=contact)
    return user


def of_a_sibling_at_another_school(kept: Kept) -> User:
    """The father of both; of this child he is no contact on record."""
    user: User = UserFactory(name="Elsewhere")
    sibling = PupilFactory(surname="Quill-Other", forename="Sibling")
    EnrolmentFactory(pupil=sibling)
    PupilContactFactory(pupil=sibling, contact=ContactFactory(school=sibling.school, user=user))
    ContactFactory(school=kept.pupil.school, user=user)
    return user


def of_a_sibling_and_kept_away_here(kept: Kept) -> User:
    """He may see the sister at the other school, and an order keeps him from this child."""
    user = of_a_sibling_at_another_school(kept)
    with scopes_disabled():
        contact = Contact.objects.get(user=user, school=kept.pupil.school)
        PupilContactFactory(pupil=kept.pupil, contact=contact, court_order_restricts=True, priority=2)
    return user


def with_a_no_contact_order(kept: Kept) -> User:
    """The very parent who told and asked, since then kept away."""
    PupilContact._base_manager.filter(pupil=kept.pupil).update(court_order_restricts=True)
    found: User = User.objects.get(pk=kept.contact.user_id)
    return found


def who_may_not_sign_in(kept: Kept) -> User:
    PupilContact._base_manager.filter(pupil=kept.pupil).update(may_sign_in=False)
    found: User = User.objects.get(pk=kept.contact.user_id)
    return found


def of_a_leaver(kept: Kept) -> User:
    Enrolment._base_manager.filter(pupil=kept.pupil).update(leaving_on=TUESDAY - timedelta(days=1))
    found: User = User.objects.get(pk=kept.contact.user_id)
    return found


def who_is_no_parent_at_all(kept: Kept) -> User:
    user: User = UserFactory(name="Nobody")
    return user


NOBODY = {
    maker.__name__.replace("_", " "): maker
    for maker in (
        of_another_family,
        of_a_sibling_at_another_school,
        of_a_sibling_and_kept_away_here,
        with_a_no_contact_order,
        who_may_not_sign_in,
        of_a_leaver,
        who_is_no_parent_at_all,
    )
}


@pytest.mark.parametrize("who", NOBODY)
class TestSomebody:
    def test_opens_no_page_no_file_and_no_letter(self, kept: Kept, who: str, sign_in: SignIn) -> None:
        client = sign_in(NOBODY[who](kept))
        before = counts()

        for address in [*kept.of_the_parent, *kept.of_the_child, *staff_addresses(kept)]:
            for answer in asked_twice(client, address):
                assert answer.status_code in (404, 405), address
                page = words_of(answer)
                assert not [words for words in kept.said if words in page], address
        assert counts() == before

    def test_reads_nothing_on_pages_of_their_own(self, kept: Kept, who: str, sign_in: SignIn) -> None:
        client = sign_in(NOBODY[who](kept))

        for address in (
            "/family/",
            "/family/report/",
            "/family/reports/",
            "/family/leave/",
            "/family/leave/new/",
        ):
            page = words_of(client.get(address))
            assert not [words for words in kept.said if words in page], address

    def test_is_told_the_same_of_the_child_as_of_none(self, kept: Kept, who: str, sign_in: SignIn) -> None:
        """An error that differed would say that there is such a child."""
        client = sign_in(NOBODY[who](kept))
        before = counts()

        for address in ("/family/report/", "/family/leave/new/"):
            answers = [client.post(address, {"children": [str(pk)]}) for pk in (kept.pupil.pk, 987_654_321)]
            assert [answer.status_code for answer in answers] == [422, 422], address
            there, nowhere = (
                re.sub(r'(csrfmiddlewaretoken"|nonce=)[^>]*', "", words_of(answer)).replace("987654321", "N")
                for answer in answers
            )
            assert there.replace(str(kept.pupil.pk), "N") == nowhere.replace(str(kept.pupil.pk), "N")
            assert not [words for words in kept.said if words in there]
        assert counts() == before


class TestTheOtherParent:
    """He may see the child, and nothing of what the mother told, sent, asked or was sent."""

    @pytest.fixture
    def his(self, kept: Kept, sign_in: SignIn) -> Client:
        user = UserFactory(name="Otto Other")
        PupilContactFactory(
            pupil=kept.pupil, contact=ContactFactory(school=kept.pupil.school, user=user), priority=2
        )
        return sign_in(user)

    def test_opens_nothing_that_is_hers(self, kept: Kept, his: Client) -> None:
        before = counts()

        for address in kept.of_the_parent:
            for answer in asked_twice(his, address):
                assert answer.status_code in (404, 405), address
                assert SECRET_ADDRESS not in words_of(answer)
        assert counts() == before

    def test_reads_neither_her_address_nor_her_words(self, kept: Kept, his: Client) -> None:
        for address in ("/family/", "/family/reports/", "/family/leave/", *kept.of_the_child):
            answer = his.get(address)
            assert answer.status_code == 200, address
            page = words_of(answer)
            for words in kept.said[2:]:
                assert words not in page, (address, words)

    def test_is_not_told_that_she_asked_for_the_same_days(self, kept: Kept, his: Client) -> None:
        begun = his.post("/family/leave/new/", {"children": [str(kept.pupil.pk)]})
        draft = begun["Location"].rsplit("/", 2)[0]
        his.post(f"{draft}/kind/", {"kind": "family"})
        answer = his.post(
            f"{draft}/days/",
            {
                "first_day_day": "4",
                "first_day_month": "12",
                "first_day_year": "2025",
                "first_half": "AM",
                "return_on_day": "5",
                "return_on_month": "12",
                "return_on_year": "2025",
                "return_half": "AM",
            },
        )

        assert (answer.status_code, answer["Location"]) == (302, f"{draft}/reasons/")

    def test_who_wrote_down_her_call_as_staff_does_not_have_it_as_his_own(
        self, kept: Kept, school: School, sign_in: SignIn
    ) -> None:
        """A father in the office took the mother's call; it is no report of his, least of all afterwards."""
        father = person(school, "office", name="Olaf Office")
        PupilContactFactory(pupil=kept.pupil, contact=ContactFactory(school=school, user=father), priority=2)
        Report._base_manager.filter(pk=kept.report.pk).update(recorded_by=father, channel="phone")
        his = sign_in(father)

        for address in kept.of_the_parent[:5]:
            for answer in asked_twice(his, address):
                assert answer.status_code in (404, 405), address
        assert kept.report.reference not in words_of(his.get("/family/reports/"))
        assert kept.report.reference not in words_of(his.get("/family/"))
        kept.report.refresh_from_db()
        assert kept.report.state == "waiting"


# --- one telephone in a family ------------------------------------------------------------------------------


class TestATelephoneThatIsPassedOn:
    @pytest.fixture
    def hers(self, kept: Kept, parent: User, sign_in: SignIn) -> Parent:
        """The mother has begun a report, and has not sent it."""
        hers = Parent(sign_in(parent))
        hers.begin(kept.pupil)
        hers.answer(reason="bereavement")
        return hers

    def other(self, kept: Kept) -> User:
        user: User = UserFactory(name="Otto Other")
        PupilContactFactory(
            pupil=kept.pupil, contact=ContactFactory(school=kept.pupil.school, user=user), priority=2
        )
        return user

    def test_after_a_sign_out_holds_no_draft(self, kept: Kept, hers: Parent) -> None:
        draft = hers.draft
        assert hers.client.get(f"{draft}check/").status_code == 200
        hers.client.post("/accounts/logout/")
        assert "_auth_user_id" not in hers.client.session
        hers.client.force_login(self.other(kept), backend="django.contrib.auth.backends.ModelBackend")

        answer = hers.client.get(f"{draft}check/")

        assert (answer.status_code, answer["Location"]) == (302, "/family/report/")
        assert "absence_drafts" not in hers.client.session

    def test_without_a_sign_out_holds_no_draft_either(self, kept: Kept, hers: Parent) -> None:
        draft = hers.draft
        hers.client.force_login(self.other(kept), backend="django.contrib.auth.backends.ModelBackend")

        assert hers.client.post(f"{draft}check/")["Location"] == "/family/report/"
        assert Report._base_manager.exclude(pk=kept.report.pk).count() == 0

    def test_keeps_no_page_of_it(self, kept: Kept, hers: Parent) -> None:
        pages = ["/family/", "/family/reports/", f"{hers.draft}check/", *kept.of_the_child]
        pages += [kept.of_the_parent[place] for place in (0, 1, 5, 7, 8, 9, 10)]

        for address in pages:
            answer = hers.client.get(address)
            assert answer.status_code == 200, address
            assert answer["Cache-Control"] == "no-store", address
        for address in (*kept.of_the_parent[:1], "/family/children/987654321/"):
            assert Client().get(address)["Location"].startswith("/accounts/login/"), address
        assert hers.client.get("/family/children/987654321/")["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        "place",
        ["https://evil.example/", "//evil.example/", "/family/../../evil", "/familyevil", "javascript:1"],
    )
    def test_is_not_led_elsewhere_by_a_change_of_language(self, hers: Parent, place: str) -> None:
        answer = hers.client.post("/family/language/", {"language": "pl", "next": place})

        assert answer["Location"].startswith("/family/")
        assert "evil.example" not in answer["Location"]


# --- files --------------------------------------------------------------------------------------------------


class TestWhereFilesLie:
    def test_is_outside_everything_that_is_given_out(self, kept: Kept) -> None:
        lies_at = Path(storages["attachments"].path(kept.files[0].stored_as)).resolve()

        for folder in (site.STATIC_ROOT, *site.STATICFILES_DIRS):
            assert not lies_at.is_relative_to(Path(folder).resolve())
        for address in (f"/media/{kept.files[0].stored_as}", f"/static/{kept.files[0].stored_as}"):
            with pytest.raises(Resolver404):
                resolve(address)

    def test_is_no_answer_to_somebody_who_is_not_signed_in(self, kept: Kept, client: Client) -> None:
        for file in kept.files:
            for address in (f"/family/files/{file.pk}/", f"/s/hill/absences/files/{file.pk}/"):
                answer = client.get(address)
                assert answer.status_code == 302
                assert answer["Location"].startswith("/accounts/login/")
