"""URLs of unexplained marks, reminders and the integrity of the registers."""

from django.urls import path

from registers.views import day, watching

urlpatterns = [
    path(
        "s/<slug:school_key>/registers/<day:on>/<half:half>/<int:class_id>/nudge/",
        day.nudge,
        name="nudge",
    ),
    path("s/<slug:school_key>/unexplained/", watching.unexplained_list, name="unexplained"),
    path("s/<slug:school_key>/checks/", watching.checks, name="checks"),
    path("s/<slug:school_key>/checks/<slug:check_key>/", watching.check, name="check"),
]
