"""Tables as files that spreadsheets open."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from registers.imports.cells import with_formula_guard

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows as CSV that our own imports read back; a text that looks like a formula is guarded."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([with_formula_guard("" if cell is None else str(cell)) for cell in row])
    return out.getvalue().encode("utf-8-sig")  # the mark tells spreadsheets that it is UTF-8


def as_xlsx(rows: Iterable[Sequence[object]], *, title: str) -> bytes:
    """Return rows as a spreadsheet: the header in bold and fixed, every text a text and never a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    bold = Font(bold=True)
    for number, row in enumerate(rows):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet)
            if isinstance(value, int | date):
                cell.value = value
            elif value not in (None, ""):
                # Set as text: a code "=…" or a name "+…" must not be worked out.
                cell.value = _printable(str(value))
                cell.data_type = "s"
            if number == 0:
                cell.font = bold
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _printable(text: str) -> str:
    """Return a text without the control characters that a spreadsheet cannot hold."""
    return "".join(letter for letter in text if letter in "\t\n" or ord(letter) >= 32)
