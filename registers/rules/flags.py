"""
What may be known of a pupil from a day to a day, with plain words for each name, in one place.

The names are those that policies, letters and imports use (000:206, 001:189, 001:290-303, 002:139, 004:160).
Special educational needs, plans and free school meals are particulars of the pupil, not flags.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """A flag that the school may set: its name, and how pages call it."""

    name: str
    label: str
    hint: str = ""


@dataclass(frozen=True)
class FlagGroup:
    """Flags that belong together on a form."""

    label: str
    flags: tuple[Flag, ...]


GROUPS: tuple[FlagGroup, ...] = (
    FlagGroup(
        "Health",
        (
            Flag("medical", "Medical condition"),
            Flag(
                "significant_medical",
                "Significant medical need",
                "changes which letters the policy of some schools sends",
            ),
            Flag("healthcare_plan", "Individual healthcare plan"),
            Flag("ebsa", "Emotionally based school avoidance"),
            Flag("bereavement", "Bereavement"),
        ),
    ),
    FlagGroup(
        "Care and support",
        (
            Flag(
                "social_worker",
                "Social worker",
                "tell the social worker of unexplained absence and of a planned removal from roll",
            ),
            Flag("social_worker_before", "Social worker in the past"),
            Flag("looked_after", "Looked after"),
            Flag("previously_looked_after", "Previously looked after"),
            Flag("young_carer", "Young carer"),
            Flag("youth_offending", "Youth offending team"),
        ),
    ),
    FlagGroup(
        "Family",
        (
            Flag("traveller", "Traveller family"),
            Flag("armed_forces", "Armed forces family"),
        ),
    ),
    FlagGroup(
        "How the pupil attends",
        (
            Flag("part_time_timetable", "Part-time timetable"),
            Flag("dual_registered", "Registered at another school too"),
        ),
    ),
)
FLAGS: dict[str, Flag] = {flag.name: flag for group in GROUPS for flag in group.flags}


def flag_label(name: str) -> str:
    """Return how pages call a flag; an imported name that is not in the list is written as words."""
    known = FLAGS.get(name)
    return known.label if known else name.replace("_", " ").capitalize()
