"""The policy of one school as typed, frozen data: its ladder, lateness rungs, letters and all other parts."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from absences.rules import terms
from absences.rules.policy_types import Count, Data, Flag, Name, Names, Percent, Symbol, Text
from escalation.rules import sections
from escalation.rules.grammar import Action, Condition, ManualCondition

CURRENT_SCHEMA = "attendance-policy/2"
FIRST_SCHEMA = "attendance-policy/1"
# Rung names that steps outside the ladder use; no rung of a policy may take them.
RESERVED_RUNGS = ("evidence", "no_contact", "rewards", "threshold", "unauthorised_20_sessions")


class Rung(Data):
    """One step of a ladder: when it is reached, what holds it back, and what it does once approved."""

    id: Name
    after: Name | None = None
    at: Literal["half_term_review", "next_half_term_review"] | None = None
    when: Condition
    guard: Condition | None = None
    replaces: tuple[Name, ...] = ()
    do: Annotated[tuple[Action, ...], Field(min_length=1)]

    @property
    def is_manual(self) -> bool:
        """Say whether only a person may take this step."""
        return isinstance(self.when, ManualCondition)

    @property
    def letters(self) -> tuple[str, ...]:
        """Return the ids of the letters that this rung sends, in order."""
        return tuple(action.letter for action in self.do if action.letter is not None)

    @property
    def refers_to_law(self) -> bool:
        """Say whether this rung refers a family for legal action."""
        return any(action.refer is not None and "legal" in action.refer for action in self.do)


class Lateness(Data):
    """What follows repeated lateness; each rung is a ladder of its own."""

    rungs: tuple[Rung, ...]
    extras: sections.LatenessExtras = sections.LatenessExtras()


class CarryOver(Data):
    """What happens to a stage in a new academic year when the ladder never restarts (WEL-06)."""

    rule: Literal["next_rung_when_below_term_threshold"]


class EngineSettings(Data):
    """How the sweep treats the ladder: nothing is sent without a person (GEN-01)."""

    approval: Literal["human"]
    on_jump: Literal["highest_only", "one_rung_per_review", "any"]
    min_possible_sessions: Count = 0


class TermThreshold(Data):
    """The attendance below which a pupil is looked at, in per cent, by main term."""

    autumn: Percent
    spring: Percent
    summer: Percent


class AutumnException(Data):
    """The threshold in autumn for a pupil with an unauthorised holiday in the year (WEL-29)."""

    condition: Literal["unauthorised_holiday_in_year"] = Field(alias="if")
    codes: Annotated[tuple[Symbol, ...], Field(min_length=1)]
    threshold_pct: Percent


class Ladder(Data):
    """The steps of a school from the first letter to the authority, in order."""

    basis: Literal["days", "percent", "stages"]
    count: Literal["any_absence"] | None = None
    window: Literal["academic_year"]
    stage_reset: Literal["academic_year", "never"]
    carry_over: CarryOver | None = None
    evaluate: Literal["nightly", "half_term_review", "nightly_then_half_term", "every_3_weeks"]
    engine: EngineSettings
    chart: Text | None = None
    term_threshold_pct: TermThreshold | None = None
    autumn_exception: AutumnException | None = None
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]


class LetterDefaults(Data):
    """What the letters of a school share."""

    signatory: Name | None
    salutation: Text
    attach: Names = ()
    link: Text | None = None


class LetterItem(Data):
    """
    One letter: where its words come from, the fields without which it is not printed, and what holds it.
    """

    id: Name
    template: Literal["own", "generic", "la_external"]
    merge: Names
    attach: Names | None = None
    audience: Literal["every_family"] | None = None
    when: Literal["half_termly"] | None = None
    hold_for: Literal["la_confirmation"] | None = None
    url_in_document: Flag = False
    text: Annotated[str, Field(max_length=20_000)] | None = None


class Letters(Data):
    """All letters of a school."""

    common: LetterDefaults
    items: tuple[LetterItem, ...]


class Policy(Data):
    """
    One school's attendance policy.

    Build it with `escalation.rules.loading.load_policy`, which reports every fault of a file at once.
    """

    policy_schema: Literal["attendance-policy/2"] = Field(alias="schema")
    school: sections.SchoolIdentity
    policy: sections.Document
    roles: Mapping[Name, sections.Role]
    day: sections.Day
    reporting: terms.Reporting
    first_day: terms.FirstDay
    no_contact: terms.NoContact
    evidence: terms.Evidence
    targets: sections.Targets
    lateness: Lateness
    ladder: Ladder
    letters: Letters
    plan: sections.Plan
    leave: terms.Leave
    appointments: terms.Appointments | None = None
    penalty: sections.Penalty
    nti: sections.NoticeToImprove | None = None
    monitoring: sections.Monitoring
    governors: sections.Governors
    rewards: sections.Rewards | None = None
    leavers: sections.Leavers
    part_time: terms.PartTime | None = None
    reintegration: terms.Reintegration | None = None
    collection: sections.Collection | None = None
    la_notifications: sections.Notifications | None = None
    la_returns_extra: sections.ExtraReturns | None = None
    la_meetings: sections.AuthorityMeeting | None = None
    support: sections.Support | None = None
    cohorts: sections.Cohorts | None = None
    bands: sections.Bands | None = None
    contacts: terms.Contacts | None = None
    register_rules: sections.RegisterRules | None = Field(default=None, alias="register")
    early_departure: terms.EarlyDeparture | None = None

    _sources: dict[str, tuple[str, ...]] = PrivateAttr(default_factory=dict)

    def source_of(self, path: str) -> tuple[str, ...]:
        """
        Return where the values at a path come from: `ladder.rungs[2]` gives ("000:157-159", "fix:WER-04").

        A path without a source of its own takes that of the nearest mapping around it.
        """
        while path:
            if path in self._sources:
                return self._sources[path]
            cut = max(path.rfind("."), path.rfind("["))
            path = path[:cut] if cut > 0 else ""
        return self._sources.get("", ())

    def letter(self, letter_id: str) -> LetterItem:
        """
        Return a letter by its id.

        :raises KeyError: the policy has no such letter
        """
        for item in self.letters.items:
            if item.id == letter_id:
                return item
        raise KeyError(letter_id)

    def rung(self, rung_id: str) -> Rung:
        """
        Return a rung of the ladder or of lateness by its id.

        :raises KeyError: the policy has no such rung
        """
        for rung in (*self.ladder.rungs, *self.lateness.rungs):
            if rung.id == rung_id:
                return rung
        raise KeyError(rung_id)

    @property
    def is_pro_rata(self) -> bool:
        """
        Say whether pupils on a part-time timetable are judged by the sessions they were due at (WEL-22).
        """
        return self.part_time is not None and self.part_time.tracked == "pro_rata"
