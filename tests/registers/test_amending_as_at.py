"""The registers of a class as they stood: on screen, as a file, and as the export says."""

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django_scopes import scope

from accounts.models import School, User
from registers.models import ClassGroup, Pupil, Session
from registers.selectors.as_at import class_register
from registers.services.mark_sets import WantedMark, set_marks
from tests.cast import SignIn
from tests.commands import done
from tests.factories.registers import ClassGroupFactory, SessionFactory, held_sessions, london, pupil_in_class
from tests.registers.taking import clock_at, queries_of, words_of

MONDAY, FRIDAY = date(2025, 11, 10), date(2025, 11, 14)
NOW = time(15, 30)
NOTE_CAME = london(date(2025, 11, 12), time(9, 45))
CLEARED = london(date(2025, 11, 13), time(11, 0))


@pytest.fixture
def pupils(class_group: ClassGroup, pupil: Pupil) -> list[Pupil]:
    return [pupil, pupil_in_class(class_group, surname="Brook", forename="Sascha")]


@pytest.fixture
def week(school: School, pupils: list[Pupil], class_teacher: User, office: User) -> list[Session]:
    """Monday's N of Robin became I on Wednesday; Sascha's late mark of Monday was taken away on Thursday."""
    sessions = held_sessions(school, MONDAY, FRIDAY, half_term="Autumn 2")
    with scope(school=school):

        def put(child: Pupil, session: Session, code: str, at: datetime, **values: Any) -> None:
            reason, by = values.pop("reason", ""), values.pop("by", class_teacher)
            marks = [WantedMark(child.pk, session.pk, code, **values)]
            set_marks(school, marks, by=by, at=at, reason=reason, position="Office staff")

        put(pupils[0], sessions[0], "N", sessions[0].opens_at)
        put(pupils[1], sessions[0], "L", sessions[0].opens_at, arrived_at=time(8, 55))
        put(pupils[0], sessions[1], "V", sessions[1].opens_at, nature="=Museum")
        put(pupils[0], sessions[0], "I", NOTE_CAME, by=office, reason="Note from home")
        put(pupils[1], sessions[0], "", CLEARED, by=office, reason="Wrong pupil")
    return sessions


@pytest.fixture
def url(class_group: ClassGroup) -> str:
    return f"/s/hill/classes/{class_group.pk}/as-at/"


def got(sign_in: SignIn, user: User, address: str) -> HttpResponse:
    with clock_at(NOW, FRIDAY):
        answer: HttpResponse = sign_in(user).get(address)
    return answer


def page(sign_in: SignIn, user: User, address: str) -> str:
    answer = got(sign_in, user, address)
    assert answer.status_code == 200, answer.status_code
    return words_of(answer.content.decode().replace("&#x27;", "'"))


class TestTheWeekOfAClass:
    def test_is_shown_as_it_stands_with_the_originals(
        self, office: User, sign_in: SignIn, week: list[Session], url: str
    ) -> None:
        words = page(sign_in, office, url)

        assert "Oak: Mon 10 Nov to Fri 14 Nov" in words
        assert "As it stands on Fri 14 Nov at 3:30pm · 2 amended marks" in words
        assert (
            "Robin Ashdown, Mon 10 Nov AM: Illness; originally N, Reason not yet known; amended by"
            " Olive Office on Wed 12 Nov at 9:45am: Note from home"
        ) in words
        assert "Sascha Brook, Mon 10 Nov AM: No mark; originally L" in words
        assert "50.0 % (1 of 2 sessions)" in words

    def test_shows_closed_days_and_who_was_not_in_the_class_yet(
        self,
        office: User,
        sign_in: SignIn,
        school: School,
        class_group: ClassGroup,
        week: list[Session],
        url: str,
    ) -> None:
        SessionFactory(school=school, on=date(2025, 11, 17), status="closed", half_term="Autumn 2")
        pupil_in_class(class_group, surname="Cole", starts_on=date(2025, 11, 17))

        now = page(sign_in, office, url)
        later = page(sign_in, office, f"{url}?from=2025-11-10&to=2025-11-17")

        assert "Cole" not in now
        assert "Robin Cole, Mon 17 Nov AM: Planned closure of the whole school" in later
        assert later.count("Not in the class") == 10

    def test_says_when_there_is_no_session(
        self, office: User, sign_in: SignIn, week: list[Session], url: str
    ) -> None:
        assert "No session between these days" in page(
            sign_in, office, f"{url}?from=2025-12-22&to=2025-12-26"
        )

    def test_is_open_to_its_teacher_and_to_no_other(
        self, class_teacher: User, sign_in: SignIn, school: School, week: list[Session], url: str
    ) -> None:
        elm = ClassGroupFactory(school=school, name="Elm", academic_year=2025)

        assert "Oak" in page(sign_in, class_teacher, url)
        assert got(sign_in, class_teacher, f"/s/hill/classes/{elm.pk}/as-at/").status_code == 403

    def test_costs_the_same_for_three_pupils_and_thirty(
        self, office: User, sign_in: SignIn, class_group: ClassGroup, week: list[Session], url: str
    ) -> None:
        client = sign_in(office)
        with clock_at(NOW, FRIDAY):
            few = queries_of(client, url)
            for number in range(27):
                pupil_in_class(class_group, surname=f"Surname {number:02d}")
            many = queries_of(client, url)

        assert len(few) == len(many)
        assert len([sql for sql in many if "registers_markentry" in sql]) == 1


class TestAPastMoment:
    @pytest.mark.parametrize(
        ("moment", "codes"),
        [
            (london(MONDAY, time(8, 0)), ["", ""]),
            (london(MONDAY, time(12, 0)), ["N", "L"]),
            (NOTE_CAME - timedelta(microseconds=1), ["N", "L"]),
            (NOTE_CAME, ["I", "L"]),
            (CLEARED, ["I", ""]),
            (None, ["I", ""]),
        ],
    )
    def test_shows_what_stood_then(
        self, class_group: ClassGroup, school: School, week: list[Session], moment: Any, codes: list[str]
    ) -> None:
        with scope(school=school):
            register = class_register(class_group, first_day=MONDAY, last_day=FRIDAY, as_at=moment)

        assert [line.marks[0].code for line in register.lines] == codes

    def test_is_named_on_the_page(self, office: User, sign_in: SignIn, week: list[Session], url: str) -> None:
        words = page(sign_in, office, f"{url}?from=2025-11-10&to=2025-11-14&on=2025-11-12&time=9:00")

        assert "As it stood on Wed 12 Nov at 9:00am" in words
        assert "Robin Ashdown, Mon 10 Nov AM: Reason not yet known" in words
        assert "amended by" not in words

    def test_without_a_time_is_the_end_of_the_day(
        self, office: User, sign_in: SignIn, week: list[Session], url: str
    ) -> None:
        words = page(sign_in, office, f"{url}?on=2025-11-12")

        assert "Robin Ashdown, Mon 10 Nov AM: Illness" in words

    @pytest.mark.parametrize(
        ("query", "fault"),
        [
            ("from=2025-11-14&to=2025-11-10", "The last day must not be before the first"),
            ("from=2025-09-01&to=2025-12-01", "A page shows 62 days at most: download the CSV"),
            ("from=yesterday", "Enter a real date, such as 2026-11-24"),
            ("time=9:00", "Enter the day as well as the time"),
            ("on=2025-11-12&time=late", "Enter the time like 15:30"),
        ],
    )
    def test_says_what_is_wrong_with_the_days(
        self, office: User, sign_in: SignIn, week: list[Session], url: str, query: str, fault: str
    ) -> None:
        answer = got(sign_in, office, f"{url}?{query}")

        assert answer.status_code == 422
        assert "<title>Error: Registers of Oak" in answer.content.decode()
        assert words_of(answer.content.decode()).count(fault) == 2


class TestTheFile:
    @pytest.mark.parametrize("moment", [None, datetime(2025, 11, 12, 9, 45), datetime(2025, 11, 12, 9, 44)])  # noqa: DTZ001 - a clock in England
    def test_agrees_with_the_export_at_every_moment(
        self, office: User, sign_in: SignIn, week: list[Session], url: str, moment: datetime | None
    ) -> None:
        query = f"&on={moment:%Y-%m-%d}&time={moment:%H:%M}" if moment else ""
        as_at = ["--as-at", moment.isoformat()] if moment else []

        answer = got(sign_in, office, f"{url}?from=2025-11-10&to=2025-11-14&format=csv{query}")
        ran = done("export_marks", "--school", "hill", "--from", "2025-11-10", "--to", "2025-11-14", *as_at)

        shared = ("upn", "date", "session", "code", "arrived_at", "nature", "recorded_at")
        ours, theirs = (
            sorted(tuple(row[name] for name in shared) for row in csv.DictReader(io.StringIO(text)))
            for text in (answer.content.decode(), ran.out)
        )
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert ours == theirs
        assert len(ours) == {None: 2}.get(moment, 3)

    def test_tells_the_original_and_why_it_changed(
        self, office: User, sign_in: SignIn, week: list[Session], url: str
    ) -> None:
        answer = got(sign_in, office, f"{url}?from=2025-11-10&to=2025-11-10&format=csv")

        amended, other = csv.DictReader(io.StringIO(answer.content.decode()))
        assert (amended["original_code"], amended["code"], amended["amended"]) == ("N", "I", "yes")
        assert (amended["recorded_by"], amended["reason"]) == ("Olive Office", "Note from home")
        assert (other["nature"], other["amended"]) == ("'=Museum", "")
