"""URLs of a pupil's marks over time: heat map, amendments, history, the register as it stood."""

from django.urls import path

from registers.views import amending, history, pupil

urlpatterns = [
    path("s/<slug:school_key>/pupils/<int:pupil_id>/", pupil.pupil, name="pupil"),
    path("s/<slug:school_key>/pupils/<int:pupil_id>/amend/", amending.amend, name="amend"),
    path("s/<slug:school_key>/amendments/<int:batch_id>/undo/", amending.undo, name="undo_amendment"),
    path(
        "s/<slug:school_key>/pupils/<int:pupil_id>/marks/<int:session_id>/",
        history.mark_history,
        name="mark_history",
    ),
    path("s/<slug:school_key>/classes/<int:class_id>/as-at/", history.as_at, name="as_at"),
]
