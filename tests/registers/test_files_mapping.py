"""Exports of other systems, read as our own files."""

import io
from datetime import date

import pytest
from openpyxl import Workbook

from registers.imports.mapping import CannotBeRead, recognise


def read(text: str | bytes, kind: str) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    return recognise(io.BytesIO(content), kind).stream.read().decode().splitlines()


def spreadsheet(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class TestAListOfPupils:
    def test_is_recognised_by_the_names_of_its_columns(self) -> None:
        assert read(
            "Unique Pupil Number,Legal Surname,Forename,DOB,NC Year,Reg Group,Date of Admission,Gender\n"
            "A123456789012,Abbot,Robin,15/03/2016,Year 5,Oak,03/09/2025,Female\n",
            "pupils",
        ) == [
            "upn,surname,forename,date_of_birth,year_group,class_name,start_date,sex",
            "A123456789012,Abbot,Robin,2016-03-15,5,Oak,2025-09-03,Female",
        ]

    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [
            ("Reception", "R"),
            ("R", "R"),
            ("0", "R"),
            ("Nursery 2", "N"),
            ("Year 11", "11"),
            ("06", "6"),
            ("Middle", "Middle"),
        ],
    )
    def test_has_its_year_groups_in_our_words(self, theirs: str, ours: str) -> None:
        assert read(f"UPN,Year\nA,{theirs}\n", "pupils")[1] == f"A,{ours}"

    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [
            ("15/03/2016", "2016-03-15"),
            ("15-Mar-2016", "2016-03-15"),
            ("15.3.2016", "2016-03-15"),
            ("2016-03-15", "2016-03-15"),
            ("2016-03-15 00:00", "2016-03-15"),
            ("31/02/2016", "31/02/2016"),  # for the import to refuse
            ("15/03/16", "15/03/16"),  # of a birth year two digits are a guess
        ],
    )
    def test_has_its_dates_day_first_as_people_write_them(self, theirs: str, ours: str) -> None:
        assert read(f"UPN,DOB\nA,{theirs}\n", "pupils")[1] == f"A,{ours}"

    def test_says_which_columns_were_taken_for_what_and_which_passed_over(self) -> None:
        found = recognise(io.BytesIO(b"Pupil UPN,Last name,House\nA,B,Red\n"), "pupils")

        assert found.columns == (("Pupil UPN", "upn"), ("Last name", "surname"))
        assert found.passed_over == ("House",)

    def test_of_ours_comes_out_as_it_went_in(self) -> None:
        ours = (
            "upn,surname,forename,date_of_birth,year_group,class_name,start_date,sen,flags\n"
            "A,B,C,2016-03-15,5,Oak,2025-09-03,K,medical;send\n"
        )

        assert "\n".join(read(ours, "pupils")) + "\n" == ours


class TestMarks:
    def test_in_rows_keep_their_codes(self) -> None:
        assert read("UPN;Mark Date;AM/PM;Mark\nA;Mon 08/09/2025;Morning;C1\nA;08/09/25;pm;\\\n", "marks") == [
            "upn,date,session,code",
            "A,2025-09-08,AM,C1",
            "A,2025-09-08,PM,\\",
        ]

    def test_in_a_grid_become_a_row_each_and_keep_the_line_they_came_from(self) -> None:
        found = recognise(
            io.BytesIO(
                b"Name,UPN,08/09/2025 AM,08/09/2025 PM,09/09/2025 AM\nAbbot,A,/,\\,\n\nBaker,B,I,-,C2\n"
            ),
            "marks",
        )

        assert found.stream.read().decode().splitlines() == [
            "upn,date,session,code",
            "A,2025-09-08,AM,/",
            "A,2025-09-08,PM,\\",
            "B,2025-09-08,AM,I",
            "B,2025-09-09,AM,C2",
        ]
        assert [found.line_of(line) for line in (1, 2, 3, 4, 5)] == [1, 2, 2, 4, 4]
        assert found.passed_over == ("Name",)


class TestASpreadsheet:
    def test_is_read_like_csv_with_its_dates_and_numbers(self) -> None:
        content = spreadsheet(
            ["UPN", "Surname", "DOB", "Year"],
            ["A", "Abbot", date(2016, 3, 15), 5],
            [None, None, None, None],
            ["B", "Baker", date(2016, 4, 1), 5.0],
        )
        found = recognise(io.BytesIO(content), "pupils")

        assert found.stream.read().decode().splitlines() == [
            "upn,surname,date_of_birth,year_group",
            "A,Abbot,2016-03-15,5",
            "B,Baker,2016-04-01,5",
        ]
        assert [found.line_of(line) for line in (2, 3)] == [2, 4]

    @pytest.mark.parametrize(
        "content",
        [b"PK\x03\x04", b"PK\x03\x04" + b"x" * 1000, b"PK\x05\x06" + b"\0" * 18, b"\xff\xfe\0a", b"a\0b"],
    )
    def test_that_is_none_is_refused_in_a_sentence(self, content: bytes) -> None:
        with pytest.raises(CannotBeRead) as refused:
            recognise(io.BytesIO(content), "pupils")

        assert refused.value.message.startswith("The file is no ")


class TestAFileThatIsOdd:
    def test_in_the_encoding_of_an_old_spreadsheet_keeps_its_letters(self) -> None:
        assert read("UPN,Surname\nA,Zoë\n".encode("cp1252"), "pupils")[1] == "A,Zoë"

    def test_without_a_column_that_is_known_has_rows_without_cells(self) -> None:
        assert read("x,y\n1,2\n", "pupils") == ["", ""]

    def test_with_an_open_quotation_is_refused_with_its_line(self) -> None:
        with pytest.raises(CannotBeRead, match="Line 2 cannot be read as CSV"):
            recognise(io.BytesIO(b'UPN,Surname\nA,"B\n'), "pupils")

    def test_of_nothing_is_empty(self) -> None:
        assert read("", "pupils") == [""]
