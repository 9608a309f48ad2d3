"""Pages of letters: who may see which, and what they show."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Event, School, User
from letters.models import Letter
from letters.services import filing
from letters.views import archive as views
from registers.models import Pupil
from tests.cast import SignIn
from tests.factories.letters import LetterFactory
from tests.factories.registers import PupilFactory

pytestmark = pytest.mark.django_db

AT = LetterFactory.prepared_at + timedelta(minutes=1)


@pytest.fixture
def letter(pupil: Pupil) -> Letter:
    """A letter with its file."""
    made: Letter = LetterFactory(pupil=pupil)
    filing.make_file(made.pk, at=AT)
    made.refresh_from_db()
    return made


def paths(letter: Letter) -> list[str]:
    """Return the addresses of the archive, the letter and its file."""
    root = f"/s/{letter.school.key}/letters/"
    return [root, f"{root}{letter.pk}/", f"{root}{letter.pk}/file.pdf"]


class TestWhoMaySeeLetters:
    @pytest.mark.parametrize("person", ["office", "champion", "head"])
    def test_people_who_send_them_may(
        self, person: str, letter: Letter, sign_in: SignIn, request: pytest.FixtureRequest
    ) -> None:
        client = sign_in(request.getfixturevalue(person))
        assert [client.get(path).status_code for path in paths(letter)] == [200, 200, 200]

    @pytest.mark.parametrize("person", ["class_teacher", "governor", "trust_officer"])
    def test_people_without_the_right_are_told_so(
        self, person: str, letter: Letter, sign_in: SignIn, request: pytest.FixtureRequest
    ) -> None:
        client = sign_in(request.getfixturevalue(person))
        assert [client.get(path).status_code for path in paths(letter)] == [403, 403, 403]
        assert Event.objects.filter(kind="letter.seen").count() == 0

    @pytest.mark.parametrize("person", ["other_head", "parent", "former_office"])
    def test_nobody_else_learns_that_they_exist(
        self, person: str, letter: Letter, sign_in: SignIn, request: pytest.FixtureRequest
    ) -> None:
        client = sign_in(request.getfixturevalue(person))
        assert [client.get(path).status_code for path in paths(letter)] == [404, 404, 404]

    def test_a_letter_of_another_school_is_not_found_under_ones_own(
        self, letter: Letter, other_school: School, other_head: User, sign_in: SignIn
    ) -> None:
        own = f"/s/{other_school.key}/letters/{letter.pk}/"
        client = sign_in(other_head)
        assert client.get(own).status_code == 404
        assert client.get(f"{own}file.pdf").status_code == 404
        assert client.post(f"{own}again/").status_code == 404

    def test_a_visitor_is_asked_to_sign_in(self, letter: Letter, visitor: Client) -> None:
        for path in paths(letter):
            response = visitor.get(path)
            assert response.status_code == 302
            assert response["Location"].startswith("/accounts/login/")


class TestTheArchive:
    def test_lists_letters_newest_first(self, pupil: Pupil, office: User, sign_in: SignIn) -> None:
        old = LetterFactory(pupil=pupil, prepared_at=AT - timedelta(days=1))
        new = LetterFactory(pupil=pupil)

        page = sign_in(office).get(f"/s/{pupil.school.key}/letters/").content.decode()

        assert page.index(new.reference) < page.index(old.reference)
        assert "2 letters, newest first" in page
        assert "Waiting to be made" in page
        assert "Ashdown, Robin" in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("name=ash", 1),
            ("name=robin+ashdown", 1),
            ("name=rook", 0),
            ("name=%25", 0),
            ("state=ready", 1),
            ("state=rendered", 0),
            ("state=nonsense", 1),
            ("page=99", 1),
        ],
    )
    def test_is_searched_by_name_and_state(
        self, pupil: Pupil, office: User, sign_in: SignIn, query: str, found: int
    ) -> None:
        letter = LetterFactory(pupil=pupil)
        page = sign_in(office).get(f"/s/{pupil.school.key}/letters/?{query}").content.decode()
        assert page.count(letter.reference) == found

    def test_says_what_happens_when_there_is_nothing(
        self, school: School, office: User, sign_in: SignIn
    ) -> None:
        client = sign_in(office)
        assert (
            b"When a step is approved, its letters appear here"
            in client.get(f"/s/{school.key}/letters/").content
        )
        assert b"No letter matches" in client.get(f"/s/{school.key}/letters/?name=x").content

    def test_costs_the_same_for_three_letters_and_thirty(
        self,
        pupil: Pupil,
        office: User,
        sign_in: SignIn,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        client = sign_in(office)
        path = f"/s/{pupil.school.key}/letters/"
        counts = []
        for wanted in (3, 30):
            for _ in range(wanted - Letter.objects.count()):
                LetterFactory(pupil=PupilFactory(school=pupil.school))
            with django_assert_max_num_queries(12) as queries:
                client.get(path)
            counts.append(len(queries))
        # Session, person, second factor, school, roles, demo or not, then the count and the page.
        assert counts[0] == counts[1]

    def test_shows_a_hostile_name_as_text(self, pupil: Pupil, office: User, sign_in: SignIn) -> None:
        LetterFactory(pupil=pupil, recipients=["<script>alert(1)</script>"])
        page = sign_in(office).get(f"/s/{pupil.school.key}/letters/").content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page


class TestALettersPage:
    def test_says_to_whom_by_whom_and_how_to_prove_it(
        self, letter: Letter, office: User, sign_in: SignIn
    ) -> None:
        page = sign_in(office).get(paths(letter)[1]).content.decode()

        assert letter.file is not None
        assert letter.file.sha256 in page
        assert "Temperance Adeyemi-Holt, Gideon Holt" in page
        assert letter.prepared_by.name in page
        assert "27 Saltmarsh Gardens" in page
        assert "Open the letter (PDF, 1 page)" in page

    def test_keeps_a_confidential_address_to_its_copy(
        self, pupil: Pupil, office: User, sign_in: SignIn
    ) -> None:
        letter = LetterFactory(pupil=pupil, address_confidential=True)
        page = sign_in(office).get(paths(letter)[1]).content.decode()
        assert "Saltmarsh" not in page
        assert "Confidential: it stands only on this copy" in page

    def test_lets_a_letter_that_failed_be_made_again(
        self, pupil: Pupil, office: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        woken: list[int] = []
        monkeypatch.setattr(views, "wake_worker", woken.append)
        letter = LetterFactory(pupil=pupil, state="failed", failure="No page could be made.")
        client = sign_in(office)
        assert "No page could be made." in client.get(paths(letter)[1]).content.decode()

        response = client.post(f"{paths(letter)[1]}again/", follow=True)

        assert "The letter will be made again in a moment." in response.content.decode()
        assert Letter.objects.get(pk=letter.pk).state == "ready"
        assert woken == [letter.pk]

    def test_makes_nothing_again_that_did_not_fail(
        self, letter: Letter, office: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        woken: list[int] = []
        monkeypatch.setattr(views, "wake_worker", woken.append)

        response = sign_in(office).post(f"{paths(letter)[1]}again/", follow=True)

        assert "There is nothing to do again" in response.content.decode()
        assert Letter.objects.get(pk=letter.pk).state == "rendered"
        assert woken == []

    def test_is_made_again_only_by_asking_for_it(self, letter: Letter, office: User, sign_in: SignIn) -> None:
        assert sign_in(office).get(f"{paths(letter)[1]}again/").status_code == 405


class TestTheFile:
    def test_is_the_stored_bytes_and_is_kept_nowhere_else(
        self, letter: Letter, office: User, sign_in: SignIn
    ) -> None:
        response = sign_in(office).get(paths(letter)[2])

        assert letter.file is not None
        assert response.content == bytes(letter.file.content)
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"] == f'inline; filename="{letter.reference}.pdf"'
        assert "no-store" in response["Cache-Control"]

    def test_is_never_made_a_second_time(
        self, letter: Letter, office: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> None:
            raise AssertionError("made again")

        monkeypatch.setattr("letters.rendering.render_letter", refuse)
        assert sign_in(office).get(paths(letter)[2]).status_code == 200

    def test_leaves_a_line_about_who_looked(self, letter: Letter, office: User, sign_in: SignIn) -> None:
        sign_in(office).get(paths(letter)[2])

        event = Event.objects.get(kind="letter.seen")
        assert letter.file is not None
        assert (event.by_id, event.subject_type, event.subject_id) == (office.pk, "letters.letter", letter.pk)
        assert event.data == {"sha256": letter.file.sha256}

    def test_is_not_there_before_it_is_made(self, pupil: Pupil, office: User, sign_in: SignIn) -> None:
        letter = LetterFactory(pupil=pupil)
        client = sign_in(office)
        assert client.get(paths(letter)[2]).status_code == 404
        assert "The file is being made" in client.get(paths(letter)[1]).content.decode()
