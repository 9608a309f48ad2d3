"""URLs of a pupil's marks over time: heat map, amendments, history, the register as it stood."""

from django.urls import path

from registers.views import history

urlpatterns = [
    path(
        "s/<slug:school_key>/pupils/<int:pupil_id>/marks/<int:session_id>/",
        history.mark_history,
        name="mark_history",
    ),
]
