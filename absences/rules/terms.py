"""
The parts of a school's policy that absences follow: reporting, first-day calls, evidence, leave and returns.

Escalation owns the policy as a whole; when a version comes into force it hands these parts down
(`absences.services.terms.adopt`), so that absences know their school's terms without knowing of escalation.
"""

from typing import Annotated, Literal

from pydantic import Field

from absences.rules.policy_types import Clock, Count, Data, Flag, Name, Names, Percent, Symbol, Text


class ContactException(Data):
    """Absences of known length for which the family need not call every day."""

    illness_exclusion_hours: Count
    kinds: Names


class Reporting(Data):
    """What the school asks of a parent whose child is absent."""

    deadline: Clock
    each_day: Flag
    voicemail_callback_before_authorising: Flag = False
    expected_return_date: Flag = False
    or_as_soon_as_practical: Flag = False
    reason_required: Flag = False
    note_if_longer_than_indicated: Flag = False
    daily_contact_except: ContactException | None = None


class FirstDay(Data):
    """What the school does when it has not heard."""

    every_day_unheard: Flag = False
    start: Clock | Literal["morning"] | None = None
    steps: Names
    if_continues: Names = ()
    also: Names = ()


class NoContact(Data):
    """
    What follows when nobody has been reached for so many school days; null when the document sets no day.
    """

    school_day: Annotated[int, Field(strict=True, ge=1, le=10)] | None
    earlier_allowed: Flag = False
    action: Name
    mandatory: Flag = False
    label: Text | None = None
    roll_removal_warning: Flag = False
    auto_delete: Literal["never"] = "never"


class Evidence(Data):
    """When proof of illness may be asked for; `after_days` of illness in a row raise a task."""

    ask_when: Names
    after_days: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    after_op: Literal[">", ">="] = ">"
    evidence_kinds: Names = ()
    letter: Name | None = None
    notice_letter: Name | None = None
    speak_to_parent_first: Flag = False
    if_not_satisfied: Literal["unauthorised"] | None = None
    notify_parent_before_unauthorising: Flag = False
    illness_48h_authorised: Flag = False


class LeaveNotice(Data):
    """How long before a leave should be asked for."""

    weeks: Count | None = None
    days: Count | None = None
    unit: Literal["calendar", "school"] = "calendar"
    strength: Name


class AbsenceCodes(Data):
    """The codes of leave taken without permission."""

    holiday: Symbol
    other: Symbol


class ReligiousObservance(Data):
    """How a day of religious observance is asked for."""

    code: Symbol
    advance_written_notice: Flag


class PerformanceLeave(Data):
    """How performances and sport are asked for."""

    written_permission: Flag


class OtherLeave(Data):
    """Leave that has its own code."""

    religious: ReligiousObservance | None = None
    performance_or_sport: PerformanceLeave | None = None


class Leave(Data):
    """Leave of absence: who may ask, how long before, and what the decider weighs."""

    form_required: Flag
    form_from: Names = ()
    in_advance: Flag
    notice: LeaveNotice | None = None
    applicant: Literal["any_parent", "parent_child_normally_lives_with"]
    decider: Name
    form_fields: Names = ()
    decision_fields: Names = ()
    test: Names = ()
    factors: Names = ()
    attendance_considered: Flag | None
    attendance_factor_pct: Percent | None = None
    likely_yes: Names = ()
    not_enough: Names = ()
    evidence_may_be_required: Flag = False
    evidence_where_possible: Flag = False
    on_holiday_refusal: Name | None = None
    consult: Names = ()
    work_set: Flag | None = None
    if_refused_and_taken: AbsenceCodes | None = None
    if_no_application: AbsenceCodes | None = None
    liable: Name | None = None
    also: OtherLeave = OtherLeave()
    lawful_grounds: tuple[Symbol, ...] = ()
    exceptional_list: Names = ()
    refused_kinds: Names = ()
    duration_set_by: Name | None = None


class Appointments(Data):
    """Medical and dental appointments in school time."""

    form_required: Flag = False
    evidence_required: Flag = False
    evidence_kinds: Names = ()
    advance_notice: Name | None = None
    minimum_time: Flag = False
    whole_day_discouraged: Flag = False
    collected_by_parent_from_office: Flag = False
    routine: Name | None = None
    hospital_or_emergency: Symbol | None = None


class TimetableReview(Data):
    """When a part-time timetable is reviewed: after so many weeks, or in the document's words."""

    weeks: Count | None = None
    when: Text | None = None


class PartTime(Data):
    """Part-time timetables."""

    written_agreement: Names = ()
    agreement_of: Names = ()
    time_limit_required: Flag = False
    review: TimetableReview = TimetableReview()
    code: Symbol = "C2"
    code_non_compulsory_age: Symbol | None = None
    aim: Text | None = None
    not_for: Text | None = None
    fields: Names = ()
    extendable_at_review: Flag = False
    social_worker_informed: Flag = False
    ehcp_discuss_with_la: Flag = False
    submit_to_la: Flag = False
    tracked: Literal["pro_rata"] | None = None
    monitored_separately: Flag = False


class Reintegration(Data):
    """The return after a long absence."""

    programme: Flag = False
    phased_allowed: Flag = False
    review: Text | None = None
    individual: Flag = False


class Contacts(Data):
    """Emergency contacts."""

    min_emergency_contacts: Count


class EarlyDeparture(Data):
    """Leaving before the end of the day."""

    needs: Names
    evidence_required: Flag = False


class Terms(Data):
    """
    What one school's policy in force says of absences.

    Fields bear the names of the policy's own parts; a part that the document lacks is None.
    """

    reporting: Reporting
    first_day: FirstDay
    no_contact: NoContact
    evidence: Evidence
    leave: Leave
    appointments: Appointments | None = None
    part_time: PartTime | None = None
    reintegration: Reintegration | None = None
    contacts: Contacts | None = None
    early_departure: EarlyDeparture | None = None
