"""A school's rates beside England's."""

from dataclasses import dataclass

from reports.rules.governors import Row
from reports.rules.groups import Share
from reports.rules.national import NationalRates, shown


@dataclass(frozen=True)
class Compared:
    """One measure: the school's share (None: hidden) and England's rate ("": not published there)."""

    name: str
    meaning: str
    unit: str
    share: Share | None
    england: str


def comparison(whole: Row, england: NationalRates) -> tuple[Compared, ...]:
    """Return each measure of the school beside England's, in the order in which governors ask."""
    return (
        Compared("Attendance", "sessions attended", "sessions", whole.attendance, shown(england.attendance)),
        Compared(
            "Authorised absence",
            "sessions missed for a reason that the school accepted",
            "sessions",
            whole.authorised,
            shown(england.authorised),
        ),
        Compared(
            "Unauthorised absence",
            "sessions missed for a reason that the school did not accept, or without one so far",
            "sessions",
            whole.unauthorised,
            shown(england.unauthorised),
        ),
        Compared(
            "Late",
            "sessions to which a pupil came late, before or after the register closed",
            "sessions",
            whole.late,
            shown(england.late),
        ),
        Compared(
            "Persistent absence",
            "pupils who missed a tenth or more of their sessions",
            "pupils",
            whole.persistent,
            shown(england.persistent),
        ),
        Compared(
            "Severe absence", "pupils who missed half or more of their sessions", "pupils", whole.severe, ""
        ),
    )
