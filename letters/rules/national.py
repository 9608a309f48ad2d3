"""
The national table: amounts of money, court maxima and citations that letters print, by date of the offence.

No template contains an amount or a citation of its own; a template names an entry of this table, and the
table gives the words in force on that day (GEN-07, GEN-18).

Sources: Education Act 1996 sections 7, 444, 444A and 444B; Education (Penalty Notices) (England) Regulations
2007 (SI 2007/1867) as amended by SI 2024/210; Working together to improve school attendance (August 2024).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

NATIONAL_FRAMEWORK_ON = date(2024, 8, 19)

COURT_FINE = 1_000  # pounds, section 444(1), level 3
COURT_FINE_KNOWING = 2_500  # pounds, section 444(1A), level 4
COURT_CUSTODY_MONTHS = 3  # section 444(1A)

GUIDANCE_TITLE = "Working together to improve school attendance"
GUIDANCE_ADDRESS = "www.gov.uk/government/publications/working-together-to-improve-school-attendance"


@dataclass(frozen=True, slots=True)
class PenaltyBand:
    """
    Penalty notice amounts in pounds for offences on days from `valid_from` to `valid_to` (both included).

    `second` is what a second notice to the same parent for the same child within three years costs; before
    August 2024 there was no such rule and the first amounts applied again.
    """

    valid_from: date | None
    valid_to: date | None
    early: int
    early_days: int
    full: int
    full_days: int
    second: int | None


PENALTY_BANDS = (
    PenaltyBand(None, date(2024, 8, 18), 60, 21, 120, 28, None),
    PenaltyBand(NATIONAL_FRAMEWORK_ON, None, 80, 21, 160, 28, 160),
)


def penalty_band(offence_on: date) -> PenaltyBand:
    """Return the amounts for an offence on that day."""
    return next(
        band
        for band in PENALTY_BANDS
        if (band.valid_from is None or band.valid_from <= offence_on)
        and (band.valid_to is None or offence_on <= band.valid_to)
    )


def pounds(amount: int) -> str:
    """Return "£80", "£1,000"."""
    return f"£{amount:,}"


def national_words(offence_on: date) -> Mapping[str, str]:
    """
    Return every entry of the national table as printable words, for an offence on that day.

    The keys are the names that templates use as fields of kind `national`.
    """
    band = penalty_band(offence_on)
    amounts = (
        f"A penalty notice is {pounds(band.early)} if it is paid within {band.early_days} days, and "
        f"{pounds(band.full)} if it is paid after that and within {band.full_days} days. The days count from "
        "the day the notice arrives."
    )
    if band.second is not None:
        amounts += (
            " A second notice to the same parent for the same child within three years is "
            f"{pounds(band.second)}, with no lower amount. There is no third notice in those three years. "
            "The council then looks at other steps, such as going to court."
        )
    return MappingProxyType(
        {
            "penalty_first_discounted": pounds(band.early),
            "penalty_first_full": pounds(band.full),
            "penalty_amounts": amounts,
            "penalty_who": (
                "Each parent can be sent a notice for each child. The money goes to the council, not to the "
                "school."
            ),
            "penalty_threshold": (
                "The council can be asked to look at a penalty notice once a child has 10 unauthorised "
                "sessions within 10 school weeks. A session is a morning or an afternoon."
            ),
            "court_penalties": (
                f"A court can fine a parent up to {pounds(COURT_FINE)}. If a parent knew about the absence "
                "and had no good reason, it can fine them up to "
                f"{pounds(COURT_FINE_KNOWING)}, send them to prison for up to {COURT_CUSTODY_MONTHS} months, "
                "or both. A parent found guilty has a criminal record "
                "(section 444(1) and (1A) of the Education Act 1996)."
            ),
            "duty_s7": (
                "By law, parents must see that their child gets a full-time education that is right for them "
                "(section 7 of the Education Act 1996). For a child on the roll of a school, that means "
                "being there whenever the school is open, unless there is a reason that the law accepts. "
                "Illness is one."
            ),
            "offence": (
                "If a child of school age misses school and there is no reason that the law accepts, their "
                "parents may be breaking the law (section 444 of the Education Act 1996)."
            ),
            "warning": (
                "If things do not improve, we may ask the council to look at a penalty notice, or at going "
                "to court "
                f"(sections 444 to 444B of the Education Act 1996). {amounts}"
            ),
            "guidance": f"{GUIDANCE_TITLE} ({GUIDANCE_ADDRESS})",
        }
    )


NATIONAL_NAMES = frozenset(national_words(NATIONAL_FRAMEWORK_ON))
