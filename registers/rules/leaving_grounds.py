"""
The lawful grounds on which a name leaves the admission register (SI 2024/208 reg 9), and their conditions.

A name is deleted if, and only if, one of them is met. What the registers can tell is checked here;
what only a person can know is asked as a confirmation, and nothing is deleted without every one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from registers.rules.codes import ATTENDING, statistical_class
from registers.rules.numbers import counted

CONTINUOUS_DAYS = 20  # school days, reg 9(1)(i) and 9(3)
DAYS_AFTER_LEAVE = 10  # school days, reg 9(1)(h)
UNHEARD_CODES = frozenset({"G", "N", "O"})  # reg 9(1)(i): any other code defeats the ground
LEAVE_CODES = frozenset({"C", "C1", "H"})  # leave of absence; H was its code for holidays until August 2024
NURSERY = "N"


@dataclass(frozen=True)
class Confirmation:
    """One condition that only a person can know, as the sentence the person confirms."""

    key: str
    text: str


@dataclass(frozen=True)
class Ground:
    """One ground of deletion."""

    key: str
    name: str
    confirmations: tuple[Confirmation, ...]
    needs: tuple[str, ...] = ()  # the leaver's fields without which the ground says nothing
    needs_enquiries: bool = False

    @property
    def is_compulsory_age(self) -> bool:
        """Say whether the ground is of regulation 9(1), for pupils of compulsory school age, or of 9(3)."""
        return not self.key.startswith("3")

    @property
    def citation(self) -> str:
        """Return where the regulations have it."""
        return f"regulation 9(1)({self.key})" if self.is_compulsory_age else "regulation 9(3)"


SENTENCES: dict[str, str] = {
    "registered": "The other school confirmed that the pupil is registered there.",
    "no_exception": "No school attendance order names this school, this is not the main school of a mobile "
    "child, and nobody agreed that the pupil stays registered at both schools.",
    "not_coming": "There is no reason to believe that the pupil will attend this school again.",
    "consent": "Every other school where the pupil is registered consented to the deletion.",
    "no_main_school": "No school attendance order names this school, and it is not the main school of a "
    "mobile child.",
    "amended": "The authority amended the order and named another school in it.",
    "revoked": "The authority revoked the order, because suitable education is arranged elsewhere.",
    "notice": "A parent the pupil normally lives with said in writing that the pupil will be educated "
    "otherwise than at school.",
    "no_order": "No school attendance order names this school.",
    "stopped": "The pupil stopped attending and is not a boarder.",
    "too_far": "The new address is not within a reasonable distance of the school.",
    "no_cause": "There are no reasonable grounds to believe that sickness or an unavoidable cause keeps the "
    "pupil away.",
    "enquired": "The school and the local authority enquired together, and either could not find the pupil, "
    "or agree that the pupil has been found and will not come back.",
    "not_back": "The sentence stands, and there is no reason to believe that the pupil will return at its "
    "end.",
    "died": "The school knows for certain that the pupil died.",
    "not_continuing": "The pupil leaves, or does not meet the sixth form’s entry requirements.",
    "unpaid": "The pupil boards at a maintained school or academy, and the fees are unpaid at the end of the "
    "term they were due for.",
    "kind": "This is an independent or non-maintained special school, and the pupil is its pupil no more.",
    "final": "The exclusion is final: the governors upheld it and the time for a review has passed.",
    "left": "The pupil stopped attending, or a parent said that the pupil will.",
    "school_enquired": "The school made reasonable enquiries and could not find out where the pupil is.",
}


def _ground(
    key: str, name: str, *confirmed: str, needs: tuple[str, ...] = (), needs_enquiries: bool = False
) -> Ground:
    asked = tuple(Confirmation(one, SENTENCES[one]) for one in confirmed)
    return Ground(key, name, asked, needs, needs_enquiries)


NURSERY_DONE = "Finished nursery here and will not go on to Reception"
TWENTY_DAYS = "Continuously absent for twenty school days"
OTHER_SCHOOL = ("new_school_name",)
GROUNDS: tuple[Ground, ...] = (
    _ground("a", "Registered at another school", "registered", "no_exception", needs=OTHER_SCHOOL),
    _ground("b", NURSERY_DONE, "not_coming"),
    _ground(
        "c",
        "Registered at more than one school, and leaves this one",
        *("not_coming", "consent", "no_main_school"),
        needs=OTHER_SCHOOL,
    ),
    _ground("d", "School attendance order changed to another school", "amended", needs=OTHER_SCHOOL),
    _ground("e", "School attendance order revoked", "revoked"),
    _ground("f", "Will be educated otherwise than at school", "notice", "no_order", needs=("notice_on",)),
    _ground(
        "g",
        "No longer lives within a reasonable distance",
        *("stopped", "too_far"),
        needs=("new_address",),
    ),
    _ground(
        "h",
        "Did not return within ten school days after leave",
        *("no_cause", "enquired"),
        needs_enquiries=True,
    ),
    _ground("i", TWENTY_DAYS, "no_cause", "enquired", needs_enquiries=True),
    _ground("j", "Detained under a sentence", "not_back"),
    _ground("k", "Died", "died"),
    _ground("l", "Will be over compulsory school age and does not go on to the sixth form", "not_continuing"),
    _ground("m", "Boarding fees unpaid", "unpaid"),
    _ground("n", "Left an independent or non-maintained special school", "kind"),
    _ground("o", "Permanently excluded", "final"),
    _ground("3a", "Left the school", "left"),
    _ground("3b", TWENTY_DAYS, "no_cause", "school_enquired", needs_enquiries=True),
    _ground("3c", "Died", "died"),
    _ground("3d", NURSERY_DONE, "not_coming"),
    _ground("3e", "Permanently excluded", "final"),
)
GROUND_BY_KEY = {ground.key: ground for ground in GROUNDS}
DEATHS = frozenset({"k", "3c"})
_MISSING = {
    "new_school_name": "Enter the name of the other school",
    "notice_on": "Enter the day of the parent’s written notice",
    "new_address": "Enter the new address",
}


@dataclass(frozen=True)
class HeldSession:
    """One session held while the pupil was on roll; no code: nothing was marked."""

    on: date
    half: str
    code: str


@dataclass(frozen=True)
class RegisterFacts:
    """What the registers say of a pupil whose name is to be deleted."""

    leaving_on: date
    is_compulsory_age: bool  # on the last day on roll
    compulsory_ends_on: date
    year_group: str
    sessions: Sequence[HeldSession]  # in order, up to the moment; those of today that are unmarked left out
    next_school_day: date | None = None  # after the last day on roll
    enquiries: int = 0
    joint_enquiries: int = 0


@dataclass(frozen=True)
class Stated:
    """What a person stated about a leaving."""

    confirmations: frozenset[str]
    values: dict[str, object] = field(default_factory=dict)  # the leaver's fields by name


@dataclass(frozen=True)
class Fault:
    """Why a ground is not met: the field that says so, and a sentence."""

    field: str
    text: str


@dataclass(frozen=True)
class Run:
    """A run of absence that lasts up to now: its school days, its first day, and what stands before it."""

    days: int
    first_day: date | None
    before: HeldSession | None


def run_up_to_now(sessions: Sequence[HeldSession], codes: frozenset[str] | None = None) -> Run:
    """
    Return the run of sessions up to now that all have one of the codes; without codes: all absent.

    Whole school days count: a day of which a session was attended, or not marked, ends the run before it.
    """
    before: HeldSession | None = None
    first = len(sessions)
    for place in range(len(sessions) - 1, -1, -1):
        session = sessions[place]
        if not _continues(session, codes):
            before = session
            break
        first = place
    run = sessions[first:]
    broken = before.on if before is not None else None
    days = sorted({session.on for session in run if session.on != broken})
    return Run(len(days), days[0] if days else None, before)


def _continues(session: HeldSession, codes: frozenset[str] | None) -> bool:
    if not session.code:
        return False
    if codes is not None:
        return session.code in codes
    return statistical_class(session.code, session.on) not in ATTENDING


def faults_of(ground: Ground, facts: RegisterFacts, stated: Stated) -> list[Fault]:
    """Return every reason why the ground is not met, each with the field that could put it right."""
    if ground.is_compulsory_age and not facts.is_compulsory_age:
        return [
            Fault("ground", "The pupil is not of compulsory school age that day: choose a ground of 9(3)")
        ]
    if not ground.is_compulsory_age and facts.is_compulsory_age:
        return [Fault("ground", "The pupil is of compulsory school age that day: choose a ground of 9(1)")]
    faults = [Fault("ground", text) for text in _against(ground.key, facts)]
    faults += [Fault(name, _MISSING[name]) for name in ground.needs if not stated.values.get(name)]
    if ground.needs_enquiries:
        joint = ground.is_compulsory_age
        if not (facts.joint_enquiries if joint else facts.enquiries):
            who = " made together with the local authority" if joint else ""
            faults.append(
                Fault("ground", f"Record the enquiries{who} first: when, who asked, what came of it")
            )
    open_ones = [one for one in ground.confirmations if one.key not in stated.confirmations]
    if open_ones:
        faults.append(
            Fault("confirmations", f"Confirm {'the condition' if len(open_ones) == 1 else 'every condition'} "
                  f"of {ground.citation}: {' '.join(one.text for one in open_ones)}")
        )  # fmt: skip
    return faults


def _against(key: str, facts: RegisterFacts) -> list[str]:
    """Return what the registers say against a ground."""
    match key:
        case "b" | "3d" if facts.year_group != NURSERY:
            return ["The pupil is not in the nursery"]
        case "h":
            return _against_leave(facts)
        case "i":
            run = run_up_to_now(facts.sessions, UNHEARD_CODES)
            return _too_short(run, "coded G, N or O in every session")
        case "3b":
            return _too_short(run_up_to_now(facts.sessions), "absent in every session")
        case "l":
            back = facts.next_school_day
            if back is not None and facts.compulsory_ends_on >= back:
                ends = facts.compulsory_ends_on.strftime("%-d %b %Y")
                return [f"The pupil is of compulsory school age until {ends}, when the school meets again"]
    return []


def _against_leave(facts: RegisterFacts) -> list[str]:
    last = next(
        (
            place
            for place in range(len(facts.sessions) - 1, -1, -1)
            if facts.sessions[place].code in LEAVE_CODES
        ),
        None,
    )
    if last is None:
        return ["The registers show no leave of absence (C or C1) that the pupil could have returned from"]
    after = facts.sessions[last + 1 :]
    ended = facts.sessions[last].on
    there = next((one for one in after if not _continues(one, None)), None)
    if there is not None:
        said = f"was marked {there.code}" if there.code else "was not marked"
        when = f"on {there.on:%-d %b %Y} {there.half}"
        return [f"The pupil {said} {when}, after the leave ended on {ended:%-d %b %Y}"]
    days = len({one.on for one in after if one.on != ended})
    if days < DAYS_AFTER_LEAVE:
        passed = counted(days, "school day")
        return [
            f"Only {passed} passed since the leave ended on {ended:%-d %b %Y}; it takes {DAYS_AFTER_LEAVE}"
        ]
    return []


def _too_short(run: Run, what: str) -> list[str]:
    if run.days >= CONTINUOUS_DAYS:
        return []
    text = f"The pupil was {what} for {counted(run.days, 'school day')} up to now; it takes {CONTINUOUS_DAYS}"
    if run.before is not None:
        stands = f"is {run.before.code}" if run.before.code else "has no mark"
        text += f" ({run.before.on:%-d %b %Y} {run.before.half} {stands})"
    return [text]
