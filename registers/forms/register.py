"""
What a person enters in a register, and how a register's rows are shown.

The page is one plain form: for each pupil three radios, a list of the other codes, an arrival time and the
nature of an activity. The script only makes the same controls quicker to reach, so both are read here alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property

from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from registers.code_choices import ABSENT, CLEAR, LATE, code_key, options_of, refused_codes
from registers.models import Pupil, Session
from registers.rules.age import is_compulsory_age
from registers.rules.codes import CODE_BY_SYMBOL, LATE_CODES, PRESENT_IN_HALF
from registers.rules.looks import Look, look_of
from registers.rules.times import SessionTimes, classify_arrival
from registers.selectors.registers import RegisterPage, RegisterRow
from registers.services.marks import MarkInput
from registers.words import clock, code_name, day, draw_mark


@dataclass(frozen=True)
class Standing:
    """What stands, or is to stand, for one pupil; the same three values that a mark has."""

    code: str = ""
    arrived_at: time | None = None
    nature: str = ""

    def as_text(self) -> str:
        """Return the value as the page carries it; the nature comes last, because it may hold anything."""
        arrived = f"{self.arrived_at:%H:%M}" if self.arrived_at else ""
        return f"{self.code}|{arrived}|{self.nature}"

    @classmethod
    def from_text(cls, text: str) -> "Standing":
        """Return the value that a page carried; nothing for a text that no page of ours wrote."""
        parts = text.split("|", 2)
        if len(parts) != 3:
            return cls()
        try:
            arrived = time.fromisoformat(parts[1]) if parts[1] else None
        except ValueError:
            arrived = None
        return cls(parts[0], arrived, parts[2])


@dataclass
class Row:
    """One pupil's line as the page shows it."""

    pupil: Pupil
    seen: Standing  # what stood in the register when the person read it
    shown: str  # the code that the page offered first: the mark, or a known absence
    code: str
    arrived_text: str
    nature: str
    reason: str  # why the code is known before the register is taken
    days: tuple[SafeString, ...]  # recent marks, one cell for each day
    is_ahead: bool = False
    options: str = ""
    refused: tuple[str, ...] = ()  # codes that cannot stand for this pupil
    look: Look = Look.NONE
    name_of_code: str = ""
    fault: str = ""
    fault_field: str = "mark"

    @property
    def id(self) -> int:
        """Return the pupil's id."""
        return self.pupil.pk

    @cached_property
    def key(self) -> str:
        """Return the id as the row's controls are named: a text, which templates print without locale."""
        return str(self.pupil.pk)

    @property
    def fault_href(self) -> str:
        """Return the link from the error summary to the control that is wrong."""
        return {
            "mark": f"#mark-{self.id}-present",
            "arrived": f"#arrived-{self.id}",
            "nature": f"#nature-{self.id}",
        }[self.fault_field]


@dataclass(frozen=True)
class Fault:
    """One line of the error summary."""

    message: str
    href: str = ""


def session_times(session: Session) -> SessionTimes:
    """Return the session's own times, by which an arrival is judged."""
    opens, late_after, closes = (
        timezone.localtime(at).time().replace(second=0, microsecond=0)
        for at in (session.opens_at, session.late_after_at, session.closes_at)
    )
    return SessionTimes(session.half, opens, late_after, closes)


def parse_clock(text: str) -> time | None:
    """
    Return the time somebody typed ("9:12", "0912", "9.12am"), None for an empty text.

    :raises ValueError: it is no time of the day
    """
    typed = text.strip().lower().replace(" ", "")
    if not typed:
        return None
    afternoon = typed.endswith("pm")
    typed = typed.removesuffix("am").removesuffix("pm").replace(".", ":")
    if ":" not in typed and len(typed) in (3, 4):
        typed = f"{typed[:-2]}:{typed[-2:]}"
    hours, colon, minutes = typed.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        raise ValueError(text)
    hour = int(hours)
    return time(hour + 12 if afternoon and hour < 12 else hour, int(minutes))


class RegisterForm:
    """The entries of one register: as they stand, or as somebody posted them."""

    def __init__(self, page: RegisterPage, data: QueryDict | None = None, *, at: datetime) -> None:
        self.page = page
        self.session = page.session
        self.at = timezone.localtime(at)
        self.times = session_times(page.session)
        self.present = PRESENT_IN_HALF[page.session.half]
        self.data = data
        self.reason = (data.get("reason", "") if data is not None else "").strip()
        self.reason_fault = ""
        self.other_faults: list[Fault] = []
        self.notes: list[str] = []
        self._columns = _columns_of(page, self.at.date())
        self.rows = [self._row(row) for row in page.rows]
        self.marks: list[MarkInput] = []
        if data is not None:
            for row in self.rows:
                self._read(row, data)

    @property
    def day_columns(self) -> list[date]:
        """Return the recent days, oldest first, each of which has a column."""
        return list(self._columns)

    @property
    def marked(self) -> int:
        """Return how many pupils have a mark, counting what is entered but not saved."""
        return sum(bool(row.code) for row in self.rows)

    @property
    def faults(self) -> list[Fault]:
        """Return everything that is wrong, in the order of the page."""
        faults = list(self.other_faults)
        if self.reason_fault:
            faults.append(Fault(self.reason_fault, "#reason"))
        return faults + [
            Fault(f"{row.pupil.full_name}: {row.fault}", row.fault_href) for row in self.rows if row.fault
        ]

    def is_valid(self) -> bool:
        """Say whether every entry can be read."""
        return not self.faults

    def refuse(self, faults: Mapping[int, str]) -> None:
        """Show why marks cannot stand, beside each pupil."""
        for row in self.rows:
            if row.id in faults:
                row.fault = faults[row.id]
                row.fault_field = "nature" if faults[row.id].startswith("Say ") else "mark"

    def show_conflict(self, current: Mapping[int, str]) -> None:
        """
        Show both values where somebody else changed a mark meanwhile.

        The row now counts as read with the other person's mark, so that saving again replaces it knowingly.
        """
        for row in self.rows:
            if row.id in current:
                standing = current[row.id]
                row.fault = (
                    f"Somebody else changed this mark to {_named(standing)} while you had the register open. "
                    f"You entered {_named(row.code)}. Save again to replace their mark, or choose theirs."
                )
                row.seen = Standing(standing)
                row.shown = standing

    # --- reading --------------------------------------------------------------------------------------------

    def _read(self, row: Row, data: QueryDict) -> None:
        row.seen = Standing.from_text(data.get(f"seen_{row.id}", ""))
        row.shown = data.get(f"shown_{row.id}", row.seen.code)
        row.arrived_text = data.get(f"arrived_{row.id}", "").strip()
        row.nature = data.get(f"nature_{row.id}", "").strip()
        radio, listed = data.get(f"mark_{row.id}", ""), data.get(f"code_{row.id}", "")
        entered = self._chosen(row.shown, radio, listed)
        if entered is None:
            row.code = radio
            row.fault = f"Choose either {_named(radio)} or {_named(listed)}, not both"
            self._dress(row)
            return
        row.code = entered
        try:
            arrived_at = self._arrival(row)
        except ValueError as fault:
            row.fault, row.fault_field = str(fault), "arrived"
            self._dress(row)
            return
        rule = CODE_BY_SYMBOL.get(row.code)
        if row.code != row.seen.code and rule is not None and not rule.nature_required:
            row.nature = ""  # it was said of the mark before
        if arrived_at is not None and row.code in {"", self.present, *LATE_CODES}:
            # The school's own times decide what an arrival means, not the key that was pressed.
            judged = classify_arrival(self.times, arrived_at)
            if row.code and judged != row.code:
                self.notes.append(
                    f"{row.pupil.full_name} arrived at {clock(arrived_at)}: marked {_named(judged)}."
                )
            row.code = judged
        self._dress(row)
        wanted = Standing(row.code, arrived_at, row.nature)
        if wanted != row.seen:
            self.marks.append(MarkInput(row.id, row.code, arrived_at, row.nature, seen_code=row.seen.code))

    def _arrival(self, row: Row) -> time | None:
        """
        Return the time of arrival that goes with the mark.

        A time that was read with the old mark does not hold the new one back: "late at 9:12" corrected to
        present or ill loses its 9:12.

        :raises ValueError: the text is no time, or lies in the future; the message is fit to show
        """
        try:
            arrived_at = parse_clock(row.arrived_text)
        except ValueError:
            raise ValueError("Enter the time of arrival like 9:12") from None
        if arrived_at is None:
            return None
        if row.code != row.seen.code and arrived_at == row.seen.arrived_at:
            row.arrived_text = ""
            return None
        if self.session.on == self.at.date() and arrived_at > self.at.time():
            raise ValueError(f"The time of arrival cannot be later than now, {clock(self.at)}")
        return arrived_at

    def _chosen(self, shown: str, radio: str, listed: str) -> str | None:
        """
        Return the code meant by the radios and the list together; None when they contradict each other.

        A radio cannot be taken back without a script: whichever of the two differs from what the page
        offered is what the person did.
        """
        quick = {self.present, ABSENT, LATE}
        offered_radio, offered_listed = (shown, "") if shown in quick else ("", shown)
        if not listed or not radio:
            code = listed or radio
        elif radio == offered_radio:
            code = listed
        elif listed == offered_listed:
            code = radio
        else:
            return None
        # Both strokes are the same key to a person; the half decides.
        return "" if code == CLEAR else self.present if code in PRESENT_IN_HALF.values() else code

    # --- showing --------------------------------------------------------------------------------------------

    def _row(self, source: RegisterRow) -> Row:
        expected = source.expected if source.expected is not None and not source.is_marked else None
        code = expected.code if expected else source.code
        marks_of_day: dict[date, list[SafeString]] = {on: [] for on in self._columns}
        for recent in source.recent:
            label = f"{self._columns[recent.on]} {recent.half}: {code_name(recent.code)}"
            marks_of_day[recent.on].append(draw_mark(recent.code, recent.on, label, "small"))
        row = Row(
            pupil=source.pupil,
            seen=Standing(source.code, source.arrived_at, source.nature),
            shown=code,
            code=code,
            arrived_text=f"{source.arrived_at:%H:%M}" if source.arrived_at else "",
            nature=source.nature,
            reason=source.expected.reason if source.expected else "",
            is_ahead=source.source == "ahead",
            days=tuple(
                format_html_join(" ", "{}", ((drawn,) for drawn in marks)) for marks in marks_of_day.values()
            ),
        )
        self._dress(row)
        return row

    def _dress(self, row: Row) -> None:
        """Fill in what follows from the row's code and pupil."""
        compulsory = is_compulsory_age(row.pupil.date_of_birth, self.session.on)
        excused = row.pupil.pk in self.page.with_timetable
        row.refused = refused_codes(compulsory=compulsory, excused=excused)
        listed = "" if row.code in {self.present, ABSENT, LATE} else row.code
        row.options = options_of(self.session.on, self.session.half, row.refused, listed)
        known = {
            choice.symbol for group in code_key(self.session.on, self.session.half) for choice in group.codes
        }
        row.look = look_of(row.code, self.session.on) if row.code in known else Look.NONE
        row.name_of_code = code_name(row.code) if row.code in known or not row.code else row.code


def _columns_of(page: RegisterPage, today: date) -> dict[date, str]:
    """Return the recent days with their words, oldest first."""
    return {on: day(on, today) for on in page.recent_days}


def _named(symbol: str) -> str:
    if symbol not in CODE_BY_SYMBOL:
        return symbol or "no mark"
    return f"{symbol} ({code_name(symbol)})"


def minutes_left(session: Session, *, at: datetime) -> int:
    """Return the whole minutes until the register closes, 0 when less than one is left."""
    return max(0, int((session.closes_at - at).total_seconds() // 60))
