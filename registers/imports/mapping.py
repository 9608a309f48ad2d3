"""
Files of other systems read as ours: columns recognised by their usual names, dates and words as people write
them, marks in rows or in a grid, spreadsheets as well as CSV.

What comes out is one of our own CSV files, so that one import judges every file. Where a row of the file
becomes several of ours, `lines` tells which line each came from.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, BinaryIO
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from accounts.errors import DomainError

MOST_ROWS = 400_000
MOST_COLUMNS = 1000
# What the library raises for a file that only looks like a spreadsheet.
UNREADABLE = (BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, OSError, SyntaxError)
SPREADSHEET = b"PK\x03\x04"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Their names for our columns, letters and digits only, in lower case. The first of ours that fits wins.
NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "pupils": {
        "upn": _words("upn uniquepupilnumber pupilupn"),
        "surname": _words("surname legalsurname lastname familyname preferredsurname"),
        "forename": _words("forename legalforename firstname givenname preferredforename"),
        "date_of_birth": _words("dateofbirth dob birthdate"),
        "year_group": _words("yeargroup year ncyear nationalcurriculumyear curriculumyear ncyeargroup"),
        "class_name": _words(
            "classname class form reg reggroup registrationgroup registrationform tutorgroup"
        ),
        "start_date": _words("startdate admissiondate dateofadmission doa enrolmentdate entrydate"),
        "leaving_date": _words("leavingdate dateofleaving dol leavedate"),
        "sex": _words("sex gender legalsex"),
        "fsm": _words("fsm fsmeligible freeschoolmeals eligibleforfreemeals eligibleforfsm"),
        "sen": _words("sen senstatus senprovision sencode"),
        "ehcp": _words("ehcp hasehcp ehcplan"),
        "flags": _words("flags"),
    },
    "contacts": {
        "upn": _words("upn uniquepupilnumber pupilupn"),
        "name": _words("name contactname parentname fullname contactfullname"),
        "relationship": _words("relationship relation relationshiptopupil"),
        "priority": _words("priority contactpriority order contactorder"),
        "phone": _words("phone telephone mobile mainphone primaryphone telephonenumber mobilenumber"),
        "email": _words("email emailaddress primaryemail mainemail"),
        "address": _words("address homeaddress fulladdress"),
        "parental_responsibility": _words("parentalresponsibility pr hasparentalresponsibility"),
        "lives_with": _words("liveswith liveswithpupil samehousehold livesatsameaddress"),
        "receives_letters": _words("receivesletters correspondence pupilreport receivescorrespondence"),
    },
    "marks": {
        "upn": _words("upn uniquepupilnumber pupilupn"),
        "date": _words("date markdate sessiondate attendancedate day"),
        "session": _words("session ampm period halfday sessionname"),
        "code": _words("code mark attendancecode attendancemark markcode"),
        "arrived_at": _words("arrivedat arrivaltime timearrived timein"),
        "nature": _words("nature comment comments notes"),
    },
    # Nobody else exports these: our own names, in any order and from a spreadsheet too.
    "previous_marks": {name: (name,) for name in _words("upn date session code school")},
    "calendar": {
        "kind": ("kind",),
        "name": ("name",),
        "first_day": ("firstday",),
        "last_day": ("lastday",),
    },
    "timetables": {
        "upn": ("upn",),
        "first_day": ("firstday",),
        "last_day": ("lastday",),
        "review_on": ("reviewon",),
        "agreed_on": ("agreedon",),
        "absent_sessions": ("absentsessions",),
    },
}
DATES = frozenset(_words("date_of_birth start_date leaving_date date first_day last_day review_on agreed_on"))
HALVES = {
    "am": "AM",
    "morning": "AM",
    "a": "AM",
    "1": "AM",
    "pm": "PM",
    "afternoon": "PM",
    "p": "PM",
    "2": "PM",
}
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{1,2}|[A-Za-z]{3,9})[/.\- ](\d{4}|\d{2})")
_GRID = re.compile(r"(.*?)[ _:\-]*(am|pm)", re.IGNORECASE)
MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}


class CannotBeRead(DomainError):
    """The file is neither CSV nor a spreadsheet that can be read."""


@dataclass(frozen=True)
class Recognised:
    """A file as one of ours, with what was made of its columns."""

    stream: BinaryIO
    lines: tuple[int, ...]  # of the given file, for each line of ours; lines[1] is the header's
    columns: tuple[tuple[str, str], ...]  # their name, our name
    passed_over: tuple[str, ...]  # their columns that say nothing that Rollcall keeps

    def line_of(self, ours: int) -> int:
        """Return the line of the given file from which one of our lines came."""
        return self.lines[ours] if 0 <= ours < len(self.lines) else ours


def recognise(stream: BinaryIO, kind: str) -> Recognised:
    """
    Return a file of another system as one of ours; `kind` is "pupils", "contacts" or "marks".

    A file that is ours already comes out with the same words. Columns that cannot be recognised are passed
    over; what is missing is for the import to say.

    :raises CannotBeRead: it is neither CSV nor a spreadsheet, or far larger than any school's
    """
    rows = _rows(stream)
    header_line, header = next(rows, (1, ()))
    ours = _recognised_columns(header, NAMES[kind])
    grid = _grid_columns(header) if kind == "marks" and "code" not in ours.values() else {}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = list(ours.values())
    writer.writerow([*names, "date", "session", "code"] if grid else names)
    lines = [0, header_line]
    for line, cells in rows:
        values = [_plain(ours[place], cells[place]) if place < len(cells) else "" for place in ours]
        if not grid:
            if any(cells):
                writer.writerow(values)
                lines.append(line)
            continue
        for place, (day, half) in grid.items():
            code = cells[place].strip() if place < len(cells) else ""
            if code and code != "-":
                writer.writerow([*values, day.isoformat(), half, code])
                lines.append(line)
        if len(lines) > MOST_ROWS:
            raise CannotBeRead(f"The file holds more than {MOST_ROWS:,} marks: bring it in by the command.")
    known = {*ours, *grid}
    return Recognised(
        io.BytesIO(out.getvalue().encode()),
        tuple(lines),
        (
            *((header[place], name) for place, name in ours.items()),
            *((header[place], f"{day.isoformat()} {half}") for place, (day, half) in grid.items()),
        ),
        tuple(name for place, name in enumerate(header) if place not in known and name.strip()),
    )


def _recognised_columns(header: Sequence[str], names: Mapping[str, tuple[str, ...]]) -> dict[int, str]:
    """Return the place of each column that is recognised, with our name; each of ours stands once."""
    found: dict[int, str] = {}
    squeezed = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    for ours, theirs in names.items():
        place = next((squeezed.index(name) for name in theirs if name in squeezed), None)
        if place is not None and place not in found:
            found[place] = ours
    return dict(sorted(found.items()))


def _grid_columns(header: Sequence[str]) -> dict[int, tuple[date, str]]:
    """Return the columns that are sessions, such as "08/09/2025 AM"."""
    found = {}
    for place, name in enumerate(header):
        match = _GRID.fullmatch(name.strip())
        day = _day_of(match[1].strip(" -_:")) if match else None
        if match and day is not None:
            found[place] = (day, match[2].upper())
    return found


def _day_of(text: str) -> date | None:
    """Read a date as people write it, day first, or ISO; None when it is none."""
    text = re.sub(r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[ ,]+", "", text.lower())
    try:
        return date.fromisoformat(text[:10]) if re.match(r"\d{4}-\d{2}-\d{2}", text) else _day_first(text)
    except ValueError:
        return None


def _day_first(text: str) -> date | None:
    match = _DAY_FIRST.fullmatch(text)
    if match is None:
        return None
    month = int(match[2]) if match[2].isdigit() else MONTHS.get(match[2][:3], 0)
    year = int(match[3])
    return date(year + 2000 if year < 100 else year, month, int(match[1]))


def _plain(name: str, text: str) -> str:
    """Return a cell in the words of our files; what is not understood stays for the import to refuse."""
    text = text.strip()
    if name in DATES:
        day = _day_of(text)
        # Two digits of a birth year would be guessed at.
        is_short = bool(re.fullmatch(r".*[/.\- ]\d{2}", text)) and not re.match(r"\d{4}-", text)
        return text if day is None or (is_short and name == "date_of_birth") else day.isoformat()
    if name == "session":
        return HALVES.get(text.lower(), text)
    if name == "year_group":
        return _year_group(text)
    if name == "sen":
        return {"sen support": "K", "no sen": "N", "ehcp": "E", "education, health and care plan": "E"}.get(
            text.lower(), text[:1].upper() if text[:1].upper() in ("N", "K", "E") else text
        )
    return text


def _year_group(text: str) -> str:
    word = re.sub(r"^(?:nc )?year\s*", "", text.lower()).strip()
    if word in ("reception", "rec", "0", "r"):
        return "R"
    if word.startswith("n"):
        return "N"
    return str(int(word)) if word.isdigit() else text


# --- files as rows of text ----------------------------------------------------------------------------------


def _rows(stream: BinaryIO) -> Iterator[tuple[int, tuple[str, ...]]]:
    start = stream.read(4)
    stream.seek(0)
    return _of_spreadsheet(stream) if start == SPREADSHEET else _of_csv(stream)


def _of_csv(stream: BinaryIO) -> Iterator[tuple[int, tuple[str, ...]]]:
    content = stream.read()
    for encoding in ("utf-8-sig", "cp1252"):  # spreadsheets on Windows save in the latter
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise CannotBeRead("The file is no text: save it as CSV.")
    if "\0" in text:
        raise CannotBeRead("The file is no text: save it as CSV.")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if len(cells) > MOST_COLUMNS:
                raise CannotBeRead(f"Line {line} has more than {MOST_COLUMNS:,} columns.")
            if any(cell.strip() for cell in cells):
                yield line, tuple(cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise CannotBeRead(f"Line {line} cannot be read as CSV: {error}.") from error


def _of_spreadsheet(stream: BinaryIO) -> Iterator[tuple[int, tuple[str, ...]]]:
    try:
        book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        for line, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), start=1):
            if line > MOST_ROWS:
                raise CannotBeRead(f"The spreadsheet has more than {MOST_ROWS:,} rows.")
            texts = tuple(_text(cell) for cell in cells)
            if any(texts):
                yield line, texts
    except (
        BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        IndexError,
        OSError,
        SyntaxError,
    ) as error:
        raise CannotBeRead("The file is no spreadsheet that can be read: save it as .xlsx or CSV.") from error


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value).strip()
