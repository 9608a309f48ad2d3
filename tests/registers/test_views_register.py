"""The register of a class: shown, taken as a plain form, refused with reasons, changed after it closed."""

from collections.abc import Iterator
from datetime import time
from html import unescape

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import ClassGroup, EntryBatch, Register
from tests.cast import SignIn
from tests.factories.registers import (
    ClassGroupFactory,
    PartTimeTimetableFactory,
    SessionFactory,
    TimetableAbsenceFactory,
    pupil_in_class,
)
from tests.registers.taking import (
    AFTER_CLOSE,
    TUESDAY,
    WHILE_OPEN,
    Browser,
    Morning,
    clock_at,
    make_morning,
    mark,
    queries_of,
    rows_written,
    standing,
)


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    return make_morning(school, class_group)


@pytest.fixture
def while_open() -> Iterator[None]:
    with clock_at(WHILE_OPEN):
        yield


@pytest.fixture
def after_close() -> Iterator[None]:
    with clock_at(AFTER_CLOSE):
        yield


@pytest.fixture
def teacher_at(while_open: None, class_teacher: User, sign_in: SignIn, morning: Morning) -> Browser:
    """The class's teacher at the register while it is open."""
    return Browser(sign_in(class_teacher), morning)


@pytest.fixture
def office_at(after_close: None, office: User, sign_in: SignIn, morning: Morning) -> Browser:
    """The office at the register after it closed."""
    return Browser(sign_in(office), morning)


@pytest.mark.usefixtures("while_open")
class TestOpeningARegister:
    def test_shows_class_session_minutes_left_and_what_is_marked(
        self, teacher_at: Browser, morning: Morning, class_teacher: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "/", by=class_teacher)

        words = teacher_at.open().words

        assert "Oak, Tue 11 Nov AM" in words
        assert "Closes 9:20am, in 24 minutes" in words
        assert "1 of 3 marked" in words

    def test_shows_the_pupils_by_surname_with_five_recent_days(
        self, teacher_at: Browser, morning: Morning, class_teacher: User
    ) -> None:
        monday_afternoon = next(
            one for one in morning.sessions if one.on.isoformat() == "2025-11-10" and one.half == "PM"
        )
        mark(monday_afternoon, morning.pupils[1], "I", by=class_teacher)

        page = teacher_at.open()

        assert (
            page.words.index("Abbot, Robin")
            < page.words.index("Baker, Robin")
            < page.words.index("Carter, Robin")
        )
        assert 'title="Mon 10 Nov PM: Illness"' in page.html
        assert page.html.count("mark--small") == 3 * 10

    def test_offers_only_codes_that_may_stand(self, teacher_at: Browser, morning: Morning) -> None:
        offered = set(teacher_at.open().controls.options[f"code_{morning.pupils[0].pk}"])

        # Not there: withdrawn codes, those of the whole school (#, Y4, Z), the afternoon's stroke, and for
        # this pupil X and C2.
        assert offered == {
            *("", "clear", "K", "V", "P", "W", "B", "D", "C1", "M", "J1", "S", "C", "T", "R", "I", "E"),
            *("Q", "Y1", "Y2", "Y3", "Y5", "Y6", "Y7", "G", "O", "U"),
        }

    def test_fills_in_a_known_absence_with_its_reason(self, teacher_at: Browser, morning: Morning) -> None:
        timetable = PartTimeTimetableFactory(pupil=morning.pupils[2])
        TimetableAbsenceFactory(timetable=timetable, weekday=TUESDAY.weekday(), half="AM")

        page = teacher_at.open()

        assert page.fields[f"code_{morning.pupils[2].pk}"] == "C2"
        assert "Carter, Robin Part-time timetable" in page.words

    def test_gives_the_script_what_it_needs_and_no_inline_script(self, teacher_at: Browser) -> None:
        html = teacher_at.open().html

        assert '<script id="register-data" type="application/json">' in html
        assert " style=" not in html
        assert " onclick=" not in html

    def test_costs_the_same_for_three_pupils_and_thirty(
        self, school: School, class_group: ClassGroup, class_teacher: User, sign_in: SignIn, while_open: None
    ) -> None:
        few = make_morning(school, class_group, pupils=3)
        client = sign_in(class_teacher)
        with_three = queries_of(client, few.url)
        with scopes_disabled():
            many = Morning(few.class_group, few.session, [], few.sessions)
            for number in range(27):
                pupil_in_class(class_group, surname=f"More{number:02d}")

        with_thirty = queries_of(client, many.url)

        # The person; school and roles; the class and whether the teacher teaches it, with the session of the
        # day; the pupils with their marks, the register and word of absences. The session of the browser
        # comes from the cache.
        assert len(with_three) == len(with_thirty) == 4

    def test_says_that_a_class_is_empty(
        self, school: School, class_group: ClassGroup, class_teacher: User, sign_in: SignIn, while_open: None
    ) -> None:
        page = Browser(sign_in(class_teacher), make_morning(school, class_group, pupils=0)).open()

        assert "No pupils in Oak on this day" in page.words
        assert "register-form" not in page.html


class TestTakingARegister:
    def test_saves_radios_and_codes_in_one_go(
        self, teacher_at: Browser, morning: Morning, class_teacher: User
    ) -> None:
        page = teacher_at.open()
        present, absent, ill = morning.pupils
        page.enter(present, radio="/")
        page.enter(absent, radio="N")
        page.enter(ill, code="I")

        assert page.save() == 302

        assert standing(morning.session) == {
            "Abbot": ("/", None, ""),
            "Baker": ("N", None, ""),
            "Carter": ("I", None, ""),
        }
        assert "Marks saved: 3 recorded. All 3 are marked." in page.words
        with scopes_disabled():
            register = Register.objects.get()
            batch = EntryBatch.objects.get()
        assert (register.class_group_id, register.taken_by_id) == (morning.class_group.pk, class_teacher.pk)
        assert (batch.by_name, batch.by_position) == ("Tess Teacher", "Class teacher")

    def test_saves_a_register_begun_and_says_what_is_left(
        self, teacher_at: Browser, morning: Morning
    ) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[0], radio="/")

        assert page.save() == 302

        assert set(standing(morning.session)) == {"Abbot"}
        assert "2 of 3 still to mark." in page.words

    def test_takes_a_known_absence_as_it_is_offered(self, teacher_at: Browser, morning: Morning) -> None:
        timetable = PartTimeTimetableFactory(pupil=morning.pupils[0])
        TimetableAbsenceFactory(timetable=timetable, weekday=TUESDAY.weekday(), half="AM")
        page = teacher_at.open()

        page.save()

        assert standing(morning.session) == {"Abbot": ("C2", None, "")}

    def test_lets_a_radio_overrule_a_known_absence(self, teacher_at: Browser, morning: Morning) -> None:
        timetable = PartTimeTimetableFactory(pupil=morning.pupils[0])
        TimetableAbsenceFactory(timetable=timetable, weekday=TUESDAY.weekday(), half="AM")
        page = teacher_at.open()
        page.enter(morning.pupils[0], radio="/")

        page.save()

        assert standing(morning.session) == {"Abbot": ("/", None, "")}

    def test_lets_a_code_replace_a_radio_that_cannot_be_unchecked(
        self, teacher_at: Browser, morning: Morning
    ) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[0], radio="/")
        page.save()
        page.enter(morning.pupils[0], code="M")

        assert page.save() == 302

        assert standing(morning.session) == {"Abbot": ("M", None, "")}

    def test_takes_a_mark_away(self, teacher_at: Browser, morning: Morning) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[0], radio="/")
        page.save()
        page.enter(morning.pupils[0], code="clear")

        assert page.save() == 302

        assert standing(morning.session) == {}
        assert "1 taken away" in page.words

    def test_changes_nothing_when_saved_again(self, teacher_at: Browser, morning: Morning) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[0], radio="/")
        page.save()
        before = rows_written()

        assert page.save() == 302

        assert rows_written() == before
        assert "Nothing was changed." in page.words

    def test_gives_the_stroke_of_the_half(self, teacher_at: Browser, morning: Morning) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[0], code="\\")

        page.save()

        assert standing(morning.session) == {"Abbot": ("/", None, "")}

    @pytest.mark.parametrize(
        ("radio", "arrived", "code"),
        [("/", "8:50", "/"), ("L", "8.55", "L"), ("", "0852", "L"), ("/", "8:53 am", "L")],
    )
    def test_judges_an_arrival_by_the_schools_times(
        self, teacher_at: Browser, morning: Morning, radio: str, arrived: str, code: str
    ) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[0], radio=radio, arrived=arrived)

        assert page.save() == 302

        assert standing(morning.session)["Abbot"][0] == code

    def test_tells_when_an_arrival_overruled_the_code(self, teacher_at: Browser, morning: Morning) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[0], radio="/", arrived="8:54")

        page.save()

        assert "Robin Abbot arrived at 8:54am: marked L (Late, before the register closed)." in page.words
        assert standing(morning.session) == {"Abbot": ("L", time(8, 54), "")}

    def test_keeps_the_nature_of_an_activity(self, teacher_at: Browser, morning: Morning) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[0], code="V", nature=" Museum of the county ")

        page.save()

        assert standing(morning.session) == {"Abbot": ("V", None, "Museum of the county")}

    def test_drops_nature_and_arrival_that_were_said_of_the_mark_before(
        self, teacher_at: Browser, morning: Morning, class_teacher: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "L", by=class_teacher, arrived_at=time(8, 55))
        mark(morning.session, morning.pupils[1], "V", by=class_teacher, nature="Museum")
        page = teacher_at.open()
        page.enter(morning.pupils[0], code="I")
        page.enter(morning.pupils[1], radio="/")

        assert page.save() == 302

        assert standing(morning.session) == {"Abbot": ("I", None, ""), "Baker": ("/", None, "")}

    def test_costs_the_same_for_three_pupils_and_thirty(
        self, school: School, class_group: ClassGroup, class_teacher: User, sign_in: SignIn, while_open: None
    ) -> None:
        thirty = make_morning(school, class_group, pupils=30)
        client = sign_in(class_teacher)
        page = Browser(client, thirty).open()
        three = {**page.fields, **{f"mark_{pupil.pk}": "/" for pupil in thirty.pupils[:3]}}
        with_three = queries_of(client, thirty.url, three)
        page.open()
        rest = {**page.fields, **{f"mark_{pupil.pk}": "/" for pupil in thirty.pupils}}

        with_thirty = queries_of(client, thirty.url, rest)

        # Person, school and roles, class with session, pupils with marks; in one transaction who acts,
        # the register's row, what stands there now, the marks.
        assert len(with_three) == len(with_thirty) == 8
        assert [sql.split()[0] for sql in with_thirty[4:8]] == ["SELECT", "INSERT", "SELECT", "INSERT"]
        assert len(standing(thirty.session)) == 30


class TestFaultsInARegister:
    def save_with(self, page: Browser, morning: Morning, **entered: str) -> tuple[int, str]:
        """Enter two good marks and one with a fault; return the status and the page's words."""
        page.open()
        page.enter(morning.pupils[0], radio="/")
        page.enter(morning.pupils[1], **entered)
        page.enter(morning.pupils[2], code="I")
        before = rows_written()
        status = page.save()
        assert rows_written() == before
        assert standing(morning.session) == {}
        return status, page.words

    @pytest.mark.parametrize(
        ("entered", "message", "link"),
        [
            ({"code": "V"}, "Say what the activity or circumstance is for code V.", "nature"),
            ({"code": "X"}, "Code X is only for pupils outside compulsory school age.", "mark"),
            ({"code": "C2"}, "Code C2 needs a part-time timetable for this session.", "mark"),
            ({"code": "H"}, "Code H was withdrawn after 2024-08-18.", "mark"),
            ({"code": "Y4"}, "Code Y4 is set for the whole school in the calendar, not as a mark.", "mark"),
            ({"code": "<b>"}, "Code '<b>' is not a national attendance code.", "mark"),
            ({"radio": "L", "arrived": "soon"}, "Enter the time of arrival like 9:12", "arrived"),
            ({"radio": "L", "arrived": "25:00"}, "Enter the time of arrival like 9:12", "arrived"),
            (
                {"radio": "L", "arrived": "9:10"},
                "The time of arrival cannot be later than now, 8:56am",
                "arrived",
            ),
            ({"code": "I", "arrived": "8:55"}, "An arrival time goes with present, L or U only.", "mark"),
            (
                {"radio": "N", "code": "I"},
                "Choose either N (Reason not yet known) or I (Illness), not both",
                "mark",
            ),
        ],
    )
    def test_saves_nothing_keeps_everything_and_says_where(
        self, teacher_at: Browser, morning: Morning, entered: dict[str, str], message: str, link: str
    ) -> None:
        status, words = self.save_with(teacher_at, morning, **entered)

        assert status == 422
        assert unescape(words).count(message) == 2  # in the summary and beside the pupil
        assert "<title>Error: Register of Oak" in teacher_at.html
        target = {"nature": "nature-{}", "mark": "mark-{}-present", "arrived": "arrived-{}"}[link]
        target = target.format(morning.pupils[1].pk)
        assert f"#{target}" in teacher_at.controls.links
        assert target in teacher_at.controls.ids
        assert teacher_at.fields[f"mark_{morning.pupils[0].pk}"] == "/"
        assert teacher_at.fields[f"code_{morning.pupils[2].pk}"] == "I"
        assert "3 of 3 marked" in words

    def test_can_be_put_right_and_saved(self, teacher_at: Browser, morning: Morning) -> None:
        self.save_with(teacher_at, morning, code="V")
        teacher_at.enter(morning.pupils[1], nature="Farm")

        assert teacher_at.save() == 302

        assert {surname: values[0] for surname, values in standing(morning.session).items()} == {
            "Abbot": "/",
            "Baker": "V",
            "Carter": "I",
        }


class TestTwoPeopleAtOneRegister:
    def test_shows_both_values_and_overwrites_nothing(
        self, teacher_at: Browser, morning: Morning, office: User
    ) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[0], radio="/")
        page.enter(morning.pupils[1], radio="/")
        mark(morning.session, morning.pupils[0], "M", by=office)

        assert page.save() == 422

        assert standing(morning.session) == {"Abbot": ("M", None, "")}
        assert (
            "Somebody else changed this mark to M (Medical or dental appointment) while you had the register "
            "open. You entered / (Present)." in page.words
        )

    def test_replaces_the_other_mark_when_saved_knowingly(
        self, teacher_at: Browser, morning: Morning, office: User
    ) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[0], radio="/")
        mark(morning.session, morning.pupils[0], "M", by=office)
        page.save()

        assert page.save() == 302

        assert standing(morning.session) == {"Abbot": ("/", None, "")}

    def test_leaves_marks_of_others_alone_where_nothing_was_entered(
        self, teacher_at: Browser, morning: Morning, office: User
    ) -> None:
        page = teacher_at.open()
        page.enter(morning.pupils[1], radio="/")
        mark(morning.session, morning.pupils[0], "M", by=office)

        assert page.save() == 302

        assert standing(morning.session) == {"Abbot": ("M", None, ""), "Baker": ("/", None, "")}


class TestAfterTheRegisterClosed:
    def test_asks_for_a_reason_and_keeps_the_original(
        self, office_at: Browser, morning: Morning, class_teacher: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "N", by=class_teacher)
        page = office_at.open()
        assert "Register closed at 9:20am. A change needs a reason and keeps the original." in page.words
        page.enter(morning.pupils[0], code="I")
        before = rows_written()

        assert page.save() == 422

        assert rows_written() == before
        assert page.words.count("The register has closed: give a reason for the change.") == 2
        assert "#reason" in page.controls.links
        assert page.fields[f"code_{morning.pupils[0].pk}"] == "I"

        assert page.save(reason="Mother rang at 10:15") == 302

        assert standing(morning.session)["Abbot"][0] == "I"
        with scopes_disabled():
            change = EntryBatch.objects.order_by("number").last()
        assert change is not None
        assert (change.reason, change.by_name, change.by_position) == (
            "Mother rang at 10:15",
            "Olive Office",
            "Office staff",
        )

    def test_takes_a_first_mark_without_a_reason(self, office_at: Browser, morning: Morning) -> None:
        page = office_at.open()
        page.enter(morning.pupils[0], code="U", arrived="9:40")

        assert page.save() == 302

        assert standing(morning.session) == {"Abbot": ("U", time(9, 40), "")}

    def test_is_closed_to_the_teacher_with_a_reason(
        self, after_close: None, class_teacher: User, sign_in: SignIn, morning: Morning
    ) -> None:
        mark(morning.session, morning.pupils[0], "N", by=class_teacher)
        client = sign_in(class_teacher)
        page = Browser(client, morning).open()

        assert "This register has closed. Ask the office to change a mark." in page.words
        assert "register-form" not in page.html
        before = rows_written()
        answer = client.post(morning.url, {f"mark_{morning.pupils[0].pk}": "/"})
        assert answer.status_code == 403
        assert "Ask the office to change a mark." in answer.content.decode()
        assert rows_written() == before

    def test_links_to_the_history_of_each_mark(
        self, office_at: Browser, morning: Morning, class_teacher: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "N", by=class_teacher)

        page = office_at.open()

        history = f"/s/hill/pupils/{morning.pupils[0].pk}/marks/{morning.session.pk}/"
        assert [link for link in page.controls.links if "/marks/" in link] == [history]


class TestBeforeTheRegisterOpens:
    def test_shows_when_it_opens_and_takes_nothing(
        self, class_teacher: User, sign_in: SignIn, morning: Morning
    ) -> None:
        with clock_at(time(8, 30)):
            client = sign_in(class_teacher)
            page = Browser(client, morning).open()
            before = rows_written()
            answer = client.post(morning.url, {f"mark_{morning.pupils[0].pk}": "/"})

        assert "This register opens on Tue 11 Nov at 8:50am." in page.words
        assert "register-form" not in page.html
        assert answer.status_code == 403
        assert rows_written() == before


@pytest.mark.usefixtures("while_open")
class TestWhoMayOpenARegister:
    @pytest.mark.parametrize(
        ("who", "status"),
        [
            ("class_teacher", 200),
            ("office", 200),
            ("champion", 200),
            ("head", 200),
            ("governor", 403),
            ("trust_officer", 403),
            ("other_head", 404),
            ("parent", 404),
        ],
    )
    def test_answers_each_role(
        self, request: pytest.FixtureRequest, sign_in: SignIn, morning: Morning, who: str, status: int
    ) -> None:
        client = sign_in(request.getfixturevalue(who))

        assert client.get(morning.url).status_code == status

    def test_sends_a_visitor_to_sign_in(self, visitor: Client, morning: Morning) -> None:
        answer = visitor.get(morning.url)

        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={morning.url}")

    def test_refuses_a_colleagues_class_with_a_sentence(
        self, class_teacher: User, sign_in: SignIn, school: School, morning: Morning
    ) -> None:
        elm = ClassGroupFactory(school=school, name="Elm", academic_year=2025)
        other = Morning(elm, morning.session, [], morning.sessions)

        answer = sign_in(class_teacher).get(other.url)

        assert answer.status_code == 403
        assert "You can open the registers of the classes you teach." in answer.content.decode()

    @pytest.mark.parametrize("path", ["2025-11-31/AM", "2025-11-15/AM", "2025-11-11/XX"])
    def test_knows_no_register_of_an_impossible_session(
        self, office: User, sign_in: SignIn, morning: Morning, path: str
    ) -> None:
        url = f"/s/hill/registers/{path}/{morning.class_group.pk}/"

        assert sign_in(office).get(url).status_code == 404

    def test_knows_no_class_of_another_year_on_that_day(
        self, office: User, sign_in: SignIn, school: School, morning: Morning
    ) -> None:
        last_year = ClassGroupFactory(school=school, name="Oak", academic_year=2024)
        url = Morning(last_year, morning.session, [], morning.sessions).url

        assert sign_in(office).get(url).status_code == 404

    def test_takes_no_marks_for_a_closed_session(
        self, office: User, sign_in: SignIn, school: School, morning: Morning
    ) -> None:
        closed = SessionFactory(
            school=school, on=TUESDAY.replace(day=17), half="AM", half_term="Autumn 2", status="closed"
        )
        page = Browser(sign_in(office), Morning(morning.class_group, closed, morning.pupils, [])).open()

        assert "The school was closed: Planned closure (#)." in page.words
        assert "register-form" not in page.html
