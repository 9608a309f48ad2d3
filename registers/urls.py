"""URLs of registers. Dates are ISO, halves `AM` and `PM`, as everywhere that people or scripts read them."""

from datetime import date

from django.urls import path, register_converter

from registers import views


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

app_name = "registers"
urlpatterns = [
    path("s/<slug:school_key>/registers/", views.day_board, name="day"),
    path("s/<slug:school_key>/registers/<day:on>/", views.day_board, name="day_on"),
    path(
        "s/<slug:school_key>/registers/<day:on>/<half:half>/<int:class_id>/", views.register, name="register"
    ),
    path(
        "s/<slug:school_key>/pupils/<int:pupil_id>/marks/<int:session_id>/",
        views.mark_history,
        name="mark_history",
    ),
]
