"""Marks sent as they are typed: written once, in order, with their own time, and refused in one line."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.live_page import sign_page
from registers.models import ClassGroup, EntryBatch, MarkEntry, ReceivedEntry, Register
from registers.services.entries import forget_received
from tests.cast import SignIn
from tests.factories.registers import ClassGroupFactory, pupil_in_class
from tests.factories.registers_marking import ReceivedEntryFactory
from tests.registers.entering import Typist, at
from tests.registers.taking import Morning, clock_at, make_morning, mark, rows_written, standing


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    return make_morning(school, class_group)


@pytest.fixture
def while_open() -> Iterator[None]:
    with clock_at(at(8, 56).time()):
        yield


@pytest.fixture
def after_close() -> Iterator[None]:
    with clock_at(at(9, 40).time()):
        yield


@pytest.fixture
def teacher(class_teacher: User, sign_in: SignIn, morning: Morning) -> Typist:
    return Typist(sign_in(class_teacher), class_teacher, morning)


def everything() -> tuple[int, ...]:
    """Count what a refusal leaves as it was."""
    with scopes_disabled():
        return (*rows_written(), ReceivedEntry.objects.count())


def history() -> list[tuple[str, str | None, str | None, str, str]]:
    """Return each change as the chain has it: surname, old and new code, time of the act, reason."""
    with scopes_disabled():
        return [
            (surname, old, new, f"{when.astimezone(at(9, 0).tzinfo):%H:%M}", reason)
            for surname, old, new, when, reason in MarkEntry.objects.order_by(
                "batch__number", "pupil__surname"
            ).values_list("pupil__surname", "old_code", "new_code", "batch__at", "batch__reason")
        ]


@pytest.mark.usefixtures("while_open")
class TestAMarkThatIsTyped:
    def test_is_saved_with_the_time_at_which_it_was_typed(self, teacher: Typist, morning: Morning) -> None:
        outcome = teacher.outcomes(teacher.entry(morning.pupils[0], "I", typed=at(8, 53)))[0]

        assert outcome["state"] == "saved"
        assert outcome["mark"] == {
            **{"code": "I", "arrived": "", "nature": "", "source": "register"},
            **{"by": "Tess Teacher", "at": "8:53am"},
        }
        assert history() == [("Abbot", None, "I", "08:53", "")]
        with scopes_disabled():
            assert Register.objects.get().taken_by.name == "Tess Teacher"
            assert EntryBatch.objects.get().by_position == "Class teacher"

    def test_brings_its_arrival_and_nature(self, teacher: Typist, morning: Morning) -> None:
        first, second, third = morning.pupils
        states = teacher.states(
            teacher.entry(first, "L", arrived="08:54"),
            teacher.entry(second, "V", nature="County museum"),
            teacher.entry(third, "/", arrived="08:55"),  # after 8:50: late
        )

        assert states == ["saved", "saved", "saved"]
        assert {name: (code, when and f"{when:%H:%M}", nature) for name, (code, when, nature) in
                standing(morning.session).items()} == {
            "Abbot": ("L", "08:54", ""),
            "Baker": ("V", None, "County museum"),
            "Carter": ("L", "08:55", ""),
        }  # fmt: skip

    def test_changes_one_that_the_person_saw(self, teacher: Typist, morning: Morning) -> None:
        pupil = morning.pupils[0]
        states = teacher.states(
            teacher.entry(pupil, "N", typed=at(8, 53)),
            teacher.entry(pupil, "L", typed=at(8, 54), seen="N"),
            teacher.entry(pupil, "", typed=at(8, 55), seen="L"),
        )

        assert states == ["saved", "saved", "saved"]
        assert history() == [
            ("Abbot", None, "N", "08:53", ""),
            ("Abbot", "N", "L", "08:54", ""),
            ("Abbot", "L", None, "08:55", ""),
        ]
        assert standing(morning.session) == {}

    def test_is_written_with_those_typed_at_the_same_moment_in_one_batch(
        self, teacher: Typist, morning: Morning
    ) -> None:
        teacher.states(*[teacher.entry(pupil, "/") for pupil in morning.pupils])

        with scopes_disabled():
            assert [batch.entries_count for batch in EntryBatch.objects.all()] == [3]

    def test_that_stands_already_changes_nothing(
        self, teacher: Typist, morning: Morning, office: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "M", by=office)
        before = rows_written()

        assert teacher.states(teacher.entry(morning.pupils[0], "M")) == ["saved"]
        assert rows_written() == before

    @pytest.mark.parametrize(
        ("code", "values", "message"),
        [
            ("V", {}, "Say what the activity or circumstance is for code V."),
            ("ZZ", {}, "Code 'ZZ' is not a national attendance code."),
            ("X", {}, "Code X is only for pupils outside compulsory school age."),
            ("C2", {}, "Code C2 needs a part-time timetable for this session."),
            ("I", {"arrived": "08:54"}, "An arrival time goes with present, L or U only."),
            ("L", {"arrived": "08:59"}, "The time of arrival cannot be later than the mark, 8:55am."),
            ("", {"nature": "Museum"}, "Choose a code for this time or nature."),
        ],
    )
    def test_that_cannot_stand_is_refused_and_leaves_the_others(
        self, teacher: Typist, morning: Morning, code: str, values: dict[str, str], message: str
    ) -> None:
        wrong = teacher.entry(morning.pupils[0], code, seen="N" if not code else "", **values)

        refused, saved = teacher.outcomes(wrong, teacher.entry(morning.pupils[1], "/"))

        assert (refused["state"], refused["message"]) == ("refused", message)
        assert saved["state"] == "saved"
        assert standing(morning.session) == {"Baker": ("/", None, "")}

    @pytest.mark.parametrize(
        ("typed", "message"),
        [
            (at(9, 15), "This mark says that it was typed in the future. Check the clock of this device."),
            (at(8, 40), "This mark says that it was typed before the register was opened."),
            (at(8, 48), "This register opens on Tue 11 Nov at 8:50am."),
            (
                at(8, 55) - timedelta(days=8),
                "This mark was typed more than seven days ago. Ask the office to enter it.",
            ),
        ],
    )
    def test_at_an_impossible_time_is_refused(
        self, teacher: Typist, morning: Morning, typed: Any, message: str
    ) -> None:
        outcome = teacher.outcomes(teacher.entry(morning.pupils[0], "/", typed=typed))[0]

        assert (outcome["state"], outcome["message"]) == ("refused", message)
        assert rows_written() == (0, 0, 0, 0)

    def test_of_a_pupil_who_is_not_in_the_class_is_refused(
        self, teacher: Typist, school: School, other_school: School
    ) -> None:
        strangers = [
            pupil_in_class(ClassGroupFactory(school=one, academic_year=2025))
            for one in (school, other_school)
        ]

        outcomes = teacher.outcomes(*[teacher.entry(pupil, "/") for pupil in strangers])

        assert {(one["state"], one["message"], one["mark"]["code"]) for one in outcomes} == {
            ("refused", "This pupil is not in the class on this day.", "")
        }
        assert rows_written() == (0, 0, 0, 0)


@pytest.mark.usefixtures("while_open")
class TestAKey:
    def test_that_comes_again_is_answered_as_the_first_time(self, teacher: Typist, morning: Morning) -> None:
        entry = teacher.entry(morning.pupils[0], "N")
        first = teacher.outcomes(entry)
        teacher.outcomes(teacher.entry(morning.pupils[0], "L", seen="N"))
        before = everything()

        assert teacher.outcomes(entry) == first
        assert everything() == before
        assert standing(morning.session) == {"Abbot": ("L", None, "")}

    def test_twice_in_one_request_counts_once(self, teacher: Typist, morning: Morning) -> None:
        entry = teacher.entry(morning.pupils[0], "N")

        assert teacher.states(entry, entry) == ["saved", "saved"]
        assert history() == [("Abbot", None, "N", "08:55", "")]

    @pytest.mark.parametrize("is_before", [True, False], ids=["earlier", "in the same request"])
    def test_with_another_content_is_refused_and_nothing_is_saved(
        self, teacher: Typist, morning: Morning, is_before: bool
    ) -> None:
        entry = teacher.entry(morning.pupils[0], "N")
        other = {**entry, "code": "L"}
        if is_before:
            teacher.outcomes(entry)
        before = everything()
        sent = [teacher.entry(morning.pupils[1], "/"), *([] if is_before else [entry]), other]

        response = teacher.send(*sent)

        assert response.status_code == 422
        assert entry["key"] in json.loads(response.content)["message"]
        assert everything() == before

    def test_is_each_persons_own(
        self, teacher: Typist, morning: Morning, office: User, sign_in: SignIn
    ) -> None:
        colleague = Typist(sign_in(office), office, morning)
        entry = teacher.entry(morning.pupils[0], "N")
        teacher.outcomes(entry)

        assert colleague.states({**entry, "pupil": morning.pupils[1].pk}) == ["saved"]

    def test_is_forgotten_after_thirty_days(self, school: School) -> None:
        for days in (29, 31):
            ReceivedEntryFactory(school=school, received_at=at(9, 0) - timedelta(days=days))

        assert forget_received(at=at(9, 0)) == 1
        with scopes_disabled():
            assert ReceivedEntry.objects.count() == 1


class TestAConflict:
    @pytest.mark.parametrize(
        ("theirs", "seen", "words"),
        [
            (("L", {}), "", "Olive Office marked L (Late, before the register closed) at 8:50am; "),
            (("L", {"arrived_at": at(8, 54).time()}), {"code": "L"}, "arrived 8:54am at 8:50am; "),
            (
                ("V", {"nature": "Farm visit"}),
                {"code": "V", "nature": "Museum"},
                "Olive Office marked V (Educational visit or trip), Farm visit at 8:50am; ",
            ),
        ],
    )
    def test_keeps_their_mark_and_tells_both(
        self, teacher: Typist, morning: Morning, office: User, while_open: None,
        theirs: tuple[str, dict[str, Any]], seen: Any, words: str,
    ) -> None:  # fmt: skip
        mark(morning.session, morning.pupils[0], theirs[0], by=office, **theirs[1])
        before = rows_written()

        outcome = teacher.outcomes(teacher.entry(morning.pupils[0], "I", seen=seen))[0]

        assert outcome["state"] == "conflict"
        assert words in outcome["message"]
        assert outcome["message"].endswith("you entered I (Illness).")
        assert outcome["mark"]["code"] == theirs[0]
        assert rows_written() == before

    def test_with_a_mark_taken_away_says_so(
        self, teacher: Typist, morning: Morning, while_open: None
    ) -> None:
        outcome = teacher.outcomes(teacher.entry(morning.pupils[0], "I", seen="L"))[0]

        assert outcome["message"] == "The mark was taken away meanwhile; you entered I (Illness)."

    def test_is_settled_by_a_person_who_saw_their_mark(
        self, teacher: Typist, morning: Morning, office: User, while_open: None
    ) -> None:
        mark(morning.session, morning.pupils[0], "L", by=office)

        assert teacher.states(teacher.entry(morning.pupils[0], "I", seen="L")) == ["saved"]

    def test_is_none_with_an_n_set_at_the_close(
        self, teacher: Typist, morning: Morning, office: User, after_close: None
    ) -> None:
        for pupil, source in zip(morning.pupils[:2], ("system", "ahead"), strict=True):
            set_by(morning, pupil, "N" if source == "system" else "I", source, office)

        states = teacher.states(*[teacher.entry(pupil, "/") for pupil in morning.pupils[:2]])

        assert states == ["saved", "conflict"]
        assert history()[-1] == (
            "Abbot", "N", "/", "08:55", "Marked at 8:55am without a connection, received 9:40am"
        )  # fmt: skip


def set_by(morning: Morning, pupil: Any, code: str, source: str, by: User) -> None:
    """Set a mark as Rollcall does when a register closes."""
    from registers.services.marks import MarkRow, load_marks

    row = MarkRow(pupil.pk, morning.session.pk, 2025, code)
    load_marks(pupil.school, [row], by=by, at=morning.session.closes_at, source=source)


@pytest.mark.usefixtures("after_close")
class TestAfterTheClose:
    def test_a_mark_typed_before_is_accepted_with_both_times(self, teacher: Typist, morning: Morning) -> None:
        outcome = teacher.outcomes(teacher.entry(morning.pupils[0], "N", typed=at(9, 20)))[0]

        assert outcome["state"] == "saved"
        assert history() == [
            ("Abbot", None, "N", "09:20", "Marked at 9:20am without a connection, received 9:40am")
        ]

    def test_a_mark_received_on_another_day_says_which(
        self, teacher: Typist, morning: Morning, class_teacher: User, sign_in: SignIn
    ) -> None:
        with clock_at(at(8, 30).time(), on=at(8, 30).date() + timedelta(days=1)):
            teacher.client = sign_in(class_teacher)
            assert teacher.states(teacher.entry(morning.pupils[0], "N")) == ["saved"]

        assert history()[0][4] == "Marked at 8:55am without a connection, received Wed 12 Nov at 8:30am"

    def test_a_mark_typed_later_by_a_teacher_is_for_the_office(
        self, teacher: Typist, morning: Morning
    ) -> None:
        outcome = teacher.outcomes(teacher.entry(morning.pupils[0], "N", typed=at(9, 21)))[0]

        assert outcome["state"] == "closed"
        assert outcome["message"] == (
            "This register closed at 9:20am, before you typed this. Ask the office to change the mark."
        )
        assert rows_written() == (0, 0, 0, 0)

    def test_a_page_shown_after_the_close_cannot_reach_back(
        self, teacher: Typist, morning: Morning, class_teacher: User
    ) -> None:
        teacher.page = sign_page(class_teacher, morning.class_group, morning.session, at=at(9, 21))

        states = teacher.states(*[teacher.entry(morning.pupils[0], "N", typed=at(9, m)) for m in (10, 20)])

        assert states == ["refused", "closed"]
        assert rows_written() == (0, 0, 0, 0)

    def test_the_office_gives_a_reason_for_a_change_and_none_for_a_first_mark(
        self, morning: Morning, office: User, sign_in: SignIn
    ) -> None:
        clerk = Typist(sign_in(office), office, morning)
        mark(morning.session, morning.pupils[0], "N", by=office)
        now = {"typed": at(9, 38)}
        without = clerk.entry(morning.pupils[0], "M", seen="N", **now)

        asked, first = clerk.outcomes(without, clerk.entry(morning.pupils[1], "I", **now))
        assert (asked["state"], asked["message"]) == (
            "reason",
            "The register has closed: say why the mark changes.",
        )
        assert first["state"] == "saved"
        again = clerk.entry(morning.pupils[0], "M", seen="N", reason="The parent rang", **now)
        assert clerk.states(again) == ["saved"]
        assert history()[-1] == ("Abbot", "N", "M", "09:38", "The parent rang")


@pytest.mark.usefixtures("while_open")
class TestSomebodyElse:
    def test_cannot_send_what_the_first_person_typed(
        self, teacher: Typist, morning: Morning, office: User, sign_in: SignIn
    ) -> None:
        entry = teacher.entry(morning.pupils[0], "N")
        teacher.client = sign_in(office)

        response = teacher.send(entry)

        assert response.status_code == 409
        assert everything() == (0, 0, 0, 0, 0)

    def test_without_the_role_or_the_class_cannot_send_anything(
        self, morning: Morning, governor: User, other_head: User, sign_in: SignIn, teacher: Typist
    ) -> None:
        entry = teacher.entry(morning.pupils[0], "N")
        statuses = []
        for user in (governor, other_head):
            typist = Typist(sign_in(user), user, morning)
            statuses.append(typist.send(entry).status_code)
        statuses.append(Typist(Client(), governor, morning).send(entry).status_code)

        assert statuses == [403, 404, 302]
        assert everything() == (0, 0, 0, 0, 0)

    def test_is_known_by_the_outbox_under_an_id_that_tells_nothing(
        self, teacher: Typist, office: User, sign_in: SignIn
    ) -> None:
        one = teacher.client.get("/outbox/").json()
        other = sign_in(office).get("/outbox/").json()

        assert len(one["person"]) == 32
        assert one["person"] == teacher.client.get("/outbox/").json()["person"] != other["person"]
        assert len(one["token"]) == 64


BAD_BODIES: list[tuple[str, Any, int]] = [
    ("no JSON", "{", 400),
    ("nested deeply", "[" * 100_000, 400),
    ("a list", [], 422),
    ("nothing", {}, 422),
    ("no entries", {"page": "x", "entries": []}, 422),
    ("entries as text", {"page": "x", "entries": "many"}, 422),
    ("page as number", {"page": 7, "entries": [{}]}, 422),
    ("an empty entry", {"page": "x", "entries": [{}]}, 422),
    ("an entry as number", {"page": "x", "entries": [1]}, 422),
]
BAD_VALUES: list[dict[str, Any]] = [
    {"key": "no uuid"},
    {"key": 7},
    {"key": "A" * 32},
    {"session": "1"},
    {"session": 999_999},
    {"pupil": True},
    {"pupil": -1},
    {"pupil": 2**63},
    {"pupil": 1.5},
    {"code": None},
    {"code": "ABC"},
    {"code": "\x00"},
    {"nature": "\ud800"},
    {"nature": "x" * 201},
    {"nature": ["V"]},
    {"reason": "line\nbreak"},
    {"arrived": "25:00"},
    {"arrived": 855},
    {"seen": None},
    {"seen": {"code": ""}},
    {"seen": {"code": "", "arrived": "soon", "nature": ""}},
    {"typed": "yesterday"},
    {"typed": "2025-11-11T08:55:00"},
    {"typed": "0001-01-01T00:00:00+00:00"},
    {"typed": 1_762_851_300},
    {"more": 1},
]


@pytest.mark.usefixtures("while_open")
class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        ("body", "status"), [row[1:] for row in BAD_BODIES], ids=[r[0] for r in BAD_BODIES]
    )
    def test_is_refused_in_one_line(self, teacher: Typist, body: Any, status: int) -> None:
        self.expect_refusal(teacher.post(body), status)

    @pytest.mark.parametrize("changed", BAD_VALUES, ids=lambda changed: f"{changed}"[:40])
    def test_in_one_entry_refuses_all(
        self, teacher: Typist, morning: Morning, changed: dict[str, Any]
    ) -> None:
        good = teacher.entry(morning.pupils[1], "/")

        response = teacher.send(good, {**teacher.entry(morning.pupils[0], "/"), **changed})

        self.expect_refusal(response, 422)

    def test_is_ten_thousand_entries(self, teacher: Typist, morning: Morning) -> None:
        entries = [teacher.entry(morning.pupils[0], "/") for _ in range(10_000)]

        self.expect_refusal(teacher.send(*entries), 413)
        self.expect_refusal(teacher.send(*entries[:201]), 413)

    @pytest.mark.parametrize("page", ["", "x", "eyJ:1:abc"])
    def test_is_a_page_that_was_never_shown(self, teacher: Typist, morning: Morning, page: str) -> None:
        teacher.page = page

        self.expect_refusal(teacher.send(teacher.entry(morning.pupils[0], "/")), 422)

    def test_is_a_page_of_another_register(
        self, teacher: Typist, morning: Morning, class_teacher: User
    ) -> None:
        teacher.page = sign_page(class_teacher, morning.class_group, morning.sessions[0], at=at(8, 45))

        self.expect_refusal(teacher.send(teacher.entry(morning.pupils[0], "/")), 422)

    @staticmethod
    def expect_refusal(response: Any, status: int) -> None:
        assert response.status_code == status, response.content
        said = json.loads(response.content)
        assert set(said) == {"message"}
        assert "\n" not in said["message"]
        assert said["message"].endswith(".")
        assert everything() == (0, 0, 0, 0, 0)


@pytest.mark.usefixtures("while_open")
class TestTheCost:
    def test_is_the_same_for_one_mark_and_thirty(
        self, school: School, class_group: ClassGroup, class_teacher: User, sign_in: SignIn
    ) -> None:
        morning = make_morning(school, class_group, pupils=30)
        typist = Typist(sign_in(class_teacher), class_teacher, morning)

        def statements(pupils: Any) -> int:
            sent = [typist.entry(pupil, "/") for pupil in pupils]
            with CaptureQueriesContext(connection) as captured:
                assert typist.states(*sent) == ["saved"] * len(sent)
            return len([one for one in captured if "SAVEPOINT" not in one["sql"]])

        one, many = statements(morning.pupils[:1]), statements(morning.pupils[1:])

        # The person, school and roles; the class and whether the teacher teaches it, the session of the day;
        # the pupils; the lock, the keys, the marks; who acts, the register, the marks' write; the keys.
        assert one == many == 12
