"""URLs of a school's calendar and day, and what is missing."""

from django.urls import path

from registers.views import set_up, set_up_calendar, set_up_times

SCHOOL = "s/<slug:school_key>/school/"

urlpatterns = [
    path(SCHOOL, set_up.set_up, name="set_up"),
    path(f"{SCHOOL}details/", set_up.details, name="set_up_details"),
    path(f"{SCHOOL}why/", set_up.why, name="set_up_why"),
    path(f"{SCHOOL}why/<int:pupil_id>/<day:on>/", set_up.why_pupil, name="set_up_why_pupil"),
    path(f"{SCHOOL}times/", set_up_times.times, name="set_up_times"),
    path(f"{SCHOOL}times/<day:on>/removal/", set_up_times.removal, name="set_up_times_removal"),
    path(f"{SCHOOL}calendar/", set_up_calendar.calendar, name="set_up_calendar"),
    path(f"{SCHOOL}calendar/<int:year>/", set_up_calendar.calendar, name="set_up_calendar_of"),
    path(
        f"{SCHOOL}calendar/<int:year>/half-terms/new/",
        set_up_calendar.half_term_new,
        name="set_up_half_term_new",
    ),
    path(f"{SCHOOL}half-terms/<int:period_id>/", set_up_calendar.half_term, name="set_up_half_term"),
    path(
        f"{SCHOOL}half-terms/<int:period_id>/removal/",
        set_up_calendar.half_term_removal,
        name="set_up_half_term_removal",
    ),
    path(f"{SCHOOL}closures/new/", set_up_calendar.closure_new, name="set_up_closure_new"),
    path(f"{SCHOOL}closures/emergency/", set_up_calendar.emergency, name="set_up_emergency"),
    path(
        f"{SCHOOL}closures/<int:closure_id>/removal/",
        set_up_calendar.closure_removal,
        name="set_up_closure_removal",
    ),
]
