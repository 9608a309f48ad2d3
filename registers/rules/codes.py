"""
The national attendance and absence codes, in force and withdrawn, with what each one counts as.

Sources: School Attendance (Pupil Registration) (England) Regulations 2024 (SI 2024/208) regulation 10;
Working
together to improve school attendance (August 2024) chapter 8; the withdrawn codes as counted by the
Department
for Education's national files. Names follow the only policy document that prints the full table
(002:354-511).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

# The 2024 regulations came into force on this day; codes withdrawn by them end the day before.
NATIONAL_CHANGE_ON = date(2024, 8, 19)
LAST_OLD_DAY = date(2024, 8, 18)


class StatisticalClass(StrEnum):
    """What a code counts as."""

    PRESENT = "P"
    ATTENDING_ELSEWHERE = "A"  # approved educational activity: counts as attending
    AUTHORISED = "AU"
    UNAUTHORISED = "UN"
    NOT_POSSIBLE = "NP"  # outside numerator and denominator


ATTENDING = frozenset({StatisticalClass.PRESENT, StatisticalClass.ATTENDING_ELSEWHERE})
ABSENT = frozenset({StatisticalClass.AUTHORISED, StatisticalClass.UNAUTHORISED})


@dataclass(frozen=True)
class CodeRule:
    """One code: when it was valid, for which half of the day and which age, and what it counts as."""

    symbol: str
    name: str
    group: str
    statistical_class: StatisticalClass
    half: str = ""  # "AM" or "PM" when valid in one half only
    is_late: bool = False
    nature_required: bool = False
    age_rule: str = ""  # "compulsory" or "non_compulsory" when valid for one only
    valid_from: date | None = None
    valid_to: date | None = None
    # False for what the calendar says of the whole school (#, Y4) or of nobody on roll (Z): never stored as a
    # mark.
    is_mark: bool = True

    def is_valid_on(self, on: date) -> bool:
        """Say whether the code could be used on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on <= self.valid_to
        )


P, A, AU, UN, NP = StatisticalClass
NEW = NATIONAL_CHANGE_ON
OLD = LAST_OLD_DAY

NATIONAL_CODES: tuple[CodeRule, ...] = (
    CodeRule("/", "Present (morning)", "present", P, half="AM"),
    CodeRule("\\", "Present (afternoon)", "present", P, half="PM"),
    CodeRule("L", "Late, before the register closed", "present", P, is_late=True),
    CodeRule(
        "K",
        "Provision arranged by the local authority",
        "elsewhere",
        A,
        nature_required=True,
        valid_from=NEW,
    ),
    CodeRule("V", "Educational visit or trip", "elsewhere", A, nature_required=True),
    CodeRule("P", "Supervised sporting activity", "elsewhere", A, nature_required=True),
    CodeRule("W", "Work experience", "elsewhere", A, nature_required=True),
    CodeRule("B", "Other approved educational activity", "elsewhere", A, nature_required=True),
    CodeRule("D", "Due at the other school where registered", "elsewhere", NP, nature_required=True),
    CodeRule("C1", "Performance or employment abroad", "leave", AU, valid_from=NEW),
    CodeRule("M", "Medical or dental appointment", "leave", AU),
    CodeRule("J1", "Interview", "leave", AU, valid_from=NEW),
    CodeRule("S", "Study leave for a public examination", "leave", AU),
    CodeRule(
        "X",
        "Not of compulsory school age, not required",
        "leave",
        NP,
        age_rule="non_compulsory",
    ),
    CodeRule("C2", "Part-time timetable", "leave", AU, age_rule="compulsory", valid_from=NEW),
    CodeRule("C", "Exceptional circumstances", "leave", AU),
    CodeRule("T", "Parent travelling for work", "authorised", AU),
    CodeRule("R", "Religious observance", "authorised", AU),
    CodeRule("I", "Illness", "authorised", AU),
    CodeRule("E", "Suspended or excluded", "authorised", AU),
    CodeRule(
        "Q",
        "No access arrangements by the local authority",
        "unavoidable",
        NP,
        nature_required=True,
        valid_from=NEW,
    ),
    CodeRule(
        "Y1",
        "Transport not available",
        "unavoidable",
        NP,
        nature_required=True,
        valid_from=NEW,
    ),
    CodeRule(
        "Y2",
        "Widespread travel disruption",
        "unavoidable",
        NP,
        nature_required=True,
        valid_from=NEW,
    ),
    CodeRule(
        "Y3",
        "Part of the premises closed",
        "unavoidable",
        NP,
        nature_required=True,
        valid_from=NEW,
    ),
    CodeRule(
        "Y4",
        "Whole school unexpectedly closed",
        "unavoidable",
        NP,
        nature_required=True,
        valid_from=NEW,
        is_mark=False,
    ),
    CodeRule(
        "Y5",
        "Criminal justice detention",
        "unavoidable",
        NP,
        nature_required=True,
        valid_from=NEW,
    ),
    CodeRule(
        "Y6",
        "Public health guidance or law",
        "unavoidable",
        NP,
        nature_required=True,
        valid_from=NEW,
    ),
    CodeRule(
        "Y7",
        "Other unavoidable cause",
        "unavoidable",
        NP,
        nature_required=True,
        valid_from=NEW,
    ),
    CodeRule("G", "Holiday not granted", "unauthorised", UN),
    CodeRule("N", "Reason not yet known", "unauthorised", UN),
    CodeRule("O", "Other or unknown reason", "unauthorised", UN),
    CodeRule("U", "Arrived after the register closed", "unauthorised", UN, is_late=True),
    CodeRule("Z", "Not yet on roll", "administrative", NP, is_mark=False),
    CodeRule("#", "Planned closure of the whole school", "administrative", NP, is_mark=False),
    # Withdrawn codes, met in histories brought from other systems.
    CodeRule("H", "Agreed family holiday (withdrawn)", "withdrawn", AU, valid_to=OLD),
    CodeRule(
        "F",
        "Extended family holiday (withdrawn)",
        "withdrawn",
        AU,
        valid_to=date(2014, 4, 20),
    ),
    CodeRule("J", "Interview (withdrawn)", "withdrawn", A, valid_to=OLD),
    CodeRule(
        "Y",
        "Unable to attend (withdrawn)",
        "withdrawn",
        NP,
        valid_from=date(2011, 9, 1),
        valid_to=OLD,
    ),
)
CODE_BY_SYMBOL: dict[str, CodeRule] = {rule.symbol: rule for rule in NATIONAL_CODES}


def question_of_nature(rule: CodeRule) -> str:
    """Return what has to be said of a code with a condition, as a clause; "" for a code without one."""
    if not rule.nature_required:
        return ""
    if rule.symbol == "D":
        return "Say at which other school the pupil is registered"
    return f"Say what the activity or circumstance is for code {rule.symbol}"


THRESHOLD_CODES = frozenset({"G", "N", "O", "U"})  # national penalty threshold (GEN-06)
LATE_CODES = frozenset({"L", "U"})  # late occasions (GEN-17)
PRESENT_IN_HALF = {"AM": "/", "PM": "\\"}


def code_on(symbol: str, on: date) -> CodeRule | None:
    """Return the rule of a code on a day; None when there is no such code or it was not valid then."""
    rule = CODE_BY_SYMBOL.get(symbol)
    return rule if rule is not None and rule.is_valid_on(on) else None


def statistical_class(symbol: str, on: date) -> StatisticalClass:
    """
    Return what a code counts as on a day.

    :raises KeyError: there is no such code, or it was not valid on that day
    """
    rule = code_on(symbol, on)
    if rule is None:
        raise KeyError(symbol)
    return rule.statistical_class


def fault_of(symbol: str, *, on: date, half: str) -> str | None:
    """
    Return in one clause why a code cannot stand in a session of that day, or None when it can (age apart).
    """
    rule = CODE_BY_SYMBOL.get(symbol)
    if rule is None:
        return f"code {symbol!r} is not a national attendance code"
    if not rule.is_valid_on(on):
        if rule.valid_to is not None and on > rule.valid_to:
            return f"code {symbol} was withdrawn after {rule.valid_to.isoformat()}"
        return f"code {symbol} was not yet in use on {on.isoformat()}"
    if not rule.is_mark:
        return f"code {symbol} is set for the whole school in the calendar, not as a mark"
    if rule.half and rule.half != half:
        return f"code {symbol} is for {rule.half} sessions only"
    return None
