"""
When calls begin, whom to try next, how long an absence has lasted, and which steps the policy has then.

Pure rules of the first day's calls (000:146-149, 001:138-141, 002:192-198, 003:153-155 and 003:189,
004:121-123); what they are asked with is read elsewhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from absences.rules.contact import NUMBER_WRONG
from absences.rules.terms import Terms
from registers.rules.flags import flag_label

# Flags of pupils of whom somebody outside the school is told on unexplained absence: kind of the task, who
# it is, and where it is asked for (Working together to improve school attendance, 2024, for every school;
# Annex A of 000, 001 and 004; 002:196).
WORKERS: tuple[tuple[str, frozenset[str], str, str], ...] = (
    (
        "social_worker",
        frozenset({"social_worker", "child_protection", "child_in_need", "looked_after"}),
        "the social worker",
        "WT 2024, Annex A",
    ),
    ("virtual_school", frozenset({"looked_after"}), "the virtual school", "WT 2024, Annex A"),
    ("youth_justice", frozenset({"youth_offending"}), "the youth offending team", "002:196"),
)
# The time that calls have before somebody outside is told and before a day counts as one without contact.
CALLS_TAKE = timedelta(hours=1)


def begins_at(terms: Terms) -> time | None:
    """
    Return the time at which a school's calls begin, whatever its registers; None: when they close.

    Welbourn's policy names one (003:189).
    """
    start = terms.first_day.start
    return time.fromisoformat(start) if start not in (None, "morning") else None


def not_before(terms: Terms) -> time:
    """Return until when parents may report: nobody is called before (LUN-07)."""
    return time.fromisoformat(terms.reporting.deadline)


# --- whom to try


@dataclass(frozen=True)
class Person:
    """Somebody who may be called about a pupil, with numbers in the order to try them."""

    id: int
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """One attempt of today: whom, on which number, and what it came to."""

    person_id: int | None
    number: str
    outcome: str


@dataclass(frozen=True)
class Next:
    """The person and the number to try next."""

    person_id: int
    number: str
    is_first_round: bool


def next_number(
    people: Sequence[Person], tried: Sequence[Tried], wrong: frozenset[str] = frozenset()
) -> Next | None:
    """
    Return whom to try next: each in order with each number, then those not tried for longest; or nobody.

    `tried` are today's attempts in order; `wrong` are numbers that are known not to work.
    """
    dead = wrong | {one.number for one in tried if one.outcome == NUMBER_WRONG}
    usable = [(person.id, number) for person in people for number in person.numbers if number not in dead]
    last_tried = {
        (one.person_id, one.number): place for place, one in enumerate(tried) if one.person_id is not None
    }
    for person_id, number in usable:
        if (person_id, number) not in last_tried:
            return Next(person_id, number, is_first_round=True)
    if not usable:
        return None
    person_id, number = min(usable, key=lambda place: last_tried[place])
    return Next(person_id, number, is_first_round=False)


# --- how long


@dataclass(frozen=True)
class DayBefore:
    """A school day before the one looked at: did the pupil attend, and does all of it stay unexplained."""

    on: date
    attended: bool
    unexplained: bool


@dataclass(frozen=True)
class Run:
    """An absence without a known reason that lasts to the day looked at, that day included."""

    first_day: date
    days: int


def absent_for(on: date, before: Iterable[DayBefore]) -> int:
    """Return for how many school days in a row the pupil is away, the day itself included."""
    days = 1
    for one in before:
        if one.attended:
            break
        days += 1
    return days


def unexplained_run(on: date, before: Iterable[DayBefore]) -> Run:
    """Return the unexplained absence that lasts to a day; `before` are the school days before it."""
    first, days = on, 1
    for one in before:
        if not one.unexplained:
            break
        first, days = one.on, days + 1
    return Run(first, days)


# --- steps


@dataclass(frozen=True)
class Step:
    """One step of a policy that a person may choose: the kind of its task and its words."""

    kind: str
    words: str
    source: str = ""


_LETTER = Step("letter_home", "Write home")
_VISIT = Step("home_visit", "Visit the home")
# What the policy files call their steps; what is not here is done by the list itself.
_STEPS: dict[str, tuple[Step, ...]] = {
    "letter_home": (_LETTER,),
    "home_visit_optional": (_VISIT,),
    "home_visit_or_police_welfare_check_optional": (
        Step("home_visit", "Visit the home", "002:193"),
        Step("welfare_check", "Ask the police for a welfare check", "002:193"),
    ),
    "consider_education_welfare_officer": (
        Step("welfare_officer", "Ask the education welfare officer", "002:195"),
    ),
}


def steps_after_calls(terms: Terms, *, days: int) -> tuple[Step, ...]:
    """
    Return the steps that the policy has once nobody could be reached, in its order.

    `days` is how many school days the absence has lasted unexplained; what is for absences that continue is
    offered from the second.
    """
    names = (*terms.first_day.steps, *(terms.first_day.if_continues if days > 1 else ()))
    return tuple(step for name in names for step in _STEPS.get(name, ()))


def workers_for(flags: Iterable[str]) -> list[tuple[str, str, str]]:
    """
    Return who outside the school is told of a pupil's unexplained absence: kind of task, words and source.
    """
    known = frozenset(flags)
    return [
        (kind, f"Tell {who} of the unexplained absence ({_flags_in_words(known & of)}).", source)
        for kind, of, who, source in WORKERS
        if known & of
    ]


def _flags_in_words(flags: frozenset[str]) -> str:
    return ", ".join(sorted(flag_label(flag).lower() for flag in flags))


_ACTIONS = {
    "refer_to_la": "refer to the local authority",
    "inform_la": "inform the local authority",
    "consider_la_referral": "decide whether to refer to the local authority",
}


def no_contact_words(terms: Terms, run: Run) -> str:
    """Return the sentence of the task that follows when nobody was reached for so many school days."""
    action = _ACTIONS.get(terms.no_contact.action, terms.no_contact.action.replace("_", " "))
    return f"Nobody reached on {run.days} school days of one absence: {action}."


def is_case_of_no_contact(terms: Terms, run: Run, reached_on: date | None) -> bool:
    """
    Say whether an absence has come to the policy's day without anybody reached in it (GEN-20 a).

    Never for a school whose document sets no day.
    """
    day = terms.no_contact.school_day
    return day is not None and run.days >= day and (reached_on is None or reached_on < run.first_day)


# --- illness of known length


def quiet_until(terms: Terms, reason: str, first_day: date) -> date | None:
    """
    Return the first day on which the family is called again after this report, None: no such rule.

    Welbourn does not call within 48 hours of vomiting or diarrhoea (003:154-155).
    """
    known = terms.reporting.daily_contact_except
    if known is None or reason != "sickness":
        return None
    return first_day + timedelta(hours=known.illness_exclusion_hours)


def calls_are_over(begun_at: datetime, at: datetime) -> bool:
    """Say whether the calls of a day have had their time."""
    return at >= begun_at + CALLS_TAKE
