"""What a person enters to amend a range of one pupil's marks, and which moment of the registers to show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.http import QueryDict

from registers.forms.register import Fault, parse_clock
from registers.rules.codes import CODE_BY_SYMBOL, LATE_CODES, PRESENT_IN_HALF
from registers.services.amendments import Entered
from registers.words import code_name

# Each is chosen by its number while the reason is empty; 002:156-161 asks for a reason, these are the usual.
REASONS = (
    "Note from home",
    "The parent rang",
    "Appointment card or letter seen",
    "Marked by mistake",
    "Signed in at the office",
    "Evidence received",
    "Decision of the headteacher",
)
LONGEST_REASON = 300
HALVES = ("AM", "PM")


@dataclass
class AmendForm:
    """The entries, as text until `read` has understood them."""

    first_on: str = ""
    first_half: str = "AM"
    last_on: str = ""
    last_half: str = "PM"
    code: str = ""
    arrived: str = ""
    nature: str = ""
    preset: str = ""
    reason_text: str = ""
    year: str = ""  # of the page to go back to
    period: str = ""
    seen: dict[int, str] = field(default_factory=dict)  # by session: the code that the person saw
    is_confirmed: bool = False
    faults: list[Fault] = field(default_factory=list)
    first: tuple[date, str] | None = None
    last: tuple[date, str] | None = None
    entered: Entered | None = None

    @classmethod
    def of(cls, data: QueryDict) -> "AmendForm":
        """Return the form with the entries of a request, not understood yet."""

        def text(name: str) -> str:
            return data.get(name, "").strip()

        return cls(
            first_on=text("first_on"),
            last_on=text("last_on"),
            code=text("code"),
            arrived=text("arrived"),
            nature=text("nature"),
            preset=text("preset"),
            year=text("year"),
            period=text("period"),
            first_half=_half(data.get("first_half", "AM"), "AM"),
            last_half=_half(data.get("last_half", "PM"), "PM"),
            reason_text=text("reason"),
            seen=seen_of(data.get("seen", "")),
            is_confirmed=data.get("confirm") == "yes",
        )

    @property
    def reason(self) -> str:
        """Return the reason: the one chosen, the words typed, or both."""
        return ": ".join(part for part in (self.preset, self.reason_text) if part)

    @property
    def needs_nature(self) -> bool:
        """Say whether the code asks for the nature of an activity or circumstance."""
        rule = CODE_BY_SYMBOL.get(self.code)
        return rule is not None and rule.nature_required

    @property
    def errors(self) -> dict[str, str]:
        """Return the first message for each field, for the words beside it."""
        found: dict[str, str] = {}
        for fault in self.faults:
            found.setdefault(fault.href.removeprefix("#"), fault.message)
        return found

    def refuse(self, message: str, name: str = "") -> None:
        """Add one line to what is wrong."""
        self.faults.append(Fault(message, f"#{name}" if name else ""))

    def read(self) -> bool:
        """Understand the entries; say whether all of them could be."""
        self.first = self._end("first_on", self.first_half, "Enter the first day of the range")
        self.last = self._end("last_on", self.last_half, "Enter the last day of the range")
        if self.first and self.last and self.last < self.first:
            self.refuse("The last session must come after the first", "last_on")
        arrived_at: time | None = None
        if self.code not in CODE_BY_SYMBOL:
            self.refuse("Choose the new code", "code")
        else:
            try:
                arrived_at = parse_clock(self.arrived)
            except ValueError:
                self.refuse("Enter the time of arrival like 9:12", "arrived")
            if arrived_at is not None and self.code not in {*LATE_CODES, *PRESENT_IN_HALF.values()}:
                self.refuse("An arrival time goes with present, L or U only", "arrived")
            if self.needs_nature and not self.nature:
                self.refuse(
                    f"Say what the activity or circumstance is for {self.code}, {code_name(self.code)}",
                    "nature",
                )
        if not self.reason:
            self.refuse("Choose or enter the reason for the amendment", "reason")
        elif len(self.reason) > LONGEST_REASON:
            self.refuse(f"The reason must be {LONGEST_REASON} characters or fewer", "reason")
        if len(self.nature) > 200:
            self.refuse("The nature must be 200 characters or fewer", "nature")
        self.entered = Entered(self.code, arrived_at, self.nature)
        return not self.faults

    def _end(self, name: str, half: str, missing: str) -> tuple[date, str] | None:
        text = getattr(self, name)
        try:
            return (date.fromisoformat(text), half)
        except ValueError:
            self.refuse("Enter a real date, such as 2026-11-24" if text else missing, name)
            return None


def _half(text: str, otherwise: str) -> str:
    return text if text in HALVES else otherwise


def seen_of(text: str) -> dict[int, str]:
    """Return the codes that a page showed, by session: "12=N,13=" says N at 12 and no mark at 13."""
    seen: dict[int, str] = {}
    for part in text.split(","):
        session, equals, code = part.partition("=")
        if equals and session.isdecimal() and len(session) < 19 and (not code or code in CODE_BY_SYMBOL):
            seen[int(session)] = code
    return seen


def seen_text(seen: Mapping[int, str]) -> str:
    """Return what `seen_of` reads."""
    return ",".join(f"{session}={code}" for session, code in seen.items())


LONGEST_SHOWN_DAYS = 62


@dataclass
class AsAtForm:
    """Which days of a class's registers to show, and as they stood when; no moment: as they stand."""

    first_on: str = ""
    last_on: str = ""
    at_day: str = ""
    at_time: str = ""
    faults: list[Fault] = field(default_factory=list)
    first_day: date | None = None
    last_day: date | None = None
    moment: datetime | None = None  # without a time zone: what a clock in England showed

    @classmethod
    def of(cls, data: QueryDict, *, first_day: date, last_day: date) -> "AsAtForm":
        """Return the entries of a request, or these days where it names none."""
        return cls(
            first_on=data.get("from", "").strip() or first_day.isoformat(),
            last_on=data.get("to", "").strip() or last_day.isoformat(),
            at_day=data.get("on", "").strip(),
            at_time=data.get("time", "").strip(),
        )

    @property
    def errors(self) -> dict[str, str]:
        """Return the first message for each field."""
        found: dict[str, str] = {}
        for fault in self.faults:
            found.setdefault(fault.href.removeprefix("#"), fault.message)
        return found

    def read(self, *, longest: int | None) -> bool:
        """Understand the entries; `longest` is the number of days that may be shown, None: any."""
        self.first_day = self._day("from", self.first_on)
        self.last_day = self._day("to", self.last_on)
        if self.first_day and self.last_day:
            if self.last_day < self.first_day:
                self.faults.append(Fault("The last day must not be before the first", "#to"))
            elif longest is not None and (self.last_day - self.first_day).days >= longest:
                self.faults.append(Fault(f"A page shows {longest} days at most: download the CSV", "#to"))
        if self.at_day or self.at_time:
            on = self._day("on", self.at_day)
            try:
                clock = parse_clock(self.at_time) or time(23, 59, 59, 999999)
            except ValueError:
                self.faults.append(Fault("Enter the time like 15:30", "#time"))
            else:
                self.moment = datetime.combine(on, clock) if on else None
        return not self.faults

    def _day(self, name: str, text: str) -> date | None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            words = "Enter a real date, such as 2026-11-24" if text else "Enter the day as well as the time"
            self.faults.append(Fault(words, f"#{name}"))
            return None
