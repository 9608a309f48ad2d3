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
from django.utils.safestring import SafeString, mark_safe

from registers.code_choices import ABSENT, CLEAR, LATE, code_key, options_of, refused_codes
from registers.models import Pupil, Session
from registers.rules.age import is_compulsory_age
from registers.rules.codes import CODE_BY_SYMBOL, LATE_CODES, PRESENT_IN_HALF
from registers.rules.looks import Look, look_of
from registers.rules.times import SessionTimes, classify_arrival
from registers.selectors.registers import RecentMark, RegisterPage, RegisterRow
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
    dress: "Dress"
    recent: tuple[RecentMark, ...] = ()
    is_ahead: bool = False
    word: str = ""  # what somebody told of it and nobody has judged yet
    fault: str = ""
    fault_field: str = "mark"

    @property
    def refused(self) -> tuple[str, ...]:
        """Return the codes that cannot stand for this pupil."""
        return self.dress.refused(self.pupil)

    @property
    def options(self) -> str:
        """Return the list of other codes, the one that is shown chosen."""
        return self.dress.options(self.code, self.refused)

    @property
    def look(self) -> Look:
        """Return how the code is drawn."""
        return look_of(self.code, self.dress.session.on) if self.code in self.dress.known else Look.NONE

    @property
    def name_of_code(self) -> str:
        """Return what the code means."""
        return code_name(self.code) if self.code in self.dress.known or not self.code else self.code

    @property
    def days(self) -> list[SafeString]:
        """Return the recent marks, one cell for each day."""
        return self.dress.days(self.recent)

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


class Dress:
    """What rows of one register look like; worked out when a page is drawn, which a saving never is."""

    def __init__(self, page: RegisterPage, *, today: date) -> None:
        self.session = page.session
        self.present = PRESENT_IN_HALF[page.session.half]
        self.excused = page.with_timetable
        self.columns = {on: day(on, today) for on in page.recent_days}
        self.known = {
            choice.symbol for group in code_key(self.session.on, self.session.half) for choice in group.codes
        }
        self._drawn: dict[RecentMark, SafeString] = {}

    def refused(self, pupil: Pupil) -> tuple[str, ...]:
        """Return the codes that cannot stand for a pupil in this session."""
        compulsory = is_compulsory_age(pupil.date_of_birth, self.session.on)
        return refused_codes(compulsory=compulsory, excused=pupil.pk in self.excused)

    def options(self, code: str, refused: tuple[str, ...]) -> str:
        """Return the choices of the list of other codes."""
        listed = "" if code in {self.present, ABSENT, LATE} else code
        return options_of(self.session.on, self.session.half, refused, listed)

    def days(self, recent: tuple[RecentMark, ...]) -> list[SafeString]:
        """Return one cell for each recent day, oldest first."""
        marks_of_day: dict[date, list[SafeString]] = {on: [] for on in self.columns}
        for mark in recent:
            marks_of_day[mark.on].append(self._draw(mark))
        # Each mark was made safe when it was drawn.
        return [mark_safe(" ".join(marks)) for marks in marks_of_day.values()]  # noqa: S308

    def _draw(self, mark: RecentMark) -> SafeString:
        if mark not in self._drawn:
            label = f"{self.columns[mark.on]} {mark.half}: {code_name(mark.code)}"
            self._drawn[mark] = draw_mark(mark.code, mark.on, label, "small")
        return self._drawn[mark]


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
        self.times = page.times.as_rule(page.session.half)
        self.present = PRESENT_IN_HALF[page.session.half]
        self.data = data
        self.reason = (data.get("reason", "") if data is not None else "").strip()
        self.reason_fault = ""
        self.other_faults: list[Fault] = []
        self.notes: list[str] = []
        self.dress = Dress(page, today=self.at.date())
        self.rows = [self._row(row) for row in page.rows]
        self.marks: list[MarkInput] = []
        if data is not None:
            for row in self.rows:
                self._read(row, data)

    @property
    def day_columns(self) -> list[date]:
        """Return the recent days, oldest first, each of which has a column."""
        return list(self.dress.columns)

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

    def show_recent(self, page: RegisterPage) -> None:
        """Take the marks of recent days from a page that was read with them, to draw what cannot be saved."""
        self.page = page
        self.dress = Dress(page, today=self.at.date())
        recent = {row.pupil.pk: row.recent for row in page.rows}
        for row in self.rows:
            row.dress = self.dress
            row.recent = recent.get(row.id, ())

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
        pk = row.key
        row.seen = Standing.from_text(data.get(f"seen_{pk}", ""))
        row.shown = data.get(f"shown_{pk}", row.seen.code)
        row.arrived_text = data.get(f"arrived_{pk}", "").strip()
        row.nature = data.get(f"nature_{pk}", "").strip()
        radio, listed = data.get(f"mark_{pk}", ""), data.get(f"code_{pk}", "")
        entered = self._chosen(row.shown, radio, listed)
        if entered is None:
            row.code = radio
            row.fault = f"Choose either {_named(radio)} or {_named(listed)}, not both"
            return
        row.code = entered
        try:
            arrived_at = self._arrival(row)
        except ValueError as fault:
            row.fault, row.fault_field = str(fault), "arrived"
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
        return Row(
            pupil=source.pupil,
            seen=Standing(source.code, source.arrived_at, source.nature),
            shown=code,
            code=code,
            arrived_text=f"{source.arrived_at:%H:%M}" if source.arrived_at else "",
            nature=expected.nature if expected else source.nature,
            reason=source.expected.reason if source.expected else "",
            dress=self.dress,
            recent=source.recent,
            is_ahead=source.source == "ahead",
            # Word matters where no mark says more: none, or N.
            word=source.word if source.expected is None and source.code in ("", "N") else "",
        )


def _named(symbol: str) -> str:
    if symbol not in CODE_BY_SYMBOL:
        return symbol or "no mark"
    return f"{symbol} ({code_name(symbol)})"


def minutes_left(session: Session, *, at: datetime) -> int:
    """Return the whole minutes until the register closes, 0 when less than one is left."""
    return max(0, int((session.closes_at - at).total_seconds() // 60))
