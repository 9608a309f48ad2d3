"""The values that all schools share, as typed data: a school's policy may add to them, never weaken them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from absences.rules.policy_types import Count, Data, Flag, Names, Percent, Symbol, Text


class SchoolYear(Data):
    """The planned year."""

    days: Count
    sessions: Count
    main_terms: Count
    half_terms: Count


class NationalRegister(Data):
    """
    The register: how long it is open, how long it is kept, what an amendment records, when N must be settled.
    """

    sessions_per_day: Count
    max_minutes_open: Count
    retention_years: Count
    amendment_record: Names
    code_n_deadline_school_days: Count
    code_n_becomes: Symbol


class AbsenceLevel(Data):
    """A level of absence in per cent of possible sessions."""

    absence_pct: Percent
    op: Literal[">="]


class PenaltyThreshold(Data):
    """The number of unauthorised sessions at which a penalty notice must be considered."""

    sessions: Count
    window_school_weeks: Count
    school_week: Text
    spans: Names
    codes_counted: tuple[Symbol, ...]
    codes_named_by_documents: tuple[Symbol, ...]
    unresolved_codes: tuple[Symbol, ...]
    compulsory_age_only: Flag


class PenaltyBand(Data):
    """The amounts in pounds of notices for offences in a period, and the days in which each is payable."""

    valid_from: str | None
    valid_to: str | None
    first_discounted: Count
    first_discounted_days: Count
    first_full: Count
    first_full_days: Count
    second_flat: Count | None = None
    second_flat_days: Count | None = None

    def covers(self, offence_on: date) -> bool:
        """Say whether an offence on that day falls in this band."""
        day = offence_on.isoformat()
        return (self.valid_from or "") <= day and (self.valid_to is None or day <= self.valid_to)


class PenaltyLimit(Data):
    """How many notices one parent may get for one pupil."""

    per_parent_per_pupil: Count
    years: Count
    counts_from: Literal["issue_of_first"]
    then: Literal["alternative_action"]


class PenaltyAmounts(Data):
    """The national table of amounts (GEN-07)."""

    bands: tuple[PenaltyBand, ...]
    chosen_by: Literal["date_of_offence"]
    days_counted_from: Literal["receipt_of_notice"]
    limit: PenaltyLimit
    payable_to: Text
    per: Text


class Fine(Data):
    """The largest fine in pounds and the longest custody in months that a court may set."""

    fine: Count
    custody_months: Count | None = None


class CourtMaximum(Data):
    """Education Act 1996, section 444, subsections (1) and (1A)."""

    s444_1: Fine
    s444_1A: Fine


class NewPupilReturn(Data):
    """A pupil who joins outside the normal intake."""

    days: Count
    exempt: Text


class DeletionReturn(Data):
    """A pupil whose name is removed from the admission register."""

    when: Text
    exempt: Text


class UnauthorisedReturn(Data):
    """Ten school days of unauthorised absence in a row."""

    continuous_school_days: Count
    alternative: Text = Field(alias="or")
    codes: tuple[Symbol, ...]
    frequency: Text


class SicknessReturn(Data):
    """Fifteen days of illness, had or expected."""

    days: Count
    codes: tuple[Symbol, ...]
    consecutive_or_cumulative: Flag
    also_if_expected: Flag


class ReturnsToAuthority(Data):
    """What every school tells its local authority."""

    new_pupil: NewPupilReturn
    deletion: DeletionReturn
    unauthorised_10_day: UnauthorisedReturn
    sickness_15_day: SicknessReturn


class ImprovementPeriod(Data):
    """The period of a notice to improve."""

    min_weeks: Count
    max_weeks: Count


class CompulsoryAge(Data):
    """When compulsory school age starts."""

    prescribed_days: Names
    starts: Text


class CodeEntry(Data):
    """One code of the register as the documents print it."""

    group: Text
    name: Text
    stat: Literal["P", "A", "AU", "UN", "NP"]
    session: Literal["AM", "PM"] | None = None
    late: Flag = False
    nature_required: Flag = False
    only: Literal["compulsory_age", "non_compulsory_age"] | None = None
    provisional: Flag = False


class NationalPolicy(Data):
    """The national values."""

    policy_schema: Literal["attendance-policy/2"] = Field(alias="schema")
    kind: Literal["national"]
    school_year: SchoolYear
    register_rules: NationalRegister = Field(alias="register")
    persistent_absence: AbsenceLevel
    severe_absence: AbsenceLevel
    penalty_threshold: PenaltyThreshold
    penalty_amounts: PenaltyAmounts
    court_maximum: CourtMaximum
    returns_to_la: ReturnsToAuthority
    notice_to_improve: ImprovementPeriod
    compulsory_age: CompulsoryAge
    codes: Annotated[dict[Symbol, CodeEntry], Field(min_length=1)]
