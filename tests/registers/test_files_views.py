"""Files in the browser: looked at before they are taken in, and given out."""

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scope, scopes_disabled
from openpyxl import Workbook, load_workbook

from accounts.models import Event, School, User
from registers.models import ClassGroup, Mark, MarkEntry, Pupil, Session, UploadedFile
from registers.services.marks import MarkRow, load_marks
from registers.services.uploads import forget_old_uploads
from tests.cast import SignIn
from tests.commands import run
from tests.factories.accounts import UserFactory
from tests.factories.registers import held_sessions, london, pupil_in_class
from tests.factories.registers_files import UploadedFileFactory
from tests.registers.taking import clock_at, queries_of, words_of

TUESDAY = date(2025, 11, 11)


@pytest.fixture(autouse=True)
def _morning() -> Any:
    with clock_at(time(8, 30)):
        yield


@pytest.fixture
def client(sign_in: SignIn, office: User) -> Client:
    return sign_in(office)


@pytest.fixture
def child(class_group: ClassGroup, school: School) -> Pupil:
    held_sessions(school, date(2025, 11, 3), date(2025, 11, 7))
    return pupil_in_class(class_group, upn="A123456789012", surname="=SUM(A1)")


def sent(client: Client, kind: str, content: bytes, name: str = "list.csv") -> Any:
    return client.post(
        "/s/hill/files/take-in/", {"kind": kind, "file": SimpleUploadedFile(name, content)}, follow=True
    )


def parts_of(name: str, on: date) -> dict[str, str]:
    return {f"{name}_{part}": str(getattr(on, part)) for part in ("day", "month", "year")}


def waiting(school: School) -> UploadedFile:
    with scope(school=school):
        return UploadedFile.objects.get()


PUPILS = (
    b"Unique Pupil Number,Surname,Forename,DOB,Year,Form,Admission Date,House\n"
    b"A123456789013,Abbot,Robin,15/03/2016,Year 5,Oak,03/09/2025,Red\n"
    b"A123456789014,Baker,Sam,16/03/2016,Year 5,Oak,03/09/2025,Blue\n"
)


class TestAFileOfPupils:
    def test_is_looked_at_first_and_then_taken_in(self, client: Client, school: School, child: Pupil) -> None:
        page = sent(client, "pupils", PUPILS)

        words = words_of(page.content.decode())
        assert "Nothing has been changed yet." in words
        assert "2 added" in words
        assert "Passed over: House." in words
        assert "2 of 2 rows, those with faults first" in words
        with scope(school=school):
            assert Pupil.objects.count() == 1
        done = client.post(f"/s/hill/files/{waiting(school).pk}/", {"act": "take"}, follow=True)

        assert "list.csv is taken in: 2 added" in words_of(done.content.decode())
        with scope(school=school):
            assert Pupil.objects.count() == 3
            assert UploadedFile.objects.count() == 0

    def test_with_faults_names_each_on_its_own_line_and_cannot_be_taken_in(
        self, client: Client, school: School, child: Pupil
    ) -> None:
        page = sent(client, "pupils", PUPILS.replace(b"16/03/2016", b"36/03/2016"))

        text = page.content.decode()
        words = words_of(text)
        assert "The file cannot be taken in: 1 fault." in words
        assert "line 3, column date_of_birth:" in words
        assert 'value="take"' not in text
        client.post(f"/s/hill/files/{waiting(school).pk}/", {"act": "take"})
        with scope(school=school):
            assert Pupil.objects.count() == 1

    def test_can_be_put_aside(self, client: Client, school: School, child: Pupil) -> None:
        sent(client, "pupils", PUPILS)
        client.post(f"/s/hill/files/{waiting(school).pk}/put-aside/", {"act": "aside"})

        with scope(school=school):
            assert (UploadedFile.objects.count(), Pupil.objects.count()) == (0, 1)

    def test_is_taken_in_once_though_two_press_the_button(
        self, client: Client, school: School, child: Pupil
    ) -> None:
        sent(client, "pupils", PUPILS)
        address = f"/s/hill/files/{waiting(school).pk}/"

        assert client.post(address, {"act": "take"}).status_code == 302
        assert client.post(address, {"act": "take"}).status_code == 404

    def test_of_a_spreadsheet_works_alike(self, client: Client, school: School, child: Pupil) -> None:
        book = Workbook()
        for row in csv.reader(io.StringIO(PUPILS.decode())):
            book.active.append(row)
        out = io.BytesIO()
        book.save(out)

        words = words_of(sent(client, "pupils", out.getvalue(), "list.xlsx").content.decode())
        assert "2 added" in words


class TestAFileOfMarks:
    CONTENT = b"UPN,03/11/2025 AM,03/11/2025 PM\nA123456789012,/,I\n"

    def test_in_a_grid_is_recorded(self, client: Client, school: School, child: Pupil) -> None:
        sent(client, "marks", self.CONTENT)
        client.post(f"/s/hill/files/{waiting(school).pk}/", {"act": "take"})

        with scope(school=school):
            assert sorted(Mark.objects.values_list("session__half", "code_id")) == [("AM", "/"), ("PM", "I")]

    def test_that_differ_from_the_register_need_a_reason(
        self, client: Client, school: School, child: Pupil, office: User
    ) -> None:
        sent(client, "marks", self.CONTENT)
        client.post(f"/s/hill/files/{waiting(school).pk}/", {"act": "take"})
        page = sent(client, "marks", self.CONTENT.replace(b",/,", b",L,"))
        assert "The file cannot be taken in: 1 fault." in words_of(page.content.decode())
        address = f"/s/hill/files/{waiting(school).pk}/"
        again = client.post(address, {"act": "look", "amend_reason": "Late book"}, follow=True)
        assert "1 marks amended" in words_of(again.content.decode())
        client.post(address, {"act": "take", "amend_reason": "Late book"})

        with scope(school=school):
            entry = MarkEntry.objects.select_related("batch").get(old_code="/")
        assert (entry.new_code, entry.batch.reason, entry.batch.by_id) == ("L", "Late book", office.pk)

    def test_fill_the_rest_of_a_period_with_presence(
        self, client: Client, school: School, child: Pupil
    ) -> None:
        sent(client, "marks", self.CONTENT)
        parts = parts_of("present_from", date(2025, 11, 3)) | parts_of("present_to", date(2025, 11, 4))
        client.post(f"/s/hill/files/{waiting(school).pk}/", {"act": "take", **parts})

        with scope(school=school):
            assert Mark.objects.count() == 4


class TestAFileThatCannotBe:
    @pytest.mark.parametrize(
        ("posted", "says"),
        [
            ({}, "Choose what the file holds"),
            ({"kind": "secrets"}, "Choose a file"),
            ({"kind": "pupils", "file": SimpleUploadedFile("a.csv", b"")}, "The file is empty"),
        ],
    )
    def test_is_refused_at_the_form(
        self, client: Client, school: School, posted: dict[str, Any], says: str
    ) -> None:
        answer = client.post("/s/hill/files/take-in/", posted)

        assert answer.status_code == 422
        assert says in words_of(answer.content.decode())

    def test_read_is_told_on_its_page(self, client: Client, school: School) -> None:
        page = sent(client, "pupils", b"PK\x03\x04garbage", "x.xlsx")

        assert "The file is no spreadsheet that can be read: save it as .xlsx or CSV." in words_of(
            page.content.decode()
        )

    def test_wait_for_ever_is_forgotten_after_a_day(self, school: School) -> None:
        old = UploadedFileFactory(school=school)
        UploadedFileFactory(school=school, uploaded_at=old.uploaded_at + timedelta(hours=2))
        with scopes_disabled():
            assert forget_old_uploads(at=old.uploaded_at + timedelta(hours=25)) == 1
            assert UploadedFile.objects.count() == 1

    def test_name_shows_no_folder_and_no_script(self, client: Client, school: School) -> None:
        page = sent(client, "calendar", b"kind,name\n", '../../<script>alert("x")</script>.csv')

        assert b"<script>alert" not in page.content
        assert ".." not in waiting(school).name


def exported(client: Client, what: str, kind: str = "csv") -> Any:
    return client.post(
        "/s/hill/files/give-out/",
        {
            "what": what,
            "kind": kind,
            **parts_of("first_day", date(2025, 11, 3)),
            **parts_of("last_day", date(2025, 11, 7)),
        },
    )


class TestWhatIsGivenOut:
    @pytest.fixture(autouse=True)
    def _marks(self, school: School, child: Pupil) -> None:
        with scope(school=school):
            sessions = list(Session.objects.order_by("number"))
            load_marks(
                school,
                [
                    MarkRow(child.pk, one.pk, 2025, code)
                    for one, code in zip(sessions[:3], ("/", "I", "L"), strict=True)
                ],
                by=UserFactory(email="olive@hill.example"),
                at=london(date(2025, 11, 4), time(16, 0)),
            )

    def rows(self, client: Client, what: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(exported(client, what).content.decode("utf-8-sig"))))

    def test_as_a_register_has_a_column_for_each_session(self, client: Client) -> None:
        header, row = self.rows(client, "register")

        assert header[:6] == ["upn", "surname", "forename", "class_name", "2025-11-03 AM", "2025-11-03 PM"]
        assert row == ["A123456789012", "'=SUM(A1)", "Robin", "Oak", "/", "I", "L", *[""] * 7]

    def test_as_marks_is_what_the_command_exports(self, client: Client) -> None:
        command = run("export_marks", "--school", "hill", "--from", "2025-11-03", "--to", "2025-11-07")
        theirs = list(csv.reader(io.StringIO(command.out)))

        assert [row[:7] for row in self.rows(client, "marks")] == [row[:7] for row in theirs]

    def test_as_figures_is_what_the_selector_counts(self, client: Client) -> None:
        header, row = self.rows(client, "figures")

        assert dict(zip(header, row, strict=True)) == {
            "upn": "A123456789012",
            "surname": "'=SUM(A1)",
            "forename": "Robin",
            "class_name": "Oak",
            "possible": "3",
            "attended": "2",
            "authorised": "1",
            "unauthorised": "0",
            "absent": "1",
            "late": "1",
            "attendance_pct": "66.6",
            "persistent": "yes",
            "severe": "no",
        }

    def test_as_pupils_can_be_taken_in_again_without_a_change(self, client: Client, school: School) -> None:
        words = words_of(sent(client, "pupils", exported(client, "pupils").content).content.decode())

        assert "1 unchanged already" in words

    def test_as_a_spreadsheet_never_works_out_a_formula(self, client: Client) -> None:
        answer = exported(client, "pupils", "xlsx")
        sheet = load_workbook(io.BytesIO(answer.content)).active

        assert (sheet["B2"].value, sheet["B2"].data_type) == ("=SUM(A1)", "s")
        assert sheet["D2"].value == datetime(2016, 3, 15)  # noqa: DTZ001 - a cell has no zone
        assert sheet.freeze_panes == "A2"

    def test_is_kept_in_the_log_without_a_name(self, client: Client, office: User) -> None:
        exported(client, "marks")

        event = Event.objects.get(kind="registers.exported")
        assert (event.by_id, event.data) == (
            office.pk,
            {"what": "marks", "from": "2025-11-03", "to": "2025-11-07"},
        )

    def test_takes_the_same_statements_for_three_and_for_thirty(
        self, client: Client, class_group: ClassGroup
    ) -> None:
        asked = {
            "what": "register",
            "kind": "csv",
            **parts_of("first_day", date(2025, 11, 3)),
            **parts_of("last_day", date(2025, 11, 7)),
        }
        counts = []
        for count in (2, 27):
            for _ in range(count):
                pupil_in_class(class_group)
            counts.append(len(queries_of(client, "/s/hill/files/give-out/", asked)))

        assert counts[0] == counts[1]

    def test_of_too_long_a_time_is_refused(self, client: Client) -> None:
        answer = client.post(
            "/s/hill/files/give-out/",
            {
                "what": "register",
                "kind": "csv",
                **parts_of("first_day", date(2020, 9, 1)),
                **parts_of("last_day", date(2025, 9, 1)),
            },
        )

        assert answer.status_code == 422
        assert "Choose 70 days or fewer" in words_of(answer.content.decode())
