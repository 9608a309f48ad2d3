"""A pupil's page, the amendment of a range without a script, and undoing it."""

from datetime import date, time

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import ClassGroup, EntryBatch, Mark, MarkEntry, Pupil, Session
from tests.arranging import write_marks
from tests.cast import SignIn
from tests.factories.registers import (
    ClassGroupFactory,
    Contact,
    ContactFactory,
    PupilContactFactory,
    PupilFlagFactory,
    SessionFactory,
    held_sessions,
    pupil_in_class,
)
from tests.registers.taking import Controls, clock_at, queries_of, words_of

# The present: Friday 14 November 2025, half past three.
MONDAY, FRIDAY = date(2025, 11, 10), date(2025, 11, 14)
NOW = time(15, 30)


@pytest.fixture
def sessions(school: School, pupil: Pupil, office: User) -> list[Session]:
    """Two weeks present, the second without a reason from Thursday, and a week to come."""
    made = held_sessions(school, date(2025, 11, 3), date(2025, 11, 21), half_term="Autumn 2")
    write_marks(pupil, made[:20], "/" * 16 + "NNNN", by=office)
    return made


@pytest.fixture
def url(pupil: Pupil) -> str:
    return f"/s/hill/pupils/{pupil.pk}/"


def shown(client: Client, url: str) -> str:
    with clock_at(NOW, FRIDAY):
        answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def codes(pupil: Pupil) -> str:
    with scopes_disabled():
        found = Mark.objects.filter(pupil=pupil).order_by("session__number").values_list("code_id", flat=True)
        return " ".join(found)


def batches() -> int:
    with scopes_disabled():
        return EntryBatch.objects.count()


class TestThePupilsPage:
    def test_says_who_it_is_and_what_the_marks_come_to(
        self, office: User, sign_in: SignIn, school: School, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        PupilFlagFactory(pupil=pupil)
        contact: Contact = ContactFactory(school=school)
        sibling = pupil_in_class(
            ClassGroupFactory(school=school, name="Elm"), forename="Sascha", surname="Ashdown"
        )
        for child in (pupil, sibling):
            PupilContactFactory(pupil=child, contact=contact)

        words = words_of(shown(sign_in(office), url))

        assert "Robin Ashdown" in words
        assert "Oak, Year 5 · Compulsory school age since 31 Mar 2021" in words
        assert "80.0 % (16 of 20 sessions), 3 Nov to 14 Nov" in words
        assert "Robin attended 16 of 20 possible sessions: 4 unauthorised absent." in words
        assert "Persistently absent" in words
        assert "Significant medical need" in words
        assert "Shares a contact with Sascha Ashdown" in words
        assert "Autumn 2: 80.0 % (16 of 20 sessions)" in words
        assert "Nothing was amended in this school year." in words

    def test_shows_each_session_in_words_and_closed_days(
        self, office: User, sign_in: SignIn, school: School, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        SessionFactory(school=school, on=date(2025, 11, 24), status="closed", half_term="Autumn 2")

        html = shown(sign_in(office), url)

        for label in (
            "Mon 3 Nov AM: Present",
            "Thu 13 Nov AM: Reason not yet known",
            "Mon 17 Nov AM: Not yet",
            "Mon 24 Nov AM: Planned closure of the whole school",
        ):
            assert f'title="{label}"' in html
        assert html.count('class="heat__cell') == 31

    def test_keeps_to_a_week_or_a_half_term_when_asked(
        self, office: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        client = sign_in(office)

        week = shown(client, f"{url}?period=week:2025-11-10")
        half_term = shown(client, f"{url}?year=2025&period=half:Autumn 2")

        assert week.count('class="heat__cell') == 10
        assert "60.0 % (6 of 10 sessions), 10 Nov to 14 Nov" in words_of(week)
        assert "Week of Mon 3 Nov" in words_of(week)
        assert half_term.count('class="heat__cell') == 30
        assert "Persistently absent" not in words_of(week)

    def test_shows_the_year_when_the_address_says_something_else(
        self, office: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        for nonsense in ("?period=week:x", "?year=1066", "?year=%C2%B2%C2%B2%C2%B2%C2%B2", "?period=half:"):
            assert "Marks, whole year 2025/26" in words_of(shown(sign_in(office), url + nonsense))

    def test_offers_a_teacher_of_the_class_the_marks_and_nothing_to_change(
        self, class_teacher: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        PupilFlagFactory(pupil=pupil)

        html = shown(sign_in(class_teacher), url)

        assert "80.0 % (16 of 20 sessions)" in words_of(html)
        assert "Amend marks" not in html
        assert "amend-form" not in html
        assert "Significant medical need" not in html

    def test_says_what_happens_next_without_a_calendar(
        self, office: User, sign_in: SignIn, pupil: Pupil, url: str
    ) -> None:
        assert "No sessions in the calendar" in words_of(shown(sign_in(office), url))

    def test_costs_twelve_statements_at_most_however_much_was_marked(
        self, office: User, sign_in: SignIn, school: School, pupil: Pupil, url: str
    ) -> None:
        client = sign_in(office)
        made = held_sessions(school, date(2025, 11, 3), date(2025, 11, 7), half_term="Autumn 2")
        write_marks(pupil, made[:3], "N", by=office)
        with clock_at(NOW, FRIDAY):
            with_three = queries_of(client, url)
            write_marks(pupil, made[3:], "N", by=office)
            amend(client, url, {**RANGE, "first_on": "2025-11-03"}, confirm=True)
            with_ten = queries_of(client, url)

        # Session, person, school, roles; demo or not, the pupil, what stands beside the name, the sessions,
        # the figures (2), the amendments.
        assert len(with_three) == len(with_ten) <= 12
        assert len([sql for sql in with_ten if "registers_mark" in sql]) == 3


RANGE = {
    "first_on": "2025-11-13",
    "first_half": "AM",
    "last_on": "2025-11-14",
    "last_half": "PM",
    "code": "I",
    "preset": "The parent rang",
    "reason": "flu",
}


def amend(
    client: Client, url: str, data: dict[str, str], *, confirm: bool = False
) -> tuple[int, str, dict[str, str]]:
    """Send the form of a range, and then what its preview offers when `confirm`; return the last answer."""
    with clock_at(NOW, FRIDAY):
        answer = client.post(f"{url}amend/", data)
        fields = Controls(answer.content.decode().partition('class="amend-form"')[0]).fields
        if confirm:
            assert answer.status_code == 200
            answer = client.post(f"{url}amend/", fields)
        if answer.status_code == 302:
            answer = client.get(answer["Location"])
    return answer.status_code, answer.content.decode(), fields


class TestAmendingWithoutAScript:
    def test_previews_exactly_what_would_change_and_changes_nothing(
        self, office: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        before = batches()

        status, html, _ = amend(
            sign_in(office), url, {**RANGE, "first_on": "2025-11-12", "last_on": "2025-11-17"}
        )

        words = words_of(html)
        assert status == 200
        assert "6 marks will change" in words
        assert "Reason: The parent rang: flu" in words
        assert "2 sessions cannot take this code and stay as they are" in words
        assert "Mon 17 Nov AM: The register of this session has not opened yet." in words
        assert batches() == before

    def test_changes_what_was_previewed_in_one_batch(
        self, office: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        status, html, _ = amend(sign_in(office), url, RANGE, confirm=True)

        assert status == 200
        assert "4 marks amended to I, Illness." in words_of(html)
        assert codes(pupil) == " ".join(["/ \\"] * 8 + ["I"] * 4)
        with scopes_disabled():
            batch = EntryBatch.objects.order_by("-number")[0]
            assert (batch.reason, batch.entries_count) == ("The parent rang: flu", 4)
        assert "4 sessions, Thu 13 Nov AM to Fri 14 Nov PM: N became I, illness" in words_of(html)

    def test_overwrites_nobody_and_replaces_knowingly(
        self, office: User, head: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        client = sign_in(office)
        _, _, fields = amend(client, url, RANGE)
        amend(sign_in(head), url, {**RANGE, "last_on": "2025-11-13", "code": "E"}, confirm=True)
        before = batches()

        with clock_at(NOW, FRIDAY):
            answer = client.post(f"{url}amend/", fields)
        html = answer.content.decode()

        assert answer.status_code == 422
        assert html.count("Error: Amend marks of Robin Ashdown") == 1
        assert words_of(html).count("Somebody else changed it from N (Reason not yet known) to E") == 2
        assert batches() == before
        again = Controls(html.partition('class="amend-form"')[0]).fields
        with clock_at(NOW, FRIDAY):
            assert client.post(f"{url}amend/", again).status_code == 302
        assert codes(pupil).endswith("I I I I")

    def test_takes_only_what_was_seen(
        self, office: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        seen = f"{sessions[16].pk}=N,x=N,{sessions[0].pk}=/,99999999=N,7"

        amend(sign_in(office), url, {**RANGE, "confirm": "yes", "seen": seen})

        assert codes(pupil) == " ".join(["/ \\"] * 8 + ["I", "N", "N", "N"])

    def test_names_a_mark_that_cannot_stand_and_changes_nothing(
        self, office: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        seen = f"{sessions[16].pk}=N,{sessions[17].pk}=N"
        before = batches()

        status, html, _ = amend(sign_in(office), url, {**RANGE, "code": "C2", "confirm": "yes", "seen": seen})

        assert status == 422
        assert "Thu 13 Nov AM: Code C2 needs a part-time timetable for this session." in words_of(html)
        assert batches() == before

    @pytest.mark.parametrize(
        ("entered", "fault", "place"),
        [
            ({"first_on": ""}, "Enter the first day of the range", "#first_on"),
            ({"last_on": "2025-02-30"}, "Enter a real date, such as 2026-11-24", "#last_on"),
            ({"last_on": "2025-11-12"}, "The last session must come after the first", "#last_on"),
            ({"first_on": "2025-11-15", "last_on": "2025-11-16"}, "There is no school session", "#last_on"),
            ({"code": ""}, "Choose the new code", "#code"),
            ({"code": "QQ"}, "Choose the new code", "#code"),
            ({"code": "V"}, "Say what the activity or circumstance is for V", "#nature"),
            ({"code": "L", "arrived": "soon"}, "Enter the time of arrival like 9:12", "#arrived"),
            ({"arrived": "9:12"}, "An arrival time goes with present, L or U only", "#arrived"),
            ({"reason": "", "preset": ""}, "Choose or enter the reason for the amendment", "#reason"),
            ({"reason": "x" * 301}, "The reason must be 300 characters or fewer", "#reason"),
        ],
    )
    def test_says_what_is_wrong_keeps_what_was_entered_and_changes_nothing(
        self,
        office: User,
        sign_in: SignIn,
        pupil: Pupil,
        sessions: list[Session],
        url: str,
        entered: dict[str, str],
        fault: str,
        place: str,
    ) -> None:
        before = batches()

        status, html, _ = amend(sign_in(office), url, {**RANGE, "confirm": "yes", **entered})

        assert status == 422
        assert "<title>Error: Amend marks of Robin Ashdown" in html
        assert fault in words_of(html)
        assert f'href="{place}"' in html
        for name, value in {**RANGE, **entered}.items():
            if value and name in ("first_on", "last_on", "reason", "arrived"):
                assert f'value="{value}"' in html
        assert batches() == before

    def test_shows_an_arrival_that_the_schools_times_judge_otherwise(
        self, office: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        one = {**RANGE, "last_on": "2025-11-13", "last_half": "AM", "arrived": "9:40"}

        _, refused, _ = amend(sign_in(office), url, {**one, "code": "L"})
        amend(sign_in(office), url, {**one, "code": "U"}, confirm=True)

        assert "By the school's times an arrival at 9:40am is U." in words_of(refused.replace("&#x27;", "'"))
        with scopes_disabled():
            assert Mark.objects.get(code_id="U").arrived_at == time(9, 40)


class TestUndoing:
    def test_puts_marks_back_as_one_amendment_and_says_so(
        self, office: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        client = sign_in(office)
        _, html, _ = amend(client, url, RANGE, confirm=True)
        undo_url = next(link for link in Controls(html).links if link.endswith("/undo/"))
        preview = words_of(shown(client, undo_url))
        with clock_at(NOW, FRIDAY):
            answer = client.post(undo_url)
            after = words_of(client.get(answer["Location"]).content.decode())

        assert "4 marks will be put back" in preview
        assert "Robin Ashdown, Thu 13 Nov AM" in preview
        assert "Amendment undone: 4 marks put back." in after
        assert codes(pupil) == " ".join(["/ \\"] * 8 + ["N"] * 4)
        with scopes_disabled():
            assert MarkEntry.objects.filter(batch__reason__startswith="Undo of").count() == 4

    def test_says_when_nothing_is_left_and_changes_nothing(
        self, office: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session], url: str
    ) -> None:
        client = sign_in(office)
        _, html, _ = amend(client, url, RANGE, confirm=True)
        undo_url = next(link for link in Controls(html).links if link.endswith("/undo/"))
        with clock_at(NOW, FRIDAY):
            client.post(undo_url)
            before = batches()
            again = client.post(undo_url)

        assert again.status_code == 422
        assert "Nothing is left to undo: every mark was changed again since." in words_of(
            again.content.decode()
        )
        assert batches() == before

    def test_is_no_way_to_take_back_the_register_itself(
        self, office: User, sign_in: SignIn, pupil: Pupil, sessions: list[Session]
    ) -> None:
        with scopes_disabled():
            batch = EntryBatch.objects.get()
        with clock_at(NOW, FRIDAY):
            answer = sign_in(office).post(f"/s/hill/amendments/{batch.pk}/undo/")

        assert answer.status_code == 409
        assert "Only an amendment can be undone" in words_of(answer.content.decode())


class TestTheHistoryOfAMark:
    def test_tells_what_stands_the_arrival_and_what_was_an_amendment(
        self,
        office: User,
        sign_in: SignIn,
        class_group: ClassGroup,
        pupil: Pupil,
        sessions: list[Session],
        url: str,
    ) -> None:
        client = sign_in(office)
        one = {**RANGE, "last_on": "2025-11-13", "last_half": "AM", "code": "U", "arrived": "9:40"}
        amend(client, url, one, confirm=True)

        words = words_of(shown(client, f"{url}marks/{sessions[16].pk}/"))

        assert "Stands now: U" in words
        assert "Arrived after the register closed, arrived 9:40am . Entered by the office." in words.replace(
            "</strong>", ""
        )
        assert "Changed from N, reason not yet known, to U, arrived after the register closed" in words
        assert "by Olive Office, office staff, on Fri 14 Nov at 3:30pm Reason: The parent rang: flu" in words
        assert "Arrival: 9:40am" in words
        assert "An amendment: the register had closed on Thu 13 Nov at 9:20am." in words
        assert "Amend this mark" in words
