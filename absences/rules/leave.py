"""
Leave of absence: what it can be for, how a policy's words read, how much notice was given, which code it has.

Only the head or a designate decides, for exceptional circumstances, and only in advance (SI 2024/208 reg 11;
000:242, 001:232, 002:203-225, 003:96, 004:194). Nothing here decides: it says what the decider is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from absences.rules.terms import Leave, LeaveNotice

WEEK = 7  # days


@dataclass(frozen=True)
class LeaveKind:
    """
    What leave is asked for: its words for a parent and the code that the decider is offered first.

    `detail` is what has to be known of this kind besides the reasons; empty for nothing.
    """

    key: str
    label: str
    code: str
    hint: str = ""
    detail: str = ""
    detail_hint: str = ""
    needs_detail: bool = False


KINDS: tuple[LeaveKind, ...] = (
    LeaveKind("holiday", "A holiday", "C"),
    LeaveKind("family", "A family event", "C", "such as a wedding or a reunion"),
    LeaveKind("bereavement", "A death, a funeral or a serious illness in the family", "C"),
    LeaveKind(
        "religious",
        "A religious festival",
        "R",
        "a day that your religious body sets apart",
        "Which religious body sets this day apart?",
        "Such as the name of your faith or place of worship, and of the festival",
        needs_detail=True,
    ),
    LeaveKind(
        "performance",
        "A performance",
        "C1",
        "such as acting, dancing or modelling, paid or not",
        "Licence or exemption",
        "The reference of the council’s licence, if you have it yet",
    ),
    LeaveKind("sport", "Sport", "C", "such as a competition or a trial", "Who organises it?"),
    LeaveKind("interview", "An interview or entrance test", "J1", "", "Which school or college?"),
    LeaveKind("study", "Study for a public examination", "S", "", "Which examination?"),
    LeaveKind("exam", "An examination outside school", "C", "such as a music examination"),
    LeaveKind("military", "A parent in the armed forces goes away or comes home", "C"),
    LeaveKind("abroad", "A visit to the country the family comes from", "C"),
    LeaveKind("protest", "A protest or a march", ""),
    LeaveKind("other", "Something else", "C"),
)
KIND_BY_KEY: dict[str, LeaveKind] = {kind.key: kind for kind in KINDS}

# What the school's leave may be recorded as; C2 stands on a part-time timetable (SI 2024/208 reg 11(6)).
GRANT_CODES: tuple[tuple[str, str], ...] = (
    ("C", "C: exceptional circumstances"),
    ("C1", "C1: regulated performance or employment abroad"),
    ("J1", "J1: interview"),
    ("S", "S: study leave for a public examination"),
    ("R", "R: day set apart for religious observance"),
)
# National: a holiday that was not granted is G, any other absence that was not is O (002:354-511).
HOLIDAY_TAKEN, OTHER_TAKEN = "G", "O"
# Marks of an absence without a reason that the school accepted; U is a child who came, however late.
UNACCEPTED = frozenset({"N", "O", "G"})

CONSULTED: tuple[tuple[str, str], ...] = (
    ("other_settings", "Another school or setting"),
    ("local_authority", "The local authority"),
    ("family", "The family"),
    ("staff", "Somebody at this school"),
    ("other", "Somebody else"),
)

# --- a policy's names in words --------------------------------------------------------------------------

TEST_WORDS: dict[str, str] = {
    "unique_and_significant_value_outweighs_lost_teaching": (
        "Is it of unique and significant emotional, educational or spiritual value to the child, and does "
        "that outweigh the teaching lost?"
    ),
    "one_off_unique": "Is it a one-off, unique event?",
    "rare": "Is it rare?",
    "rare_for_pupil": "Is absence of this kind rare for this pupil?",
    "significant": "Is it significant?",
    "unavoidable": (
        "Is it unavoidable: could it not reasonably be held outside term time, whoever planned or paid?"
    ),
    "short": "Is it short?",
    "usual_attendance_above_95": "Is the usual attendance above 95 %?",
}
EXAMPLE_WORDS: dict[str, str] = {
    "bereavement_illness_funeral": "a bereavement, a serious illness or a funeral in the family",
    "military_deployment": "time with a parent just before or after a long military deployment",
    "parent_wedding": "the wedding of a parent",
    "affordability": "what a holiday costs",
    "parental_leave_availability": "when a parent can get leave from work",
    "return_to_country_of_origin": (
        "a return to the country of origin for family, religious or cultural reasons"
    ),
    "religious_festival": "a religious festival",
    "family_member_seriously_ill": "a member of the family who is seriously ill",
    "armed_forces_leave": "a parent’s leave from the armed forces",
    "examination": "an examination, such as in music",
    "elite_sport": "elite sport",
    "protest": "taking part in a protest",
    "family_holiday_unlikely": "a family holiday (unlikely)",
}


def words_of(name: str) -> str:
    """Return a policy's name in words; a name that a school added itself reads as it is written."""
    return TEST_WORDS.get(name) or EXAMPLE_WORDS.get(name) or name.replace("_", " ")


def kind_label(key: str) -> str:
    """Return what leave is asked for in words."""
    return KIND_BY_KEY[key].label if key in KIND_BY_KEY else key


# --- what a decider may choose -------------------------------------------------------------------------


def grant_codes(leave: Leave) -> tuple[tuple[str, str], ...]:
    """
    Return the codes that may be granted at a school, with their words.

    A policy that lists lawful grounds (002:203-207) offers those; R is never leave but a right, and stays.
    """
    if not leave.lawful_grounds:
        return GRANT_CODES
    return tuple(pair for pair in GRANT_CODES if pair[0] in leave.lawful_grounds or pair[0] == "R")


def first_code(kind: str, leave: Leave) -> str:
    """Return the code offered first for a kind (LUN-12: C, and R when the day is set apart)."""
    wanted = KIND_BY_KEY[kind].code if kind in KIND_BY_KEY else "C"
    return wanted if wanted in {symbol for symbol, _ in grant_codes(leave)} else "C"


def never_granted(kind: str) -> bool:
    """Say whether leave of this kind can never be granted: protest in school hours (002:220, 000:240)."""
    return kind == "protest"


def taken_code(kind: str, leave: Leave, *, was_asked: bool) -> str:
    """Return what absence without leave is recorded as: by the policy, else by the national codes."""
    codes = leave.if_refused_and_taken if was_asked else leave.if_no_application
    if codes is None:
        return HOLIDAY_TAKEN if kind == "holiday" else OTHER_TAKEN
    return codes.holiday if kind == "holiday" else codes.other


# --- notice ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Notice:
    """
    How long before the first day leave was asked for, against what the policy wants.

    `wanted` and `given` are days (calendar or school days, as the policy counts); `is_met` is None where the
    policy sets no time. Short notice is flagged and never refused (WEL-14, 002:224).
    """

    given: int
    wanted: int | None
    unit: Literal["calendar", "school"]
    is_met: bool | None


def wanted_days(notice: LeaveNotice | None) -> int | None:
    """Return how many days before the first day a policy wants a request; None when it sets no time."""
    if notice is None:
        return None
    return notice.days if notice.days is not None else (notice.weeks or 0) * WEEK


def notice_given(
    notice: LeaveNotice | None, *, asked_on: date, first_day: date, school_days: Sequence[date]
) -> Notice:
    """
    Return the notice that was given.

    :param school_days: the school days from the day of asking on; read only where the policy counts them
    """
    unit: Literal["calendar", "school"] = notice.unit if notice else "calendar"
    if unit == "school":
        given = sum(asked_on <= day < first_day for day in set(school_days))
    else:
        given = (first_day - asked_on).days
    wanted = wanted_days(notice)
    return Notice(given, wanted, unit, None if wanted is None else given >= wanted)


def notice_words(notice: LeaveNotice | None) -> str:
    """Return the time that a policy sets for asking, as a family reads it; empty when it sets none."""
    wanted = wanted_days(notice)
    if notice is None or wanted is None:
        return ""
    length = f"{notice.weeks} weeks" if notice.weeks else f"{wanted} days"
    kind = "school days" if notice.unit == "school" and not notice.weeks else length.split()[1]
    length = f"{length.split()[0]} {kind}"
    if notice.strength == "where_possible":
        return f"Please ask at least {length} before, where you can."
    return f"Please ask at least {length} before the first day."


# --- who may ask ------------------------------------------------------------------------------------------

LIVES_ELSEWHERE = (
    "At this school leave has to be asked for by the parent whom the child normally lives with, so this "
    "does not count as a request for leave."
)


def applicant_fault(leave: Leave, *, lives_with: bool) -> str:
    """Return why this grown-up cannot ask for leave at a school (004:194); empty when they can."""
    if leave.applicant == "parent_child_normally_lives_with" and not lives_with:
        return LIVES_ELSEWHERE
    return ""


# --- the time asked for ---------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Half:
    """One half day. AM sorts before PM, so that halves compare as sessions do."""

    on: date
    half: str


@dataclass(frozen=True)
class Span:
    """From a session to a session, both included."""

    first: Half
    last: Half

    def holds(self, half: Half) -> bool:
        """Say whether a session lies in it."""
        return self.first <= half <= self.last


def days_words(sessions: int) -> str:
    """Return half days as days: "2 days", "half a day", "1½ days"."""
    whole, is_half = divmod(sessions, 2)
    if not is_half:
        return f"{whole} day" if whole == 1 else f"{whole} days"
    return f"{whole}½ days" if whole else "half a day"


def before_return(held: Sequence[Half], *, first: Half, back: Half) -> tuple[Half, ...]:
    """Return the sessions missed by somebody who is away from a session on and back for another."""
    return tuple(sorted(half for half in held if first <= half < back))


def split(
    missed: Sequence[Half], granted: Span
) -> tuple[tuple[Half, ...], tuple[Half, ...], tuple[Half, ...]]:
    """Return the sessions before, in and after the part that is granted."""
    return (
        tuple(half for half in missed if half < granted.first),
        tuple(half for half in missed if granted.holds(half)),
        tuple(half for half in missed if half > granted.last),
    )


def longest_day(first_day: date) -> date:
    """Return the last day on which leave asked from a day may end: a slip in a year asks for no decade."""
    return first_day + timedelta(days=366)
