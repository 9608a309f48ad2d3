"""
The reasons that a parent or a caller can give for an absence, and how schools usually record each.

One list for the parent's picker, the office's form and the call list. The school decides, not the parent
(000:103, 001:94, 004:80): a code here is only what the office is offered. The ordinary things that do not
make an absence authorised stand here as well (000:109-119 and the matching passages), so that a parent is
told before they send.
"""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["authorised", "unauthorised", "decided"]


@dataclass(frozen=True)
class Reason:
    """
    One reason: its key, its words for a parent, and the code that the office is offered.

    `usually` says how such absences are usually recorded; "decided" means that the school must ask first.
    `asks_for` names the journey that this reason belongs in when it is not a report: "leave".
    """

    key: str
    label: str
    code: str
    usually: Outcome
    hint: str = ""
    asks_for: Literal["", "leave"] = ""
    needs_time: bool = False


REASONS: tuple[Reason, ...] = (
    Reason(
        "illness", "Ill or unwell", "I", "authorised", "a cold, a temperature, feeling too ill for school"
    ),
    Reason("sickness", "Sick: vomiting or diarrhoea", "I", "authorised"),
    Reason("mental_health", "Anxious or struggling with feelings", "I", "authorised"),
    Reason("injury", "Injured", "I", "authorised"),
    Reason(
        "hospital",
        "Hospital or emergency appointment",
        "M",
        "authorised",
        needs_time=True,
    ),
    Reason(
        "appointment",
        "Doctor, dentist or optician",
        "M",
        "decided",
        "routine visits are best outside school hours",
        needs_time=True,
    ),
    Reason("bereavement", "A death in the family or a funeral", "C", "decided"),
    Reason("religious", "Religious festival", "R", "decided", "a day set apart by your religious body"),
    Reason("interview", "Interview or entrance test at another school", "J1", "decided"),
    Reason("transport", "School transport did not come", "Y1", "decided"),
    Reason("weather", "Travel stopped by weather or an emergency", "Y2", "decided"),
    Reason("overslept", "Overslept, or tired after a late night", "O", "unauthorised"),
    Reason("minor", "A minor illness that is not catching, such as head lice", "O", "unauthorised"),
    Reason("family_care", "Looking after a brother, sister or somebody else", "O", "unauthorised"),
    Reason("birthday", "A birthday, a day out or shopping", "O", "unauthorised"),
    Reason(
        "holiday",
        "A holiday or a trip",
        "G",
        "unauthorised",
        "leave has to be asked for in advance",
        asks_for="leave",
    ),
    Reason("other", "Something else", "N", "decided"),
)
REASON_BY_KEY: dict[str, Reason] = {reason.key: reason for reason in REASONS}
ILLNESS = frozenset(reason.key for reason in REASONS if reason.code == "I")
