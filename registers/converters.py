"""Days and halves in addresses: dates are ISO, halves `AM` and `PM`."""

from datetime import date

from django.urls import register_converter


class DayConverter:
    """A day in a path, 2026-11-24; an impossible one is no page."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        """Return the day; Django turns the ValueError of an impossible one into a 404."""
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        """Return the day as the path writes it."""
        return value.isoformat()


class HalfConverter:
    """A half of the school day in a path."""

    regex = "AM|PM"

    def to_python(self, value: str) -> str:
        """Return the half."""
        return value

    def to_url(self, value: str) -> str:
        """Return the half as the path writes it."""
        return value


register_converter(DayConverter, "day")
register_converter(HalfConverter, "half")
