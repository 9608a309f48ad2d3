"""
The grammar of a policy: what a rung may wait for (conditions) and what it may do (actions), as typed models.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Discriminator, Field, PlainValidator, Tag, model_validator

from absences.rules.policy_types import Data, Flag, Name, Names, Symbol, Text, number_up_to

LONGEST_ROLLING_WEEKS = 52
FIXED_WINDOWS = ("academic_year", "term", "half_term", "last_3_weeks", "letter_period")
KNOWN_FACTS = (
    "meeting_held",
    "plan_exists",
    "deteriorated_since_plan",
    "national_threshold_met",
    "support_exhausted_or_not_engaged",
)
AT_LETTER = re.compile(r"at_letter\(([a-z][A-Za-z0-9_]*)\)")
_ROLLING = re.compile(r"rolling_school_weeks\(([1-9][0-9]?)\)")


def _window(name: str) -> str:
    match = _ROLLING.fullmatch(name)
    if name in FIXED_WINDOWS or (match and int(match[1]) <= LONGEST_ROLLING_WEEKS):
        return name
    raise ValueError(f"must be one of {', '.join(FIXED_WINDOWS)} or rolling_school_weeks(N) with N up to 52")


def _value(value: object) -> int | Decimal | str:
    return (
        value
        if value == "term_threshold"
        else number_up_to(value, 100_000, "a number of 0 or more, or term_threshold")
    )


def rolling_weeks(window: str) -> int | None:
    """Return the number of school weeks in a rolling window's name, or None for any other window."""
    match = _ROLLING.fullmatch(window)
    return int(match[1]) if match else None


Window = Annotated[Text, AfterValidator(_window)]
Half = Literal["AM", "PM"]
Value = Annotated[int | Decimal | Literal["term_threshold"], PlainValidator(_value)]
Measured = Literal[
    "absence_days", "attendance_pct", "absence_pct", "late_count", "unauthorised_sessions", "illness_days"
]
Comparison = Literal["<", "<=", ">=", ">", "=="]
PERCENT_MEASURES = frozenset({"attendance_pct", "absence_pct"})


class MeasureCondition(Data):
    """A figure of the pupil compared with a number; without a window it takes the ladder's."""

    measure: Measured
    op: Comparison
    value: Value
    window: Window | None = None
    codes: tuple[Symbol, ...] | None = None
    sessions: tuple[Half, ...] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "MeasureCondition":
        if self.measure in PERCENT_MEASURES:
            if self.codes is not None or self.sessions is not None:
                raise ValueError("codes and sessions narrow a count, not a percentage")
            if self.window == "letter_period":
                raise ValueError("a percentage cannot take the window letter_period")
            if not isinstance(self.value, str) and self.value > 100:
                raise ValueError("a percentage lies between 0 and 100")
        elif self.value == "term_threshold":
            raise ValueError("term_threshold is a percentage: it goes with attendance_pct")
        return self


class CompareCondition(Data):
    """The attendance now beside the figure printed in an earlier letter, as exact fractions (GEN-22)."""

    compare: Literal["attendance_pct"]
    to: Annotated[Text, Field(pattern=r"^at_letter\([a-z][A-Za-z0-9_]*\)$")]
    relation: Literal["lower", "not_higher"] = Field(alias="is")

    @property
    def letter(self) -> str:
        """Return the id of the letter compared with."""
        return self.to.removeprefix("at_letter(").removesuffix(")")


class FlagCondition(Data):
    """A flag on the pupil's record on that day."""

    flag: Name


class HasMarkCondition(Data):
    """At least one mark of these codes in the window."""

    has_mark: Annotated[tuple[Symbol, ...], Field(min_length=1)]
    window: Window | None = None


class AlwaysCondition(Data):
    """A stage that everyone is in."""

    always: Literal[True]


class ReviewCondition(Data):
    """True on the days of a review."""

    review: Literal["every_3_weeks", "half_term"]


class ManualCondition(Data):
    """A step that a person takes; it never fires, but a prompt may put the pupil on a list."""

    manual: Literal[True]
    requires: tuple[Literal[KNOWN_FACTS], ...] = ()  # type: ignore[valid-type]
    prompt: "Condition | None" = None


class AllCondition(Data):
    """Every one of these."""

    all_of: Annotated[tuple["Condition", ...], Field(alias="all", min_length=1)]


class AnyCondition(Data):
    """At least one of these."""

    any_of: Annotated[tuple["Condition", ...], Field(alias="any", min_length=1)]


class NotCondition(Data):
    """The opposite of this."""

    negated: "Condition" = Field(alias="not")


_KINDS = {
    "all": AllCondition,
    "any": AnyCondition,
    "not": NotCondition,
    "measure": MeasureCondition,
    "compare": CompareCondition,
    "flag": FlagCondition,
    "has_mark": HasMarkCondition,
    "always": AlwaysCondition,
    "review": ReviewCondition,
    "manual": ManualCondition,
}


def _kind_of(value: Any) -> str | None:
    if isinstance(value, BaseModel):
        return next((f"<{kind}>" for kind, model in _KINDS.items() if isinstance(value, model)), None)
    if isinstance(value, dict):
        return next((f"<{kind}>" for kind in _KINDS if kind in value), None)
    return None


# Tags stand in angle brackets so that they can be told from the keys of a file when a fault is located.
Condition = Annotated[
    Annotated[AllCondition, Tag("<all>")]
    | Annotated[AnyCondition, Tag("<any>")]
    | Annotated[NotCondition, Tag("<not>")]
    | Annotated[MeasureCondition, Tag("<measure>")]
    | Annotated[CompareCondition, Tag("<compare>")]
    | Annotated[FlagCondition, Tag("<flag>")]
    | Annotated[HasMarkCondition, Tag("<has_mark>")]
    | Annotated[AlwaysCondition, Tag("<always>")]
    | Annotated[ReviewCondition, Tag("<review>")]
    | Annotated[ManualCondition, Tag("<manual>")],
    Discriminator(
        _kind_of,
        custom_error_type="condition",
        custom_error_message="is not a condition: it needs one of the keys " + ", ".join(_KINDS),
    ),
]
for _model in (AllCondition, AnyCondition, NotCondition, ManualCondition):
    _model.model_rebuild()


class Meeting(Data):
    """A meeting that a rung asks for: with which roles, what kind, for what."""

    with_roles: Names = Field(default=(), alias="with")
    kind: Text | None = None
    purpose: Text | None = None
    companion_allowed: Flag = False


class MeetingOffer(Data):
    """A meeting offered, not asked for."""

    meeting: Name


class EvidenceDemand(Data):
    """Absences of these codes need proof from now on."""

    codes: tuple[Symbol, ...]
    until: Literal["academic_year_end"]


class Action(Data):
    """One thing that a rung does when a person approves it: exactly one key is set."""

    letter: Name | None = None
    meeting: Meeting | None = None
    plan: Name | None = None
    task: Name | None = None
    refer: Name | None = None
    offer: Name | MeetingOffer | None = None
    monitor: Text | None = None
    report: Name | None = None
    require_evidence: EvidenceDemand | None = None
    review: Name | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Action":
        if len(self.model_fields_set) != 1:
            raise ValueError("an action has exactly one key, such as letter or meeting")
        return self


def leaves(condition: "Condition") -> list["Condition"]:
    """
    Return the conditions inside a condition that are not themselves made of others; prompts are left out.
    """
    if isinstance(condition, AllCondition):
        return [leaf for part in condition.all_of for leaf in leaves(part)]
    if isinstance(condition, AnyCondition):
        return [leaf for part in condition.any_of for leaf in leaves(part)]
    if isinstance(condition, NotCondition):
        return leaves(condition.negated)
    return [condition]
