"""
Whether a report can be taken at its word: then it fills in the register before the office has read it.

Everything else waits for the office; registers show that word came. The school decides either way (000:103).
"""

from dataclasses import dataclass

from absences.rules.reasons import REASON_BY_KEY


@dataclass(frozen=True)
class Circumstances:
    """What is known of a report and of who sent it."""

    is_online: bool
    is_own_account: bool  # sent by the contact whom it names, signed in
    has_responsibility: bool  # the contact has parental responsibility for this pupil
    reason: str
    is_within_limits: bool  # of what families may report
    awaits_call_back: bool
    evidence_needed: str = ""  # in words, by a rule of the school; empty for none
    contradicted_by: str = ""  # the reference of another report of the same session
    is_longer_than_said: bool = False  # goes on after another report, where the school then asks for a note
    has_note: bool = False
    is_for_the_head: bool = False  # only the head authorises such absences at the school
    is_told_too_late: bool = False  # of an appointment, where the school authorises what it is told before


def doubts(about: Circumstances) -> tuple[str, ...]:
    """Return why a report is not taken at its word, each as a sentence; nothing when it can be."""
    reason = REASON_BY_KEY[about.reason]
    found: list[str] = []
    if not about.is_online:
        found.append("Written down by the school, not sent by a parent.")
    elif not about.is_own_account:
        found.append("Sent by somebody who is no contact of the child.")
    elif not about.has_responsibility:
        found.append("Sent by a contact without parental responsibility.")
    if reason.usually == "unauthorised":
        found.append("Absences for this reason are usually not authorised.")
    elif about.is_for_the_head:
        found.append("The headteacher decides about routine appointments in school hours.")
    elif reason.usually == "decided":
        found.append("The school decides about this reason case by case.")
    if not about.is_within_limits:
        found.append("Longer, or further away, than families may report.")
    if about.is_told_too_late:
        found.append("Told after the appointment: the school authorises those that it is told of before.")
    if about.awaits_call_back:
        found.append("A voicemail: somebody has to be called back first.")
    if about.evidence_needed:
        found.append(about.evidence_needed)
    if about.contradicted_by:
        found.append(f"Report {about.contradicted_by} says something else about the same session.")
    if about.is_longer_than_said and not about.has_note:
        found.append("Longer than first said: the school asks for a note.")
    return tuple(found)
