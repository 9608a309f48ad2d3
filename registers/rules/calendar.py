"""Academic years, terms and half terms."""

from datetime import date

TERMS = ("autumn", "spring", "summer")


def academic_year_of(on: date) -> int:
    """Return the year in which the academic year of this day began: 2025 for 2025/26, from 1 August."""
    return on.year if on.month >= 8 else on.year - 1


def academic_year_name(academic_year: int) -> str:
    """Return the year as schools write it: 2025/26."""
    return f"{academic_year}/{(academic_year + 1) % 100:02d}"


def term_of(half_term: str) -> str | None:
    """Return the main term that a half term's name begins with ("Autumn 1" is in autumn), or None."""
    first_word = half_term.strip().split(" ")[0].lower() if half_term.strip() else ""
    return first_word if first_word in TERMS else None
