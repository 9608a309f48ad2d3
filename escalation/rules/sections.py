"""
The parts of a policy besides its ladder: identity, day, reporting, leave, penalties, monitoring and the rest.
"""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from absences.rules.policy_types import Clock, Count, Data, Flag, Name, Names, Percent, Text
from escalation.rules.grammar import Comparison

Weekday = Literal["mon", "tue", "wed", "thu", "fri"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


def _day(text: object) -> date:
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return date.fromisoformat(text)
    raise ValueError('is not a day such as "2025-10-06"')


class StatedDate(Data):
    """A day that a document states, often only as a month or a term: the day that counts, and its wording."""

    day: Annotated[date, Field(alias="date"), BeforeValidator(_day)]
    wording: Text


class Channels(Data):
    """How a parent can reach the school; null where the document is silent; `app` names the app."""

    phone: Flag | None
    answerphone: Flag | None
    email: Flag | None
    in_person: Flag | None
    app: Text | None


class SchoolIdentity(Data):
    """Which school the policy is for."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    name: Text
    trust: Text | None = None
    phase: Text | None = None
    year_groups: Names | None = None
    leaving_year: Text | None = None
    local_authority: Text
    la_code_of_conduct: Text | None = None
    la_team: Text | None = None
    channels: Channels


class Document(Data):
    """The policy document's own dates."""

    approved: StatedDate | None = None
    discussed: StatedDate | None = None
    staff_consulted: StatedDate | None = None
    guidance_from: StatedDate | None = None
    review_due: StatedDate | None = None
    review_months: Count | None = None
    approved_by: Text | None = None


class Role(Data):
    """A post by title; who holds it stands in the school's role assignments, never here (GEN-24)."""

    title: Text | None = None
    titles: Names = ()
    holders: Count | None = None


class MorningRegister(Data):
    """The morning register: present until `late_after`, L until `register_closes`, then U."""

    register_opens: Clock
    late_after: Clock
    register_closes: Clock
    arrive_by: Clock | None = None


class AfternoonRegister(Data):
    """The afternoon register: an arrival after it opened and before it closed is L."""

    register_opens: Clock | None
    register_closes: Clock | None
    must_close_before_day_end: Flag = True


class DayEnd(Data):
    """When the day ends for some groups on some weekdays (all weekdays when none is named)."""

    groups: Names
    weekdays: tuple[Weekday, ...] = WEEKDAYS
    at: Clock | None
    latest: Flag = False


class LateArrival(Data):
    """What happens at the door after the morning register has been taken."""

    via: Name
    adult_must_accompany: Flag | Literal["if_accompanied_signs"] | None = None
    reason_required: Flag
    system: Text | None = None
    record_kept: Flag | None = None


class Day(Data):
    """The times of the school day."""

    gates_open: Clock
    gates_close: Clock | None = None
    children_may_enter: Clock | None = None
    lessons_begin: Clock | None = None
    am: MorningRegister
    pm: AfternoonRegister
    ends: Annotated[tuple[DayEnd, ...], Field(min_length=1)]
    late_arrival: LateArrival | None = None


class Targets(Data):
    """Attendance the school aims at, in per cent; null where the document gives no number."""

    school_pct: Percent | None = None
    contact_below_pct: Percent | None = None
    letters_minimum_pct: Percent | None = None
    claimed_to_equal: Text | None = None


class LatenessExtras(Data):
    """Records about lateness beside the counts."""

    late_gate_check_log: Flag = False


class Plan(Data):
    """The support plan's kinds and form."""

    types: Names = ()
    fields: Names | None = None
    history: Text | None = None
    history_years: Count | None = None
    columns: Names = ()


class Discretion(Data):
    """Grounds on which the authority may act below the threshold."""

    holder: Name
    grounds: Names


class Penalty(Data):
    """
    Penalty notices: amounts always come from the national table; `ignore_stated` lists stale ones never
    printed.
    """

    use: Literal["national"]
    issuer: Literal["local_authority"] = "local_authority"
    may_refer_for: Names = ()
    ignore_stated: Names = ()
    below_threshold_discretion: Discretion | None = None
    check_with_la_before_nti: Flag = False
    send_copy_to_la: Flag = False
    considerations: Names = ()
    public_place_first_days_of_suspension: Count | None = None
    unpaid_after_days: Count | None = None


class NoticeToImprove(Data):
    """The period of a notice to improve, inside the national three to six weeks."""

    min_weeks: Annotated[int, Field(strict=True, ge=3, le=6)]
    max_weeks: Annotated[int, Field(strict=True, ge=3, le=6)]
    early_issue: Flag = False


class Monitoring(Data):
    """Who looks at attendance, how often, and with whom the figures are shared."""

    dfe_daily: Flag
    dfe_access: Flag = True
    dfe_on_request: Flag = False
    la_daily: Flag = False
    parents_newsletter: Flag = False
    parents_regular_report: Flag = False
    parents_annual_report: Flag = False
    combine_with_attainment: Flag = False
    weekly_for: Names = ()
    daily_report_to: Name | None = None
    half_term_review: Flag = False
    every_weeks: Count | None = None
    cycles: Names = ()
    levels: Names = ()
    benchmark: Names = ()
    class_teacher_reports: Flag = False


class Governors(Data):
    """What governors receive and when."""

    contents: Name | Names
    cadence: Text | None = None
    named_governor: Flag = False
    lead_governor: Flag = False
    annual_meeting_with_head: Flag = False


class RewardFigure(Data):
    """The attendance that a reward needs, in per cent."""

    op: Comparison
    pct: Percent


class RewardRule(Data):
    """A letter of praise at the end of a main term or of the year."""

    letter: Name
    at: Literal["end_of_main_term", "end_of_year"]
    when: RewardFigure
    unless: Name | None = None


class Rewards(Data):
    """How good attendance is celebrated."""

    programme: Text | None = None
    items: Names = ()
    rules: tuple[RewardRule, ...] = ()
    class_best: Names = ()
    individual: Text | None = None
    shared_with_families: Flag = False


class Leavers(Data):
    """The record of a pupil who leaves before the final year."""

    exempt_year: Text | None = None
    form: Text | None = None
    fields: Names | None = None


class Collection(Data):
    """Who may collect a pupil."""

    sibling_min_age: Count
    signed_parent_letter: Flag = False
    exception_by_agreement: Flag = False


class Notifications(Data):
    """What the authority is told of beside the national returns."""

    items: Names


class UnauthorisedSessionsReturn(Data):
    """A return to the authority after so many unauthorised sessions, in a row or in total."""

    sessions: Annotated[int, Field(strict=True, ge=1, le=380)]
    consecutive_or_cumulative: Literal[True]
    window: Literal["academic_year"]
    op: Literal[">="]


class ExtraReturns(Data):
    """Returns that this school's authority asks for beside the national ones."""

    unauthorised_20_sessions: UnauthorisedSessionsReturn | None = None


class AuthorityMeeting(Data):
    """The regular meeting with the authority."""

    name: Text
    chair: Text
    attendees: Names


class Support(Data):
    """Family meetings, agencies and assessments."""

    meeting_names: Names = ()
    agencies: Names = ()
    assessments: Names = ()


class Cohorts(Data):
    """The groups of pupils that the document names; the same words as the flags on a pupil's record."""

    named: tuple[Name, ...]


class Band(Data):
    """From this attendance downwards (per cent) the document uses this word."""

    pct: Percent
    word: Text


class Bands(Data):
    """The document's words for levels of attendance."""

    items: tuple[Band, ...]


class RegisterRules(Data):
    """What the document says about the register itself; the national rules are the least allowed."""

    retention_years: Annotated[int, Field(strict=True, ge=6, le=100)] | None = None
    n_deadline_school_days: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None
    record_nature_for: Names = ()
