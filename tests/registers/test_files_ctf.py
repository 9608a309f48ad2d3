"""The Common Transfer File: pupils and attendance from another school's system."""

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django_scopes import scope

from accounts.models import School, User
from registers.imports.ctf import CtfAdmission, CtfImported, import_ctf
from registers.imports.faults import FileRefused
from registers.models import ClassGroup, Enrolment, Mark, PreviousMark, Pupil
from tests.commands import everything_stored, run
from tests.factories.accounts import UserFactory
from tests.factories.registers import held_sessions, pupil_in_class

TODAY = date(2025, 11, 24)
AT = datetime(2025, 11, 24, 9, 0, tzinfo=UTC)
UPN = "A201001234567"

YEAR = """
<YearData><Year>2025</Year><LEA>999</LEA><Estab>1234</Estab><SchoolName>Dale Primary</SchoolName>
<SessionsPossible>8</SessionsPossible>
<AttendSessions><AttendanceStartDate>{start}</AttendanceStartDate>
<AttendanceMarks>{marks}</AttendanceMarks></AttendSessions></YearData>"""


def ctf(*pupils: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<CTfile>\n<Header><DocumentName>Common Transfer File'
        "</DocumentName></Header>\n<CTFpupilData>\n" + "\n".join(pupils) + "\n</CTFpupilData>\n</CTfile>\n"
    )


def one(upn: str = UPN, dob: str = "2016-03-15", attendance: str = "", sex: str = "Sex") -> str:
    return (
        f"<Pupil><UPN>{upn}</UPN><Surname>Abbot</Surname><Forename>Robin</Forename><DOB>{dob}</DOB>"
        f"<{sex}>F</{sex}><Attendance>{attendance}</Attendance></Pupil>"
    )


def marks(text: str, start: str = "2025-11-03") -> str:
    return YEAR.format(start=start, marks=text)


@pytest.fixture
def by() -> User:
    made: User = UserFactory()
    return made


def taken(school: School, text: str | bytes, by: User, **options: object) -> CtfImported:
    content = text if isinstance(text, bytes) else text.encode()
    with scope(school=school):
        return import_ctf(
            school,
            io.BytesIO(content),
            name="ctf.xml",
            on=TODAY,
            by=by,
            at=AT,
            **options,  # type: ignore[arg-type]
        )


def refused(school: School, text: str | bytes, by: User, **options: object) -> list[str]:
    before = everything_stored()
    with pytest.raises(FileRefused) as refusal:
        taken(school, text, by, **options)
    assert everything_stored() == before
    return [line.removeprefix("ctf.xml: ") for line in refusal.value.lines]


class TestAPupilWhoIsNew:
    def test_is_admitted_to_the_class_that_was_said(self, school: School, by: User) -> None:
        done = taken(
            school, ctf(one(sex="Gender")), by, admission=CtfAdmission("Oak", "5", date(2025, 11, 24))
        )

        assert done == CtfImported(1, 1, 0, 0, 0, 0)
        with scope(school=school):
            pupil = Pupil.objects.get()
            assert (pupil.upn, pupil.surname, pupil.forename, pupil.date_of_birth, pupil.sex) == (
                UPN,
                "Abbot",
                "Robin",
                date(2016, 3, 15),
                "F",
            )
            assert Enrolment.objects.get().starts_on == date(2025, 11, 24)

    def test_is_refused_without_a_class(self, school: School, by: User) -> None:
        assert refused(school, ctf(one()), by) == [
            f"line 5, column UPN: pupil {UPN} is not known here: "
            "say the class, the year group and the first day"
        ]


class TestAttendanceOfTheSchoolBefore:
    @pytest.fixture(autouse=True)
    def _pupil(self, class_group: ClassGroup) -> None:
        pupil_in_class(class_group, upn=UPN, starts_on=date(2025, 11, 17))

    def test_is_kept_apart_by_day_and_half_with_two_character_codes(self, school: School, by: User) -> None:
        done = taken(school, ctf(one(attendance=marks(r"/\GY1##C1O-N"))), by)

        assert done == CtfImported(1, 0, 7, 0, 0, 3)
        with scope(school=school):
            assert Mark.objects.count() == 0
            assert list(
                PreviousMark.objects.order_by("on", "half").values_list("on", "half", "code", "source_school")
            ) == [
                (date(2025, 11, 3), "AM", "/", "Dale Primary"),
                (date(2025, 11, 3), "PM", "\\", "Dale Primary"),
                (date(2025, 11, 4), "AM", "G", "Dale Primary"),
                (date(2025, 11, 4), "PM", "Y1", "Dale Primary"),
                (date(2025, 11, 6), "AM", "C1", "Dale Primary"),
                (date(2025, 11, 6), "PM", "O", "Dale Primary"),
                (date(2025, 11, 7), "PM", "N", "Dale Primary"),
            ]

    def test_can_be_taken_in_twice(self, school: School, by: User) -> None:
        text = ctf(one(attendance=marks("GO")))
        taken(school, text, by)

        assert taken(school, text, by) == CtfImported(1, 0, 0, 0, 2, 0)

    def test_takes_codes_of_before_the_change_on_days_when_they_were_valid(
        self, school: School, by: User
    ) -> None:
        done = taken(school, ctf(one(attendance=marks("HYJ", start="2024-07-01"))), by)

        assert done.recorded == 3

    def test_refuses_a_withdrawn_code_on_a_later_day_with_its_line(self, school: School, by: User) -> None:
        assert refused(school, ctf(one(attendance=marks("GH"))), by) == [
            "line 9, column code: code H was withdrawn after 2024-08-18"
        ]

    def test_leaves_out_what_is_too_old_to_count(self, school: School, by: User) -> None:
        done = taken(school, ctf(one(attendance=marks("GG", start="2019-07-01"))), by)

        assert done == CtfImported(1, 0, 0, 0, 0, 2)

    def test_names_a_birth_date_that_is_not_the_registers(self, school: School, by: User) -> None:
        assert refused(school, ctf(one(dob="2016-03-16")), by) == [
            f"line 5, column DOB: pupil {UPN} was born on 2016-03-15 by the register"
        ]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("*G", "'*' for 2025-11-03 AM is not a national attendance code"),
            ("!G", "'!' for 2025-11-03 AM is not a national attendance code"),
            ("GY9", "'Y9' for 2025-11-03 PM is not a national attendance code"),
            ("/\\" * 400, "holds more sessions than a year has"),
        ],
    )
    def test_refuses_what_is_no_code(self, school: School, by: User, text: str, says: str) -> None:
        assert refused(school, ctf(one(attendance=marks(text))), by) == [
            f"line 9, column AttendanceMarks: {says}"
        ]


class TestAttendanceOfThisSchool:
    def test_becomes_its_register(self, school: School, class_group: ClassGroup, by: User) -> None:
        pupil_in_class(class_group, upn=UPN)
        held_sessions(school, date(2025, 11, 3), date(2025, 11, 4))
        done = taken(school, ctf(one(attendance=marks("/\\I#"))), by, is_own=True)

        assert (done.recorded, done.left_out) == (3, 1)
        with scope(school=school):
            assert list(Mark.objects.order_by("session__number").values_list("code_id", flat=True)) == [
                "/",
                "\\",
                "I",
            ]

    def test_is_judged_as_every_import_is_with_the_line_of_the_file(
        self, school: School, class_group: ClassGroup, by: User
    ) -> None:
        pupil_in_class(class_group, upn=UPN)
        held_sessions(school, date(2025, 11, 3), date(2025, 11, 4))

        assert refused(school, ctf(one(attendance=marks("X"))), by, is_own=True) == [
            "line 9, column AttendanceMarks: code X is only for pupils outside compulsory school age"
        ]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE CTfile [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    "<CTfile><CTFpupilData><Pupil><UPN>&b;</UPN></Pupil></CTFpupilData></CTfile>"
)
FETCH = (
    '<?xml version="1.0"?><!DOCTYPE CTfile [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    "<CTfile><CTFpupilData><Pupil><UPN>&x;</UPN></Pupil></CTFpupilData></CTfile>"
)
DOCTYPE = "the file defines a document type or entities, which no transfer file does"


class TestAHostileOrBrokenFile:
    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (BOMB, DOCTYPE),
            (FETCH, DOCTYPE),
            ("", "line 1: is no well-formed XML: no element found"),
            ("<CTfile>", "line 1: is no well-formed XML: no element found"),
            ("upn,date\n", "line 1: is no well-formed XML: syntax error"),
            ("<html/>", "the file is not a Common Transfer File: its first element is not CTfile"),
            ("<CTfile/>", "the file names no pupil"),
            (
                "<CTfile>" + "<a>" * 60 + "</a>" * 60 + "</CTfile>",
                "line 1: elements stand more than fifty deep in each other",
            ),
            (
                "<CTfile><Pupil><UPN>" + "A" * 30_000 + "</UPN></Pupil></CTfile>",
                "line 1: an element holds more than 20,000 characters",
            ),
            (b'<?xml version="1.0" encoding="no-such"?><CTfile/>', None),
        ],
    )
    def test_is_refused_in_one_line(
        self, school: School, by: User, content: str | bytes, says: str | None
    ) -> None:
        lines = refused(school, content, by)

        assert len(lines) == 1
        assert says is None or lines == [says]

    def test_names_every_pupil_that_lacks_something(self, school: School, by: User) -> None:
        text = ctf(one(upn="A1"), one(upn="A1"), "<Pupil><UPN>A201001234567</UPN></Pupil>")

        assert refused(school, text, by) == [
            "line 6, column UPN: pupil A1 stands twice",
            "line 7, column DOB: is missing or cannot be read",
            "line 7, column Forename: is missing or cannot be read",
            "line 7, column Surname: is missing or cannot be read",
        ]


class TestTheCommand:
    def test_takes_a_file_in_and_shows_it_first_without(
        self, school: School, class_group: ClassGroup, tmp_path: Path
    ) -> None:
        pupil_in_class(class_group, upn=UPN, starts_on=date(2025, 11, 17))
        path = tmp_path / "ctf.xml"
        path.write_text(ctf(one(attendance=marks("GO"))))
        tried = run("import_ctf", path, "--school", "hill", "--dry-run", "--json")
        with scope(school=school):
            assert PreviousMark.objects.count() == 0
        done = run("import_ctf", path, "--school", "hill", "--json")

        assert tried.status == done.status == 0
        assert done.lines[0]["recorded"] == 2
        with scope(school=school):
            assert PreviousMark.objects.count() == 2

    @pytest.mark.parametrize(
        "words",
        [("--class", "Oak"), ("--amend-reason", "x"), ("--amend-reason", "", "--own", "--by", "a@b.example")],
    )
    def test_asks_for_options_that_go_together(
        self, school: School, tmp_path: Path, words: tuple[str, ...]
    ) -> None:
        path = tmp_path / "ctf.xml"
        path.write_text(ctf(one()))

        assert run("import_ctf", path, "--school", "hill", *words).status == 2
