"""
The Common Transfer File: pupils and their attendance, as one school's system gives them to another's.

The file is read as it comes in, element by element, by a parser that knows no entities, no document type and
no other addresses. What is wrong is named with the line of the file and the element.
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

import defusedxml.sax
from defusedxml import DefusedXmlException
from django.db import transaction

from accounts.models import School, User
from registers.imports import cells
from registers.imports.faults import Faults, FileRefused
from registers.imports.marks import import_marks
from registers.imports.sheets import CellFault
from registers.models import Pupil
from registers.rules.codes import CODE_BY_SYMBOL
from registers.services import admissions, previous_marks
from registers.services.previous_marks import PreviousMarkInput
from registers.services.refusals import RowsRefused

# Two characters where a code has two; no code is a digit alone, so the longer reading is the right one.
TOKEN = re.compile(r"[A-Z][1-9]|.")
# What a file says of sessions that were none: closed, no mark, not yet on roll.
NOTHING = frozenset({"#", "-", "Z"})
LONGEST_MARKS = 2 * 366  # tokens of one year's string
LONGEST_TEXT = 20_000  # characters of one element
MOST_PUPILS = 5000
HALVES = ("AM", "PM")
SEX = {"M": "M", "F": "F", "1": "M", "2": "F", "U": "", "9": "", "": ""}


@dataclass
class CtfYear:
    """The attendance of one pupil at one school in one year."""

    line: int
    school_name: str = ""
    sessions: list[tuple[int, date, str, str]] = field(default_factory=list)  # line, day, half, code


@dataclass
class CtfPupil:
    """One pupil of the file; `line` is where the pupil's element begins."""

    line: int
    upn: str = ""
    surname: str = ""
    forename: str = ""
    date_of_birth: date | None = None
    sex: str = ""
    years: list[CtfYear] = field(default_factory=list)


@dataclass(frozen=True)
class CtfAdmission:
    """How pupils of the file who are not known here are admitted."""

    class_name: str
    year_group: str
    start_date: date


@dataclass(frozen=True)
class CtfImported:
    """What an import did: pupils of the file, those admitted, and marks; `left_out` sessions were none."""

    pupils: int
    admitted: int
    recorded: int
    amended: int
    unchanged: int
    left_out: int


@transaction.atomic
def import_ctf(
    school: School,
    stream: BinaryIO,
    *,
    name: str,
    on: date,
    by: User,
    at: datetime,
    admission: CtfAdmission | None = None,
    is_own: bool = False,
    amend_reason: str = "",
    position: str = "",
) -> CtfImported:
    """
    Take in a Common Transfer File, all of it or nothing; `name` is what faults call the file.

    Attendance is of the school before and counts to the penalty threshold only; with `is_own` it is this
    school's own, kept in another system until now. Names of known pupils stay as the school has them.

    :raises FileRefused: with every fault
    """
    faults = Faults(name)
    pupils, left_out = read_ctf(stream, faults)
    faults.refuse_if_any()
    admitted = _admit(school, pupils, faults, admission, on=on, by=by, at=at)
    if is_own:
        done = _own_marks(
            school, pupils, name=name, by=by, at=at, amend_reason=amend_reason, position=position
        )
    else:
        done = _previous_marks(school, pupils, faults, on=on, by=by, at=at)
    recorded, amended, unchanged, also_left_out = done
    return CtfImported(len(pupils), admitted, recorded, amended, unchanged, left_out + also_left_out)


def _admit(
    school: School,
    pupils: Sequence[CtfPupil],
    faults: Faults,
    admission: CtfAdmission | None,
    *,
    on: date,
    by: User,
    at: datetime,
) -> int:
    """Admit the pupils who are not known here, and return how many."""
    known = {
        upn: born
        for upn, born in Pupil.objects.filter(
            school=school, upn__in=[pupil.upn for pupil in pupils]
        ).values_list("upn", "date_of_birth")
    }
    new: list[CtfPupil] = []
    for pupil in pupils:
        if pupil.upn not in known:
            new.append(pupil)
            if admission is None:
                text = f"pupil {pupil.upn} is not known here: say the class, the year group and the first day"
                faults.add(pupil.line, "UPN", text)
        elif known[pupil.upn] != pupil.date_of_birth:
            faults.add(pupil.line, "DOB", f"pupil {pupil.upn} was born on {known[pupil.upn]} by the register")
    faults.refuse_if_any()
    if not new or admission is None:
        return 0
    rows = [
        admissions.PupilInput(
            upn=pupil.upn,
            surname=pupil.surname,
            forename=pupil.forename,
            date_of_birth=pupil.date_of_birth or date.min,  # every pupil read has one
            year_group=admission.year_group,
            class_name=admission.class_name,
            start_date=admission.start_date,
            sex=pupil.sex or None,
        )
        for pupil in new
    ]
    try:
        return admissions.admit_pupils(school, rows, on=on, by=by, at=at).added
    except RowsRefused as refused:
        faults.add_refused([pupil.line for pupil in new], refused)
        faults.refuse_if_any()
        raise


def _own_marks(
    school: School,
    pupils: Sequence[CtfPupil],
    *,
    name: str,
    by: User,
    at: datetime,
    amend_reason: str,
    position: str,
) -> tuple[int, int, int, int]:
    """Record the marks as this school's own, by the import of marks; faults keep the lines of the file."""
    lines = [0, 0]  # the header of the table below is its line 1
    rows = ["upn,date,session,code"]
    for pupil in pupils:
        for year in pupil.years:
            for line, day, half, code in year.sessions:
                lines.append(line)
                rows.append(f"{pupil.upn},{day.isoformat()},{half},{code}")
    if len(rows) == 1:
        return 0, 0, 0, 0
    table = io.BytesIO("\n".join(rows).encode())
    try:
        done = import_marks(
            school, table, name=name, by=by, at=at, position=position, amend_reason=amend_reason
        )
    except FileRefused as refused:
        faults = Faults(name)
        faults.add_moved(refused, lines.__getitem__, "AttendanceMarks")
        faults.refuse_if_any()
        raise
    return done.recorded, done.amended, done.unchanged, done.closed


def _previous_marks(
    school: School, pupils: Sequence[CtfPupil], faults: Faults, *, on: date, by: User, at: datetime
) -> tuple[int, int, int, int]:
    """Record the marks as those of the school before; what is too old to count is left out."""
    ids = dict(
        Pupil.objects.filter(school=school, upn__in=[pupil.upn for pupil in pupils]).values_list("upn", "pk")
    )
    oldest = on - timedelta(days=previous_marks.LONGEST_BACK)
    rows: list[PreviousMarkInput] = []
    lines: list[int] = []
    left_out = 0
    for pupil in pupils:
        for year in pupil.years:
            for line, day, half, code in year.sessions:
                if day < oldest:
                    left_out += 1
                    continue
                lines.append(line)
                rows.append(
                    PreviousMarkInput(ids[pupil.upn], day, half, code, year.school_name or "not named")
                )
    if not rows:
        return 0, 0, 0, left_out
    try:
        done = previous_marks.record_previous_marks(school, rows, on=on, by=by, at=at)
    except RowsRefused as refused:
        faults.add_refused(lines, refused)
        faults.refuse_if_any()
        raise
    return done.recorded, done.changed, done.unchanged, left_out


# --- reading ------------------------------------------------------------------------------------------------


def read_ctf(stream: BinaryIO, faults: Faults) -> tuple[list[CtfPupil], int]:
    """Return the pupils of a file and how many sessions were none; what is wrong is added to the faults."""
    reader = _Reader(faults)
    try:
        defusedxml.sax.parse(stream, reader, forbid_dtd=True)
    except SAXParseException as error:
        faults.add(error.getLineNumber() or 0, "", f"is no well-formed XML: {error.getMessage()}")
    except DefusedXmlException:
        faults.add(0, "", "the file defines a document type or entities, which no transfer file does")
    except (LookupError, UnicodeError):
        faults.add(0, "", "the file is in an encoding that cannot be read")
    except _TooMuch as error:
        faults.add(error.line, "", str(error))
    if not faults.total and not reader.is_ctf:
        faults.add(0, "", "the file is not a Common Transfer File: its first element is not CTfile")
    if not faults.total and not reader.pupils:
        faults.add(0, "", "the file names no pupil")
    return reader.pupils, reader.left_out


class _TooMuch(Exception):
    """The file is larger than any transfer file is."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


class _Reader(ContentHandler):
    """Gathers pupils and their attendance; everything else in the file is passed over."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self.faults = faults
        self.pupils: list[CtfPupil] = []
        self.left_out = 0
        self.is_ctf = False
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._line = 0
        self._pupil: CtfPupil | None = None
        self._year: CtfYear | None = None
        self._starts_on: date | None = None
        self._seen: set[str] = set()

    @property
    def _here(self) -> int:
        locator = getattr(self, "_locator", None)  # given by the parser before the first element
        return int(locator.getLineNumber() or 0) if locator else 0

    def startElement(self, name: str, attrs: Any) -> None:
        """Begin a pupil, a year, or the text of an element."""
        name = name.rpartition(":")[2]
        if not self._path:
            self.is_ctf = name.lower() == "ctfile"
        self._path.append(name)
        if len(self._path) > 50:
            raise _TooMuch(self._here, "elements stand more than fifty deep in each other")
        self._text, self._line, self._length = [], self._here, 0
        if name == "Pupil" and self._pupil is None:
            if len(self.pupils) >= MOST_PUPILS:
                raise _TooMuch(self._here, f"the file names more than {MOST_PUPILS:,} pupils")
            self._pupil = CtfPupil(self._here)
        elif name == "YearData" and self._pupil is not None:
            self._year = CtfYear(self._here)
        elif name == "AttendSessions":
            self._starts_on = None

    def characters(self, content: str) -> None:
        """Keep the text of the element that is open."""
        self._length += len(content)
        if self._length > LONGEST_TEXT:
            raise _TooMuch(self._line, f"an element holds more than {LONGEST_TEXT:,} characters")
        self._text.append(content)

    def endElement(self, name: str) -> None:
        """Take what an element said."""
        name = name.rpartition(":")[2]
        text = "".join(self._text).strip()
        parent = self._path[-2] if len(self._path) > 1 else ""
        self._path.pop()
        if self._pupil is None:
            pass
        elif name == "Pupil" and "Pupil" not in self._path:
            self._end_pupil(self._pupil)
            self._pupil = None
        elif parent == "Pupil":
            self._particular(self._pupil, name, text)
        elif self._year is not None:
            if name == "YearData":
                self._pupil.years.append(self._year)
                self._year = None
            else:
                self._attendance(self._year, name, text)
        self._text, self._length = [], 0

    def _particular(self, pupil: CtfPupil, name: str, text: str) -> None:
        try:
            if name == "UPN":
                pupil.upn = cells.required(cells.upn)(text)
            elif name == "Surname":
                pupil.surname = cells.required(cells.text(100))(text)
            elif name == "Forename":
                pupil.forename = cells.required(cells.text(100))(text)
            elif name == "DOB":
                pupil.date_of_birth = cells.required(cells.day)(text)
            elif name in ("Gender", "Sex"):
                if text.upper() not in SEX:
                    raise CellFault(f"{text[:20]!r} is not one of M, F, U")
                pupil.sex = SEX[text.upper()]
        except CellFault as fault:
            self.faults.add(self._line, name, str(fault))

    def _end_pupil(self, pupil: CtfPupil) -> None:
        for name, value in (
            ("UPN", pupil.upn),
            ("Surname", pupil.surname),
            ("Forename", pupil.forename),
            ("DOB", pupil.date_of_birth),
        ):
            if not value:
                self.faults.add(pupil.line, name, "is missing or cannot be read")
        if pupil.upn in self._seen:
            self.faults.add(pupil.line, "UPN", f"pupil {pupil.upn} stands twice")
        self._seen.add(pupil.upn)
        self.pupils.append(pupil)

    def _attendance(self, year: CtfYear, name: str, text: str) -> None:
        if name == "SchoolName":
            year.school_name = text[:120]
        elif name == "AttendanceStartDate":
            try:
                self._starts_on = cells.required(cells.day)(text)
            except CellFault as fault:
                self.faults.add(self._line, name, str(fault))
        elif name == "AttendanceMarks":
            if self._starts_on is None:
                self.faults.add(self._line, name, "no AttendanceStartDate that can be read stands before it")
                return
            for day, half, code in self._marks_of(text, self._starts_on):
                year.sessions.append((self._line, day, half, code))

    def _marks_of(self, text: str, starts_on: date) -> Iterator[tuple[date, str, str]]:
        """Yield day, half and code of each session that was one: AM, PM, AM, … from the first day on."""
        tokens = TOKEN.findall(text)
        if len(tokens) > LONGEST_MARKS:
            self.faults.add(self._line, "AttendanceMarks", "holds more sessions than a year has")
            return
        for place, token in enumerate(tokens):
            day, half = starts_on + timedelta(days=place // 2), HALVES[place % 2]
            if token in NOTHING:
                self.left_out += 1
            elif token not in CODE_BY_SYMBOL:
                text_of = f"{token!r} for {day} {half} is not a national attendance code"
                self.faults.add(self._line, "AttendanceMarks", text_of)
            else:
                yield day, half, token
