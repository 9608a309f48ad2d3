"""Reading a CSV file: whatever is wrong is named with its line and column, and nothing else ever happens."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registers.imports import cells
from registers.imports.faults import Faults, FileRefused
from registers.imports.sheets import Column, Sheet

COLUMNS = (
    Column("upn", cells.required(cells.upn)),
    Column("date", cells.required(cells.day)),
    Column("nature", cells.text(20), is_optional=True),
)


def read(content: str | bytes, columns=COLUMNS, **options):
    """Return the rows of a file as (line, values), and its faults as lines."""
    faults = Faults("marks.csv")
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    rows = [(row.line, dict(row.values)) for row in Sheet(stream, columns, faults=faults, **options).rows()]
    try:
        faults.refuse_if_any()
    except FileRefused as refused:
        return rows, list(refused.lines)
    return rows, []


ROWS = [(2, {"upn": "A1", "date": cells.day("2025-09-09"), "nature": "Zürich trip"})]


class TestAFileAsSystemsWriteIt:
    @pytest.mark.parametrize(
        "content",
        [
            "upn,date,nature\nA1,2025-09-09,Zürich trip\n",
            "upn,date,nature\nA1,2025-09-09,Zürich trip",
            "\ufeffupn,date,nature\r\nA1,2025-09-09,Zürich trip\r\n",
            "upn,date,nature\rA1,2025-09-09,Zürich trip\r",
            ' UPN , Date,NATURE\n a1 ," 2025-09-09 ",Zürich trip\n\n,,\n',
            "upn,date,nature,,\nA1,2025-09-09,Zürich trip,,\n",
        ],
        ids=["plain", "no last line end", "byte order mark", "old line ends", "blanks", "trailing commas"],
    )
    def test_is_read_all_the_same(self, content):
        assert read(content) == (ROWS, [])

    def test_may_leave_out_optional_columns(self):
        rows, faults = read("date,upn\n2025-09-09,A1\n")

        assert (rows, faults) == ([(2, {"date": cells.day("2025-09-09"), "upn": "A1"})], [])

    def test_counts_lines_over_quoted_line_ends(self):
        rows, faults = read('upn,date,nature\nA1,2025-09-09,"two\nlines"\nA2,2025-13-01,\n')

        assert [line for line, _ in rows] == [2]
        assert faults == [
            "marks.csv: line 4, column date: '2025-13-01' is not a date: write it as 2025-09-03"
        ]

    def test_without_rows_is_no_fault(self):
        assert read("upn,date\n") == ([], [])


class TestAWrongFile:
    def test_has_every_fault_named_with_line_and_column(self):
        rows, faults = read(
            "upn,date,nature\nA-1,09/09/2025,\nA2,2025-09-09,ok\n,2025-09-10,a nature that is too long\nA3\n"
        )

        assert [line for line, _ in rows] == [3]
        assert faults == [
            "marks.csv: line 2, column date: '09/09/2025' is not a date: write it as 2025-09-03",
            "marks.csv: line 2, column upn: 'A-1' is not a UPN: up to 13 letters and digits",
            "marks.csv: line 4, column nature: is longer than 20 characters",
            "marks.csv: line 4, column upn: is empty",
            "marks.csv: line 5: has 1 cells, the header has 3",
        ]

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            ("", "the file is empty"),
            ("\n\n", "the file is empty"),
            ("upn;date\nA1;2025-09-09\n", "line 1: the columns must be separated by commas"),
            ("upn\nA1\n", "line 1, column date: is missing from the header"),
            (
                "upn,date,when\nA1,x,x\n",
                "line 1, column when: is not a column of this file: upn, date, nature",
            ),
            ("upn,date,upn\nA1,x,x\n", "line 1, column upn: stands twice in the header"),
            ("upn,date\nA1,2025-09-09,more\n", "line 2: has 3 cells, the header has 2"),
            ('upn,date\nA1,"2025-09-09\n', "line 2: begins a quotation that never ends"),
            (
                'upn,date\nA1,"2025"-09-09\n',
                'line 2: has text after a closing quotation mark; write a quotation mark inside text as ""',
            ),
            (
                "upn,date\nA1,2025-09-09\nA\0,2025-09-09\n",
                "line 3: holds a null character: this is no text file",
            ),
            (
                "upn,date\nA1,2025-09-09\nÄ1,2025\n".encode("latin-1"),
                "line 3: is not UTF-8 text: save the file as CSV UTF-8",
            ),
            ("upn,date\n".encode("utf-16"), "line 1: is not UTF-8 text: save the file as CSV UTF-8"),
            ("upn,date\nA1," + "9" * 140_000, "line 2: has a cell of more than 131,072 characters"),
        ],
    )
    def test_gets_one_line_that_names_the_place(self, content, fault):
        assert read(content)[1] == [f"marks.csv: {fault}"]

    def test_with_very_many_faults_shows_fifty_and_how_many_more(self):
        _, faults = read("upn,date\n" + "A1,never\n" * 62)

        assert len(faults) == 51
        assert faults[0] == "marks.csv: line 2, column date: 'never' is not a date: write it as 2025-09-03"
        assert faults[-1] == "marks.csv: and 12 more"


class TestColumnsOfOurOwnExport:
    def test_are_passed_over(self):
        rows, faults = read("upn,date,recorded_by\nA1,2025-09-09,x\n", ignored=frozenset({"recorded_by"}))

        assert (len(rows), faults) == (1, [])


class TestProgress:
    def test_is_told_every_thousand_rows(self):
        told = []

        read("upn,date\n" + "A1,2025-09-09\n" * 2500, progress=told.append)

        assert told == [1000, 2000]


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


class TestAnyFile:
    @given(st.lists(st.tuples(text, text), max_size=20))
    def test_written_by_a_csv_writer_is_read_back(self, table):
        written = io.StringIO(newline="")
        csv.writer(written).writerows([("one", "two"), *table])
        columns = (Column("one", str), Column("two", str))

        rows, faults = read(written.getvalue(), columns)

        kept = [(one.strip(), two.strip()) for one, two in table if one.strip() or two.strip()]
        assert faults == []
        assert [(row["one"], row["two"]) for _, row in rows] == kept

    @given(st.binary(max_size=300))
    def test_of_any_bytes_is_read_or_refused_but_never_fails(self, content):
        rows, faults = read(b"upn,date\n" + content)

        assert all(line.startswith("marks.csv: line ") for line in faults)
        assert len({line for line, _ in rows}) == len(rows)


class TestTheFormulaGuard:
    @given(st.text(st.sampled_from("'=+-@ab"), max_size=8))
    def test_is_taken_off_again(self, written):
        assert cells.without_formula_guard(cells.with_formula_guard(written)) == written

    @pytest.mark.parametrize("written", ["=1+1", "+44", "-", "@home", "'=x", "\t=1"])
    def test_stands_before_what_a_spreadsheet_would_calculate(self, written):
        assert cells.with_formula_guard(written) == f"'{written}"

    @pytest.mark.parametrize("written", ["", "Museum", "'quoted'", "a=b"])
    def test_leaves_other_text_alone(self, written):
        assert cells.with_formula_guard(written) == written


class TestCells:
    @pytest.mark.parametrize("cell", ["yes", "Yes", "TRUE", "1", "y", "Y"])
    def test_yes_has_many_spellings(self, cell):
        assert cells.yes_or_no(if_empty=False)(cell) is True

    @pytest.mark.parametrize("cell", ["no", "No", "FALSE", "0", "n", "N"])
    def test_so_has_no(self, cell):
        assert cells.yes_or_no(if_empty=True)(cell) is False

    def test_an_address_has_one_line_for_each_part(self):
        assert cells.address("2 Valley Road, Anytown,AN1 2BB") == "2 Valley Road\nAnytown\nAN1 2BB"

    @pytest.mark.parametrize(
        ("read_cell", "cell"),
        [
            (cells.yes_or_no(if_empty=True), "maybe"),
            (cells.half, "Morning"),
            (cells.clock, "8.50"),
            (cells.clock, "24:00"),
            (cells.year_group, "14"),
            (cells.sex, "X"),
            (cells.sen, "S"),
            (cells.flags, "significant medical"),
            (cells.email, "nobody"),
            (cells.phone, "none"),
            (cells.whole_number(1, 99), "0"),
            (cells.whole_number(1, 99), "\u0663"),
            (cells.day, "20250909"),
            (cells.day, "0205-09-09"),
            (cells.day, "2025-W37-2"),
            (cells.upn, "A12345678901234"),
        ],
    )
    def test_that_cannot_be_read_say_so(self, read_cell, cell):
        with pytest.raises(Exception, match=r"is not|is neither") as raised:
            read_cell(cell)

        assert type(raised.value).__name__ == "CellFault"
