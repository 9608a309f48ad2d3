"""
When proof of an absence may be asked for, by the school's policy.

A rule only ever proposes, and says why; a person asks. Proof is never asked for unnecessarily (002:176), so
an absence that has been proved, or judged once, is not proposed again.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from absences.rules.terms import Appointments, Evidence, Terms

RuleName = Literal[
    "long_illness",
    "several_illnesses",
    "doubt",
    "after_letter",
    "appointment",
    "leave_early",
    "exceptional_leave",
    "other",
]
# The policies speak of "several" or "multiple" medical absences without a number: three illnesses begun
# within thirty school days.
SEVERAL_SPELLS = 3
# Part-time timetable, outside compulsory age, at the other school: nobody expects the pupil.
NOT_EXPECTED = frozenset({"C2", "X", "D"})
SEVERAL_WITHIN = 30
# What the words of a policy let a person ask for.
_BY_WORD: dict[str, RuleName] = {
    "genuine_doubt_of_authenticity": "doubt",
    "reasonable_doubt": "doubt",
    "multiple_medical_absences": "several_illnesses",
    "medical_appointment": "appointment",
    "leave_early": "leave_early",
    "exceptional_leave": "exceptional_leave",
}


@dataclass(frozen=True)
class AbsentSession:
    """One session of absence: its day and half, its code, and its number among the sessions of its year."""

    on: date
    half: str
    code: str
    number: int


@dataclass(frozen=True)
class Spell:
    """Absences of one code in sessions in a row, weekends and holidays left out."""

    code: str
    sessions: tuple[AbsentSession, ...]

    @property
    def first_day(self) -> date:
        """Return the day on which it began."""
        return self.sessions[0].on

    @property
    def last_day(self) -> date:
        """Return the last day so far."""
        return self.sessions[-1].on

    @property
    def days(self) -> int:
        """Return how many school days it touches."""
        return len({session.on for session in self.sessions})

    @property
    def day_number(self) -> int:
        """Return the school day of its year on which it began, from 0."""
        return (self.sessions[0].number - 1) // 2


@dataclass(frozen=True)
class Demand:
    """From a first to a last day absences of these codes need proof."""

    first_day: date
    last_day: date
    codes: frozenset[str]
    source: str

    def covers(self, on: date, code: str) -> bool:
        """Say whether an absence of this day and code needs proof."""
        return code in self.codes and self.first_day <= on <= self.last_day


@dataclass(frozen=True)
class Proposal:
    """Proof that a rule proposes to ask for: of which days, why, and by which rule."""

    rule: RuleName
    cause: str
    first_day: date
    last_day: date
    why: str


def spells(sessions: Iterable[AbsentSession], code: str) -> list[Spell]:
    """
    Return the absences of a code as spells, in their order; a session of another kind ends a spell.

    Sessions in which the pupil is not expected (`NOT_EXPECTED`) are no part of a spell and do not end one: a
    child who comes in the mornings alone is ill for three mornings in a row.
    """
    ordered = sorted(sessions, key=lambda one: (one.on, one.half))
    not_expected = {one.number for one in ordered if one.code in NOT_EXPECTED}
    found: list[list[AbsentSession]] = []
    for session in ordered:
        if session.code != code:
            continue
        last = found[-1][-1] if found else None
        if last and not_expected.issuperset(range(last.number + 1, session.number)):
            found[-1].append(session)
        else:
            found.append([session])
    return [Spell(code, tuple(run)) for run in found]


def rules_of(terms: Terms) -> tuple[RuleName, ...]:
    """
    Return for what a person may ask for proof at a school, the usual first.

    Genuine doubt is a reason everywhere (Working together to improve school attendance); the rest is in the
    school's policy.
    """
    found: list[RuleName] = ["doubt"]
    for word in terms.evidence.ask_when:
        name = _BY_WORD.get(word)
        if name and name not in found:
            found.append(name)
    if terms.evidence.after_days is not None:
        found.append("long_illness")
    if _needs_proof(terms.appointments) and "appointment" not in found:
        found.append("appointment")
    return tuple(found)


def must_speak_first(evidence: Evidence, rule: str) -> bool:
    """Say whether the school speaks with the parent about its doubt before it asks for anything (000:272)."""
    return evidence.speak_to_parent_first and rule == "doubt"


def is_long(days: int, evidence: Evidence) -> bool:
    """Say whether so many school days of illness in a row are more than the policy takes without proof."""
    if evidence.after_days is None:
        return False
    return days > evidence.after_days if evidence.after_op == ">" else days >= evidence.after_days


def proposals(
    terms: Terms,
    absences: Sequence[AbsentSession],
    *,
    since: date,
    demands: Sequence[Demand] = (),
    judged: Collection[tuple[date, date]] = (),
    several: int = SEVERAL_SPELLS,
    within: int = SEVERAL_WITHIN,
) -> list[Proposal]:
    """
    Return what proof the policy proposes to ask of one pupil: one for each absence at most.

    `absences` are the sessions of illness and of appointments so far, long enough back to count several, and
    those in which the pupil was not expected; proposed are those that last until `since` or later. `judged`
    are the days of absences of which proof was judged, or not needed: they are not proposed again and do not
    count towards several.
    """
    found: list[Proposal] = []
    ill = spells(absences, "I")
    several_named = "multiple_medical_absences" in terms.evidence.ask_when
    for place, spell in enumerate(ill):
        cause = f"illness:{spell.first_day}"
        if _is_judged(spell, judged) or spell.last_day < since:
            continue
        if any(demand.covers(spell.last_day, "I") for demand in demands):
            found.append(
                Proposal(
                    "after_letter",
                    cause,
                    spell.first_day,
                    spell.last_day,
                    "The family was told by letter that every illness needs proof.",
                )
            )
        elif is_long(spell.days, terms.evidence):
            found.append(
                Proposal(
                    "long_illness",
                    cause,
                    spell.first_day,
                    spell.last_day,
                    f"Ill for {spell.days} school days in a row; the policy asks for proof after"
                    f" {terms.evidence.after_days}.",
                )
            )
        elif several_named:
            near = [
                one
                for one in ill[: place + 1]
                if not _is_judged(one, judged) and 0 <= spell.day_number - one.day_number < within
            ]
            if len(near) >= several:
                found.append(
                    Proposal(
                        "several_illnesses",
                        cause,
                        spell.first_day,
                        spell.last_day,
                        f"{len(near)} separate illnesses within {within} school days.",
                    )
                )
    if _needs_proof(terms.appointments) or "medical_appointment" in terms.evidence.ask_when:
        found += [
            Proposal(
                "appointment",
                f"appointment:{spell.first_day}",
                spell.first_day,
                spell.last_day,
                "The policy asks for proof of appointments in school time.",
            )
            for spell in spells(absences, "M")
            if not _is_judged(spell, judged) and spell.last_day >= since
        ]
    return found


def _is_judged(spell: Spell, judged: Iterable[tuple[date, date]]) -> bool:
    return any(first <= spell.last_day and spell.first_day <= last for first, last in judged)


def _needs_proof(appointments: Appointments | None) -> bool:
    return appointments is not None and appointments.evidence_required


def held_because(
    code: str,
    days: Sequence[date],
    *,
    terms: Terms,
    demands: Sequence[Demand] = (),
    has_file: bool,
) -> str:
    """
    Return why a report is not taken at its word for want of proof, as a sentence; nothing when it can be.

    A file that came with it has to be looked at by somebody, but its absence need not be asked about.
    """
    if any(demand.covers(day, code) for demand in demands for day in days):
        return (
            "Every illness of this pupil needs proof: look at what was sent with the report."
            if has_file
            else "Every illness of this pupil needs proof, and none was sent."
        )
    if code == "M" and _needs_proof(terms.appointments) and not has_file:
        return "The policy asks for proof of appointments, and none was sent."
    return ""
